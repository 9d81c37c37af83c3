use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{Protection, Role};

/// Who may see a repository or group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Visibility {
    /// Members only.
    #[default]
    Private,
    /// Everybody who has an account at the site.
    Internal,
    /// Everybody.
    Public,
}

impl Visibility {
    /// Returns the word that all forges use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Private => "private",
            Self::Internal => "internal",
            Self::Public => "public",
        }
    }

    /// Returns the visibility that a word stands for.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "private" => Some(Self::Private),
            "internal" => Some(Self::Internal),
            "public" => Some(Self::Public),
            _ => None,
        }
    }
}

/// The hash by which a repository names its objects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ObjectFormat {
    /// 40 hex digits.
    #[default]
    Sha1,
    /// 64 hex digits.
    Sha256,
}

impl ObjectFormat {
    /// Returns git's word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
        }
    }

    /// Returns the id that stands for "none".
    #[must_use]
    pub fn zeros(self) -> &'static str {
        const ZEROS: &str = "0000000000000000000000000000000000000000000000000000000000000000";
        match self {
            Self::Sha1 => &ZEROS[..40],
            Self::Sha256 => ZEROS,
        }
    }
}

/// A repository.
#[derive(Clone, Debug)]
pub struct Repository {
    /// The forge's id, which survives renames.
    pub id: u64,
    /// The account that owns it.
    pub owner: u64,
    /// The name in its URL.
    pub path: String,
    /// The name shown to people. Only GitLab tells it from `path`.
    pub name: String,
    /// Who may see it.
    pub visibility: Visibility,
    /// Some words about it.
    pub description: String,
    /// Its home page.
    pub homepage: String,
    /// The branch that HEAD names, whether or not it exists yet.
    pub default_branch: String,
    /// The hash of its objects.
    pub object_format: ObjectFormat,
    /// The id of the repository that it was forked from.
    pub fork_of: Option<u64>,
    /// Read-only.
    pub archived: bool,
    /// Switched off by the forge.
    pub disabled: bool,
    /// Holds no branch and no tag.
    pub empty: bool,
    /// Subjects, in order.
    pub topics: Vec<String>,
    /// People with a role of their own, by user id.
    pub members: BTreeMap<u64, Role>,
    /// Rules about branches.
    pub protections: Vec<Protection>,
    /// When GitLab was told to delete it: it is listed and readable until it really goes.
    pub marked_for_deletion: Option<Timestamp>,
    /// The path and name that come back when the mark is taken away.
    pub name_before_mark: Option<(String, String)>,
    /// Settings that only their dialect understands, kept as they were sent.
    pub settings: Map<String, Value>,
    /// The number of the newest pull request.
    pub last_pull: u64,
    /// When it was made.
    pub created: Timestamp,
    /// When anything about it changed.
    pub updated: Timestamp,
    /// When it was last pushed to.
    pub pushed: Option<Timestamp>,
}

impl Repository {
    /// Returns the protection that holds for a branch: a rule of its exact name before one with wildcards.
    #[must_use]
    pub fn protection(&self, branch: &str) -> Option<&Protection> {
        self.protections
            .iter()
            .find(|rule| rule.pattern == branch)
            .or_else(|| self.protections.iter().find(|rule| rule.matches(branch)))
    }
}

/// What is said about a repository when it is made.
#[derive(Clone, Debug, Default)]
pub struct NewRepository {
    /// The name in its URL.
    pub path: String,
    /// The name shown to people; `path` when left out.
    pub name: Option<String>,
    /// Who may see it.
    pub visibility: Visibility,
    /// Some words about it.
    pub description: String,
    /// Its home page.
    pub homepage: String,
    /// The default branch; `main` when left out.
    pub default_branch: Option<String>,
    /// The hash of its objects.
    pub object_format: ObjectFormat,
    /// The id of the repository that it is a fork of. What that one holds is not copied.
    pub fork_of: Option<u64>,
    /// Starts it with a commit that holds a README.
    pub auto_init: bool,
    /// Subjects, in order.
    pub topics: Vec<String>,
    /// Settings that only their dialect understands.
    pub settings: Map<String, Value>,
}

/// What is to change about a repository; what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct RepositoryPatch {
    /// A new name in its URL: a rename.
    pub path: Option<String>,
    /// A new name to show.
    pub name: Option<String>,
    /// Who may see it.
    pub visibility: Option<Visibility>,
    /// Some words about it.
    pub description: Option<String>,
    /// Its home page.
    pub homepage: Option<String>,
    /// Another default branch, which must exist unless the repository is empty.
    pub default_branch: Option<String>,
    /// Read-only or not.
    pub archived: Option<bool>,
    /// Switched off by the forge or not.
    pub disabled: Option<bool>,
    /// Subjects, in order.
    pub topics: Option<Vec<String>>,
    /// Settings that only their dialect understands; added to those that are there.
    pub settings: Map<String, Value>,
}
