//! Repositories that come back, and those that go again.

use std::collections::{BTreeMap, BTreeSet};

use crate::name::EndpointId;
use crate::outcome::Action;
use crate::plan::action::{CreateRepository, DefaultSwitch, DeleteRepository};
use crate::plan::finding::{Finding, FindingKind};
use crate::plan::group::Copy;
use crate::plan::undo::past::{Former, Past};
use crate::plan::undo::planning::{Chains, Scene};
use crate::plan::view::View;
use crate::repository::{ForgeId, Visibility};
use crate::snapshot::Snapshot;

/// Plans what concerns whole repositories. Their references are no concern of anybody else afterwards.
pub(super) fn plan<'a>(scene: &mut Scene<'a>, past: &'a [Past], chains: &mut Chains<'a>) {
    let mut last: BTreeMap<&EndpointId, &Past> = BTreeMap::new();
    for past in past {
        if matches!(past.action, Action::CreateRepository(_) | Action::DeleteRepository(_)) {
            last.insert(past.action.endpoint(), past);
        }
    }
    let mut formers = Vec::new();
    for (endpoint, past) in &last {
        match &past.action {
            Action::DeleteRepository(delete) => {
                formers.extend(past.former.as_ref());
                bring_back(scene, endpoint, delete, past);
                scene.apart.insert(endpoint);
            }
            Action::CreateRepository(_) => {
                take_away(scene, endpoint, past.made.as_ref(), chains);
                // What is left is a copy like any other, and none of what was written to it is undone by itself.
                chains.values_mut().for_each(|of| drop(of.remove(*endpoint)));
            }
            _ => {}
        }
    }
    bring_back_where_it_vanished(scene, &formers, &last);
}

fn bring_back(scene: &mut Scene<'_>, endpoint: &EndpointId, delete: &DeleteRepository, past: &Past) {
    let there = match scene.copies.get(endpoint) {
        Some(Copy::Present { repository, .. }) => Some(&repository.id),
        _ => None,
    };
    if there == Some(&delete.id) {
        // It was not deleted after all, or the forge has it back.
        return;
    }
    match &past.former {
        Some(former) => {
            let visibility = former.visibility.unwrap_or(Visibility::Private);
            let back = Some(&delete.id);
            restore(scene, endpoint, former, (visibility, &former.description, back));
        }
        None if matches!(scene.views.get(endpoint), Some(View::Absent | View::Present { .. })) => {
            let message = format!("what the repository held on {endpoint} is not known, and there is no backup of it");
            let remedy = "If it is still on another side, `refray sync` makes it anew.";
            scene.report(Finding::new(FindingKind::NotRestored, message, remedy).side(endpoint, "-"));
        }
        None => {}
    }
}

/// A repository was deleted because it had vanished somewhere. It comes back there as well, or the next run would have
/// to ask the same question again.
fn bring_back_where_it_vanished(scene: &mut Scene<'_>, formers: &[&Former], last: &BTreeMap<&EndpointId, &Past>) {
    let gone: BTreeSet<&EndpointId> = formers.iter().flat_map(|former| &former.gone_on).collect();
    let Some(model) = formers.iter().max_by_key(|former| former.refs.len()) else { return };
    // Never wider than any copy was.
    let visibility = formers.iter().filter_map(|former| former.visibility).min().unwrap_or(Visibility::Private);
    let description = formers.iter().map(|former| former.description.as_str()).find(|text| !text.is_empty());
    for endpoint in gone.into_iter().filter(|endpoint| !last.contains_key(endpoint)) {
        restore(scene, endpoint, model, (visibility, description.unwrap_or_default(), None));
    }
}

/// Makes a repository anew and fills it; or goes on with that, where it was begun before.
fn restore(
    scene: &mut Scene<'_>,
    endpoint: &EndpointId,
    former: &Former,
    (visibility, description, back): (Visibility, &str, Option<&ForgeId>),
) {
    let empty = Snapshot::default();
    let now = match scene.views.get(endpoint) {
        Some(View::Absent | View::ToCreate) => {
            let name = scene.undo.plan.repository.clone();
            let (endpoint, description, former) = (endpoint.clone(), description.to_owned(), back.cloned());
            scene.undo.plan.creates.push(CreateRepository {
                endpoint,
                name,
                called: None,
                visibility,
                description,
                former,
            });
            &empty
        }
        Some(View::Present { snapshot, read_only: None }) => snapshot,
        _ => return,
    };
    let mut moved = false;
    for (name, oid) in &former.refs {
        match now.get(name) {
            Some(other) if other != *oid => {
                scene.report_moved(name, &[endpoint]);
                moved = true;
            }
            current => scene.put(endpoint, name, current, Some(*oid)),
        }
    }
    let Some(branch) = former.default_branch.clone().filter(|_| !moved) else { return };
    let exists = former.refs.contains_key(&crate::name::RefName::Branch(branch.clone()));
    if exists && now.default_branch.as_ref() != Some(&branch) {
        let switch = DefaultSwitch { endpoint: endpoint.clone(), old: now.default_branch.clone(), new: branch };
        scene.undo.plan.default_branches.push(switch);
    }
}

/// Deletes what the run created, if it still is that repository and holds nothing but what the run put there.
fn take_away<'a>(scene: &mut Scene<'a>, endpoint: &'a EndpointId, made: Option<&ForgeId>, chains: &Chains<'_>) {
    let Some(View::Present { snapshot, read_only: None }) = scene.views.get(endpoint) else { return };
    let Some(Copy::Present { repository, .. }) = scene.copies.get(endpoint) else { return };
    let own = snapshot.refs.iter().all(|(name, oid)| {
        chains.get(name).and_then(|of| of.get(endpoint)).is_some_and(|chain| chain.is_own(&Some(*oid)))
    });
    let why = match made {
        None => "whether the run created it is not certain",
        Some(id) if *id != repository.id => "it is another one than the run created",
        Some(_) if !own || !snapshot.unsupported.is_empty() || !snapshot.conflict_branches.is_empty() => {
            "it holds more or other things than the run put there"
        }
        Some(_) => {
            let (path, id) = (repository.path.clone(), repository.id.clone());
            scene.undo.plan.deletes.push(DeleteRepository { endpoint: endpoint.clone(), path, id });
            scene.apart.insert(endpoint);
            return;
        }
    };
    let message = format!("the repository `{}` on {endpoint} is left: {why}", repository.path);
    let remedy = "Delete it on the forge's page if it is to go.";
    scene.report(Finding::new(FindingKind::NotRestored, message, remedy).side(endpoint, &repository.path));
}
