//! What became of a plan.

use serde::{Deserialize, Serialize};

use crate::name::EndpointId;
use crate::plan::{CreateRepository, DefaultSwitch, DeleteRepository, RefUpdate, RepoPlan, RequestAction};

/// One action of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Action {
    /// A repository is created.
    CreateRepository(CreateRepository),
    /// A reference is written.
    UpdateRef(RefUpdate),
    /// A default branch is switched.
    SwitchDefaultBranch(DefaultSwitch),
    /// A pull request that shows a conflict is opened, refreshed or closed.
    PullRequest(RequestAction),
    /// A repository is deleted.
    DeleteRepository(DeleteRepository),
}

impl Action {
    /// Returns what a plan does, in the order in which it is shown and written to the journal.
    pub fn all_of(plan: &RepoPlan) -> Vec<Self> {
        let mut actions: Vec<Self> = plan.creates.iter().cloned().map(Self::CreateRepository).collect();
        actions.extend(plan.updates.iter().cloned().map(Self::UpdateRef));
        actions.extend(plan.default_branches.iter().cloned().map(Self::SwitchDefaultBranch));
        actions.extend(plan.requests.iter().cloned().map(Self::PullRequest));
        actions.extend(plan.deletes.iter().cloned().map(Self::DeleteRepository));
        actions
    }

    /// Returns where it is carried out.
    pub const fn endpoint(&self) -> &EndpointId {
        match self {
            Self::CreateRepository(action) => &action.endpoint,
            Self::UpdateRef(action) => &action.endpoint,
            Self::SwitchDefaultBranch(action) => &action.endpoint,
            Self::PullRequest(action) => &action.endpoint,
            Self::DeleteRepository(action) => &action.endpoint,
        }
    }

    /// Returns the word for it in output and in the journal: `create_repository`, `update_ref`, …
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::CreateRepository(_) => "create_repository",
            Self::UpdateRef(_) => "update_ref",
            Self::SwitchDefaultBranch(_) => "switch_default_branch",
            Self::PullRequest(_) => "pull_request",
            Self::DeleteRepository(_) => "delete_repository",
        }
    }
}

/// What became of an action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// It was done.
    Done,
    /// The forge refused it.
    Refused {
        /// The refusal's name in the catalogue of known ones, such as `protected_branch`; `unknown` otherwise.
        refusal: String,
        /// What the forge said.
        message: String,
        /// What the user can do.
        remedy: String,
    },
    /// The value that it was to replace is not there any more: nothing was written, and the run plans again.
    Moved,
    /// It failed, or what it depends on failed.
    Failed {
        /// What went wrong.
        message: String,
        /// What the user can do.
        remedy: String,
    },
}

impl Outcome {
    /// Says whether the action was carried out.
    pub const fn is_done(&self) -> bool {
        matches!(self, Self::Done)
    }

    /// Returns the word for it in the journal.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused { .. } => "refused",
            Self::Moved => "moved",
            Self::Failed { .. } => "failed",
        }
    }
}

/// How a repository stands at the end of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RepoStatus {
    /// All endpoints agreed already.
    Agreed,
    /// All endpoints agree now.
    Synced,
    /// Something is left to do: a dry run found it, or a plan of which a part was taken out left it.
    Pending,
    /// What could be read agrees; an endpoint could not be read.
    Incomplete,
    /// A brake holds something.
    Held,
    /// Something failed or diverged.
    Failed,
}

impl RepoStatus {
    /// Returns the word for it in output and in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Agreed => "agreed",
            Self::Synced => "synced",
            Self::Pending => "pending",
            Self::Incomplete => "incomplete",
            Self::Held => "held",
            Self::Failed => "failed",
        }
    }
}

/// What a run amounts to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Repositories looked at.
    pub repositories: usize,
    /// Those that agreed already.
    pub agreed: usize,
    /// Those that agree now.
    pub synced: usize,
    /// Those that a dry run would change.
    pub pending: usize,
    /// Those of which not every copy could be read, and which agree as far as they could.
    #[serde(default)]
    pub incomplete: usize,
    /// Those with something held.
    pub held: usize,
    /// Those with something failed.
    pub failed: usize,
    /// Endpoints that could not be worked with.
    pub endpoints_failed: usize,
    /// Actions carried out.
    pub actions: usize,
    /// Webhooks put on forges.
    #[serde(default)]
    pub webhooks: usize,
    /// The run was asked to stop before its end.
    #[serde(default)]
    pub interrupted: bool,
    /// Repositories that it therefore did not come to.
    #[serde(default)]
    pub unvisited: usize,
}

impl Summary {
    /// Counts a repository in.
    pub const fn count(&mut self, status: RepoStatus, actions: usize) {
        self.repositories += 1;
        self.actions += actions;
        match status {
            RepoStatus::Agreed => self.agreed += 1,
            RepoStatus::Synced => self.synced += 1,
            RepoStatus::Pending => self.pending += 1,
            RepoStatus::Incomplete => self.incomplete += 1,
            RepoStatus::Held => self.held += 1,
            RepoStatus::Failed => self.failed += 1,
        }
    }

    /// Says whether everything agrees, or would after the plan was carried out.
    pub const fn is_good(&self) -> bool {
        self.held == 0 && self.failed == 0 && self.endpoints_failed == 0
    }
}
