//! The rules for one repository, row by row.
//!
//! History is written as chains of commits (`A-B-C B-X` is two lines that part at B). What each endpoint holds is written as
//! `name=commit` words, tags with a leading `^`, the default branch with a leading `*`.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};

use refray_core::ancestry::Ancestry;
use refray_core::baseline::Baseline;
use refray_core::config::{ConflictResolution, Rewrites};
use refray_core::name::{BranchName, EndpointId, RefName, RepoName, TagName};
use refray_core::oid::Oid;
use refray_core::plan::questions::questions;
use refray_core::plan::{
    ConflictFacts, Policy, Releases, RepoPlan, View, Views, World, clusters_by_equal_tips, next_baseline, repository,
};
use refray_core::repository::Visibility;
use refray_core::snapshot::Snapshot;

/// A repository to plan for.
struct Case {
    history: &'static str,
    /// `endpoint: what it holds`; `endpoint: ?` cannot be read, `endpoint: +` is to be created.
    sides: &'static [&'static str],
    /// What all endpoints of the first words agreed on: `a b c | main=A`.
    base: &'static str,
    rewrites: Rewrites,
    releases: Releases,
}

const CASE: Case = Case {
    history: "A-B-C B-X A-Y",
    sides: &[],
    base: "",
    rewrites: Rewrites::NonDefault,
    releases: Releases { deletions: false, join: false, force: false },
};

fn commit(name: &str) -> Oid {
    Oid::from_bytes(&[name.as_bytes()[0]; 20]).unwrap()
}

fn snapshot(text: &str) -> Snapshot {
    let mut snapshot = Snapshot::default();
    for word in text.split_whitespace() {
        let (name, value) = word.split_once('=').unwrap();
        let bare = name.trim_start_matches(['*', '^']);
        if name.starts_with('^') {
            snapshot.refs.insert(RefName::Tag(TagName::new(bare).unwrap()), commit(value));
        } else {
            let branch = BranchName::new(bare).unwrap();
            if name.starts_with('*') {
                snapshot.default_branch = Some(branch.clone());
            }
            snapshot.refs.insert(RefName::Branch(branch), commit(value));
        }
    }
    snapshot
}

impl Case {
    fn views(&self) -> Views {
        let view = |side: &&str| {
            let (endpoint, text) = side.split_once(':').unwrap();
            let view = match text.trim() {
                "?" => View::Unreadable("dark".into()),
                "+" => View::ToCreate,
                "-" => View::Absent,
                text => match text.strip_prefix('!') {
                    Some(text) => View::Present { snapshot: snapshot(text), read_only: Some("archived".into()) },
                    None => View::Present { snapshot: snapshot(text), read_only: None },
                },
            };
            (EndpointId::new(endpoint).unwrap(), view)
        };
        self.sides.iter().map(view).collect()
    }

    fn baseline(&self) -> Baseline {
        let Some((endpoints, text)) = self.base.split_once('|') else { return Baseline::default() };
        let held = |endpoint| {
            let view = View::Present { snapshot: snapshot(text), read_only: None };
            (EndpointId::new(endpoint).unwrap(), view)
        };
        let views: Views = endpoints.split_whitespace().map(held).collect();
        next_baseline(&Baseline::default(), &views, &BTreeSet::new())
    }

    fn contains(&self, descendant: Oid, ancestor: Oid) -> bool {
        let mut parents: BTreeMap<Oid, Oid> = BTreeMap::new();
        for line in self.history.split_whitespace() {
            let chain: Vec<&str> = line.split('-').collect();
            parents.extend(chain.windows(2).map(|pair| (commit(pair[1]), commit(pair[0]))));
        }
        std::iter::successors(Some(descendant), |oid| parents.get(oid).copied()).any(|oid| oid == ancestor)
    }

    fn plan(&self) -> RepoPlan {
        let policy = Policy {
            conflict_resolution: ConflictResolution::Fail,
            rewrites: self.rewrites,
            allow_force: false,
            create_missing: true,
            delete_missing: false,
            visibility: Visibility::Private,
        };
        let (views, baseline) = (self.views(), self.baseline());
        let world = |ancestry| World {
            policy: &policy,
            releases: self.releases,
            views: &views,
            baseline: &baseline,
            ancestry,
            conflicts: ConflictFacts::default(),
        };
        let none = Ancestry::default();
        let mut ancestry = Ancestry::default();
        for question in questions(&world(&none)).ancestry {
            ancestry.insert(question, self.contains(question.descendant, question.ancestor));
        }
        ancestry.clusters = Some(self.join(clusters_by_equal_tips(&world(&none)), &views));
        repository::plan(&RepoName::new("r").unwrap(), &world(&ancestry), Vec::new())
    }

    /// Joins clusters whose tips share a root.
    fn join(&self, clusters: Vec<BTreeSet<EndpointId>>, views: &Views) -> Vec<BTreeSet<EndpointId>> {
        let roots = |cluster: &BTreeSet<EndpointId>| -> BTreeSet<Oid> {
            let tips =
                cluster.iter().filter_map(|endpoint| views[endpoint].snapshot()).flat_map(|s| s.refs.values().copied());
            let all: Vec<Oid> = self.history.split(['-', ' ']).map(commit).collect();
            tips.flat_map(|tip| all.iter().copied().filter(move |oid| self.contains(tip, *oid))).collect()
        };
        let mut joined: Vec<BTreeSet<EndpointId>> = Vec::new();
        for cluster in clusters {
            match joined.iter_mut().find(|other| !roots(other).is_disjoint(&roots(&cluster))) {
                Some(other) => other.extend(cluster),
                None => joined.push(cluster),
            }
        }
        joined
    }

    /// What the plan does and says, a line each.
    #[track_caller]
    fn gives(&self, expected: &[&str]) {
        let plan = self.plan();
        let letter = |oid: Option<Oid>| oid.map_or("-".to_owned(), |oid| (oid.as_bytes()[0] as char).to_string());
        let mut lines: Vec<String> = plan
            .updates
            .iter()
            .map(|update| {
                let (cause, old, new) = (update.cause.as_str(), letter(update.old), letter(update.new));
                format!("{} {} {cause} {old}>{new}", update.endpoint, update.name.short())
            })
            .collect();
        lines.extend(plan.default_branches.iter().map(|switch| format!("{} default {}", switch.endpoint, switch.new)));
        lines.extend(plan.findings.iter().map(|finding| {
            let name = finding.name.as_ref().map_or(String::new(), |name| format!(" {}", name.short()));
            format!("{}{name}", finding.kind.as_str())
        }));
        assert_eq!(lines, expected, "{:?} on {}", self.sides, self.base);
    }
}

#[test]
fn equal_sides_need_nothing() {
    Case { sides: &["a: *main=B ^v=A", "b: *main=B ^v=A"], ..CASE }.gives(&[]);
    Case { sides: &["a: *main=B", "b: *main=B"], base: "a b | *main=A", ..CASE }.gives(&[]);
    Case { sides: &[], ..CASE }.gives(&[]);
}

#[test]
fn what_was_never_agreed_is_created() {
    Case { sides: &["a: *main=B", "b: "], ..CASE }.gives(&["b main create ->B", "b default main"]);
    Case { sides: &["a: *main=B", "b: +"], ..CASE }.gives(&["b main create ->B", "b default main"]);
    Case { sides: &["a: *main=B", "b: *main=B new=B"], base: "a b | *main=B", ..CASE }.gives(&["a new create ->B"]);
    Case { sides: &["a: *main=B", "b: -"], ..CASE }.gives(&[]);
    // One that joined later lacks what the others agreed on long ago: that is no deletion.
    Case { sides: &["a: *main=B", "b: *main=B", "c: "], base: "a b | *main=B", ..CASE }
        .gives(&["c main create ->B", "c default main"]);
}

#[test]
fn the_tip_that_contains_the_others_wins() {
    Case { sides: &["a: *main=C", "b: *main=B", "c: *main=A"], base: "a b c | *main=A", ..CASE }
        .gives(&["b main fast_forward B>C", "c main fast_forward A>C"]);
    // A rewound copy is filled up again.
    Case { sides: &["a: *main=A", "b: *main=C"], base: "a b | *main=C", ..CASE }.gives(&["a main fast_forward A>C"]);
    Case { sides: &["a: *main=A", "b: *main=C"], ..CASE }.gives(&["a main fast_forward A>C"]);
}

#[test]
fn deletions_follow_where_nothing_changed() {
    let base = "a b c | *main=A topic=B";
    Case { sides: &["a: *main=A", "b: *main=A topic=B", "c: *main=A topic=B"], base, ..CASE }
        .gives(&["b topic delete B>-", "c topic delete B>-"]);
    Case { sides: &["a: *main=A", "b: *main=A topic=C", "c: *main=A topic=B"], base, ..CASE }
        .gives(&["deleted_and_changed topic"]);
    Case { sides: &["a: *main=A", "b: *main=A topic=B", "c: ?"], base, ..CASE }
        .gives(&["unreadable", "deletion_held topic"]);
    Case { sides: &["a: *main=A", "b: *main=A", "c: *main=A"], base, ..CASE }.gives(&[]);
}

#[test]
fn the_brake_holds_what_looks_like_an_accident() {
    let many = "a b | *main=A t1=A t2=A t3=A t4=A t5=A t6=A t7=A";
    const FULL: &str = "b: *main=A t1=A t2=A t3=A t4=A t5=A t6=A t7=A";
    let held: Vec<String> = (2..8).map(|n| format!("deletion_held t{n}")).collect();
    let held: Vec<&str> = held.iter().map(String::as_str).collect();
    Case { sides: &["a: *main=A t1=A", FULL], base: many, ..CASE }.gives(&held);
    let five: Vec<String> = (3..8).map(|n| format!("b t{n} delete A>-")).collect();
    let five: Vec<&str> = five.iter().map(String::as_str).collect();
    Case { sides: &["a: *main=A t1=A t2=A", FULL], base: many, ..CASE }.gives(&five);
    // Nothing left at all, a branch that went back, a tag that vanished as well.
    Case { sides: &["a: ", "b: *main=A"], base: "a b | *main=A", ..CASE }.gives(&["deletion_held main"]);
    Case { sides: &["a: *main=B", "b: *main=C topic=C"], base: "a b | *main=C topic=C", ..CASE }
        .gives(&["a main fast_forward B>C", "deletion_held topic"]);
    Case { sides: &["a: *main=A", "b: *main=A topic=B ^v=A"], base: "a b | *main=A topic=B ^v=A", ..CASE }
        .gives(&["a v create ->A", "deletion_held topic"]);
    let released = Releases { deletions: true, join: false, force: false };
    Case { sides: &["a: *main=B", "b: *main=C topic=C"], base: "a b | *main=C topic=C", releases: released, ..CASE }
        .gives(&["a main fast_forward B>C", "b topic delete C>-"]);
}

#[test]
fn one_sided_rewrites_follow_the_policy() {
    let case = |rewrites, sides, base| Case { rewrites, sides, base, ..CASE };
    let topic: &[&str] = &["a: *main=A topic=X", "b: *main=A topic=C", "c: *main=A topic=C"];
    let base = "a b c | *main=A topic=C";
    case(Rewrites::NonDefault, topic, base).gives(&["b topic rewrite C>X", "c topic rewrite C>X"]);
    case(Rewrites::Always, topic, base).gives(&["b topic rewrite C>X", "c topic rewrite C>X"]);
    case(Rewrites::Never, topic, base).gives(&["rewritten topic"]);
    let main: &[&str] = &["a: *main=X", "b: *main=C", "c: *main=C"];
    case(Rewrites::NonDefault, main, "a b c | *main=C").gives(&["rewritten main"]);
    case(Rewrites::Always, main, "a b c | *main=C").gives(&["b main rewrite C>X", "c main rewrite C>X"]);
    // With one side in the dark nothing is forced.
    case(Rewrites::Always, &["a: *main=X", "b: *main=C", "c: ?"], "a b c | *main=C")
        .gives(&["unreadable", "deletion_held main"]);
}

#[test]
fn what_diverged_is_reported_and_left_alone() {
    Case { sides: &["a: *main=C ok=B", "b: *main=X"], base: "a b | *main=B", ..CASE }
        .gives(&["b ok create ->B", "diverged main"]);
    Case { sides: &["a: *main=C", "b: *main=X"], ..CASE }.gives(&["diverged main"]);
    Case { sides: &["a: *main=C", "b: *main=X", "c: *main=Y"], base: "a b c | *main=A", ..CASE }
        .gives(&["diverged main"]);
    // A newcomer that differs never had what a rewrite would drop.
    Case {
        sides: &["a: *main=C", "b: *main=C", "c: *main=X"],
        base: "a b | *main=C",
        rewrites: Rewrites::Always,
        ..CASE
    }
    .gives(&["diverged main"]);
}

#[test]
fn tags_are_created_and_never_moved_or_deleted() {
    Case { sides: &["a: *main=A ^v=A", "b: *main=A"], ..CASE }.gives(&["b v create ->A"]);
    Case { sides: &["a: *main=A ^v=A", "b: *main=A"], base: "a b | *main=A ^v=A", ..CASE }.gives(&["b v create ->A"]);
    Case { sides: &["a: *main=A ^v=A", "b: *main=A ^v=B", "c: *main=A"], ..CASE }.gives(&["tag_differs v"]);
}

#[test]
fn the_default_branch_follows_a_one_sided_change() {
    let base = "a b | *main=A next=B";
    Case { sides: &["a: main=A *next=B", "b: *main=A next=B"], base, ..CASE }.gives(&["b default next"]);
    // The new default comes into being in the same plan, and the old one goes.
    Case { sides: &["a: *fresh=C next=B", "b: *main=A next=B"], base, ..CASE }.gives(&[
        "b fresh create ->C",
        "b main delete A>-",
        "b default fresh",
    ]);
    Case { sides: &["a: main=A *next=B", "b: *main=A next=B"], ..CASE }.gives(&["default_branch_differs"]);
    Case {
        sides: &["a: main=A *next=B", "b: *main=A next=B", "c: main=A *next=B"],
        base: "a b | *main=A next=B",
        ..CASE
    }
    .gives(&["b default next"]);
}

#[test]
fn a_default_branch_is_not_deleted_while_it_is_one() {
    let base = "a b | *main=A next=B";
    Case { sides: &["a: next=B", "b: *main=A next=B"], base, ..CASE }.gives(&["deletion_held main"]);
}

#[test]
fn strangers_are_not_joined() {
    let history = "A-B-C M-N";
    Case { history, sides: &["a: *main=C", "b: *main=N"], ..CASE }.gives(&["unrelated"]);
    Case { history, sides: &["a: *main=C", "b: *main=B", "c: *main=N"], base: "a b | *main=B", ..CASE }
        .gives(&["b main fast_forward B>C", "unrelated"]);
    let join = Releases { deletions: false, join: true, force: false };
    Case { history, sides: &["a: *main=C ours=C", "b: *main=N"], releases: join, ..CASE }
        .gives(&["b ours create ->C", "diverged main"]);
    // Related by history though no tip is equal.
    Case { history, sides: &["a: *main=C", "b: *main=B"], ..CASE }.gives(&["b main fast_forward B>C"]);
}

#[test]
fn what_can_only_be_read_stays_behind_and_says_so() {
    Case { sides: &["a: *main=B", "b: !*main=A"], base: "a b | *main=A", ..CASE }.gives(&["read_only"]);
    Case { sides: &["a: *main=A", "b: !*main=B"], base: "a b | *main=A", ..CASE }.gives(&["a main fast_forward A>B"]);
}

#[test]
fn what_cannot_be_read_is_neither_written_nor_believed_gone() {
    Case { sides: &["a: *main=B", "b: ?", "c: *main=A"], base: "a b c | *main=A", ..CASE }
        .gives(&["c main fast_forward A>B", "unreadable"]);
}

#[test]
fn baselines_remember_for_those_that_are_away() {
    let views = |sides: &'static [&'static str]| Case { sides, ..CASE }.views();
    let none = BTreeSet::new();
    let agreed =
        next_baseline(&Baseline::default(), &views(&["a: *main=A t=A", "b: *main=A t=A", "c: *main=A t=A"]), &none);
    let main = RefName::from_full("refs/heads/main").unwrap();
    let topic = RefName::from_full("refs/heads/t").unwrap();
    let at = |name: &str| EndpointId::new(name).unwrap();
    // c is away: the others move on, and c's own memory stays.
    let moved = next_baseline(&agreed, &views(&["a: *main=B t=A", "b: *main=B t=A", "c: ?"]), &none);
    assert_eq!((moved.get(&main, &at("a")), moved.get(&main, &at("c"))), (Some(commit("B")), Some(commit("A"))));
    // Gone from the others meanwhile: still known as something that was there.
    let gone = next_baseline(&moved, &views(&["a: *main=B", "b: *main=B", "c: ?"]), &none);
    assert_eq!((gone.get(&topic, &at("a")), gone.get(&topic, &at("c"))), (Some(commit("A")), Some(commit("A"))));
    // Gone from all: forgotten.
    let forgotten = next_baseline(&moved, &views(&["a: *main=B", "b: *main=B", "c: *main=B"]), &none);
    assert!(!forgotten.refs.contains_key(&topic));
    // They differ: what was agreed stays.
    let differ = next_baseline(&agreed, &views(&["a: *main=C t=A", "b: *main=X t=A", "c: *main=A t=A"]), &none);
    assert_eq!(differ.get(&main, &at("a")), Some(commit("A")));
    // A copy that could not be created has no part in what the others agree on.
    let waiting = next_baseline(&Baseline::default(), &views(&["a: *main=A", "b: +"]), &none);
    assert_eq!((waiting.get(&main, &at("a")), waiting.get(&main, &at("b"))), (Some(commit("A")), None));
}
