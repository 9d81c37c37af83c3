use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Holds all requests of a site back while one of its limits is spent: going on would only prolong it.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    closed_until: Mutex<Option<Instant>>,
}

impl Gate {
    /// Closes the gate for a while, or leaves it closed for longer if it is.
    pub(crate) fn close(&self, now: Instant, wait: Duration) {
        let mut closed = self.closed_until.lock().unwrap_or_else(PoisonError::into_inner);
        let until = now + wait;
        *closed = Some(closed.map_or(until, |earlier| earlier.max(until)));
    }

    /// Returns for how long the gate is closed yet.
    pub(crate) fn closed_for(&self, now: Instant) -> Option<Duration> {
        let mut closed = self.closed_until.lock().unwrap_or_else(PoisonError::into_inner);
        let left = closed.map(|until| until.saturating_duration_since(now)).filter(|left| !left.is_zero());
        if left.is_none() {
            *closed = None;
        }
        left
    }
}
