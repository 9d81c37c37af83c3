//! Random worlds: endpoints on which people commit, rewind, rewrite, delete and recreate in any interleaving, while plans are
//! made and carried out in between, some writes refused.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use refray_core::ancestry::Ancestry;
use refray_core::baseline::Baseline;
use refray_core::config::{ConflictResolution, Rewrites};
use refray_core::name::{BranchName, EndpointId, RefName, RepoName};
use refray_core::oid::Oid;
use refray_core::plan::questions::questions;
use refray_core::plan::{self, Cause, ConflictFacts, Policy, Releases, RepoPlan, View, Views, World, next_baseline};
use refray_core::repository::Visibility;
use refray_core::snapshot::Snapshot;

/// What happens between two plans.
#[derive(Debug, Clone)]
enum Deed {
    /// A commit on a branch, on top of its tip.
    Commit { at: usize, branch: usize },
    /// A branch goes back to its tip's first parent.
    Rewind { at: usize, branch: usize },
    /// A branch's tip is replaced by another commit with the same parent.
    Rewrite { at: usize, branch: usize },
    /// A branch is deleted.
    Delete { at: usize, branch: usize },
    /// A branch is made from another's tip.
    Branch { at: usize, branch: usize, from: usize },
    /// A tag is made at a branch's tip.
    Tag { at: usize, tag: usize, branch: usize },
    /// The default branch is switched.
    Default { at: usize, branch: usize },
    /// The endpoint is put back to what it was some plans ago.
    Restore { at: usize },
    /// The endpoint cannot be read, or can be again.
    Outage { at: usize },
    /// A plan is made and carried out; writes whose number has its bit set are refused.
    Sync { refused: u16 },
}

fn deeds(endpoints: usize) -> impl Strategy<Value = Vec<Deed>> {
    let (at, branch) = (0..endpoints, 0..4_usize);
    let one = prop_oneof![
        6 => (at.clone(), branch.clone()).prop_map(|(at, branch)| Deed::Commit { at, branch }),
        1 => (at.clone(), branch.clone()).prop_map(|(at, branch)| Deed::Rewind { at, branch }),
        1 => (at.clone(), branch.clone()).prop_map(|(at, branch)| Deed::Rewrite { at, branch }),
        2 => (at.clone(), branch.clone()).prop_map(|(at, branch)| Deed::Delete { at, branch }),
        3 => (at.clone(), branch.clone(), branch.clone()).prop_map(|(at, branch, from)| Deed::Branch { at, branch, from }),
        1 => (at.clone(), 0..2_usize, branch.clone()).prop_map(|(at, tag, branch)| Deed::Tag { at, tag, branch }),
        1 => (at.clone(), branch).prop_map(|(at, branch)| Deed::Default { at, branch }),
        1 => at.clone().prop_map(|at| Deed::Restore { at }),
        1 => at.prop_map(|at| Deed::Outage { at }),
        5 => prop_oneof![3 => Just(0_u16), 1 => any::<u16>()].prop_map(|refused| Deed::Sync { refused }),
    ];
    prop::collection::vec(one, 1..40)
}

/// Commits, endpoints, and what is remembered.
struct Model {
    parents: BTreeMap<Oid, Option<Oid>>,
    endpoints: Vec<EndpointId>,
    now: Vec<Snapshot>,
    before: Vec<Snapshot>,
    dark: BTreeSet<usize>,
    baseline: Baseline,
    policy: Policy,
}

impl Model {
    fn new(names: &[&str], rewrites: Rewrites) -> Self {
        let mut own = Self {
            parents: BTreeMap::new(),
            endpoints: names.iter().map(|name| EndpointId::new(name).unwrap()).collect(),
            now: vec![Snapshot::default(); names.len()],
            before: vec![Snapshot::default(); names.len()],
            dark: BTreeSet::new(),
            baseline: Baseline::default(),
            policy: Policy {
                conflict_resolution: ConflictResolution::Fail,
                rewrites,
                allow_force: false,
                create_missing: true,
                delete_missing: false,
                visibility: Visibility::Private,
            },
        };
        let root = own.commit(None);
        own.now[0].refs.insert(branch(0), root);
        own.now[0].default_branch = branch(0).branch().cloned();
        own
    }

    fn commit(&mut self, parent: Option<Oid>) -> Oid {
        let mut bytes = [0; 20];
        bytes[..8].copy_from_slice(&(self.parents.len() as u64 + 1).to_be_bytes());
        let oid = Oid::from_bytes(&bytes).unwrap();
        self.parents.insert(oid, parent);
        oid
    }

    fn history(&self, tip: Oid) -> BTreeSet<Oid> {
        let mut seen = BTreeSet::new();
        let mut next = Some(tip);
        while let Some(oid) = next {
            seen.insert(oid);
            next = self.parents[&oid];
        }
        seen
    }

    fn reachable(&self) -> BTreeSet<Oid> {
        let tips: BTreeSet<Oid> = self.now.iter().flat_map(|snapshot| snapshot.refs.values().copied()).collect();
        tips.into_iter().flat_map(|tip| self.history(tip)).collect()
    }

    fn views(&self) -> Views {
        let view = |(index, endpoint): (usize, &EndpointId)| {
            let view = if self.dark.contains(&index) {
                View::Unreadable("dark".into())
            } else {
                View::Present { snapshot: self.now[index].clone(), read_only: None }
            };
            (endpoint.clone(), view)
        };
        self.endpoints.iter().enumerate().map(view).collect()
    }

    fn plan(&self) -> RepoPlan {
        let views = self.views();
        let world = |ancestry| World {
            policy: &self.policy,
            releases: Releases::default(),
            views: &views,
            baseline: &self.baseline,
            ancestry,
            conflicts: ConflictFacts::default(),
        };
        let none = Ancestry::default();
        let mut ancestry = Ancestry::default();
        for question in questions(&world(&none)).ancestry {
            ancestry.insert(question, self.history(question.descendant).contains(&question.ancestor));
        }
        // All branches begin at one root.
        ancestry.clusters = Some(Vec::new());
        plan::repository::plan(&RepoName::new("r").unwrap(), &world(&ancestry), Vec::new())
    }

    /// Carries a plan out as forges would, and remembers.
    fn apply(&mut self, plan: &RepoPlan, refused: u16) {
        for (number, update) in plan.updates.iter().enumerate() {
            let index = self.endpoints.iter().position(|endpoint| *endpoint == update.endpoint).unwrap();
            assert!(!self.dark.contains(&index), "nothing is written where nothing was read");
            assert_eq!(self.now[index].get(&update.name), update.old, "every write names what it replaces");
            if refused & (1 << (number % 16)) != 0 {
                continue;
            }
            match update.new {
                Some(oid) => drop(self.now[index].refs.insert(update.name.clone(), oid)),
                None => drop(self.now[index].refs.remove(&update.name)),
            }
        }
        for switch in &plan.default_branches {
            let index = self.endpoints.iter().position(|endpoint| *endpoint == switch.endpoint).unwrap();
            if self.now[index].refs.contains_key(&RefName::Branch(switch.new.clone())) {
                self.now[index].default_branch = Some(switch.new.clone());
            }
        }
        self.baseline = next_baseline(&self.baseline, &self.views(), &plan.apart);
    }

    fn check(&self, plan: &RepoPlan) {
        let mut seen = BTreeSet::new();
        for update in &plan.updates {
            assert!(seen.insert((&update.endpoint, &update.name)), "one write a reference and endpoint: {update:?}");
            assert!(!update.name.is_conflict_branch());
            if update.name.is_tag() {
                assert_eq!((update.cause, update.old), (Cause::Create, None), "tags are never moved or deleted");
            }
            match (update.old, update.new) {
                (Some(old), Some(new)) if self.history(new).contains(&old) => {}
                (None, Some(_)) => assert_eq!(update.cause, Cause::Create),
                _ => assert!(update.cause.is_destructive(), "what takes commits away is backed up: {update:?}"),
            }
        }
    }

    fn sync(&mut self, refused: u16) {
        let plan = self.plan();
        self.check(&plan);
        let before = self.reachable();
        let taken: BTreeSet<Oid> = plan
            .updates
            .iter()
            .filter(|update| update.cause.is_destructive())
            .filter_map(|update| update.old)
            .collect();
        self.before.clone_from(&self.now);
        self.apply(&plan, refused);
        let mut kept = self.reachable();
        kept.extend(taken.into_iter().flat_map(|tip| self.history(tip)));
        assert!(before.is_subset(&kept), "no commit is lost");
    }

    fn act(&mut self, deed: &Deed) {
        match *deed {
            Deed::Commit { at, branch: number } => {
                if let Some(tip) = self.now[at].get(&branch(number)) {
                    let oid = self.commit(Some(tip));
                    self.now[at].refs.insert(branch(number), oid);
                }
            }
            Deed::Rewind { at, branch: number } => {
                if let Some(parent) = self.now[at].get(&branch(number)).and_then(|tip| self.parents[&tip]) {
                    self.now[at].refs.insert(branch(number), parent);
                }
            }
            Deed::Rewrite { at, branch: number } => {
                if let Some(parent) = self.now[at].get(&branch(number)).and_then(|tip| self.parents[&tip]) {
                    let oid = self.commit(Some(parent));
                    self.now[at].refs.insert(branch(number), oid);
                }
            }
            Deed::Delete { at, branch: number } => {
                if self.now[at].default_branch.as_ref() != branch(number).branch() {
                    self.now[at].refs.remove(&branch(number));
                }
            }
            Deed::Branch { at, branch: number, from } => {
                if let (Some(tip), None) = (self.now[at].get(&branch(from)), self.now[at].get(&branch(number))) {
                    self.now[at].refs.insert(branch(number), tip);
                }
            }
            Deed::Tag { at, tag, branch: number } => {
                let name = RefName::from_full(&format!("refs/tags/t{tag}")).unwrap();
                if let (Some(tip), None) = (self.now[at].get(&branch(number)), self.now[at].get(&name)) {
                    self.now[at].refs.insert(name, tip);
                }
            }
            Deed::Default { at, branch: number } => {
                if self.now[at].get(&branch(number)).is_some() {
                    self.now[at].default_branch = branch(number).branch().cloned();
                }
            }
            Deed::Restore { at } => self.now[at] = self.before[at].clone(),
            Deed::Outage { at } => {
                if !self.dark.remove(&at) {
                    self.dark.insert(at);
                }
            }
            Deed::Sync { refused } => self.sync(refused),
        }
    }
}

fn branch(number: usize) -> RefName {
    RefName::Branch(BranchName::new(["main", "next", "topic/a", "topic/b"][number]).unwrap())
}

fn rewrites() -> impl Strategy<Value = Rewrites> {
    prop_oneof![Just(Rewrites::NonDefault), Just(Rewrites::Always), Just(Rewrites::Never)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 250, failure_persistence: None, max_global_rejects: 20_000, ..ProptestConfig::default() })]

    /// Nothing is lost on the way, and when all can be read and written again, two runs leave nothing more to do.
    #[test]
    fn worlds_converge_and_lose_nothing((count, deeds) in (2..6_usize).prop_flat_map(|n| (Just(n), deeds(n))), rewrites in rewrites()) {
        let mut model = Model::new(&["a", "b", "c", "d", "e"][..count], rewrites);
        for deed in &deeds {
            model.act(deed);
        }
        model.dark.clear();
        model.sync(0);
        model.sync(0);
        let last = model.plan();
        prop_assert!(last.is_idle(), "a third run still wants {last:?}");
        if last.findings.is_empty() {
            let first = model.now[0].fingerprint();
            prop_assert!(model.now.iter().all(|snapshot| snapshot.fingerprint() == first), "all agree");
        }
    }

    /// Who wins does not depend on how endpoints are called.
    #[test]
    fn the_order_of_endpoints_does_not_matter((count, deeds) in (2..6_usize).prop_flat_map(|n| (Just(n), deeds(n)))) {
        let mut forward = Model::new(&["a", "b", "c", "d", "e"][..count], Rewrites::NonDefault);
        let mut backward = Model::new(&["e", "d", "c", "b", "a"][..count], Rewrites::NonDefault);
        for deed in &deeds {
            // Which write is refused goes by the order of the plan, which is that of the names.
            let deed = match deed { Deed::Sync { .. } => &Deed::Sync { refused: 0 }, deed => deed };
            forward.act(deed);
            backward.act(deed);
        }
        prop_assert_eq!(&forward.now, &backward.now);
    }

    /// An endpoint that was put back to an older state never makes anything vanish elsewhere.
    #[test]
    fn a_restored_backup_deletes_nothing(deeds in deeds(3), at in 0..3_usize) {
        let mut model = Model::new(&["a", "b", "c"], Rewrites::NonDefault);
        for deed in &deeds {
            if !matches!(deed, Deed::Restore { .. } | Deed::Outage { .. } | Deed::Rewind { .. } | Deed::Rewrite { .. } | Deed::Delete { .. }) {
                model.act(deed);
            }
        }
        model.sync(0);
        let old = model.now[at].clone();
        // Everybody goes on working, and all is synced.
        for number in 0..4 {
            model.act(&Deed::Commit { at: 0, branch: number });
        }
        model.act(&Deed::Branch { at: 0, branch: 3, from: 0 });
        model.sync(0);
        // While sides disagree, what one of them held last is not remembered, and going back cannot be told from a choice.
        prop_assume!(model.plan().findings.is_empty());
        model.now[at] = old;
        let plan = model.plan();
        prop_assert!(plan.updates.iter().all(|update| !update.cause.is_destructive()), "{plan:?}");
    }

    /// An endpoint that lost all its branches never makes anything vanish elsewhere.
    #[test]
    fn an_emptied_endpoint_deletes_nothing(deeds in deeds(3), at in 0..3_usize) {
        let mut model = Model::new(&["a", "b", "c"], Rewrites::NonDefault);
        for deed in &deeds {
            model.act(deed);
        }
        model.dark.clear();
        model.sync(0);
        model.now[at] = Snapshot::default();
        let endpoint = model.endpoints[at].clone();
        let plan = model.plan();
        let deletions = plan.updates.iter().filter(|update| update.cause == Cause::Delete);
        for deletion in deletions {
            // Only what some other endpoint lost before may go, never what this one lost now.
            let vanished_here = model.baseline.get(&deletion.name, &endpoint).is_some();
            prop_assert!(!vanished_here, "{deletion:?}");
        }
    }
}
