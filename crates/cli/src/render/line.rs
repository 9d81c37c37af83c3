//! What commands print with `--format json` beside the events of a run and the objects that they list.

use std::path::Path;

use miette::Diagnostic;
use refray_engine::doctor::Check;
use refray_engine::webhooks::{HookReport, HookSummary};
use serde::Serialize;

/// One line of output. The field `event` names the kind.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(crate) enum Line<'a> {
    /// The configuration is good: `config check`.
    ConfigChecked {
        /// The file.
        path: &'a Path,
        /// How many sites it has.
        sites: usize,
        /// How many mirror groups.
        groups: usize,
        /// How many endpoints, over all groups.
        endpoints: usize,
        /// What is worth a second look.
        warnings: Vec<String>,
        /// The same, each with its place.
        problems: Vec<Place>,
    },
    /// The configuration file was changed: `webhook update`.
    ConfigChanged {
        /// The file.
        path: &'a Path,
        /// The key.
        key: &'a str,
        /// Its value now.
        value: &'a str,
        /// It was left as it is.
        dry_run: bool,
    },
    /// One thing was looked at: `doctor`.
    Check {
        /// What was looked at, and what was found.
        check: &'a Check,
    },
    /// Everything was looked at: `doctor`.
    DoctorFinished {
        /// How many checks passed.
        pass: usize,
        /// How many a person should look at.
        warn: usize,
        /// How many failed.
        fail: usize,
    },
    /// One repository at one endpoint was seen to: `webhook install`, `uninstall`, `update` and `status`.
    Webhook {
        /// Which of these commands.
        command: &'a str,
        /// Nothing was written.
        dry_run: bool,
        /// What was found and done; its fields stand beside the others.
        #[serde(flatten)]
        report: &'a HookReport,
    },
    /// All webhooks were seen to.
    WebhooksFinished {
        /// Which command.
        command: &'a str,
        /// Nothing was written.
        dry_run: bool,
        /// What it amounts to.
        summary: &'a HookSummary,
    },
    /// Backups whose time is over were removed: `backup prune`.
    BackupsPruned {
        /// Those older than so many days.
        days: u32,
        /// They are still there.
        dry_run: bool,
        /// Which ones.
        backups: Vec<String>,
        /// How many bytes that gave free.
        bytes: u64,
    },
    /// Both addresses are open: `serve`.
    Serving {
        /// Where webhooks are received.
        listen: String,
        /// Where dashboard, metrics and health are.
        dashboard: String,
    },
    /// Nothing was started, and the exit code is 2: any command, on standard error.
    Error {
        /// What is the case.
        message: String,
        /// What the user can do.
        help: Option<String>,
        /// What is wrong in a file, each by itself.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        problems: Vec<Place>,
    },
}

/// One thing in a file that is wrong or worth a second look.
#[derive(Debug, Serialize)]
pub(crate) struct Place {
    /// What is the case.
    message: String,
    /// Which kind of problem it is, as in `refray::config::unknown_key`.
    code: Option<String>,
    /// The line in the file, from 1.
    line: Option<usize>,
    /// The column in that line, from 1.
    column: Option<usize>,
    /// What the user can do.
    help: Option<String>,
}

impl Place {
    pub(crate) fn of(problem: &dyn Diagnostic) -> Self {
        let label = problem.labels().and_then(|mut labels| labels.next());
        let contents = problem.source_code().zip(label.as_ref());
        let contents = contents.and_then(|(source, label)| source.read_span(label.inner(), 0, 0).ok());
        Self {
            message: problem.to_string(),
            code: problem.code().map(|code| code.to_string()),
            line: contents.as_ref().map(|contents| contents.line() + 1),
            column: contents.as_ref().map(|contents| contents.column() + 1),
            help: problem.help().map(|help| help.to_string()),
        }
    }
}

impl Line<'_> {
    /// Returns it as text, without a newline.
    pub(crate) fn text(&self) -> String {
        // Its maps have keys of text alone, so that it cannot fail.
        serde_json::to_string(self).unwrap_or_default()
    }
}
