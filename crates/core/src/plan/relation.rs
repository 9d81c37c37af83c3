//! Whether repositories of one name are the same repository.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::name::EndpointId;
use crate::oid::Oid;
use crate::plan::view::World;
use crate::snapshot::Snapshot;

/// Groups the endpoints that hold something by what shows without looking at history that they belong together: they
/// agreed before, or name an equal object. One group, or none, means that nothing has to be looked at.
pub fn clusters_by_equal_tips(world: &World<'_>) -> Vec<BTreeSet<EndpointId>> {
    let filled = world.views.iter().filter_map(|(endpoint, view)| {
        let snapshot = view.snapshot().filter(|snapshot| !snapshot.is_empty())?;
        Some((endpoint, snapshot, world.baseline.knows(endpoint)))
    });
    let filled: Vec<(&EndpointId, &Snapshot, bool)> = filled.collect();
    if filled.len() < 2 || filled.iter().all(|(.., agreed)| *agreed) {
        let endpoints: BTreeSet<EndpointId> = filled.iter().map(|(endpoint, ..)| (*endpoint).clone()).collect();
        return if endpoints.is_empty() { Vec::new() } else { vec![endpoints] };
    }
    let mut clusters: Vec<(BTreeSet<EndpointId>, HashSet<Oid>, bool)> = Vec::new();
    for (endpoint, snapshot, mut agreed) in filled {
        let mut own = BTreeSet::from([endpoint.clone()]);
        let mut tips: HashSet<Oid> = snapshot.refs.values().copied().collect();
        let mut rest = Vec::new();
        for (others, other_tips, other_agreed) in clusters {
            if (agreed && other_agreed) || !tips.is_disjoint(&other_tips) {
                own.extend(others);
                tips.extend(other_tips);
                agreed |= other_agreed;
            } else {
                rest.push((others, other_tips, other_agreed));
            }
        }
        rest.push((own, tips, agreed));
        clusters = rest;
    }
    clusters.into_iter().map(|(endpoints, ..)| endpoints).collect()
}

/// The endpoints that may be worked on together, and those that are held apart.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Joined {
    /// Endpoints whose repository is not joined with the rest, with the cluster that each belongs to.
    pub(super) apart: BTreeMap<EndpointId, usize>,
    /// Nothing shows which cluster is the right one, so that empty endpoints are not filled either.
    pub(super) ambiguous: bool,
}

/// Judges which endpoints hold another repository of the same name.
pub(super) fn judge(world: &World<'_>) -> Joined {
    let own;
    let clusters = match &world.ancestry.clusters {
        Some(clusters) => clusters,
        None => {
            own = clusters_by_equal_tips(world);
            &own
        }
    };
    if clusters.len() < 2 || world.releases.join {
        return Joined::default();
    }
    let main = clusters.iter().position(|cluster| cluster.iter().any(|endpoint| world.baseline.knows(endpoint)));
    let apart = clusters.iter().enumerate().filter(|(index, _)| Some(*index) != main);
    Joined {
        apart: apart
            .flat_map(|(index, cluster)| cluster.iter().map(move |endpoint| (endpoint.clone(), index)))
            .collect(),
        ambiguous: main.is_none(),
    }
}
