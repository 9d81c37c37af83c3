//! A notation in which a world and what is planned for it fit on a line or two.
//!
//! A history is written as chains of commits, `A-B-C, B-D`: B descends from A, and both C and D from B. Two chains that
//! end in the same commit make it a merge.
//!
//! Sides are written as `e1: *main=C topic=D #v1=A | e2: main=B | base: main=B`. `*` marks the default branch, `#` a
//! tag, `~main/e2` the conflict branch that shows what e2 has of main. Instead of references a side may be `?` (cannot be read), `+` (to be created) or `-` (takes no part), and `!` in
//! front of them makes it read-only. `base` is agreed by all sides, or by those named: `main=B@e1,e2`.
//!
//! A plan is shown as its actions and findings in order: `e2 main B->C fast_forward`, `e2 HEAD main->topic`, and
//! `diverged main`.

use std::collections::{BTreeMap, BTreeSet};

use crate::ancestry::{Ancestry, Question};
use crate::baseline::Baseline;
use crate::config::{ConflictResolution, Rewrites};
use crate::name::{BranchName, CONFLICT_PREFIX, EndpointId, RefName, RepoName, TagName};
use crate::oid::Oid;
use crate::plan::action::CreateRepository;
use crate::plan::{
    CombineStrategy, ConflictFacts, Finding, Pair, Policy, Releases, RepoPlan, Request, RequestState, RequestStep,
    Requests, Trial, TrialResult, Trials, View, Views, World, clusters_by_equal_tips, conflict_branch, next_baseline,
    questions, repository, signs_of_restoration,
};
use crate::repository::Visibility;
use crate::snapshot::Snapshot;

/// A history: the parents of each commit.
#[derive(Debug, Clone, Default)]
pub(super) struct History {
    parents: BTreeMap<Oid, BTreeSet<Oid>>,
}

impl History {
    pub(super) fn parse(text: &str) -> Self {
        let mut history = Self::default();
        for chain in text.split(',') {
            let commits: Vec<Oid> = chain.split('-').map(|name| commit(name.trim())).collect();
            history.add(commits[0], &[]);
            for pair in commits.windows(2) {
                history.add(pair[1], &pair[..1]);
            }
        }
        history
    }

    pub(super) fn add(&mut self, commit: Oid, parents: &[Oid]) {
        self.parents.entry(commit).or_default().extend(parents);
    }

    /// Returns the commit and everything that it descends from.
    pub(super) fn reachable(&self, from: Oid) -> BTreeSet<Oid> {
        let mut seen = BTreeSet::new();
        let mut next = vec![from];
        while let Some(commit) = next.pop() {
            if seen.insert(commit) {
                next.extend(self.parents.get(&commit).into_iter().flatten());
            }
        }
        seen
    }

    /// Answers what planning asks; `None` for commits that are not in the history.
    pub(super) fn ancestry(&self, world: &World<'_>) -> Ancestry {
        let mut ancestry = Ancestry::default();
        self.answer(questions::questions(world).ancestry, &mut ancestry);
        let clusters = clusters_by_equal_tips(world);
        if clusters.len() > 1 {
            ancestry.clusters = Some(self.join(world, clusters));
        }
        ancestry
    }

    fn answer(&self, questions: BTreeSet<Question>, into: &mut Ancestry) {
        for question in questions {
            if self.parents.contains_key(&question.ancestor) && self.parents.contains_key(&question.descendant) {
                into.insert(question, self.reachable(question.descendant).contains(&question.ancestor));
            }
        }
    }

    fn join(&self, world: &World<'_>, clusters: Vec<BTreeSet<EndpointId>>) -> Vec<BTreeSet<EndpointId>> {
        let mut joined: Vec<(BTreeSet<EndpointId>, BTreeSet<Oid>)> = Vec::new();
        for mut endpoints in clusters {
            let snapshots = endpoints.iter().filter_map(|endpoint| world.views[endpoint].snapshot());
            let tips: Vec<Oid> = snapshots.flat_map(|snapshot| snapshot.refs.values().copied()).collect();
            let mut commits: BTreeSet<Oid> = tips.into_iter().flat_map(|tip| self.reachable(tip)).collect();
            joined.retain(|(others, theirs)| {
                let apart = commits.is_disjoint(theirs);
                if !apart {
                    endpoints.extend(others.iter().cloned());
                    commits.extend(theirs);
                }
                apart
            });
            joined.push((endpoints, commits));
        }
        joined.into_iter().map(|(endpoints, _)| endpoints).collect()
    }
}

/// Returns the commit of that name: its id starts with it.
pub(super) fn commit(name: &str) -> Oid {
    let mut bytes = [0; 20];
    assert!(!name.is_empty() && name.len() <= 19, "{name}");
    bytes[..name.len()].copy_from_slice(name.as_bytes());
    Oid::from_bytes(&bytes).unwrap()
}

/// Returns the name of a commit made by [`commit`].
pub(super) fn letter(oid: Oid) -> String {
    let name: Vec<u8> = oid.as_bytes().iter().copied().take_while(|byte| *byte != 0).collect();
    String::from_utf8(name).unwrap()
}

pub(super) fn endpoint(name: &str) -> EndpointId {
    EndpointId::new(name).unwrap()
}

/// Returns `#v1` as a tag and anything else as a branch.
pub(super) fn reference(name: &str) -> RefName {
    match name.strip_prefix('#') {
        Some(tag) => RefName::Tag(TagName::new(tag).unwrap()),
        None => match name.strip_prefix('~').and_then(|shown| shown.rsplit_once('/')) {
            Some((branch, source)) => {
                let branch = BranchName::new(branch).unwrap();
                RefName::Branch(conflict_branch(&branch, &endpoint(source)).unwrap())
            }
            None => RefName::Branch(BranchName::new(name).unwrap()),
        },
    }
}

pub(super) fn repo() -> RepoName {
    RepoName::new("alpha").unwrap()
}

pub(super) fn policy() -> Policy {
    Policy {
        conflict_resolution: ConflictResolution::Fail,
        rewrites: Rewrites::NonDefault,
        allow_force: false,
        create_missing: true,
        delete_missing: false,
        visibility: Visibility::Private,
    }
}

/// A world to plan for.
#[derive(Debug, Clone)]
pub(super) struct Case {
    pub(super) history: History,
    pub(super) policy: Policy,
    pub(super) releases: Releases,
    pub(super) views: Views,
    pub(super) baseline: Baseline,
    /// What a trial gives; nothing is possible unless a case says so.
    pub(super) trial: fn(&Trial) -> Option<&'static str>,
    /// Pull requests, at the endpoints that can have some.
    pub(super) requests: Requests,
    pub(super) refused: BTreeSet<(EndpointId, RefName)>,
}

/// Reads a world in the notation.
pub(super) fn case(history: &str, sides: &str) -> Case {
    let mut views = Views::new();
    let mut agreed = Vec::new();
    for part in sides.split('|') {
        let (who, what) = part.trim().split_once(':').unwrap();
        if who == "base" {
            agreed.extend(what.split_whitespace());
        } else {
            views.insert(endpoint(who), view(what.trim()));
        }
    }
    let mut baseline = Baseline::default();
    for entry in agreed {
        let (name, value) = entry.split_once('=').unwrap();
        let (value, by) = match value.split_once('@') {
            Some((value, by)) => (value, by.split(',').map(endpoint).collect()),
            None => (value, views.keys().cloned().collect::<Vec<_>>()),
        };
        if let Some(branch) = name.strip_prefix('*') {
            let branch = BranchName::new(branch).unwrap();
            baseline.default_branch.extend(by.iter().map(|endpoint| (endpoint.clone(), branch.clone())));
        }
        let values = baseline.refs.entry(reference(name.trim_start_matches('*'))).or_default();
        values.extend(by.into_iter().map(|endpoint| (endpoint, commit(value))));
    }
    // What is called like a disk is a folder.
    let forges = views.keys().filter(|endpoint| !endpoint.as_str().starts_with("disk"));
    let requests = Requests { at: forges.map(|endpoint| (endpoint.clone(), Ok(Vec::new()))).collect() };
    Case {
        history: History::parse(history),
        policy: policy(),
        releases: Releases::default(),
        views,
        baseline,
        trial: |_| None,
        requests,
        refused: BTreeSet::new(),
    }
}

fn view(text: &str) -> View {
    match text {
        "?" => return View::Unreadable("the connection was refused".into()),
        "+" => return View::ToCreate,
        "-" => return View::Absent,
        _ => {}
    }
    let (refs, read_only) = match text.strip_prefix('!') {
        Some(refs) => (refs, Some("the repository is archived there".into())),
        None => (text, None),
    };
    let mut snapshot = Snapshot::default();
    for entry in refs.split_whitespace() {
        let (name, value) = entry.split_once('=').unwrap();
        if let Some(branch) = name.strip_prefix('*') {
            snapshot.default_branch = Some(BranchName::new(branch).unwrap());
        }
        let name = reference(name.trim_start_matches('*'));
        let refs = if name.is_conflict_branch() { &mut snapshot.conflict_branches } else { &mut snapshot.refs };
        refs.insert(name, commit(value));
    }
    View::Present { snapshot, read_only }
}

impl Case {
    pub(super) fn with(mut self, change: impl FnOnce(&mut Policy)) -> Self {
        change(&mut self.policy);
        self
    }

    pub(super) fn confirmed(mut self) -> Self {
        self.releases.deletions = true;
        self
    }

    pub(super) fn joined(mut self) -> Self {
        self.releases.join = true;
        self
    }

    fn creates(&self) -> Vec<CreateRepository> {
        let missing = self.views.iter().filter(|(_, view)| **view == View::ToCreate);
        let create = |(endpoint, _): (&EndpointId, &View)| CreateRepository {
            endpoint: endpoint.clone(),
            name: repo(),
            called: None,
            visibility: Visibility::Private,
            description: String::new(),
            former: None,
        };
        missing.map(create).collect()
    }

    pub(super) fn plan(&self) -> RepoPlan {
        let none = Ancestry::default();
        let Self { policy, releases, views, baseline, .. } = self;
        let world = World {
            policy,
            releases: *releases,
            views,
            baseline,
            ancestry: &none,
            conflicts: ConflictFacts::default(),
        };
        let mut ancestry = self.history.ancestry(&world);
        let order: Vec<EndpointId> = views.keys().cloned().collect();
        let mut trials = Trials::default();
        let mut requests = None;
        for _ in 0..4 {
            let conflicts = ConflictFacts {
                order: &order,
                trials: Some(&trials),
                requests: requests.as_ref(),
                refused: Some(&self.refused),
            };
            let world = World { ancestry: &ancestry, conflicts, ..world };
            let needs = repository::needs(&repo(), &world);
            if needs.is_empty() {
                return repository::plan(&repo(), &world, self.creates());
            }
            let mut results = BTreeMap::new();
            for trial in needs.trials {
                let result = (self.trial)(&trial).map(commit);
                for (tip, made) in trial.tips.iter().filter_map(|tip| Some((*tip, result?))) {
                    let question = Question { ancestor: tip, descendant: made };
                    let contains = trial.strategy == CombineStrategy::Merge || tip == trial.tips[0];
                    ancestry.insert(question, contains);
                }
                let result = result.map_or_else(|| TrialResult::NotPossible("it conflicts".into()), TrialResult::Tip);
                results.insert(trial, result);
            }
            trials.results.extend(results);
            // Later letters are newer commits.
            trials.times.extend(needs.times.into_iter().map(|oid| (oid, Some(i64::from(oid.as_bytes()[0])))));
            if needs.requests {
                self.history.answer(questions::of_requests(views, &self.requests), &mut ancestry);
                requests = Some(self.requests.clone());
            }
        }
        panic!("planning asks without end");
    }

    /// What looks like a restored backup.
    pub(super) fn signs(&self) -> BTreeMap<EndpointId, String> {
        let none = Ancestry::default();
        let Self { policy, releases, views, baseline, .. } = self;
        let conflicts = ConflictFacts::default();
        let world = World { policy, releases: *releases, views, baseline, ancestry: &none, conflicts };
        let ancestry = self.history.ancestry(&world);
        signs_of_restoration(&World { ancestry: &ancestry, ..world })
    }

    /// Carries a plan out, and remembers what is agreed then.
    pub(super) fn apply(&mut self, plan: &RepoPlan) {
        self.baseline.hold(&plan.held);
        for create in &plan.creates {
            self.baseline.forget(&create.endpoint);
            self.views.insert(create.endpoint.clone(), view(""));
        }
        for update in &plan.updates {
            let Some(View::Present { snapshot, .. }) = self.views.get_mut(&update.endpoint) else {
                panic!("{update:?} is for a side that is not there");
            };
            let refs = match update.name.is_conflict_branch() {
                true => &mut snapshot.conflict_branches,
                false => &mut snapshot.refs,
            };
            assert_eq!(refs.get(&update.name).copied(), update.old, "{update:?}");
            match update.new {
                Some(new) => refs.insert(update.name.clone(), new),
                None => refs.remove(&update.name),
            };
        }
        for action in &plan.requests {
            let Some(Ok(requests)) = self.requests.at.get_mut(&action.endpoint) else { panic!("{action:?}") };
            let pair = action.own.zip(action.other).map(|(own, other)| Pair { own, other });
            match (action.step, requests.iter_mut().find(|request| Some(request.number) == action.number)) {
                (RequestStep::Open, None) => requests.push(Request {
                    number: requests.len() as u64 + 1,
                    url: format!("https://{}/{}", action.endpoint, requests.len() + 1),
                    head: action.head.clone(),
                    base: action.branch.clone(),
                    state: RequestState::Open,
                    pair,
                }),
                (RequestStep::Refresh, Some(request)) => request.pair = pair,
                (RequestStep::Close, Some(request)) => request.state = RequestState::Closed,
                _ => panic!("{action:?}"),
            }
        }
        for switch in &plan.default_branches {
            let Some(View::Present { snapshot, .. }) = self.views.get_mut(&switch.endpoint) else {
                panic!("{switch:?} is for a side that is not there");
            };
            assert!(snapshot.refs.contains_key(&RefName::Branch(switch.new.clone())), "{switch:?}");
            snapshot.default_branch = Some(switch.new.clone());
        }
        self.baseline = next_baseline(&self.baseline, &self.views, &plan.apart);
    }

    /// Plans and carries it out, and returns the plan as text.
    pub(super) fn sync(&mut self) -> String {
        let plan = self.plan();
        self.apply(&plan);
        show(&plan)
    }

    /// Changes a side.
    pub(super) fn set(&mut self, who: &str, what: &str) {
        self.views.insert(endpoint(who), view(what));
    }
}

/// Shows a plan, one action or finding after the other.
pub(super) fn show(plan: &RepoPlan) -> String {
    let or_none = |oid: Option<Oid>| oid.map_or_else(String::new, letter);
    let conflict = |name: &str| name.replace(CONFLICT_PREFIX, "~");
    let short = |name: &RefName| format!("{}{}", if name.is_tag() { "#" } else { "" }, conflict(name.short()));
    let mut parts: Vec<String> = plan.creates.iter().map(|create| format!("{} created", create.endpoint)).collect();
    parts.extend(plan.updates.iter().map(|update| {
        let (old, new, cause) = (or_none(update.old), or_none(update.new), update.cause.as_str());
        format!("{} {} {old}->{new} {cause}", update.endpoint, short(&update.name))
    }));
    parts.extend(plan.default_branches.iter().map(|switch| {
        let old = switch.old.as_ref().map_or("", |branch| branch.as_str());
        format!("{} HEAD {old}->{}", switch.endpoint, switch.new)
    }));
    parts.extend(plan.requests.iter().map(|request| {
        let step = format!("{:?}", request.step).to_lowercase();
        format!("{} {step} {}", request.endpoint, conflict(request.head.as_str()))
    }));
    parts.extend(plan.deletes.iter().map(|delete| format!("{} deleted", delete.endpoint)));
    let about = |finding: &Finding| match &finding.name {
        Some(name) => format!("{} {}", finding.kind.as_str(), short(name)),
        None => finding.kind.as_str().to_owned(),
    };
    parts.extend(plan.findings.iter().map(about));
    parts.join(", ")
}

/// Checks what is planned for a world, whatever the endpoints are called.
pub(super) fn check(history: &str, sides: &str, expected: &str) {
    check_case(&case(history, sides), expected);
}

/// Checks what is planned for a world.
pub(super) fn check_case(case: &Case, expected: &str) {
    assert_eq!(show(&case.plan()), expected, "{:#?}", case.views);
}
