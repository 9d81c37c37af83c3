//! A look, from here, at whether the address that forges deliver to answers.

use std::sync::Arc;
use std::time::Duration;

use refray_engine::doctor::amiss;
use refray_forge::{Environment, probe};

use super::pause;
use crate::live::Live;

/// Tries the address of `[webhook]` every so many minutes, and warns when it does not answer.
pub(crate) async fn run(live: Arc<Live>, environment: Arc<dyn Environment>) {
    let mut was_good = None;
    loop {
        let engine = live.engine();
        let webhook = engine.config.webhook.as_ref();
        let url = webhook.and_then(|webhook| webhook.url.as_ref());
        let minutes = webhook.and_then(|webhook| webhook.reachability_check_interval_minutes);
        let every = minutes.map(|minutes| Duration::from_secs(u64::from(minutes) * 60));
        if let (Some(url), Some(_)) = (url, every) {
            let reached = tokio::select! {
                reached = probe(url, environment.clone()) => reached,
                () = live.stop.cancelled() => return,
            };
            let problem = amiss(&reached);
            let is_good = problem.is_none();
            live.stats.set("webhook_reachable", &[], is_good.into());
            match problem {
                Some((message, remedy)) => {
                    tracing::warn!(%url, remedy, "the address for webhooks does not answer as it should: {message}");
                }
                None if was_good != Some(true) => tracing::info!(%url, "the address for webhooks answers"),
                None => {}
            }
            was_good = Some(is_good);
        }
        if !pause(&live, every).await {
            return;
        }
    }
}
