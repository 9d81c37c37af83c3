//! Repositories that wait for a run.

use jiff::{SignedDuration, Timestamp};
use refray_core::name::{GroupName, RepoName};

/// The wait after a first failure.
const FIRST_RETRY: SignedDuration = SignedDuration::from_secs(30);
/// The longest wait between two attempts.
const LAST_RETRY: SignedDuration = SignedDuration::from_hours(1);

/// A reason to look at a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wake {
    /// The group.
    pub group: GroupName,
    /// The repository.
    pub name: RepoName,
    /// It goes before what is not urgent: somebody has just pushed.
    pub urgent: bool,
    /// Now.
    pub at: Timestamp,
    /// Not before this: a burst of events becomes one run.
    pub due: Timestamp,
}

/// What became of a wake-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Enqueued {
    /// There is an entry now.
    New,
    /// There was one already. It keeps the earlier time.
    Merged,
    /// The repository is being worked on, and will be looked at once more.
    Again,
}

/// A lease on an entry: whoever holds it works on the repository, until it expires.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The group.
    pub group: GroupName,
    /// The repository.
    pub name: RepoName,
    /// How often it failed in a row before.
    pub attempts: u32,
    /// Tells this lease from earlier and later ones on the same entry.
    pub(super) number: i64,
}

impl Claim {
    /// Returns how long to wait after this attempt fails: half a minute, doubled with each failure, at most an hour.
    /// Callers add some jitter.
    pub fn back_off(&self) -> SignedDuration {
        (FIRST_RETRY * (1 << self.attempts.min(16))).min(LAST_RETRY)
    }
}

/// An entry as it waited at some moment, to be taken out later unless it was woken or worked on since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// The group.
    pub group: GroupName,
    /// The repository's key.
    pub key: String,
    /// Since when it was there, and the wake-ups and claims that it had seen.
    pub(super) seen: (i64, i64, i64),
}

/// What became of an entry whose lease was given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Completion {
    /// It is out of the queue.
    Removed,
    /// It waits in the queue.
    Waiting,
    /// The lease had expired and another holder has it, or the entry is gone: nothing was changed.
    Lost,
}

/// An entry, to be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueEntry {
    /// The group.
    pub group: GroupName,
    /// The repository.
    pub name: RepoName,
    /// It goes before what is not urgent.
    pub urgent: bool,
    /// Since when it is in the queue.
    pub queued: Timestamp,
    /// It is not worked on before this.
    pub due: Timestamp,
    /// How often it failed in a row.
    pub attempts: u32,
    /// It was woken while it was worked on.
    pub again: bool,
    /// Who works on it, and until when the lease lasts.
    pub holder: Option<(String, Timestamp)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn back_off_doubles_up_to_an_hour() {
        let wait = |attempts| {
            let claim =
                Claim { group: GroupName::new("g").unwrap(), name: RepoName::new("r").unwrap(), attempts, number: 1 };
            claim.back_off().as_secs()
        };
        assert_eq!([0, 1, 2, 6, 7, 40, u32::MAX].map(wait), [30, 60, 120, 1920, 3600, 3600, 3600]);
    }
}
