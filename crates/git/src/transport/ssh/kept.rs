//! Conversations that wait for another command.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::address::SshAddress;
use crate::transport::Conversation;

/// Conversations that have said what they were for and can go on, the oldest first. Each keeps its slot.
#[derive(Default)]
pub(super) struct Kept(Mutex<Vec<(SshAddress, Instant, Conversation)>>);

impl Kept {
    /// Keeps one, which takes the place of an earlier one with that repository.
    pub(super) fn put(&self, address: SshAddress, conversation: Conversation) {
        let earlier = self.take(&address);
        self.lock().push((address, Instant::now(), conversation));
        drop(earlier);
    }

    /// Takes the one with that repository.
    pub(super) fn take(&self, address: &SshAddress) -> Option<Conversation> {
        let mut kept = self.lock();
        let at = kept.iter().position(|(with, _, _)| with == address)?;
        Some(kept.remove(at).2)
    }

    /// Ends one, so that somebody else gets its slot.
    pub(super) fn drop_oldest(&self) {
        let mut kept = self.lock();
        let oldest = (!kept.is_empty()).then(|| kept.remove(0));
        drop(kept);
        drop(oldest);
    }

    /// Ends those that nobody went on with.
    pub(super) fn drop_older_than(&self, age: Duration) {
        let mut kept = self.lock();
        let old: Vec<_> = kept.extract_if(.., |(_, since, _)| since.elapsed() >= age).collect();
        drop(kept);
        drop(old);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(SshAddress, Instant, Conversation)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
