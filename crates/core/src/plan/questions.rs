//! What has to be known before planning: answered from the objects, which may have to be fetched first.

use std::collections::{BTreeMap, BTreeSet};

use crate::ancestry::Question;
use crate::name::{EndpointId, RefName};
use crate::oid::Oid;
use crate::plan::conflict::{RequestState, Requests, owners};
use crate::plan::view::{View, Views, World};
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
    for row in repository::rows(world, &members).filter(|row| !row.is_equal()) {
        for side in &row.sides {
            let Some(tip) = side.tip else { continue };
            let at = asked.objects.entry(tip).or_default();
            if !at.contains(side.endpoint) {
                at.push(side.endpoint.clone());
            }
        }
        if row.name.is_tag() {
            continue;
        }
        branch::questions(&row.sides, &mut asked.ancestry);
        // The brakes want to know whether a branch went back to an older commit: here, where another one vanished or was
        // rewritten, and in the whole group, where a repository vanished.
        for side in &row.sides {
            let moved = side.base.zip(side.tip).filter(|(base, tip)| base != tip);
            asked.ancestry.extend(moved.map(|(base, tip)| Question { ancestor: tip, descendant: base }));
        }
    }
    ask_for_conflict_branches(world, &members, &mut asked);
    asked
}

/// Asks how conflict branches relate to what their requests say was shown: whether a person added to it. Only the listing
/// of the requests tells what that was.
pub fn of_requests(views: &Views, requests: &Requests) -> BTreeSet<Question> {
    let mut asked = BTreeSet::new();
    for (endpoint, listed) in &requests.at {
        let Some(snapshot) = views.get(endpoint).and_then(View::snapshot) else { continue };
        for request in listed.iter().flatten().filter(|request| request.state == RequestState::Open) {
            let tip = snapshot.conflict_branches.get(&RefName::Branch(request.head.clone())).copied();
            let shown = request.pair.map(|pair| pair.other);
            let question = shown.zip(tip).filter(|(shown, tip)| shown != tip);
            asked.extend(question.map(|(ancestor, descendant)| Question { ancestor, descendant }));
        }
    }
    asked
}

/// A conflict branch that goes, or shows something else, takes nothing away that its branch contains somewhere.
fn ask_for_conflict_branches(world: &World<'_>, members: &[&EndpointId], asked: &mut Questions) {
    let owners = owners(world, members);
    for endpoint in members {
        let Some(snapshot) = world.views.get(*endpoint).and_then(View::snapshot) else { continue };
        for (name, oid) in &snapshot.conflict_branches {
            let at = asked.objects.entry(*oid).or_default();
            if !at.contains(*endpoint) {
                at.push((*endpoint).clone());
            }
            for (start, tips) in &owners {
                if name.short().starts_with(start.as_str()) {
                    let others = tips.iter().filter(|tip| *tip != oid);
                    // And a person may have added to what it is to show.
                    asked.ancestry.extend(others.flat_map(|tip| {
                        [Question { ancestor: *oid, descendant: *tip }, Question { ancestor: *tip, descendant: *oid }]
                    }));
                }
            }
        }
    }
}
