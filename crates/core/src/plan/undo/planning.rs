//! Planning an undo.

use std::collections::{BTreeMap, BTreeSet};

use crate::name::{EndpointId, RefName, RepoName};
use crate::oid::Oid;
use crate::outcome::Action;
use crate::plan::action::{Cause, RefUpdate, RepoPlan};
use crate::plan::finding::{Finding, FindingKind};
use crate::plan::group::Copy;
use crate::plan::undo::chain::{Chain, common};
use crate::plan::undo::past::Past;
use crate::plan::undo::{settings, whole};
use crate::plan::view::{View, Views};
use crate::snapshot::Snapshot;

/// What undoes a run in one repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undo {
    /// What is to be done, and what is left and why.
    pub plan: RepoPlan,
    /// References that the endpoints never agreed on before: nothing is agreed of them afterwards either.
    pub forget: BTreeSet<RefName>,
}

/// Plans the undoing of what a run did to a repository. `copies` and `views` are what stands now.
pub fn plan(repository: &RepoName, past: &[Past], copies: &BTreeMap<EndpointId, Copy>, views: &Views) -> Undo {
    let mut scene = Scene {
        copies,
        views,
        apart: BTreeSet::new(),
        undo: Undo { plan: RepoPlan::nothing(repository.clone()), forget: BTreeSet::new() },
    };
    scene.report_what_cannot_be_reached(past);
    scene.report_what_is_not_known(past);
    let mut chains = chains(past);
    whole::plan(&mut scene, past, &mut chains);
    for (name, chains) in &chains {
        scene.reference(name, chains);
    }
    settings::plan(&mut scene, past);
    settings::keep_defaults(&mut scene);
    scene.undo.plan.updates.sort();
    scene.undo
}

/// What was written, by reference and endpoint.
pub(super) type Chains<'a> = BTreeMap<&'a RefName, BTreeMap<&'a EndpointId, Chain<Option<Oid>>>>;

fn chains(past: &[Past]) -> Chains<'_> {
    let mut chains = Chains::new();
    for Past { action, certain, .. } in past {
        let Action::UpdateRef(update) = action else { continue };
        let of = chains.entry(&update.name).or_default();
        of.entry(&update.endpoint)
            .and_modify(|chain| chain.add(update.old, update.new, *certain))
            .or_insert_with(|| Chain::new(update.old, update.new));
    }
    chains
}

pub(super) struct Scene<'a> {
    pub(super) copies: &'a BTreeMap<EndpointId, Copy>,
    pub(super) views: &'a Views,
    /// Endpoints whose repository comes or goes as a whole.
    pub(super) apart: BTreeSet<&'a EndpointId>,
    pub(super) undo: Undo,
}

impl<'a> Scene<'a> {
    /// Returns what stands at an endpoint that can be read and written, reference by reference.
    pub(super) fn open(&self, endpoint: &EndpointId) -> Option<&'a Snapshot> {
        match self.views.get(endpoint)? {
            View::Present { snapshot, read_only: None } if !self.apart.contains(endpoint) => Some(snapshot),
            _ => None,
        }
    }

    /// Returns every endpoint that can be read and written, reference by reference.
    pub(super) fn all_open(&self) -> impl Iterator<Item = (&'a EndpointId, &'a Snapshot)> {
        self.views.keys().filter_map(|endpoint| Some((endpoint, self.open(endpoint)?)))
    }

    pub(super) fn report(&mut self, finding: Finding) {
        self.undo.plan.findings.push(finding);
    }

    pub(super) fn put(&mut self, endpoint: &EndpointId, name: &RefName, old: Option<Oid>, new: Option<Oid>) {
        if old != new {
            let (endpoint, name) = (endpoint.clone(), name.clone());
            self.undo.plan.updates.push(RefUpdate { endpoint, name, old, new, cause: Cause::Restore });
        }
    }

    fn report_what_cannot_be_reached(&mut self, past: &[Past]) {
        let again = "Undo the run again when it can be reached, before the next sync.";
        let acted: BTreeSet<&EndpointId> = past.iter().map(|past| past.action.endpoint()).collect();
        for (endpoint, view) in self.views {
            match view {
                View::Unreadable(why) => {
                    let message = format!("{endpoint} could not be read, so that nothing is undone there: {why}");
                    self.report(Finding::new(FindingKind::Unreadable, message, again).side(endpoint, "?"));
                }
                View::Present { read_only: Some(why), .. } if acted.contains(endpoint) => {
                    let message = format!("nothing is undone on {endpoint}: {why}");
                    let remedy = "Make the repository writable there (unarchive it), and undo the run again.";
                    self.report(Finding::new(FindingKind::ReadOnly, message, remedy).side(endpoint, "?"));
                }
                _ => {}
            }
        }
        for endpoint in acted.into_iter().filter(|endpoint| !self.views.contains_key(*endpoint)) {
            let message =
                format!("{endpoint} is not an endpoint of the group any more, so that nothing is undone there");
            let remedy = "Add it to the group again, and undo the run again.";
            self.report(Finding::new(FindingKind::NotRestored, message, remedy).side(endpoint, "?"));
        }
    }

    /// What other parts of refray did beside references and repositories is for a person to take back.
    fn report_what_is_not_known(&mut self, past: &[Past]) {
        for Past { action, .. } in past {
            let known = matches!(
                action,
                Action::UpdateRef(_)
                    | Action::SwitchDefaultBranch(_)
                    | Action::CreateRepository(_)
                    | Action::DeleteRepository(_)
            );
            if !known {
                let message = format!("`{}` on {} is not undone", action.kind(), action.endpoint());
                let remedy = "Take it back on the forge's page, if it is to go.";
                self.report(Finding::new(FindingKind::NotRestored, message, remedy));
            }
        }
    }

    /// Plans one reference. If anybody moved it since, it stays as it is everywhere: put back on some sides only, it
    /// would look like a change of its own.
    fn reference(&mut self, name: &RefName, chains: &BTreeMap<&'a EndpointId, Chain<Option<Oid>>>) {
        if name.is_conflict_branch() || chains.is_empty() {
            // They come and go with their pull requests, and are never synced.
            return;
        }
        let agreed = common(chains.values());
        let (written, sources): (Vec<_>, Vec<_>) =
            self.all_open().partition(|(endpoint, _)| chains.contains_key(endpoint));
        let moved_on = written.iter().filter(|(endpoint, snapshot)| {
            let (chain, now) = (&chains[endpoint], snapshot.get(name));
            now != chain.before && !chain.is_own(&now)
        });
        let moved_at_source = sources.iter().filter(|(_, snapshot)| {
            let now = snapshot.get(name);
            agreed.is_some_and(|(before, after)| now != *before && now != *after)
        });
        let moved: Vec<&EndpointId> = moved_on.chain(moved_at_source).map(|(endpoint, _)| *endpoint).collect();
        if !moved.is_empty() {
            self.report_moved(name, &moved);
            return;
        }
        let absent = chains.keys().filter(|endpoint| matches!(self.views.get(**endpoint), Some(View::Absent)));
        let absent: Vec<&EndpointId> = absent.copied().collect();
        for endpoint in absent {
            let message = format!("the repository is not on {endpoint} any more");
            let remedy = "Run `refray sync`, or put it back from a backup with `refray backup restore`.";
            let finding = Finding::new(FindingKind::NotRestored, message, remedy).side(endpoint, "-");
            if !self.undo.plan.findings.contains(&finding) {
                self.report(finding);
            }
        }
        for (endpoint, snapshot) in &written {
            self.put(endpoint, name, snapshot.get(name), chains[endpoint].before);
        }
        match agreed {
            Some((Some(before), _)) => {
                for (endpoint, snapshot) in &sources {
                    self.put(endpoint, name, snapshot.get(name), Some(*before));
                }
            }
            Some((None, _)) => {
                let keepers = sources.iter().filter(|(_, snapshot)| snapshot.get(name).is_some());
                let keepers: Vec<&EndpointId> = keepers.map(|(endpoint, _)| *endpoint).collect();
                let written: Vec<&EndpointId> = written.iter().map(|(endpoint, _)| *endpoint).collect();
                self.keep_at_source(name, &keepers, &written);
            }
            None => {
                self.undo.forget.insert(name.clone());
            }
        }
    }

    /// A branch that somebody made before the run stays there, and its absence elsewhere is held: neither does it spread
    /// again, nor is it deleted.
    fn keep_at_source(&mut self, name: &RefName, keepers: &[&EndpointId], written: &[&EndpointId]) {
        if keepers.is_empty() || written.is_empty() {
            return;
        }
        let (kind, places) = (if name.is_tag() { "tag" } else { "branch" }, list(keepers));
        let message = format!("the {kind} `{}` stays on {places}, where it was before the run", name.short());
        let remedy = if name.is_tag() {
            "Delete it there, or the next sync creates it on the others again.".to_owned()
        } else {
            let held = written.iter().map(|endpoint| (*endpoint).clone()).collect();
            self.undo.plan.held.insert(name.clone(), held);
            format!(
                "The next syncs hold it as it is. Delete it there too with `refray sync --confirm-deletions --repo {}`, \
                 or push it to {} to have it there again.",
                self.undo.plan.repository,
                list(written)
            )
        };
        let finding = Finding::new(FindingKind::Kept, message, remedy).at(name);
        self.report(finding);
    }

    pub(super) fn report_moved(&mut self, name: &RefName, moved: &[&EndpointId]) {
        let kind = if name.is_tag() { "tag" } else { "branch" };
        let message =
            format!("the {kind} `{}` was moved since on {}, so it is left as it is", name.short(), list(moved));
        let remedy = "Put it back by hand if that is wanted: `refray log RUN` names the commits, and \
                      `refray backup list` where they are kept.";
        let finding = Finding::new(FindingKind::MovedSince, message, remedy).at(name);
        let tip = |snapshot: &Snapshot| snapshot.get(name).map_or_else(|| "-".to_owned(), |oid| oid.to_string());
        let finding =
            self.all_open().fold(finding, |finding, (endpoint, snapshot)| finding.side(endpoint, tip(snapshot)));
        self.report(finding);
    }
}

/// Names endpoints in a sentence.
pub(super) fn list(endpoints: &[&EndpointId]) -> String {
    endpoints.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
