//! What is written down beside a bundle.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use refray_core::name::{EndpointId, GroupName, RefName, RepoName};
use refray_core::oid::Oid;
use refray_core::plan::undo::Former;
use refray_core::repository::ForgeId;
use serde::{Deserialize, Serialize};

/// What a backup is of and for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// When it was made.
    pub made: Timestamp,
    /// The group.
    pub group: GroupName,
    /// The repository.
    pub repository: RepoName,
    /// What was about to happen.
    pub why: String,
    /// What is kept, by the names in the bundle.
    pub refs: BTreeMap<String, NotedRef>,
    /// Repositories that were about to be deleted.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub repositories: BTreeMap<EndpointId, NotedRepository>,
}

/// A reference that is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotedRef {
    /// Its name.
    #[serde(rename = "ref")]
    pub name: RefName,
    /// Its value.
    pub oid: Oid,
    /// Where it was.
    pub endpoints: BTreeSet<EndpointId>,
}

/// A repository that was about to be deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotedRepository {
    /// Its path on the forge.
    pub path: String,
    /// The forge's id of it.
    pub id: ForgeId,
    /// How it was.
    #[serde(flatten)]
    pub former: Former,
}

impl Note {
    /// Returns it as it is written down.
    pub(crate) fn to_json(&self) -> Vec<u8> {
        // A map with keys that are text, and values that serialise: it cannot fail.
        serde_json::to_vec_pretty(self).unwrap_or_default()
    }
}
