//! Random worlds in which branches diverge, under every strategy: people commit, rewind, rewrite, delete, merge and close
//! pull requests in any interleaving with plans, of which some writes are refused.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use refray_core::ancestry::{Ancestry, Question};
use refray_core::baseline::Baseline;
use refray_core::config::{ConflictResolution, Rewrites};
use refray_core::name::{BranchName, EndpointId, RefName, RepoName};
use refray_core::oid::Oid;
use refray_core::plan::questions::questions;
use refray_core::plan::{
    self, Cause, CombineStrategy, ConflictFacts, Pair, Policy, Releases, RepoPlan, Request, RequestState, RequestStep,
    Requests, Trial, TrialResult, Trials, View, Views, World, next_baseline,
};
use refray_core::repository::Visibility;
use refray_core::snapshot::Snapshot;

#[derive(Debug, Clone)]
enum Deed {
    Commit {
        at: usize,
        branch: usize,
    },
    Rewind {
        at: usize,
        branch: usize,
    },
    Rewrite {
        at: usize,
        branch: usize,
    },
    Delete {
        at: usize,
        branch: usize,
    },
    Branch {
        at: usize,
        branch: usize,
        from: usize,
    },
    /// A person merges the first open pull request at an endpoint.
    Merge {
        at: usize,
    },
    /// A person closes it.
    Close {
        at: usize,
    },
    /// All that is remembered is lost.
    Forget,
    Sync {
        refused: u16,
    },
}

fn deeds(endpoints: usize) -> impl Strategy<Value = Vec<Deed>> {
    let (at, branch) = (0..endpoints, 0..2_usize);
    let one = prop_oneof![
        8 => (at.clone(), branch.clone()).prop_map(|(at, branch)| Deed::Commit { at, branch }),
        1 => (at.clone(), branch.clone()).prop_map(|(at, branch)| Deed::Rewind { at, branch }),
        1 => (at.clone(), branch.clone()).prop_map(|(at, branch)| Deed::Rewrite { at, branch }),
        1 => (at.clone(), branch.clone()).prop_map(|(at, branch)| Deed::Delete { at, branch }),
        2 => (at.clone(), branch.clone(), branch).prop_map(|(at, branch, from)| Deed::Branch { at, branch, from }),
        2 => at.clone().prop_map(|at| Deed::Merge { at }),
        1 => at.prop_map(|at| Deed::Close { at }),
        1 => Just(Deed::Forget),
        5 => prop_oneof![3 => Just(0_u16), 1 => any::<u16>()].prop_map(|refused| Deed::Sync { refused }),
    ];
    prop::collection::vec(one, 1..30)
}

fn strategies() -> impl Strategy<Value = ConflictResolution> {
    prop_oneof![
        Just(ConflictResolution::Fail),
        Just(ConflictResolution::AutoRebase),
        Just(ConflictResolution::AutoMerge),
        Just(ConflictResolution::PullRequest),
        Just(ConflictResolution::AutoRebasePullRequest),
        Just(ConflictResolution::AutoMergePullRequest),
    ]
}

/// A commit: its parents, and what it changes. A replayed commit changes the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Commit {
    parents: Vec<Oid>,
    patch: u64,
}

struct Model {
    commits: BTreeMap<Oid, Commit>,
    made: BTreeMap<Commit, Oid>,
    patches: u64,
    endpoints: Vec<EndpointId>,
    now: Vec<Snapshot>,
    requests: Requests,
    baseline: Baseline,
    policy: Policy,
    force: bool,
    /// Every trial succeeds.
    easy: bool,
}

impl Model {
    fn new(count: usize, strategy: ConflictResolution, easy: bool) -> Self {
        let endpoints: Vec<EndpointId> =
            ["e", "a", "c", "b", "d"][..count].iter().map(|name| EndpointId::new(name).unwrap()).collect();
        let mut own = Self {
            commits: BTreeMap::new(),
            made: BTreeMap::new(),
            patches: 0,
            now: vec![Snapshot::default(); count],
            // The last is a folder, which has no pull requests.
            requests: Requests {
                at: endpoints[..count.max(3) - 1].iter().take(count).map(|at| (at.clone(), Ok(Vec::new()))).collect(),
            },
            endpoints,
            baseline: Baseline::default(),
            policy: Policy {
                conflict_resolution: strategy,
                rewrites: Rewrites::NonDefault,
                allow_force: false,
                create_missing: true,
                delete_missing: false,
                visibility: Visibility::Private,
            },
            force: false,
            easy,
        };
        let root = own.commit(Vec::new());
        for snapshot in &mut own.now {
            snapshot.refs.insert(branch(0), root);
            snapshot.default_branch = branch(0).branch().cloned();
        }
        own
    }

    fn commit(&mut self, parents: Vec<Oid>) -> Oid {
        self.patches += 1;
        self.make(Commit { parents, patch: self.patches })
    }

    /// Makes a commit; the same one has the same id.
    fn make(&mut self, commit: Commit) -> Oid {
        if let Some(oid) = self.made.get(&commit) {
            return *oid;
        }
        let mut bytes = [0; 20];
        // Ids are spread, so that their order says nothing of their age.
        let number = (self.commits.len() as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        bytes[..8].copy_from_slice(&number.to_be_bytes());
        let oid = Oid::from_bytes(&bytes).unwrap();
        self.commits.insert(oid, commit.clone());
        self.made.insert(commit, oid);
        oid
    }

    fn history(&self, tip: Oid) -> BTreeSet<Oid> {
        let mut seen = BTreeSet::new();
        let mut next = vec![tip];
        while let Some(oid) = next.pop() {
            if seen.insert(oid) {
                next.extend(&self.commits[&oid].parents);
            }
        }
        seen
    }

    fn patches(&self, tip: Oid) -> BTreeSet<u64> {
        self.history(tip).into_iter().map(|oid| self.commits[&oid].patch).collect()
    }

    fn reachable(&self) -> BTreeSet<Oid> {
        let tips =
            self.now.iter().flat_map(|snapshot| snapshot.refs.values().chain(snapshot.conflict_branches.values()));
        let tips: BTreeSet<Oid> = tips.copied().collect();
        tips.into_iter().flat_map(|tip| self.history(tip)).collect()
    }

    fn views(&self) -> Views {
        let present = |snapshot: &Snapshot| View::Present { snapshot: snapshot.clone(), read_only: None };
        self.endpoints.iter().cloned().zip(self.now.iter().map(present)).collect()
    }

    fn descends(&self, question: Question) -> bool {
        self.history(question.descendant).contains(&question.ancestor)
    }

    /// Combines tips as the git crate would; whether it is possible goes by the tips alone.
    fn combine(&mut self, trial: &Trial) -> TrialResult {
        let hard = trial.tips.iter().fold(0_u8, |sum, tip| sum ^ tip.as_bytes()[0]) % 3 == 0;
        if hard && !self.easy {
            return TrialResult::NotPossible("it conflicts".into());
        }
        if trial.strategy == CombineStrategy::Merge {
            let parents = trial.tips.clone();
            let patch = parents.iter().fold(1 << 63, |sum, tip| sum ^ u64::from(tip.as_bytes()[1]));
            return TrialResult::Tip(self.make(Commit { parents, patch }));
        }
        let mut result = trial.tips[0];
        for tip in &trial.tips[1..] {
            let there = self.history(result);
            let mut own: Vec<Oid> = self.history(*tip).difference(&there).copied().collect();
            own.sort_by_key(|oid| self.history(*oid).len());
            if own.iter().any(|oid| self.commits[oid].parents.len() != 1) {
                return TrialResult::NotPossible("a merge commit would be lost".into());
            }
            for oid in own {
                let patch = self.commits[&oid].patch;
                if !self.patches(result).contains(&patch) {
                    result = self.make(Commit { parents: vec![result], patch });
                }
            }
        }
        TrialResult::Tip(result)
    }

    fn plan(&mut self, refused: &BTreeSet<(EndpointId, RefName)>) -> RepoPlan {
        let (views, baseline, policy) = (self.views(), self.baseline.clone(), self.policy.clone());
        let releases = Releases { force: self.force, ..Releases::default() };
        let repository = RepoName::new("r").unwrap();
        let none = Ancestry::default();
        let mut ancestry = Ancestry::default();
        let first = World {
            policy: &policy,
            releases,
            views: &views,
            baseline: &baseline,
            ancestry: &none,
            conflicts: ConflictFacts::default(),
        };
        for question in questions(&first).ancestry {
            ancestry.insert(question, self.descends(question));
        }
        ancestry.clusters = Some(Vec::new());
        let (order, mut trials, mut requests) = (self.endpoints.clone(), Trials::default(), None);
        for _ in 0..4 {
            let conflicts = ConflictFacts {
                order: &order,
                trials: Some(&trials),
                requests: requests.as_ref(),
                refused: Some(refused),
            };
            let world = World { ancestry: &ancestry, conflicts, ..first };
            let needs = plan::repository::needs(&repository, &world);
            if needs.is_empty() {
                return plan::repository::plan(&repository, &world, Vec::new());
            }
            for trial in needs.trials {
                let result = self.combine(&trial);
                if let TrialResult::Tip(tip) = result {
                    for old in &trial.tips {
                        let question = Question { ancestor: *old, descendant: tip };
                        ancestry.insert(question, self.descends(question));
                    }
                }
                trials.results.insert(trial, result);
            }
            for oid in needs.times {
                let age = i64::try_from(self.commits[&oid].patch % (1 << 60)).unwrap();
                trials.times.insert(oid, Some(age));
            }
            if needs.requests {
                requests = Some(self.requests.clone());
            }
        }
        panic!("planning asks without end");
    }

    fn position(&self, endpoint: &EndpointId) -> usize {
        self.endpoints.iter().position(|other| other == endpoint).unwrap()
    }

    /// Checks what must hold for every plan.
    fn check(&self, plan: &RepoPlan) {
        let mut seen = BTreeSet::new();
        for update in &plan.updates {
            assert!(seen.insert((&update.endpoint, &update.name)), "one write a reference and endpoint: {update:?}");
            if update.cause == Cause::Rebase {
                let first =
                    self.endpoints.iter().find(|at| self.now[self.position(at)].get(&update.name).is_some()).unwrap();
                assert_ne!(*first, update.endpoint, "the first is never rewritten");
            }
            match (update.old, update.new) {
                (Some(old), Some(new)) if self.history(new).contains(&old) => {}
                (None, Some(_)) => assert!(matches!(update.cause, Cause::Create | Cause::Conflict)),
                _ if matches!(update.cause, Cause::Conflict | Cause::Resolved) => {
                    assert!(update.name.is_conflict_branch());
                }
                _ => assert!(update.cause.is_destructive(), "what takes commits away is backed up: {update:?}"),
            }
            if update.cause == Cause::Rebase {
                let kept = self.patches(update.new.unwrap());
                assert!(self.patches(update.old.unwrap()).is_subset(&kept), "a rebase keeps every change");
            }
        }
    }

    /// Carries a plan out as the engine does: a refused rebase keeps its branch from going on.
    fn apply(&mut self, plan: &RepoPlan, refused: u16) -> BTreeSet<(EndpointId, RefName)> {
        let is_refused = |number: usize| refused & (1 << (number % 16)) != 0;
        let stuck: BTreeSet<(EndpointId, RefName)> = plan
            .updates
            .iter()
            .enumerate()
            .filter(|(number, update)| matches!(update.cause, Cause::Rebase | Cause::Force) && is_refused(*number))
            .map(|(_, update)| (update.endpoint.clone(), update.name.clone()))
            .collect();
        for (number, update) in plan.updates.iter().enumerate() {
            let waits = update.cause != Cause::Rebase && stuck.iter().any(|(_, name)| *name == update.name);
            if is_refused(number) || waits {
                continue;
            }
            let index = self.position(&update.endpoint);
            let snapshot = &mut self.now[index];
            let conflict = update.name.is_conflict_branch();
            let refs = if conflict { &mut snapshot.conflict_branches } else { &mut snapshot.refs };
            assert_eq!(refs.get(&update.name).copied(), update.old, "every write names what it replaces");
            match update.new {
                Some(oid) => drop(refs.insert(update.name.clone(), oid)),
                None => drop(refs.remove(&update.name)),
            }
        }
        for action in &plan.requests {
            let index = self.position(&action.endpoint);
            let head = self.now[index].conflict_branches.get(&RefName::Branch(action.head.clone())).copied();
            let pair = action.own.zip(action.other).map(|(own, other)| Pair { own, other });
            let listed = self.requests.at.get_mut(&action.endpoint).unwrap().as_mut().unwrap();
            if action.step == RequestStep::Open && head == action.other {
                let twin = listed.iter().any(|other| other.state == RequestState::Open && other.head == action.head);
                assert!(!twin, "one request a conflict branch: {action:?}");
                listed.push(Request {
                    number: listed.len() as u64 + 1,
                    url: String::new(),
                    head: action.head.clone(),
                    base: action.branch.clone(),
                    state: RequestState::Open,
                    pair,
                });
            }
            if let Some(request) = listed.iter_mut().find(|request| Some(request.number) == action.number) {
                match action.step {
                    RequestStep::Close => request.state = RequestState::Closed,
                    _ => request.pair = pair,
                }
            }
        }
        for switch in &plan.default_branches {
            let index = self.position(&switch.endpoint);
            if self.now[index].refs.contains_key(&RefName::Branch(switch.new.clone())) {
                self.now[index].default_branch = Some(switch.new.clone());
            }
        }
        self.baseline.hold(&plan.held);
        self.baseline = next_baseline(&self.baseline, &self.views(), &plan.apart);
        stuck
    }

    /// A run: what was refused to be forced is planned again, knowing that.
    fn sync(&mut self, refused: u16) {
        let mut known = BTreeSet::new();
        for _ in 0..3 {
            let plan = self.plan(&known);
            self.check(&plan);
            let before = self.reachable();
            let destructive = plan.updates.iter().filter(|update| update.cause.is_destructive());
            let taken: BTreeSet<Oid> = destructive.filter_map(|update| update.old).collect();
            let stuck = self.apply(&plan, refused);
            let mut kept = self.reachable();
            kept.extend(taken.into_iter().flat_map(|tip| self.history(tip)));
            assert!(before.is_subset(&kept), "no commit is lost");
            if stuck.is_empty() {
                break;
            }
            known.extend(stuck);
        }
    }

    fn act(&mut self, deed: &Deed) {
        match *deed {
            Deed::Commit { at, branch: number } => {
                if let Some(tip) = self.now[at].get(&branch(number)) {
                    let oid = self.commit(vec![tip]);
                    self.now[at].refs.insert(branch(number), oid);
                }
            }
            Deed::Rewind { at, branch: number } | Deed::Rewrite { at, branch: number } => {
                let tip = self.now[at].get(&branch(number));
                if let Some(parent) = tip.and_then(|tip| self.commits[&tip].parents.first().copied()) {
                    let rewritten = matches!(deed, Deed::Rewrite { .. });
                    let oid = if rewritten { self.commit(vec![parent]) } else { parent };
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
            Deed::Merge { at } | Deed::Close { at } => {
                let merges = matches!(deed, Deed::Merge { .. });
                let Some(Ok(listed)) = self.requests.at.get_mut(&self.endpoints[at]) else { return };
                let Some(request) = listed.iter_mut().find(|request| request.state == RequestState::Open) else {
                    return;
                };
                let base = RefName::Branch(request.base.clone());
                let head = self.now[at].conflict_branches.get(&RefName::Branch(request.head.clone())).copied();
                request.state = if merges { RequestState::Merged } else { RequestState::Closed };
                if let (true, Some(own), Some(head)) = (merges, self.now[at].get(&base), head) {
                    let merged = self.commit(vec![own, head]);
                    self.now[at].refs.insert(base, merged);
                }
            }
            Deed::Forget => self.baseline = Baseline::default(),
            Deed::Sync { refused } => self.sync(refused),
        }
    }
}

fn branch(number: usize) -> RefName {
    RefName::Branch(BranchName::new(["main", "topic/a"][number]).unwrap())
}

fn worlds() -> impl Strategy<Value = (usize, Vec<Deed>)> {
    (2..6_usize).prop_flat_map(|count| (Just(count), deeds(count)))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever happens, no commit is lost, and two runs leave nothing more to do.
    #[test]
    fn every_strategy_converges_and_loses_nothing(
        (count, deeds) in worlds(), strategy in strategies(), easy in any::<bool>(), force in prop::bool::weighted(0.1),
    ) {
        let mut model = Model::new(count, strategy, easy);
        model.force = force;
        for deed in &deeds {
            model.act(deed);
        }
        model.sync(0);
        model.sync(0);
        let last = model.plan(&BTreeSet::new());
        prop_assert!(last.is_idle(), "a third run still wants {last:#?}");
        if last.findings.is_empty() {
            let first = model.now[0].fingerprint();
            prop_assert!(model.now.iter().all(|snapshot| snapshot.fingerprint() == first), "all agree");
            let left = model.now.iter().all(|snapshot| snapshot.conflict_branches.is_empty());
            prop_assert!(left, "what showed conflicts is removed");
            let open = model.requests.at.values().flatten().flatten().any(|request| request.state == RequestState::Open);
            prop_assert!(!open, "and closed");
        }
    }

    /// Where people only add commits and everything can be combined, nobody is needed.
    #[test]
    fn what_can_be_combined_needs_nobody((count, deeds) in worlds(), rebase in any::<bool>()) {
        let strategy = if rebase { ConflictResolution::AutoRebase } else { ConflictResolution::AutoMerge };
        let mut model = Model::new(count, strategy, true);
        for deed in deeds.iter().filter(|deed| matches!(deed, Deed::Commit { .. } | Deed::Branch { .. } | Deed::Sync { refused: 0 })) {
            model.act(deed);
        }
        let before: BTreeSet<u64> = model.now.iter().flat_map(|snapshot| snapshot.refs.values()).flat_map(|tip| model.patches(*tip)).collect();
        model.sync(0);
        let plan = model.plan(&BTreeSet::new());
        prop_assert!(plan.is_idle() && plan.findings.is_empty(), "{plan:#?}");
        let after: BTreeSet<u64> = model.now[0].refs.values().flat_map(|tip| model.patches(*tip)).collect();
        prop_assert!(before.is_subset(&after), "every change is everywhere");
    }
}
