//! A small world that people work in, for the property tests: endpoints with references, and a history.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use crate::ancestry::Ancestry;
use crate::baseline::Baseline;
use crate::config::Rewrites;
use crate::name::{BranchName, EndpointId, RefName};
use crate::oid::Oid;
use crate::plan::tests::notation::{History, commit, endpoint, policy, reference, repo};
use crate::plan::{ConflictFacts, Policy, Releases, RepoPlan, View, Views, World, next_baseline, repository};
use crate::snapshot::Snapshot;

/// What somebody does. Numbers choose among what there is.
#[derive(Debug, Clone)]
pub(super) enum Step {
    Commit { at: usize, branch: usize },
    Merge { at: usize, branch: usize, with: usize },
    Rewind { at: usize, branch: usize },
    Rewrite { at: usize, branch: usize },
    Delete { at: usize, branch: usize },
    Create { at: usize, branch: usize, from: usize },
    Tag { at: usize, tag: usize, from: usize },
    Untag { at: usize, tag: usize },
    Default { at: usize, branch: usize },
    Hide { at: usize },
    Show { at: usize },
    Archive { at: usize },
    Unarchive { at: usize },
    Join { like: usize, shares: bool },
    Leave { at: usize },
    Empty { at: usize },
    Restore { at: usize, age: usize },
    Sync { refused: u32, confirmed: bool, killed: bool },
}

pub(super) const BRANCHES: usize = 8;
const TAGS: usize = 2;
const MOST_ENDPOINTS: usize = 5;

/// Anything that may happen.
pub(super) fn step() -> impl Strategy<Value = Step> {
    let (at, branch, from) = (0..MOST_ENDPOINTS, 0..BRANCHES, 0..64_usize);
    prop_oneof![
        6 => (at.clone(), branch.clone()).prop_map(|(at, branch)| Step::Commit { at, branch }),
        1 => (at.clone(), branch.clone(), from.clone()).prop_map(|(at, branch, with)| Step::Merge { at, branch, with }),
        2 => (at.clone(), branch.clone()).prop_map(|(at, branch)| Step::Rewind { at, branch }),
        3 => (at.clone(), branch.clone()).prop_map(|(at, branch)| Step::Rewrite { at, branch }),
        4 => (at.clone(), branch.clone()).prop_map(|(at, branch)| Step::Delete { at, branch }),
        4 => (at.clone(), branch.clone(), from.clone()).prop_map(|(at, branch, from)| Step::Create { at, branch, from }),
        2 => (at.clone(), 0..TAGS, from).prop_map(|(at, tag, from)| Step::Tag { at, tag, from }),
        1 => (at.clone(), 0..TAGS).prop_map(|(at, tag)| Step::Untag { at, tag }),
        2 => (at.clone(), branch).prop_map(|(at, branch)| Step::Default { at, branch }),
        1 => at.clone().prop_map(|at| Step::Hide { at }),
        1 => at.clone().prop_map(|at| Step::Show { at }),
        1 => at.clone().prop_map(|at| Step::Archive { at }),
        1 => at.clone().prop_map(|at| Step::Unarchive { at }),
        1 => (at.clone(), any::<bool>()).prop_map(|(like, shares)| Step::Join { like, shares }),
        1 => at.clone().prop_map(|at| Step::Leave { at }),
        1 => at.clone().prop_map(|at| Step::Empty { at }),
        1 => (at, 0..6_usize).prop_map(|(at, age)| Step::Restore { at, age }),
        9 => sync(),
    ]
}

/// A run, in which some writes are refused, deletions may be released, or which is killed before it can write down what
/// it did.
pub(super) fn sync() -> impl Strategy<Value = Step> {
    let refused = prop_oneof![3 => Just(0), 1 => any::<u32>()];
    (refused, prop::bool::weighted(0.1), prop::bool::weighted(0.1))
        .prop_map(|(refused, confirmed, killed)| Step::Sync { refused, confirmed, killed })
}

/// A world: the endpoints with what they hold, and what refray remembers.
#[derive(Debug, Clone)]
pub(super) struct Model {
    pub(super) history: History,
    commits: Vec<(Oid, Option<Oid>)>,
    pub(super) sides: BTreeMap<EndpointId, Snapshot>,
    hidden: BTreeSet<EndpointId>,
    archived: BTreeSet<EndpointId>,
    /// What each endpoint held after each run.
    past: BTreeMap<EndpointId, Vec<Snapshot>>,
    pub(super) baseline: Baseline,
    pub(super) policy: Policy,
    joined: usize,
}

impl Model {
    /// Makes endpoints that all hold the same first commit on `main`, and were synced.
    pub(super) fn new(endpoints: usize, rewrites: Rewrites) -> Self {
        let mut model = Self {
            history: History::default(),
            commits: Vec::new(),
            sides: BTreeMap::new(),
            hidden: BTreeSet::new(),
            archived: BTreeSet::new(),
            past: BTreeMap::new(),
            baseline: Baseline::default(),
            policy: Policy { rewrites, ..policy() },
            joined: 0,
        };
        let first = model.commit(None);
        let main = BranchName::new("b0").unwrap();
        let snapshot =
            Snapshot { refs: BTreeMap::from([(branch(0), first)]), default_branch: Some(main), ..Snapshot::default() };
        for _ in 0..endpoints {
            let id = model.newcomer();
            model.sides.insert(id, snapshot.clone());
        }
        model.remember(&BTreeSet::new());
        model
    }

    fn newcomer(&mut self) -> EndpointId {
        self.joined += 1;
        // Not in the order of joining.
        endpoint(&format!("e{}{}", self.joined * 7 % 10, self.joined))
    }

    fn commit(&mut self, parent: Option<Oid>) -> Oid {
        let oid = commit(&format!("c{}", self.commits.len()));
        self.history.add(oid, parent.as_slice());
        self.commits.push((oid, parent));
        oid
    }

    fn parent(&self, oid: Oid) -> Option<Oid> {
        self.commits.iter().find(|(other, _)| *other == oid)?.1
    }

    fn at(&self, number: usize) -> EndpointId {
        self.sides.keys().nth(number % self.sides.len()).unwrap().clone()
    }

    /// Says whether somebody works at that endpoint in this step.
    pub(super) fn works_at(&self, step: &Step, id: &EndpointId) -> bool {
        match step {
            Step::Commit { at, .. } | Step::Merge { at, .. } | Step::Create { at, .. } | Step::Tag { at, .. } => {
                self.at(*at) == *id
            }
            _ => false,
        }
    }

    fn tip(&self, at: usize, name: usize) -> Option<(EndpointId, RefName, Oid)> {
        let (id, name) = (self.at(at), branch(name));
        let tip = self.sides[&id].get(&name)?;
        Some((id, name, tip))
    }

    fn put(&mut self, id: &EndpointId, name: &RefName, value: Option<Oid>) {
        let snapshot = self.sides.get_mut(id).unwrap();
        match value {
            Some(value) => snapshot.refs.insert(name.clone(), value),
            None => snapshot.refs.remove(name),
        };
        // A default branch that is not there is none.
        if snapshot.default_branch.as_ref() == name.branch() && value.is_none() {
            snapshot.default_branch = None;
        }
    }

    /// Lets somebody do something; nothing when it cannot be done. Runs are for [`Model::plan`].
    pub(super) fn work(&mut self, step: &Step) {
        match *step {
            Step::Commit { at, branch } => {
                let Some((id, name, tip)) = self.tip(at, branch) else { return };
                let made = self.commit(Some(tip));
                self.put(&id, &name, Some(made));
            }
            Step::Merge { at, branch, with } => {
                let Some((id, name, tip)) = self.tip(at, branch) else { return };
                let other = self.commits[with % self.commits.len()].0;
                let made = self.commit(Some(tip));
                self.history.add(made, &[other]);
                self.put(&id, &name, Some(made));
            }
            Step::Rewind { at, branch } => {
                let Some((id, name, tip)) = self.tip(at, branch) else { return };
                let Some(parent) = self.parent(tip) else { return };
                self.put(&id, &name, Some(parent));
            }
            Step::Rewrite { at, branch } => {
                let Some((id, name, tip)) = self.tip(at, branch) else { return };
                let parent = self.parent(tip).unwrap_or(tip);
                let made = self.commit(Some(parent));
                self.put(&id, &name, Some(made));
            }
            Step::Delete { at, branch } => {
                let Some((id, name, _)) = self.tip(at, branch) else { return };
                self.put(&id, &name, None);
            }
            Step::Create { at, branch: name, from } => {
                let (id, name) = (self.at(at), branch(name));
                if self.sides[&id].get(&name).is_none() {
                    self.put(&id, &name, Some(self.commits[from % self.commits.len()].0));
                }
            }
            Step::Tag { at, tag: name, from } => {
                let (id, name) = (self.at(at), tag(name));
                if self.sides[&id].get(&name).is_none() {
                    self.put(&id, &name, Some(self.commits[from % self.commits.len()].0));
                }
            }
            Step::Untag { at, tag: name } => self.put(&self.at(at), &tag(name), None),
            Step::Default { at, branch } => {
                let Some((id, name, _)) = self.tip(at, branch) else { return };
                self.sides.get_mut(&id).unwrap().default_branch = name.branch().cloned();
            }
            Step::Hide { at } => _ = self.hidden.insert(self.at(at)),
            Step::Show { at } => _ = self.hidden.remove(&self.at(at)),
            Step::Archive { at } => _ = self.archived.insert(self.at(at)),
            Step::Unarchive { at } => _ = self.archived.remove(&self.at(at)),
            Step::Join { like, shares } => {
                if self.sides.len() < MOST_ENDPOINTS {
                    let like = self.sides[&self.at(like)].clone();
                    let id = self.newcomer();
                    self.sides.insert(id, if shares { like } else { Snapshot::default() });
                }
            }
            Step::Leave { at } => {
                if self.sides.len() > 2 {
                    self.sides.remove(&self.at(at));
                }
            }
            Step::Empty { at } => drop(self.sides.insert(self.at(at), Snapshot::default())),
            Step::Restore { at, age } => {
                let id = self.at(at);
                let past = self.past.get(&id).map_or(&[][..], Vec::as_slice);
                if let Some(old) = past.iter().rev().nth(age).cloned() {
                    self.sides.insert(id, old);
                }
            }
            Step::Sync { .. } => {}
        }
    }

    pub(super) fn show_all(&mut self) {
        self.hidden.clear();
        self.archived.clear();
    }

    pub(super) fn views(&self) -> Views {
        let view = |(id, snapshot): (&EndpointId, &Snapshot)| {
            let view = if self.hidden.contains(id) {
                View::Unreadable("it is away".into())
            } else {
                let read_only = self.archived.contains(id).then(|| "it is archived".to_owned());
                View::Present { snapshot: snapshot.clone(), read_only }
            };
            (id.clone(), view)
        };
        self.sides.iter().map(view).collect()
    }

    pub(super) fn plan(&self, releases: Releases) -> RepoPlan {
        plan(&self.history, &self.policy, releases, &self.views(), &self.baseline)
    }

    /// Carries a plan out, but for the refused writes, and returns the values that were backed up.
    pub(super) fn apply(&mut self, plan: &RepoPlan, refused: u32, killed: bool) -> BTreeSet<Oid> {
        self.baseline.hold(&plan.held);
        let is_refused = |number: usize| refused >> (number % 32) & 1 == 1;
        let (late, early): (Vec<_>, Vec<_>) =
            plan.updates.iter().enumerate().partition(|(_, update)| update.new.is_none());
        let mut backups = BTreeSet::new();
        for (_, update) in early.into_iter().filter(|(number, _)| !is_refused(*number)) {
            backups.extend(update.old.filter(|_| update.cause.is_destructive()));
            self.put(&update.endpoint, &update.name, update.new);
        }
        for (number, switch) in plan.default_branches.iter().enumerate() {
            let snapshot = self.sides.get_mut(&switch.endpoint).unwrap();
            let exists = snapshot.refs.contains_key(&RefName::Branch(switch.new.clone()));
            if exists && !is_refused(number + 17) {
                snapshot.default_branch = Some(switch.new.clone());
            }
        }
        for (_, update) in late.into_iter().filter(|(number, _)| !is_refused(*number)) {
            // As on a forge, a default branch stays.
            if self.sides[&update.endpoint].default_branch.as_ref() != update.name.branch() {
                backups.extend(update.old);
                self.put(&update.endpoint, &update.name, update.new);
            }
        }
        if !killed {
            self.remember(&plan.apart);
        }
        backups
    }

    fn remember(&mut self, apart: &BTreeSet<EndpointId>) {
        self.baseline = next_baseline(&self.baseline, &self.views(), apart);
        for (id, snapshot) in &self.sides {
            self.past.entry(id.clone()).or_default().push(snapshot.clone());
        }
    }

    /// Returns every commit that any endpoint can reach.
    pub(super) fn reachable(&self) -> BTreeSet<Oid> {
        let tips: BTreeSet<Oid> = self.sides.values().flat_map(|snapshot| snapshot.refs.values().copied()).collect();
        tips.into_iter().flat_map(|tip| self.history.reachable(tip)).collect()
    }

    /// Says whether one commit is the other or descends from it.
    pub(super) fn descends(&self, descendant: Oid, ancestor: Oid) -> bool {
        self.history.reachable(descendant).contains(&ancestor)
    }
}

/// Asks, answers and plans.
pub(super) fn plan(
    history: &History,
    policy: &Policy,
    releases: Releases,
    views: &Views,
    baseline: &Baseline,
) -> RepoPlan {
    let none = Ancestry::default();
    let world = World { policy, releases, views, baseline, ancestry: &none, conflicts: ConflictFacts::default() };
    let ancestry = history.ancestry(&world);
    repository::plan(&repo(), &World { ancestry: &ancestry, ..world }, Vec::new())
}

pub(super) fn branch(number: usize) -> RefName {
    reference(&format!("b{number}"))
}

fn tag(number: usize) -> RefName {
    reference(&format!("#t{number}"))
}
