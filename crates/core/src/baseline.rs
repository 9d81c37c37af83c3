//! The third side of every decision.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::name::{BranchName, EndpointId, RefName};
use crate::oid::Oid;

/// Per reference and endpoint, the value at which all endpoints last agreed.
///
/// A reference that was never agreed is not in it. An endpoint that joined later is missing from a reference's entry
/// until the reference has been agreed there as well.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Baseline {
    /// The agreed values.
    pub refs: BTreeMap<RefName, BTreeMap<EndpointId, Oid>>,
    /// The agreed default branch.
    pub default_branch: BTreeMap<EndpointId, BranchName>,
}

impl Baseline {
    /// Returns the agreed value of `name` at `endpoint`.
    pub fn get(&self, name: &RefName, endpoint: &EndpointId) -> Option<Oid> {
        self.refs.get(name)?.get(endpoint).copied()
    }

    /// Says whether anything was ever agreed at `endpoint`.
    pub fn knows(&self, endpoint: &EndpointId) -> bool {
        self.default_branch.contains_key(endpoint) || self.refs.values().any(|values| values.contains_key(endpoint))
    }

    /// Forgets `endpoint`: for a repository that was deleted and made anew there, what was agreed says nothing.
    pub fn forget(&mut self, endpoint: &EndpointId) {
        for values in self.refs.values_mut() {
            values.remove(endpoint);
        }
        self.refs.retain(|_, values| !values.is_empty());
        self.default_branch.remove(endpoint);
    }

    /// Takes back, for each branch of `held`, that any endpoint but the given ones agreed to it.
    ///
    /// Nobody who still has such a branch agreed to what vanished then, and that keeps its deletion or rewrite held until
    /// a person releases it: also when the signs that gave rise to the doubt are gone, because whatever else was behind
    /// has been brought up to date.
    pub fn hold(&mut self, held: &BTreeMap<RefName, BTreeSet<EndpointId>>) {
        for (name, doubted) in held {
            if let Some(values) = self.refs.get_mut(name) {
                values.retain(|endpoint, _| doubted.contains(endpoint));
            }
        }
        self.refs.retain(|_, values| !values.is_empty());
    }
}
