//! What planning a group starts from.

use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;

use crate::config::MirrorGroup;
use crate::name::{EndpointId, RepoName};
use crate::repository::{AccountId, ForgeId, Repository};

/// What is remembered of one copy of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// The name that it had.
    pub name: RepoName,
    /// The forge's id of it.
    pub id: ForgeId,
    /// The path that it had on the forge.
    pub path: String,
    /// The account that saw it last; `None` where the forge has no accounts.
    pub account: Option<AccountId>,
    /// All endpoints held the same once.
    pub agreed: bool,
    /// Why its absence does not count as a deletion until a person says so. Goes once it is seen again.
    pub doubt: Option<String>,
}

/// The result of a direct look at a copy that is remembered and not listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Look {
    /// It is there all the same.
    Found(Repository),
    /// The forge sends on to this one.
    Moved(Repository),
    /// The forge says that it is not there.
    NotFound,
    /// No answer that says anything: why.
    Unreadable(String),
}

/// What was seen of one endpoint.
#[derive(Debug, Clone, Default)]
pub struct Sight {
    /// Every repository of the namespace, or why it could not be listed.
    pub listing: Option<Vec<Repository>>,
    /// Why there is no listing.
    pub error: String,
    /// The account behind the token.
    pub account: Option<AccountId>,
    /// The token may be limited to some repositories, and there is no way to tell: what is taken out of its sight looks as
    /// if it were deleted.
    pub may_be_limited: bool,
    /// Direct looks, by the repository's key.
    pub looks: BTreeMap<String, Look>,
}

/// Which repositories of the group a run is about. Absence is judged over all of them before this is applied.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Only these, by key; all when empty.
    pub names: BTreeSet<String>,
    /// Only those whose name matches.
    pub pattern: Option<Regex>,
    /// Repositories are not created, whatever the group says.
    pub no_create: bool,
    /// Deletions of the selected repositories are confirmed by a person.
    pub confirm_deletions: bool,
}

impl Selection {
    /// Says whether the run is about the repository `name`.
    pub fn selects(&self, name: &RepoName) -> bool {
        (self.names.is_empty() || self.names.contains(&name.key()))
            && self.pattern.as_ref().is_none_or(|pattern| pattern.is_match(name.as_str()))
    }
}

/// Everything that planning a group depends on.
#[derive(Debug, Clone, Copy)]
pub struct GroupWorld<'a> {
    /// The group's configuration.
    pub group: &'a MirrorGroup,
    /// What was seen of each of its endpoints.
    pub sights: &'a BTreeMap<EndpointId, Sight>,
    /// What is remembered, by key.
    pub known: &'a BTreeMap<String, BTreeMap<EndpointId, Known>>,
    /// What the run is about.
    pub selection: &'a Selection,
}
