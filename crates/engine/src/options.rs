//! What a run is asked to do.

use std::collections::{BTreeMap, BTreeSet};

use refray_core::name::{EndpointId, GroupName, RepoName};
use refray_core::plan::group::{Known, Selection, Sight};

use crate::doubt::Doubts;
use crate::planned::Gathered;

/// What a run is about.
#[derive(Debug, Clone, Default)]
pub struct SyncOptions {
    /// Only these groups; all when empty.
    pub groups: Vec<GroupName>,
    /// Which repositories, and what a person has released for them.
    pub selection: Selection,
    /// Repositories, by key, that are joined though they share no history.
    pub join: BTreeSet<String>,
    /// How many repositories are worked on at a time; the configuration's `jobs` when `None`.
    pub jobs: Option<usize>,
    /// The newest tip of every diverged branch wins.
    pub force: bool,
    /// Nothing is written anywhere but to the local mirrors.
    pub dry_run: bool,
    /// Only what failed or was held the last time.
    pub retry_failed: bool,
    /// Every reference is compared with the baseline, also where nothing seems to have changed.
    pub full: bool,
}

/// What a run gives to each of its repositories.
pub(crate) struct Settings<'a> {
    pub(crate) run: &'a str,
    pub(crate) options: &'a SyncOptions,
    /// Endpoints that failed as a whole.
    pub(crate) hidden: &'a BTreeSet<EndpointId>,
    pub(crate) sights: &'a BTreeMap<EndpointId, Sight>,
    /// What is remembered of the copies, by key.
    pub(crate) known: &'a BTreeMap<String, BTreeMap<EndpointId, Known>>,
    /// Signs of restored backups that were seen so far.
    pub(crate) doubts: &'a Doubts,
    /// Where the plans of a dry run are gathered, when somebody wants them as a whole.
    pub(crate) gathered: Option<&'a Gathered>,
}

impl Settings<'_> {
    /// Returns what is remembered of a repository's copies without those that the run has deleted meanwhile: who finds them
    /// absent is not to miss them.
    pub(crate) fn known_without(
        &self,
        repository: &RepoName,
        deleted: &BTreeSet<EndpointId>,
    ) -> BTreeMap<String, BTreeMap<EndpointId, Known>> {
        let key = repository.key();
        let mut copies = self.known.get(&key).cloned().unwrap_or_default();
        copies.retain(|endpoint, _| !deleted.contains(endpoint));
        BTreeMap::from([(key, copies)])
    }
}
