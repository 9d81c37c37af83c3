//! The listings, arranged for looking up.

use std::collections::{BTreeMap, HashMap};

use crate::name::EndpointId;
use crate::plan::group::world::GroupWorld;
use crate::repository::{ForgeId, Repository};

/// What is listed, by key and by the forges' ids.
pub(super) struct Index<'a> {
    by_key: BTreeMap<String, BTreeMap<&'a EndpointId, Vec<&'a Repository>>>,
    by_id: HashMap<(&'a EndpointId, &'a ForgeId), &'a Repository>,
}

impl<'a> Index<'a> {
    pub(super) fn build(world: &GroupWorld<'a>) -> Self {
        let mut by_key: BTreeMap<String, BTreeMap<&EndpointId, Vec<&Repository>>> = BTreeMap::new();
        let mut by_id = HashMap::new();
        for endpoint in world.group.endpoints.iter().map(|endpoint| &endpoint.id) {
            let Some(sight) = world.sights.get(endpoint) else { continue };
            for repository in sight.listing.iter().flatten() {
                by_key.entry(repository.name.key()).or_default().entry(endpoint).or_default().push(repository);
                by_id.insert((endpoint, &repository.id), repository);
            }
        }
        Self { by_key, by_id }
    }

    /// Returns the keys of all repositories that are listed anywhere.
    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        self.by_key.keys().map(String::as_str)
    }

    /// Returns the repositories that are listed under a key, more than one if subgroups hold some of the same name.
    pub(super) fn get(&self, key: &str, endpoint: &EndpointId) -> &[&'a Repository] {
        self.by_key.get(key).and_then(|copies| copies.get(endpoint)).map_or(&[], Vec::as_slice)
    }

    /// Returns any repository that is listed under a key.
    pub(super) fn any(&self, key: &str) -> Option<&'a Repository> {
        self.by_key.get(key)?.values().flatten().next().copied()
    }

    /// Returns the listed repository of that id.
    pub(super) fn by_id<'b>(&'b self, endpoint: &'b EndpointId, id: &'b ForgeId) -> Option<&'a Repository> {
        self.by_id.get(&(endpoint, id)).copied()
    }
}
