//! What refray has put on forges besides references: webhooks and pull requests.

use jiff::Timestamp;
use refray_core::name::{BranchName, EndpointId, GroupName, RepoName};
use refray_core::oid::Oid;
use serde::{Deserialize, Serialize};

/// A hash of a webhook's secret. It tells secrets apart and does not give them away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretFingerprint(pub [u8; 32]);

/// A webhook that refray installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hook {
    /// Where.
    pub endpoint: EndpointId,
    /// On which repository.
    pub repository: RepoName,
    /// Where it sends to.
    pub url: String,
    /// The forge's id of it.
    pub id: String,
    /// A hash of the secret that it was given; `None` where that is not known.
    pub secret: Option<SecretFingerprint>,
    /// When it was installed or last brought up to date.
    pub changed: Timestamp,
}

/// How a pull request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PullState {
    /// It waits for a person.
    Open,
    /// It was merged.
    Merged,
    /// It was closed without merging.
    Closed,
}

impl PullState {
    /// Returns the word for it in output and in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Merged => "merged",
            Self::Closed => "closed",
        }
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        [Self::Open, Self::Merged, Self::Closed].into_iter().find(|state| state.as_str() == text)
    }
}

/// A pull or merge request that refray opened because a branch has diverged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pull {
    /// The group.
    pub group: GroupName,
    /// The repository.
    pub repository: RepoName,
    /// Where.
    pub endpoint: EndpointId,
    /// The forge's number of it.
    pub number: u64,
    /// The diverged branch.
    pub branch: BranchName,
    /// The conflict branch that is to be merged into it.
    pub head: BranchName,
    /// The branch's tip there when the request was opened.
    pub own: Oid,
    /// The foreign tip that it brings.
    pub other: Oid,
    /// The page that a person opens.
    pub url: Option<String>,
    /// How it stands.
    pub state: PullState,
    /// When that was last found out.
    pub changed: Timestamp,
}
