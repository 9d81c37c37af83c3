//! What goes into the store and comes out.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::Timestamp;
use refray_core::baseline::Baseline;
use refray_core::name::{EndpointId, GroupName, RepoName};
use refray_core::outcome::{Action, Outcome, RepoStatus, Summary};
use refray_core::plan::Finding;
use refray_core::plan::group::Known;
use refray_core::snapshot::Fingerprint;
use serde::{Deserialize, Serialize};

/// What is remembered of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepoRecord {
    /// Its name.
    pub name: RepoName,
    /// Its copies.
    pub copies: BTreeMap<EndpointId, Known>,
    /// The hash of what all copies held when they last agreed, if they still did at the end of the last run.
    pub fingerprint: Option<Fingerprint>,
    /// How it stood at the end of the last run.
    pub status: RepoStatus,
    /// Since when.
    pub since: Timestamp,
    /// What was reported of it.
    pub findings: Vec<Finding>,
}

impl RepoRecord {
    /// Says whether a run that is only about failures is about this one.
    pub const fn needs_retry(&self) -> bool {
        matches!(self.status, RepoStatus::Held | RepoStatus::Failed)
    }
}

/// Everything that a run changes in what is remembered of a repository.
#[derive(Debug, Clone)]
pub struct RepoUpdate<'a> {
    /// The run.
    pub run: &'a str,
    /// When it is recorded.
    pub at: Timestamp,
    /// The group.
    pub group: &'a GroupName,
    /// The repository.
    pub name: &'a RepoName,
    /// Its copies; those that are not named are forgotten.
    pub copies: &'a BTreeMap<EndpointId, Known>,
    /// What was agreed before: only what differs is written.
    pub before: &'a Baseline,
    /// What is agreed now.
    pub baseline: &'a Baseline,
    /// The hash of what all copies hold, when all agree and nothing is reported.
    pub fingerprint: Option<Fingerprint>,
    /// How it stands.
    pub status: RepoStatus,
    /// What is reported of it.
    pub findings: &'a [Finding],
    /// What was done, and what became of it.
    pub outcomes: &'a [(Action, Outcome)],
    /// The bundle that was written before anything destructive.
    pub backup: Option<&'a PathBuf>,
}

/// A run in the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRecord {
    /// Its id.
    pub id: String,
    /// The command that started it.
    pub command: String,
    /// When it began.
    pub started: Timestamp,
    /// When it ended; `None` while it runs, or when it was cut off.
    pub finished: Option<Timestamp>,
    /// What it amounted to.
    pub summary: Option<Summary>,
}

/// An action in the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalAction {
    /// The group.
    pub group: GroupName,
    /// The repository.
    pub repository: RepoName,
    /// What it was.
    pub detail: ActionDetail,
}

/// What is kept of an action beside the columns that it can be found by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionDetail {
    /// What was to be done, with old and new values.
    pub action: Action,
    /// What became of it.
    pub outcome: Outcome,
    /// The bundle that was written before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backup: Option<PathBuf>,
}
