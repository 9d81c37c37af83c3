//! What happens in a run, as it happens: the one stream that terminal, JSON output, log and dashboard all read.

use serde::{Deserialize, Serialize};

use crate::name::{EndpointId, GroupName, RepoName};
use crate::outcome::{Action, Outcome, RepoStatus, Summary};
use crate::plan::{Finding, RepoPlan};

/// One thing that happened. Serialised with the field `event` naming the kind, this is one line of `--format json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A run began.
    RunStarted {
        /// The run's id: what `log` and `undo` take.
        run: String,
        /// Nothing will be written.
        dry_run: bool,
    },
    /// Work on a group began.
    GroupStarted {
        /// The group.
        group: GroupName,
        /// Its endpoints, in order.
        endpoints: Vec<EndpointId>,
    },
    /// An endpoint cannot be worked with in this run. The others go on.
    EndpointFailed {
        /// The group.
        group: GroupName,
        /// The endpoint.
        endpoint: EndpointId,
        /// What went wrong.
        message: String,
        /// What the user can do.
        remedy: String,
    },
    /// The group's repositories are known.
    GroupListed {
        /// The group.
        group: GroupName,
        /// How many repositories the run is about.
        repositories: usize,
    },
    /// Work on a repository began.
    RepositoryStarted {
        /// The group.
        group: GroupName,
        /// The repository.
        repository: RepoName,
    },
    /// Bytes went to or came from an endpoint.
    Transfer {
        /// The group.
        group: GroupName,
        /// The repository.
        repository: RepoName,
        /// The endpoint.
        endpoint: EndpointId,
        /// To the endpoint (`push`) or from it (`fetch`).
        direction: Direction,
        /// Bytes so far.
        bytes: u64,
    },
    /// The plan for a repository, in a dry run.
    Planned {
        /// The group.
        group: GroupName,
        /// The plan.
        plan: RepoPlan,
    },
    /// An action was carried out, or not.
    Action {
        /// The group.
        group: GroupName,
        /// The repository.
        repository: RepoName,
        /// What was to be done.
        action: Action,
        /// What became of it.
        outcome: Outcome,
    },
    /// Something is reported of a repository.
    Finding {
        /// The group.
        group: GroupName,
        /// The repository.
        repository: RepoName,
        /// What it is.
        finding: Finding,
    },
    /// Work on a repository ended.
    RepositoryFinished {
        /// The group.
        group: GroupName,
        /// The repository.
        repository: RepoName,
        /// How it stands.
        status: RepoStatus,
        /// How many actions were carried out.
        done: usize,
        /// What went wrong with the repository as a whole.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<String>,
        /// What the user can do about it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        remedy: Option<String>,
    },
    /// A run ended.
    RunFinished {
        /// The run's id.
        run: String,
        /// What it amounts to.
        summary: Summary,
    },
}

/// Which way bytes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From the endpoint.
    Fetch,
    /// To the endpoint.
    Push,
}

/// Takes events. Implementations must not block for long: the engine waits for them.
pub trait EventSink: Send + Sync {
    /// Takes one event.
    fn emit(&self, event: Event);
}
