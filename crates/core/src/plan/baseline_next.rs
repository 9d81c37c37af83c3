//! What is agreed after a run.

use std::collections::{BTreeMap, BTreeSet};

use crate::baseline::Baseline;
use crate::name::{BranchName, EndpointId};
use crate::oid::Oid;
use crate::plan::side::{Row, Rows};
use crate::plan::view::{View, Views};

/// Returns the baseline after a run, from the one before and what every endpoint holds now.
///
/// A reference is agreed when every endpoint that can be written to holds the same value; `apart` are endpoints whose
/// repository is another one of the same name, and these have no say. What an endpoint that could not be read last
/// agreed to is kept, and with it the memory that the others once had what they have no more: so that a deletion still
/// reaches it when it is back. Endpoints that are not among `views` are forgotten.
pub fn next_baseline(previous: &Baseline, views: &Views, apart: &BTreeSet<EndpointId>) -> Baseline {
    let members: Vec<&EndpointId> = views
        .iter()
        .filter(|(endpoint, view)| view.snapshot().is_some() && !apart.contains(*endpoint))
        .map(|(endpoint, _)| endpoint)
        .collect();
    let scene = Scene { views, members };
    let mut next = Baseline::default();
    for row in Rows::new(views, &scene.members, previous) {
        let entry = scene.agreed(&row);
        if !entry.is_empty() {
            next.refs.insert(row.name.clone(), entry);
        }
    }
    next.default_branch = scene.default_branch(&previous.default_branch);
    next
}

struct Scene<'a> {
    views: &'a Views,
    /// The endpoints that were read.
    members: Vec<&'a EndpointId>,
}

impl Scene<'_> {
    fn agreed(&self, row: &Row<'_>) -> BTreeMap<EndpointId, Oid> {
        // What was agreed with a repository that is yet to be made anew says nothing.
        let counts = |endpoint: &EndpointId| !matches!(self.views.get(endpoint), None | Some(View::ToCreate));
        let old = || row.agreed.into_iter().flatten().filter(|(endpoint, _)| counts(endpoint));
        let keep = || old().map(|(endpoint, oid)| (endpoint.clone(), *oid)).collect();
        if row.sides.is_empty() {
            return keep();
        }
        if row.sides.iter().all(|side| side.tip.is_none()) {
            let awaited = old().any(|(endpoint, _)| matches!(self.views.get(endpoint), Some(View::Unreadable(_))));
            return if awaited { keep() } else { BTreeMap::new() };
        }
        let Some(value) = self.common(row) else { return keep() };
        let holders = || row.sides.iter().filter(|side| side.tip == Some(value));
        // What a brake holds is agreed only by whom it doubts, and stays so until one of these holds what the rest do.
        if old().next().is_some() && holders().all(|side| side.base.is_none()) {
            return keep();
        }
        let mut entry: BTreeMap<EndpointId, Oid> = keep();
        entry.extend(holders().map(|side| (side.endpoint.clone(), value)));
        entry
    }

    /// Returns the value that all sides hold which can be written to. A read-only side that stays behind does not keep
    /// the others from agreeing.
    fn common(&self, row: &Row<'_>) -> Option<Oid> {
        let writable = row.sides.iter().filter(|side| !self.is_read_only(side.endpoint));
        let mut tips = writable.map(|side| side.tip);
        let Some(first) = tips.next() else {
            let first = row.sides.first()?.tip?;
            return row.is_equal().then_some(first);
        };
        tips.all(|tip| tip == first).then_some(first).flatten()
    }

    fn is_read_only(&self, endpoint: &EndpointId) -> bool {
        matches!(self.views.get(endpoint), Some(View::Present { read_only: Some(_), .. }))
    }

    fn default_branch(&self, previous: &BTreeMap<EndpointId, BranchName>) -> BTreeMap<EndpointId, BranchName> {
        let counts = |endpoint: &EndpointId| !matches!(self.views.get(endpoint), None | Some(View::ToCreate));
        let mut next: BTreeMap<_, _> =
            previous.iter().filter(|(at, _)| counts(at)).map(|(at, branch)| (at.clone(), branch.clone())).collect();
        let named: Vec<(&EndpointId, &BranchName)> = self
            .members
            .iter()
            .filter_map(|at| Some((*at, self.views.get(*at)?.snapshot()?.default_branch.as_ref()?)))
            .collect();
        let mut writable = named.iter().filter(|(at, _)| !self.is_read_only(at)).map(|(_, branch)| *branch);
        let first = writable.next();
        let Some(branch) = first.filter(|first| writable.all(|other| other == *first)) else { return next };
        // Who agreed to another one and could not come along follows later, as one who joins does.
        next.retain(|_, old| old == branch);
        next.extend(named.into_iter().filter(|(_, own)| *own == branch).map(|(at, own)| (at.clone(), own.clone())));
        next
    }
}
