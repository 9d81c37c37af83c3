//! The order in which a group is judged.

use std::collections::BTreeSet;

use crate::name::EndpointId;
use crate::plan::group::absence::Absences;
use crate::plan::group::index::Index;
use crate::plan::group::outcome::GroupPlan;
use crate::plan::group::rename::Renames;
use crate::plan::group::task::{self, Scene};
use crate::plan::group::world::{GroupWorld, Look};

/// Returns the copies that are remembered and not listed, for a direct look: endpoint, key and path.
pub fn looks_needed(world: &GroupWorld<'_>) -> Vec<(EndpointId, String, String)> {
    let index = Index::build(world);
    let mut needed = Vec::new();
    for (key, copies) in world.known {
        for (endpoint, known) in copies {
            let listed = world.sights.get(endpoint).is_some_and(|sight| sight.listing.is_some());
            if listed && world.group.endpoint(endpoint).is_some() && index.get(key, endpoint).is_empty() {
                needed.push((endpoint.clone(), key.clone(), known.path.clone()));
            }
        }
    }
    needed
}

/// Plans a group.
pub fn plan(world: &GroupWorld<'_>) -> GroupPlan {
    let index = Index::build(world);
    let renames = Renames::find(world, &index);
    // Before any filter: what is filtered out bears witness as well.
    let absences = Absences::judge(world, &index, &renames);
    let scene = Scene { world, index: &index, renames: &renames, absences: &absences };
    let mut keys: BTreeSet<&str> = index.keys().collect();
    keys.extend(world.known.keys().map(String::as_str).filter(|key| !renames.is_followed(key)));
    let tasks: Vec<_> = keys.into_iter().filter_map(|key| task::task(&scene, key)).collect();
    let planned: BTreeSet<String> = tasks.iter().map(|task| task.name.key()).collect();
    let unmatched = world.selection.names.difference(&planned).cloned().collect();
    GroupPlan {
        tasks,
        renamed: renames.complete(),
        unmatched,
        doubted: absences.doubted(world),
        cleared: cleared(world, &index),
        gone: absences.forgotten(),
    }
}

/// Returns the copies whose absence was doubted and that are there.
fn cleared(world: &GroupWorld<'_>, index: &Index<'_>) -> Vec<(String, EndpointId)> {
    let mut cleared = Vec::new();
    for (key, copies) in world.known {
        for (endpoint, _) in copies.iter().filter(|(_, known)| known.doubt.is_some()) {
            let found = || world.sights.get(endpoint).and_then(|sight| sight.looks.get(key));
            let listed = !index.get(key, endpoint).is_empty() || index.by_id(endpoint, &copies[endpoint].id).is_some();
            if listed || matches!(found(), Some(Look::Found(_))) {
                cleared.push((key.clone(), endpoint.clone()));
            }
        }
    }
    cleared
}
