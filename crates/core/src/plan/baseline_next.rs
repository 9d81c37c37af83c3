//! What is agreed after a run.

use std::collections::{BTreeMap, BTreeSet};

use crate::baseline::Baseline;
use crate::name::{EndpointId, RefName};
use crate::plan::view::{View, Views};

/// Returns the baseline after a run, from the one before and what every endpoint holds now.
///
/// A reference is agreed when every endpoint that takes part holds the same value. What an endpoint that could not be
/// read last agreed to is kept, and with it the memory that the others once had what they have no more: so that a
/// deletion still reaches it when it is back. `apart` are endpoints whose repository is another one of the same name.
pub fn next_baseline(previous: &Baseline, views: &Views, apart: &BTreeSet<EndpointId>) -> Baseline {
    let present = || views.iter().filter(|(endpoint, view)| !apart.contains(*endpoint) && view.snapshot().is_some());
    let hidden: BTreeSet<&EndpointId> =
        views.iter().filter(|(_, view)| matches!(view, View::Unreadable(_))).map(|(endpoint, _)| endpoint).collect();
    let awaited = present().count() < views.values().filter(|view| view.takes_part()).count();

    let mut names: BTreeSet<&RefName> = previous.refs.keys().collect();
    names.extend(present().filter_map(|(_, view)| view.snapshot()).flat_map(|snapshot| snapshot.refs.keys()));

    let mut next = Baseline::default();
    for name in names {
        let old = previous.refs.get(name);
        let mut values = present().map(|(_, view)| view.get(name));
        let first = values.next().flatten();
        let equal = values.all(|value| value == first);
        let entry: BTreeMap<EndpointId, _> = match first {
            Some(value) if equal && !awaited => {
                let kept = old.into_iter().flatten().filter(|(endpoint, _)| hidden.contains(endpoint));
                let agreed = present().map(|(endpoint, _)| (endpoint.clone(), value));
                kept.map(|(endpoint, value)| (endpoint.clone(), *value)).chain(agreed).collect()
            }
            None if equal && !old.is_some_and(|old| old.keys().any(|endpoint| hidden.contains(endpoint))) => continue,
            _ => old.cloned().unwrap_or_default(),
        };
        if !entry.is_empty() {
            next.refs.insert(name.clone(), entry);
        }
    }

    let mut defaults = present().filter_map(|(_, view)| view.snapshot()?.default_branch.as_ref());
    next.default_branch = previous.default_branch.clone();
    if let Some(first) = defaults.next()
        && !awaited
        && defaults.all(|other| other == first)
    {
        for (endpoint, view) in present() {
            if view.snapshot().is_some_and(|snapshot| snapshot.default_branch.is_some()) {
                next.default_branch.insert(endpoint.clone(), first.clone());
            }
        }
    }
    next
}
