//! What a group's plan is made of.

use std::collections::BTreeMap;

use crate::baseline::Baseline;
use crate::name::{EndpointId, RepoName};
use crate::plan::action::{CreateRepository, DeleteRepository};
use crate::plan::finding::Finding;
use crate::repository::Repository;

/// One copy of a repository, as the group's plan judges it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Copy {
    /// It exists.
    Present {
        /// What the forge says of it.
        repository: Repository,
        /// It is not the one remembered, or none is: what was agreed at this endpoint says nothing of it.
        recreated: bool,
    },
    /// It is to be created.
    Create(CreateRepository),
    /// It exists and is to be deleted, because it was deleted elsewhere.
    Delete(DeleteRepository),
    /// It does not exist, or takes no part for a reason that a finding gives.
    Absent,
    /// Nothing is known of it in this run: why.
    Unreadable(String),
}

/// One repository of the group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepoTask {
    /// Its name, as the first endpoint that has it spells it.
    pub name: RepoName,
    /// Its copies, one for each endpoint of the group.
    pub copies: BTreeMap<EndpointId, Copy>,
    /// What is reported of it as a whole.
    pub findings: Vec<Finding>,
}

impl RepoTask {
    /// Takes out of the baseline what was agreed with a repository that is no more: it says nothing of the one that took
    /// its place, or is to.
    pub fn forget_what_is_new(&self, baseline: &mut Baseline) {
        for (endpoint, copy) in &self.copies {
            if matches!(copy, Copy::Present { recreated: true, .. } | Copy::Create(_)) {
                baseline.forget(endpoint);
            }
        }
    }
}

/// A repository that has a new name on every side that has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renamed {
    /// The key under which it is remembered.
    pub from: String,
    /// Its name now.
    pub to: RepoName,
}

/// A copy whose absence does not count as a deletion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubted {
    /// The key under which the repository is remembered.
    pub key: String,
    /// Where it vanished.
    pub endpoint: EndpointId,
    /// Why it may not have been deleted.
    pub reason: String,
}

/// What a run does with a group.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GroupPlan {
    /// The repositories, sorted by key.
    pub tasks: Vec<RepoTask>,
    /// Renames to follow in what is remembered, before anything else.
    pub renamed: Vec<Renamed>,
    /// Selected names that exist nowhere.
    pub unmatched: Vec<String>,
    /// Absences that are held, to be remembered, for they stay held when the reason is gone.
    pub doubted: Vec<Doubted>,
    /// Copies that are remembered as doubted and were seen again: key and endpoint.
    pub cleared: Vec<(String, EndpointId)>,
    /// Keys of repositories that are remembered and, beyond doubt, exist nowhere any more: they can be forgotten.
    pub gone: Vec<String>,
}
