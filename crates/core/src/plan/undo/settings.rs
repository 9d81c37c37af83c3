//! Default branches that are switched back.

use std::collections::BTreeMap;

use crate::name::{BranchName, EndpointId, RefName};
use crate::outcome::Action;
use crate::plan::action::{DefaultSwitch, RefUpdate};
use crate::plan::finding::{Finding, FindingKind};
use crate::plan::undo::chain::{Chain, common};
use crate::plan::undo::past::Past;
use crate::plan::undo::planning::{Scene, list};

/// Plans default branches, after references.
pub(super) fn plan(scene: &mut Scene<'_>, past: &[Past]) {
    let mut chains: BTreeMap<&EndpointId, Chain<Option<BranchName>>> = BTreeMap::new();
    for Past { action, certain, .. } in past {
        if let Action::SwitchDefaultBranch(DefaultSwitch { endpoint, old, new }) = action {
            chains
                .entry(endpoint)
                .and_modify(|chain| chain.add(old.clone(), Some(new.clone()), *certain))
                .or_insert_with(|| Chain::new(old.clone(), Some(new.clone())));
        }
    }
    // An empty repository had none, and what names one when it is empty again says nothing.
    chains.retain(|endpoint, chain| chain.before.is_some() && scene.open(endpoint).is_some());
    let agreed = common(chains.values()).map(|(before, after)| (before.clone(), after.clone()));
    let mut moved = Vec::new();
    let mut switches = Vec::new();
    for (endpoint, snapshot) in scene.all_open() {
        let now = &snapshot.default_branch;
        let (before, own) = match (chains.get(endpoint), &agreed) {
            (Some(chain), _) => (&chain.before, chain.is_own(now)),
            (None, Some((before, after))) => (before, now == after),
            (None, None) => continue,
        };
        if now == before {
            continue;
        }
        match before {
            Some(branch) if own => {
                switches.push(DefaultSwitch { endpoint: endpoint.clone(), old: now.clone(), new: branch.clone() });
            }
            _ => moved.push(endpoint),
        }
    }
    if !moved.is_empty() {
        let message = format!("the default branch was switched since on {}, so it is left as it is", list(&moved));
        let remedy = "Switch it by hand if that is wanted.";
        scene.report(Finding::new(FindingKind::MovedSince, message, remedy));
        return;
    }
    let (possible, missing): (Vec<_>, Vec<_>) =
        switches.into_iter().partition(|switch| will_exist(scene, &switch.endpoint, &switch.new));
    for DefaultSwitch { endpoint, new, .. } in missing {
        let message = format!("`{new}` cannot be the default branch of {endpoint} again: it is not there");
        scene.report(Finding::new(FindingKind::NotRestored, message, "Push it there, and undo the run again."));
    }
    scene.undo.plan.default_branches.extend(possible);
}

fn will_exist(scene: &Scene<'_>, endpoint: &EndpointId, branch: &BranchName) -> bool {
    let name = RefName::Branch(branch.clone());
    let planned = scene.undo.plan.updates.iter().find(|update| update.endpoint == *endpoint && update.name == name);
    match planned {
        Some(update) => update.new.is_some(),
        None => scene.open(endpoint).is_some_and(|snapshot| snapshot.get(&name).is_some()),
    }
}

/// A branch that is the default one somewhere, and stays it, is deleted nowhere: a forge would refuse.
pub(super) fn keep_defaults(scene: &mut Scene<'_>) {
    loop {
        let plan = &scene.undo.plan;
        let stays = plan.updates.iter().find(|update| {
            let default = scene.open(&update.endpoint).and_then(|snapshot| snapshot.default_branch.as_ref());
            update.new.is_none()
                && update.name.branch().is_some_and(|branch| Some(branch) == default)
                && !plan.default_branches.iter().any(|switch| switch.endpoint == update.endpoint)
        });
        let Some(RefUpdate { endpoint, name, .. }) = stays.cloned() else { return };
        let message = format!("the branch `{}` is left: it is the default branch of {endpoint}", name.short());
        let remedy = "Choose another default branch there, and undo the run again.";
        scene.undo.plan.updates.retain(|update| update.name != name);
        scene.undo.plan.held.remove(&name);
        scene.report(Finding::new(FindingKind::NotRestored, message, remedy).at(&name));
    }
}
