//! `/metrics`, in the text format of Prometheus.

use std::fmt::Write as _;

use jiff::Timestamp;
use refray_engine::store::{QueueEntry, StoreError};

use super::stats::render;
use crate::live::Live;

/// What has been counted: the series, whether it only ever grows, and what it is.
const COUNTED: &[(&str, &str, &str)] = &[
    (
        "deliveries",
        "refray_deliveries_total",
        "Webhook deliveries that were accepted as genuine, by what became of them.",
    ),
    ("visits", "refray_visits_total", "Repositories worked on from the queue, by how that ended."),
    ("full_syncs", "refray_full_syncs_total", "Full syncs, by how they ended."),
    ("repository_runs", "refray_repository_runs_total", "Repositories worked on by anything, by how they stood then."),
    ("actions", "refray_actions_total", "Actions, by kind and outcome."),
    ("findings", "refray_findings_total", "Findings reported, by kind."),
    ("endpoint_failures", "refray_endpoint_failures_total", "Endpoints that could not be worked with in a full look."),
    ("git_transfers", "refray_git_transfers_total", "Transfers of git objects, by direction."),
    ("git_bytes", "refray_git_bytes_total", "Bytes of git objects, by direction."),
    ("poll_changes", "refray_poll_changes_total", "Repositories found changed without a webhook."),
    ("reloads", "refray_config_reloads_total", "Times the configuration was read anew, by outcome."),
];

/// Writes everything down.
///
/// # Errors
/// The store cannot be read.
pub(super) async fn write(live: &Live, started: Timestamp) -> Result<String, StoreError> {
    let engine = live.engine();
    let now = (engine.clock)();
    let queue = engine.store.queue().await?;
    let standing = engine.store.standing().await?;
    let mut text = Page(String::with_capacity(4096));
    for (series, name, help) in COUNTED {
        text.head(name, "counter", help);
        for (labels, value) in live.stats.series(series) {
            text.line(name, &labels, value);
        }
    }
    text.head("refray_received_total", "counter", "Requests to the receiver, by what became of them.");
    for (outcome, count) in live.received.all() {
        text.line("refray_received_total", &render(&[("outcome", outcome)]), count);
    }
    let depth = Depth::of(&queue, now);
    text.head("refray_queue_entries", "gauge", "Repositories in the queue, by what they wait for.");
    for (state, count) in [("due", depth.due), ("waiting", depth.waiting), ("in_hand", depth.in_hand)] {
        text.line("refray_queue_entries", &render(&[("state", state)]), count);
    }
    text.head("refray_queue_oldest_due_seconds", "gauge", "How long the entry that has waited longest is overdue.");
    text.line("refray_queue_oldest_due_seconds", "", depth.oldest.as_secs_f64());
    text.head(
        "refray_repositories",
        "gauge",
        "Repositories, by group and how they stood at the end of their last run.",
    );
    for (group, status, count) in standing {
        let labels = render(&[("group", group.as_str()), ("status", status.as_str())]);
        text.line("refray_repositories", &labels, count);
    }
    for (labels, value) in live.stats.series("webhook_reachable") {
        let help = "Whether the address for webhooks answered when it was last tried.";
        text.head("refray_webhook_reachable", "gauge", help);
        text.line("refray_webhook_reachable", &labels, value);
    }
    text.head("refray_build_info", "gauge", "The version that runs.");
    text.line("refray_build_info", &render(&[("version", env!("CARGO_PKG_VERSION"))]), 1);
    text.head("process_start_time_seconds", "gauge", "When the process started.");
    text.line("process_start_time_seconds", "", started.as_second());
    if let Some(bytes) = resident() {
        text.head("process_resident_memory_bytes", "gauge", "Memory in use.");
        text.line("process_resident_memory_bytes", "", bytes);
    }
    Ok(text.0)
}

struct Page(String);

impl Page {
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn line(&mut self, name: &str, labels: &str, value: impl std::fmt::Display) {
        let _ = writeln!(self.0, "{name}{labels} {value}");
    }
}

/// How full the queue is.
#[derive(Debug, Default, PartialEq, Eq)]
struct Depth {
    due: usize,
    waiting: usize,
    in_hand: usize,
    oldest: std::time::Duration,
}

impl Depth {
    fn of(queue: &[QueueEntry], now: Timestamp) -> Self {
        let mut depth = Self::default();
        for entry in queue {
            match &entry.holder {
                Some(_) => depth.in_hand += 1,
                None if entry.due <= now => {
                    depth.due += 1;
                    depth.oldest = depth.oldest.max(now.duration_since(entry.due).unsigned_abs());
                }
                None => depth.waiting += 1,
            }
        }
        depth
    }
}

/// Returns the memory of this process that is in use, where the system tells.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_queue_is_counted_by_what_it_waits_for() {
        let at = |seconds: i64| Timestamp::from_second(1_767_225_600 + seconds).unwrap();
        let entry = |due, holder: Option<&str>| QueueEntry {
            group: "g".parse().unwrap(),
            name: "r".parse().unwrap(),
            urgent: true,
            queued: at(0),
            due: at(due),
            attempts: 0,
            again: false,
            holder: holder.map(|holder| (holder.to_owned(), at(99))),
        };
        let queue = [entry(1, None), entry(3, None), entry(4, Some("w")), entry(9, None)];
        let oldest = std::time::Duration::from_secs(4);
        assert_eq!(Depth::of(&queue, at(5)), Depth { due: 2, waiting: 1, in_hand: 1, oldest });
    }

    #[test]
    fn the_memory_of_this_process_is_known() {
        assert!(resident().is_some_and(|bytes| bytes > 1 << 20));
    }
}
