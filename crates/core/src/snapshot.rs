//! What one repository looks like at one endpoint, at one moment.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::name::{BranchName, RefName};
use crate::oid::{ObjectFormat, Oid};

/// The branches, tags and default branch of a repository at an endpoint.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Every branch and tag with the object that it names: a commit, or for an annotated tag the tag object.
    /// Conflict branches are not in it.
    pub refs: BTreeMap<RefName, Oid>,
    /// The branch that HEAD names, when that branch exists.
    pub default_branch: Option<BranchName>,
    /// The hash function of the repository.
    pub format: ObjectFormat,
    /// Conflict branches of refray's own, which are kept apart because they are not synced.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub conflict_branches: BTreeMap<RefName, Oid>,
    /// Full names under `refs/heads/` and `refs/tags/` that cannot be handled (not UTF-8, or not allowed by git's own
    /// rules). They are reported, and never taken for absent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unsupported: Vec<String>,
}

impl Snapshot {
    /// Says whether there is neither a branch nor a tag.
    pub fn is_empty(&self) -> bool {
        self.refs.is_empty()
    }

    /// Returns the value of `name`, or `None` when it does not exist.
    pub fn get(&self, name: &RefName) -> Option<Oid> {
        self.refs.get(name).copied()
    }

    /// Returns the branches and their tips.
    pub fn branches(&self) -> impl Iterator<Item = (&BranchName, Oid)> {
        self.refs.iter().filter_map(|(name, oid)| Some((name.branch()?, *oid)))
    }

    /// Returns a hash over references, values and default branch: equal for two snapshots exactly when nothing that
    /// refray syncs differs. It lets a run in which nothing changed pass without reading the baseline.
    pub fn fingerprint(&self) -> Fingerprint {
        let mut hash = Sha256::new();
        for (name, oid) in &self.refs {
            let (kind, short) = match name {
                RefName::Branch(name) => (b'b', name.as_str()),
                RefName::Tag(name) => (b't', name.as_str()),
            };
            hash.update([kind]);
            hash.update(short.as_bytes());
            hash.update([0]);
            hash.update(oid.as_bytes());
        }
        hash.update([b'd']);
        if let Some(branch) = &self.default_branch {
            hash.update(branch.as_str().as_bytes());
        }
        hash.update([0]);
        // What cannot be handled must be reported in every run, so it must not look like the agreed state.
        hash.update(self.unsupported.join("\0").as_bytes());
        Fingerprint(hash.finalize().into())
    }
}

/// A hash over a [`Snapshot`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint(pub [u8; 32]);
