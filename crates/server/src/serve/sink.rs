//! The stream of events of everything that is worked on: counted, logged and passed on.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use refray_core::event::{Direction, Event, EventSink};
use refray_core::name::{EndpointId, GroupName, RepoName};
use refray_core::outcome::{Action, Outcome, RepoStatus};
use refray_core::plan::Severity;

use super::Stats;

type Route = (EndpointId, Direction);

/// Counts and logs every event, and passes it on.
pub struct ServeSink {
    stats: Arc<Stats>,
    next: Option<Arc<dyn EventSink>>,
    /// How many bytes of each transfer have been counted.
    transfers: Mutex<HashMap<(GroupName, RepoName), HashMap<Route, u64>>>,
}

impl ServeSink {
    /// Counts in `stats`, and passes events on to `next`.
    pub fn new(stats: Arc<Stats>, next: Option<Arc<dyn EventSink>>) -> Self {
        Self { stats, next, transfers: Mutex::default() }
    }

    fn transfer(&self, repository: (GroupName, RepoName), route: Route, bytes: u64) {
        let direction = match route.1 {
            Direction::Fetch => "fetch",
            Direction::Push => "push",
        };
        let mut transfers = self.transfers.lock().unwrap_or_else(PoisonError::into_inner);
        let counted = transfers.entry(repository).or_default().entry(route).or_insert_with(|| {
            self.stats.count("git_transfers", &[("direction", direction)]);
            0
        });
        if bytes < *counted {
            // The next one on the same way.
            self.stats.count("git_transfers", &[("direction", direction)]);
            *counted = 0;
        }
        self.stats.add("git_bytes", &[("direction", direction)], bytes - *counted);
        *counted = bytes;
    }

    fn count(&self, event: &Event) {
        match event {
            Event::Transfer { group, repository, endpoint, direction, bytes } => {
                self.transfer((group.clone(), repository.clone()), (endpoint.clone(), *direction), *bytes);
            }
            Event::Action { action, outcome, .. } => {
                self.stats.count("actions", &[("kind", action.kind()), ("outcome", outcome.as_str())]);
            }
            Event::EndpointFailed { endpoint, .. } => {
                self.stats.count("endpoint_failures", &[("endpoint", endpoint.as_str())]);
            }
            Event::Finding { finding, .. } => self.stats.count("findings", &[("kind", finding.kind.as_str())]),
            Event::RepositoryFinished { group, repository, status, .. } => {
                self.stats.count("repository_runs", &[("status", status.as_str())]);
                let mut transfers = self.transfers.lock().unwrap_or_else(PoisonError::into_inner);
                transfers.remove(&(group.clone(), repository.clone()));
            }
            _ => {}
        }
    }
}

impl EventSink for ServeSink {
    fn emit(&self, event: Event) {
        self.count(&event);
        log(&event);
        if let Some(next) = &self.next {
            next.emit(event);
        }
    }
}

/// Writes an event to the log, with the fields that one searches for.
fn log(event: &Event) {
    match event {
        Event::RunStarted { run, .. } => {
            tracing::Span::current().record("run", run.as_str());
            tracing::info!("a full sync begins");
        }
        Event::RunFinished { summary, .. } => tracing::info!(
            repositories = summary.repositories,
            synced = summary.synced,
            held = summary.held,
            failed = summary.failed,
            actions = summary.actions,
            "the full sync has ended"
        ),
        Event::EndpointFailed { endpoint, message, remedy, .. } => {
            tracing::warn!(%endpoint, remedy, "{message}");
        }
        Event::Action { repository, action, outcome, .. } => log_action(repository, action, outcome),
        Event::Finding { repository, finding, .. } => {
            let kind = finding.kind.as_str();
            let name = finding.name.as_ref().map(ToString::to_string);
            match finding.kind.severity() {
                Severity::Note => tracing::info!(%repository, kind, name, "{}", finding.message),
                Severity::Held | Severity::Failed => tracing::warn!(%repository, kind, name, "{}", finding.message),
            }
        }
        Event::RepositoryFinished { repository, status, done, error, remedy, .. } => match (status, error) {
            (_, Some(error)) => tracing::warn!(%repository, status = status.as_str(), remedy, "{error}"),
            (RepoStatus::Agreed, None) => tracing::debug!(%repository, "agreed already"),
            _ => tracing::info!(%repository, status = status.as_str(), done, "done"),
        },
        _ => {}
    }
}

fn log_action(repository: &RepoName, action: &Action, outcome: &Outcome) {
    let (endpoint, kind) = (action.endpoint(), action.kind());
    let (name, new) = match action {
        Action::UpdateRef(update) => (Some(update.name.to_string()), update.new.map(|oid| oid.to_string())),
        Action::SwitchDefaultBranch(switch) => (Some("HEAD".to_owned()), Some(switch.new.to_string())),
        _ => (None, None),
    };
    match outcome {
        Outcome::Done => tracing::info!(%repository, %endpoint, kind, name, new, "done"),
        Outcome::Moved => {
            tracing::info!(%repository, %endpoint, kind, name, "moved meanwhile, so it is looked at again");
        }
        Outcome::Refused { refusal, message, remedy } => {
            tracing::warn!(%repository, %endpoint, kind, name, refusal, remedy, "refused: {message}");
        }
        Outcome::Failed { message, remedy } => {
            tracing::warn!(%repository, %endpoint, kind, name, remedy, "failed: {message}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_counted_once_and_transfers_are_told_apart() {
        let stats = Arc::new(Stats::default());
        let sink = ServeSink::new(stats.clone(), None);
        let transfer = |bytes| Event::Transfer {
            group: "g".parse().unwrap(),
            repository: "r".parse().unwrap(),
            endpoint: "e".parse().unwrap(),
            direction: Direction::Push,
            bytes,
        };
        for bytes in [10, 50, 50, 5] {
            sink.emit(transfer(bytes));
        }
        sink.emit(Event::RepositoryFinished {
            group: "g".parse().unwrap(),
            repository: "r".parse().unwrap(),
            status: RepoStatus::Synced,
            done: 1,
            error: None,
            remedy: None,
        });
        sink.emit(transfer(100));
        assert_eq!(stats.series("git_bytes"), [("{direction=\"push\"}".to_owned(), 155)]);
        assert_eq!(stats.series("git_transfers"), [("{direction=\"push\"}".to_owned(), 3)]);
    }
}
