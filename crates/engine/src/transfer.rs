//! Bytes under way, as events.

use refray_core::config::MirrorGroup;
use refray_core::event::{Direction, Event};
use refray_core::name::{EndpointId, RepoName};
use refray_git::Progress;

use crate::engine::Engine;

/// Tells the run's listeners of one transfer.
pub(crate) struct Transfer<'a> {
    engine: &'a Engine,
    group: &'a MirrorGroup,
    repository: &'a RepoName,
    endpoint: &'a EndpointId,
    direction: Direction,
}

impl<'a> Transfer<'a> {
    pub(crate) const fn new(
        engine: &'a Engine,
        group: &'a MirrorGroup,
        repository: &'a RepoName,
        endpoint: &'a EndpointId,
        direction: Direction,
    ) -> Self {
        Self { engine, group, repository, endpoint, direction }
    }

    fn tell(&self, bytes: u64) {
        self.engine.emit(Event::Transfer {
            group: self.group.name.clone(),
            repository: self.repository.clone(),
            endpoint: self.endpoint.clone(),
            direction: self.direction,
            bytes,
        });
    }
}

impl Progress for Transfer<'_> {
    fn received(&self, bytes: u64) {
        self.tell(bytes);
    }

    fn sent(&self, bytes: u64) {
        self.tell(bytes);
    }

    fn message(&self, line: &str) {
        tracing::debug!(repository = %self.repository, endpoint = %self.endpoint, "{line}");
    }
}
