//! The actions that a plan is made of: plain data.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::name::{BranchName, EndpointId, RefName, RepoName};
use crate::oid::Oid;
use crate::plan::finding::{Finding, Severity};
use crate::repository::{ForgeId, Visibility};

/// Why a reference is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// It does not exist there yet.
    Create,
    /// The new value descends from the old one.
    FastForward,
    /// It was rewritten on one side, and the others follow.
    Rewrite,
    /// It was deleted on one side, and the others follow.
    Delete,
    /// Diverged commits were replayed on the first endpoint's, and this side's are replaced by that.
    Rebase,
    /// It diverged, and the newest side is to win.
    Force,
    /// A conflict branch of refray's own shows what another side has.
    Conflict,
    /// A conflict branch is needed no more.
    Resolved,
    /// It is put back to what it was before.
    Restore,
}

impl Cause {
    /// Says whether commits may become unreachable, so that a backup comes first.
    pub const fn is_destructive(self) -> bool {
        matches!(self, Self::Rewrite | Self::Delete | Self::Rebase | Self::Force | Self::Restore)
    }

    /// Returns the word for it in output and in the journal.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::FastForward => "fast_forward",
            Self::Rewrite => "rewrite",
            Self::Delete => "delete",
            Self::Rebase => "rebase",
            Self::Force => "force",
            Self::Conflict => "conflict",
            Self::Resolved => "resolved",
            Self::Restore => "restore",
        }
    }
}

/// One reference to be written at one endpoint, with the value that it replaces.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RefUpdate {
    /// Where.
    pub endpoint: EndpointId,
    /// Which reference.
    #[serde(rename = "ref")]
    pub name: RefName,
    /// The value that was seen there; `None`: it must not exist.
    pub old: Option<Oid>,
    /// The value that it gets; `None`: it is deleted.
    pub new: Option<Oid>,
    /// Why.
    pub cause: Cause,
}

impl RefUpdate {
    /// Says whether commits may become unreachable, so that a backup comes first.
    pub const fn is_destructive(&self) -> bool {
        self.old.is_some() && self.cause.is_destructive()
    }
}

/// A default branch to be switched.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DefaultSwitch {
    /// Where.
    pub endpoint: EndpointId,
    /// The default branch that was seen; `None` when the repository was empty.
    pub old: Option<BranchName>,
    /// The branch that becomes it.
    pub new: BranchName,
}

/// A repository to be created.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateRepository {
    /// Where.
    pub endpoint: EndpointId,
    /// Its name in the group.
    pub name: RepoName,
    /// What it is called there, when that is another name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub called: Option<RepoName>,
    /// Who may see it: never more people than may see the copy that it is made from.
    pub visibility: Visibility,
    /// Its description.
    pub description: String,
    /// The id of the deleted one that it takes the place of: a forge that has it still gives it back as it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub former: Option<ForgeId>,
}

/// A repository to be deleted, after a bundle of every reference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeleteRepository {
    /// Where.
    pub endpoint: EndpointId,
    /// Its path on the forge.
    pub path: String,
    /// The id that it must still have.
    pub id: ForgeId,
}

/// What is done with a pull request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestStep {
    /// It is opened, once its conflict branch is there.
    Open,
    /// Its text is brought up to date, since a tip has moved on.
    Refresh,
    /// It is closed: what it was about is settled.
    Close,
}

/// Something to be done with a pull request that shows a conflict.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RequestAction {
    /// Where.
    pub endpoint: EndpointId,
    /// What.
    pub step: RequestStep,
    /// The branch that has diverged.
    pub branch: BranchName,
    /// The conflict branch that is to be merged into it.
    pub head: BranchName,
    /// The forge's number of the request, when there is one already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u64>,
    /// The tip that the branch has there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own: Option<Oid>,
    /// The foreign tip that the request brings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other: Option<Oid>,
}

/// What should be done with one repository, and what cannot be done and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepoPlan {
    /// The repository.
    pub repository: RepoName,
    /// Repositories to create first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub creates: Vec<CreateRepository>,
    /// References to write, sorted by endpoint and name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub updates: Vec<RefUpdate>,
    /// Default branches to switch: after what is created and before what is deleted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub default_branches: Vec<DefaultSwitch>,
    /// Pull requests to open, refresh or close, after the conflict branches that they need were pushed and before those
    /// that are settled are removed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requests: Vec<RequestAction>,
    /// Repositories to delete last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deletes: Vec<DeleteRepository>,
    /// Endpoints whose repository is another one of the same name: neither read from nor written to.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub apart: BTreeSet<EndpointId>,
    /// Branches whose deletion or rewrite a brake holds, with the endpoints where it happened.
    // They go into the baseline with `Baseline::hold` before anything is written.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub held: BTreeMap<RefName, BTreeSet<EndpointId>>,
    /// What is reported.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
}

impl RepoPlan {
    /// Returns a plan that does nothing.
    pub const fn nothing(repository: RepoName) -> Self {
        Self {
            repository,
            creates: Vec::new(),
            updates: Vec::new(),
            default_branches: Vec::new(),
            requests: Vec::new(),
            deletes: Vec::new(),
            apart: BTreeSet::new(),
            held: BTreeMap::new(),
            findings: Vec::new(),
        }
    }

    /// Says whether nothing is to be written.
    pub const fn is_idle(&self) -> bool {
        self.creates.is_empty()
            && self.updates.is_empty()
            && self.default_branches.is_empty()
            && self.requests.is_empty()
            && self.deletes.is_empty()
    }

    /// Returns how many things are to be written.
    pub const fn actions(&self) -> usize {
        self.creates.len() + self.updates.len() + self.default_branches.len() + self.requests.len() + self.deletes.len()
    }

    /// Returns the gravest finding's severity.
    pub fn severity(&self) -> Option<Severity> {
        self.findings.iter().map(|finding| finding.kind.severity()).max()
    }
}
