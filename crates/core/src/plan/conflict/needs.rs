//! What a plan would like to know before it decides.

use std::collections::BTreeSet;

use crate::oid::Oid;
use crate::plan::conflict::Trial;

/// What has to be found out for diverged branches. Once all of it is answered, a plan needs nothing more, or something
/// that depends on the answers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Needs {
    /// Trials to be made.
    pub trials: BTreeSet<Trial>,
    /// Commits whose committer time decides.
    pub times: BTreeSet<Oid>,
    /// The pull requests that show conflicts.
    pub requests: bool,
}

impl Needs {
    /// Says whether everything is known.
    pub fn is_empty(&self) -> bool {
        self.trials.is_empty() && self.times.is_empty() && !self.requests
    }
}
