//! The engine's events, for however many pages are open.

use std::sync::Arc;

use refray_core::event::{Event, EventSink};
use refray_core::name::{GroupName, RepoName};
use refray_engine::Engine;
use tokio::sync::broadcast;

/// How many changes a page may lag behind before it is told to look at everything again.
const BACKLOG: usize = 512;

/// Something that pages show has changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Change {
    /// A repository.
    Repository(GroupName, RepoName),
    /// A run began or ended.
    Run,
    /// More than that.
    Everything,
}

/// Passes on what pages show. Give it the engine's events, alone or beside other readers.
#[derive(Debug, Clone)]
pub struct Broadcast(broadcast::Sender<Change>);

impl Default for Broadcast {
    fn default() -> Self {
        Self(broadcast::channel(BACKLOG).0)
    }
}

impl Broadcast {
    /// Starts without listeners.
    pub fn new() -> Self {
        Self::default()
    }

    /// Has an engine's events told to whoever listens here, beside those who hear them already.
    #[must_use]
    pub fn beside(&self, mut engine: Engine) -> Engine {
        let first = engine.events.clone();
        engine.events = Arc::new(Both { first, second: self.clone() });
        engine
    }

    /// Tells that a repository's place in the queue has changed, of which the engine knows nothing.
    pub fn woken(&self, group: &GroupName, repository: &RepoName) {
        self.tell(Change::Repository(group.clone(), repository.clone()));
    }

    pub(super) fn listen(&self) -> broadcast::Receiver<Change> {
        self.0.subscribe()
    }

    fn tell(&self, change: Change) {
        // Nobody listens while no page is open.
        drop(self.0.send(change));
    }
}

struct Both {
    first: Arc<dyn EventSink>,
    second: Broadcast,
}

impl EventSink for Both {
    fn emit(&self, event: Event) {
        self.second.emit(event.clone());
        self.first.emit(event);
    }
}

impl EventSink for Broadcast {
    fn emit(&self, event: Event) {
        let change = match event {
            Event::RepositoryStarted { group, repository }
            | Event::Finding { group, repository, .. }
            | Event::Action { group, repository, .. }
            | Event::RepositoryFinished { group, repository, .. } => Change::Repository(group, repository),
            Event::RunStarted { .. } | Event::RunFinished { .. } => Change::Run,
            Event::EndpointFailed { .. } | Event::GroupListed { .. } => Change::Everything,
            Event::GroupStarted { .. } | Event::Transfer { .. } | Event::Planned { .. } => return,
        };
        self.tell(change);
    }
}
