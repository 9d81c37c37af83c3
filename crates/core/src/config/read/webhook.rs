//! Reads `[webhook]`, `[serve]` and `[dashboard]`.

use super::table::Table;
use super::{address, secret};
use crate::config::keys::{dashboard, serve, webhook as keys};
use crate::config::model::{Dashboard, Serve, Webhook};
use crate::config::problem::ProblemKind;

/// Reads `[webhook]`.
pub(crate) fn read(table: Table<'_>) -> Webhook {
    let install = table.flag(&keys::INSTALL).value;
    let url = address::read(&table, &keys::URL);
    let secret = secret::read(&table, &keys::SECRET);
    if install && table.key_span(&keys::URL).is_none() {
        table.missing(&keys::URL, "with `install = true`, forges must be told where to deliver to, such as `url = \"https://mirror.example.com/webhook\"`");
    }
    if install && table.key_span(&keys::SECRET).is_none() {
        table.missing(
            &keys::SECRET,
            "with `install = true`, deliveries must be signed, such as `secret = { env = \"REFRAY_WEBHOOK_SECRET\" }`",
        );
    }
    if let Some(url) = url.as_ref().filter(|url| address::is_open(&url.value)) {
        table
            .context
            .sink
            .warning(ProblemKind::InsecureUrl, "webhooks would be delivered over plain `http`")
            .at(&url.span, "everybody in between can read what was pushed where")
            .help("put a proxy that speaks `https` in front");
    }
    let webhook = Webhook {
        install,
        url: url.map(|url| url.value),
        secret,
        signing_token: secret::read(&table, &keys::SIGNING_TOKEN),
        full_sync_interval_minutes: table.interval(&keys::FULL_SYNC_INTERVAL_MINUTES),
        reachability_check_interval_minutes: table.interval(&keys::REACHABILITY_CHECK_INTERVAL_MINUTES),
    };
    table.finish();
    webhook
}

/// Reads `[serve]`.
pub(crate) fn read_serve(table: Table<'_>) -> Serve {
    let serve = Serve { poll_interval_seconds: table.interval(&serve::POLL_INTERVAL_SECONDS) };
    table.finish();
    serve
}

/// Reads `[dashboard]`.
pub(crate) fn read_dashboard(table: Table<'_>) -> Dashboard {
    let dashboard = Dashboard { token: secret::read(&table, &dashboard::TOKEN) };
    table.finish();
    dashboard
}
