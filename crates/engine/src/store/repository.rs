//! What is remembered of a repository.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use refray_core::baseline::Baseline;
use refray_core::name::{EndpointId, GroupName, RepoName};
use refray_core::outcome::RepoStatus;
use refray_core::plan::Finding;
use refray_core::plan::group::Known;
use refray_core::snapshot::Fingerprint;

use super::journal::Settled;

/// What went wrong with a repository as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What is the case.
    pub message: String,
    /// What the user can do.
    pub remedy: String,
}

/// What is remembered of a repository, without its baseline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepoRecord {
    /// Its name.
    pub name: RepoName,
    /// Its copies.
    pub copies: BTreeMap<EndpointId, Known>,
    /// A hash over the snapshot that all copies agreed on; `None` unless they did when it was last recorded.
    pub fingerprint: Option<Fingerprint>,
    /// How it stood at the end of its last run.
    pub status: RepoStatus,
    /// Since when it stands like that. Whether anything had to be done to agree makes no difference.
    pub since: Timestamp,
    /// When it was last recorded.
    pub recorded: Timestamp,
    /// Actions were begun and their end was not recorded: the process was ended, or is at it.
    pub unfinished: bool,
    /// What went wrong with it as a whole.
    pub problem: Option<Problem>,
    /// What was reported of it.
    pub findings: Vec<Finding>,
}

impl RepoRecord {
    /// Says whether its last run left something to be done.
    pub const fn needs_retry(&self) -> bool {
        self.unfinished || !is_good(self.status)
    }
}

/// What a list says of a repository: its record without what only syncing needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glance {
    /// Its name.
    pub name: RepoName,
    /// Where it has copies. Those of most repositories are the same, and shared.
    pub copies: Arc<BTreeSet<EndpointId>>,
    /// How it stood at the end of its last run.
    pub status: RepoStatus,
    /// Since when it stands like that.
    pub since: Timestamp,
    /// When it was last recorded.
    pub recorded: Timestamp,
    /// Actions were begun and their end was not recorded.
    pub unfinished: bool,
    /// What went wrong with it as a whole.
    pub problem: Option<Problem>,
    /// What was reported of it.
    pub findings: Vec<Finding>,
}

impl From<&RepoRecord> for Glance {
    fn from(record: &RepoRecord) -> Self {
        Self {
            name: record.name.clone(),
            copies: Arc::new(record.copies.keys().cloned().collect()),
            status: record.status,
            since: record.since,
            recorded: record.recorded,
            unfinished: record.unfinished,
            problem: record.problem.clone(),
            findings: record.findings.clone(),
        }
    }
}

/// Says whether a status is one of agreement.
pub(crate) const fn is_good(status: RepoStatus) -> bool {
    matches!(status, RepoStatus::Agreed | RepoStatus::Synced)
}

/// What a run found out about a repository, to be recorded as a whole or not at all.
#[derive(Debug, Clone, Copy)]
pub struct RepoRecordUpdate<'a> {
    /// The group.
    pub group: &'a GroupName,
    /// The repository.
    pub name: &'a RepoName,
    /// Now.
    pub at: Timestamp,
    /// All its copies. One that is remembered and not among these is forgotten.
    pub copies: &'a BTreeMap<EndpointId, Known>,
    /// Its whole baseline. Only what differs from the stored one is written.
    pub baseline: &'a Baseline,
    /// A hash over the snapshot of every copy, when all have the same.
    pub fingerprint: Option<Fingerprint>,
    /// How it stands.
    pub status: RepoStatus,
    /// What went wrong with it as a whole.
    pub problem: Option<&'a Problem>,
    /// What is reported of it.
    pub findings: &'a [Finding],
    /// What became of the actions that were begun.
    pub settled: Option<&'a Settled>,
}
