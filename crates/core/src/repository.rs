//! What a forge says of a repository.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::name::{BranchName, RepoName};

/// Who may see a repository. The order is from narrow to wide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Visibility {
    /// Only those who were given access.
    Private,
    /// Every signed-in user of the forge (GitLab, GitHub Enterprise). Counts as private where a forge has no such level.
    Internal,
    /// Everybody.
    Public,
}

/// The forge's own, lasting id of a repository: a number on the four forges, the folder's identity in a directory.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ForgeId(pub String);

/// The forge's own, lasting id of an account.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AccountId(pub String);

/// What an account may do with a repository. The order is from little to much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Access {
    /// It may read.
    Read,
    /// It may push.
    Write,
    /// It may change settings and install webhooks.
    Admin,
}

/// A repository as a forge describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repository {
    /// The forge's id, which survives renames and transfers.
    pub id: ForgeId,
    /// The last part of the path; what repositories are matched by.
    pub name: RepoName,
    /// The whole path on the forge, `owner/name` or `group/subgroup/name`, without `.git`.
    pub path: String,
    /// Who may see it, where the forge says so.
    pub visibility: Option<Visibility>,
    /// The description; empty when there is none.
    pub description: String,
    /// The default branch that the forge names. Forges name one for an empty repository too.
    pub default_branch: Option<BranchName>,
    /// It was put away by its owner: it can be read but not written.
    pub archived: bool,
    /// The forge itself fills it from elsewhere (a pull mirror): it can be read but not written.
    #[serde(default)]
    pub mirror: bool,
    /// It can be neither read nor written, by decision of the forge.
    pub disabled: bool,
    /// It is a fork of another repository on the same forge.
    pub fork: bool,
    /// The page that a person opens.
    pub web_url: Option<String>,
    /// What the account behind the token may do with it, where the forge says so. The token itself may be for less.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access: Option<Access>,
    /// When it was last pushed to, or last changed where the forge does not tell the two apart. A hint only.
    pub updated: Option<Timestamp>,
}

impl Repository {
    /// Returns why it can be read but not written, if so.
    pub const fn read_only(&self) -> Option<&'static str> {
        match (self.archived, self.mirror) {
            (true, _) => Some("the repository is archived there"),
            (false, true) => Some("the forge itself fills the repository from elsewhere"),
            (false, false) => None,
        }
    }
}
