//! What has to be known before planning: answered from the objects, which may have to be fetched first.

use std::collections::{BTreeMap, BTreeSet};

use crate::ancestry::Question;
use crate::name::{EndpointId, RefName};
use crate::oid::Oid;
use crate::plan::view::World;
use crate::plan::{branch, repository};

/// What planning wants to know of one repository.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Questions {
    /// How commits relate.
    pub ancestry: BTreeSet<Question>,
    /// Objects that planning or applying will need, with the endpoints that have them, for all references that differ
    /// between endpoints: what is compared, what is pushed, and what is backed up before it is overwritten.
    pub objects: BTreeMap<Oid, Vec<EndpointId>>,
}

/// Asks what planning needs to know.
pub fn questions(world: &World<'_>) -> Questions {
    let members: Vec<&EndpointId> =
        world.views.iter().filter(|(_, view)| view.takes_part()).map(|(endpoint, _)| endpoint).collect();
    let mut asked = Questions::default();
    for name in repository::names(world, &members) {
        let sides = repository::sides(world, &members, name);
        if sides.windows(2).all(|pair| pair[0].tip == pair[1].tip) {
            continue;
        }
        for side in &sides {
            if let Some(tip) = side.tip {
                asked.objects.entry(tip).or_default().push(side.endpoint.clone());
            }
        }
        if !name.is_tag() {
            branch::questions(&sides, &mut asked.ancestry);
        }
    }
    ask_what_went_back(world, &members, &mut asked);
    asked
}

/// Where branches vanished, asks whether others went back to an older commit at the same time.
fn ask_what_went_back(world: &World<'_>, members: &[&EndpointId], asked: &mut Questions) {
    for endpoint in members {
        let view = &world.views[*endpoint];
        let bases = || {
            let branches = world.baseline.refs.iter().filter(|(name, _)| !name.is_tag());
            branches.filter_map(|(name, values): (&RefName, _)| Some((name, *values.get(*endpoint)?)))
        };
        if bases().all(|(name, _)| view.get(name).is_some()) {
            continue;
        }
        for (name, base) in bases() {
            if let Some(tip) = view.get(name).filter(|tip| *tip != base) {
                asked.ancestry.insert(Question { ancestor: tip, descendant: base });
            }
        }
    }
}
