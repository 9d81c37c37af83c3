//! Copies that are seen under another name or path than the one remembered.

use std::collections::{BTreeMap, HashMap};

use crate::name::{EndpointId, RepoName};
use crate::plan::group::index::Index;
use crate::plan::group::outcome::Renamed;
use crate::plan::group::world::{GroupWorld, Look};
use crate::repository::Repository;

/// What was renamed or moved, and which of that is to be followed.
pub(super) struct Renames<'a> {
    /// What a remembered copy is now.
    found: HashMap<(&'a EndpointId, &'a str), &'a Repository>,
    /// The remembered key of a copy that is listed under another one.
    former: HashMap<(&'a EndpointId, String), &'a str>,
    /// Those that were renamed alike on every side that remembers them: the name now, by remembered key.
    complete: BTreeMap<&'a str, &'a RepoName>,
    /// The same by the key now.
    origin: HashMap<String, &'a str>,
}

impl<'a> Renames<'a> {
    pub(super) fn find(world: &GroupWorld<'a>, index: &Index<'a>) -> Self {
        let mut renames =
            Self { found: HashMap::new(), former: HashMap::new(), complete: BTreeMap::new(), origin: HashMap::new() };
        let mut complete: BTreeMap<&str, &RepoName> = BTreeMap::new();
        for (key, copies) in world.known {
            let mut names: Vec<Option<&RepoName>> = Vec::new();
            for (endpoint, known) in copies {
                if world.group.endpoint(endpoint).is_none() {
                    continue;
                }
                let sight = world.sights.get(endpoint).filter(|sight| sight.listing.is_some());
                let listed = sight.and_then(|_| index.by_id(endpoint, &known.id));
                let moved = sight.and_then(|sight| match sight.looks.get(key) {
                    Some(Look::Moved(now)) if now.path != known.path && now.id == known.id => Some(now),
                    _ => None,
                });
                let renamed = listed.filter(|repository| repository.name.key() != *key);
                names.push(renamed.map(|repository| &repository.name));
                if let Some(repository) = renamed {
                    renames.former.insert((endpoint, repository.name.key()), key);
                }
                if let Some(repository) = if listed.is_some() { renamed } else { moved } {
                    renames.found.insert((endpoint, key.as_str()), repository);
                }
            }
            if let Some(Some(to)) = names.first().copied()
                && names.iter().all(|name| name.is_some_and(|name| name.key() == to.key()))
            {
                complete.insert(key, to);
            }
        }
        let mut claims: HashMap<String, usize> = HashMap::new();
        for to in complete.values() {
            *claims.entry(to.key()).or_default() += 1;
        }
        // Two that became one name on different sides are for a person to sort out.
        complete.retain(|_, to| claims.get(&to.key()) == Some(&1));
        renames.origin = complete.iter().map(|(from, to)| (to.key(), *from)).collect();
        renames.complete = complete;
        renames
    }

    /// Returns what the copy remembered as `key` is now, when that is another name or place.
    pub(super) fn get(&self, endpoint: &EndpointId, key: &str) -> Option<&'a Repository> {
        self.found.get(&(endpoint, key)).copied()
    }

    /// Says under which remembered key the copy listed as `key` is known, when that is another.
    pub(super) fn former(&self, endpoint: &'a EndpointId, key: &str) -> Option<&'a str> {
        self.former.get(&(endpoint, key.to_owned())).copied()
    }

    /// Returns the remembered key of the repository that has the new name `key` on every side.
    pub(super) fn origin(&self, key: &str) -> Option<&'a str> {
        self.origin.get(key).copied()
    }

    /// Says whether what is remembered as `key` has a new name on every side.
    pub(super) fn is_followed(&self, key: &str) -> bool {
        self.complete.contains_key(key)
    }

    /// Returns the renames to follow in what is remembered.
    pub(super) fn complete(&self) -> Vec<Renamed> {
        let renamed = |(from, to): (&&str, &&RepoName)| Renamed { from: (*from).to_owned(), to: (*to).clone() };
        self.complete.iter().map(renamed).collect()
    }
}
