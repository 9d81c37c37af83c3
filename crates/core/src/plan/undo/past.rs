//! What was done.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::name::{BranchName, EndpointId, RefName};
use crate::oid::Oid;
use crate::outcome::Action;
use crate::repository::{ForgeId, Visibility};

/// A repository as it was before it was deleted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Former {
    /// Who might see it; `None` when that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visibility: Option<Visibility>,
    /// Its description.
    #[serde(default)]
    pub description: String,
    /// Its default branch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_branch: Option<BranchName>,
    /// Every branch and tag.
    #[serde(default)]
    pub refs: BTreeMap<RefName, Oid>,
    /// Where it had vanished before, which is why it was deleted here.
    #[serde(default)]
    pub gone_on: BTreeSet<EndpointId>,
}

/// An action of the run that is to be undone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Past {
    /// What it was.
    pub action: Action,
    /// It is known to have been carried out. Otherwise the run was ended in the middle.
    pub certain: bool,
    /// The id of the repository that it created.
    pub made: Option<ForgeId>,
    /// The repository that it deleted.
    pub former: Option<Former>,
}
