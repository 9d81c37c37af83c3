//! Whole copies: which take part, and which belong together.

use std::collections::BTreeSet;

use crate::ancestry::Question;
use crate::oid::{ObjectFormat, Oid};
use crate::plan::action::DeleteRepository;
use crate::plan::tests::notation::{Case, case, check, check_case, commit, endpoint, repo, show};
use crate::plan::{ConflictFacts, Severity, View, World, clusters_by_equal_tips, repository};
use crate::repository::ForgeId;

const HISTORY: &str = "A-B-C, B-X, R-S-T";

#[test]
fn nothing_is_planned_for_who_takes_no_part() {
    check(HISTORY, "e1: main=C | e2: main=B | e3: - | e4: ?", "e2 main B->C fast_forward, unreadable");
    check(HISTORY, "e1: ? | e2: ?", "unreadable, unreadable");
    check(HISTORY, "e1: - | e2: -", "");
    // What cannot be read is no model for a new copy.
    check(HISTORY, "e1: ? | e2: +", "unreadable");
}

#[test]
fn what_is_to_be_created_is_filled() {
    check(HISTORY, "e1: *main=C #v=A | e2: +", "e2 created, e2 main ->C create, e2 #v ->A create, e2 HEAD ->main");
    // Also when it was there once and agreed: it was deleted as a whole, and none of its branches was.
    let again = case(HISTORY, "e1: *main=C dev=B | e2: + | base: *main=C dev=B");
    let filled = "e2 created, e2 dev ->B create, e2 main ->C create, e2 HEAD ->main";
    check_case(&again, filled);
    check_case(&again.confirmed(), filled);
}

#[test]
fn who_can_only_be_read_stays_behind_and_leads() {
    check(HISTORY, "e1: main=C | e2: !main=B | base: main=B", "read_only");
    check(HISTORY, "e1: main=B | e2: !main=C | base: main=B", "e1 main B->C fast_forward");
    let plan = case(HISTORY, "e1: main=C t=C | e2: !main=B | base: main=B").plan();
    assert!(plan.findings[0].message.contains("by 2 changes"), "{:?}", plan.findings);
    assert_eq!(plan.severity(), Some(Severity::Failed));
}

#[test]
fn who_can_only_be_read_does_not_keep_the_others_from_agreeing() {
    let mut world = case(HISTORY, "e1: main=B t=C | e2: main=B | e3: !main=B | base: main=B");
    assert_eq!(world.sync(), "e2 t ->C create, read_only");
    world.set("e1", "main=B");
    assert_eq!(world.sync(), "e2 t C-> delete");
    assert_eq!(world.sync(), "");
    // A deletion reaches it when it can be written to again.
    let mut world = case(HISTORY, "e1: main=B | e2: main=B t=C | e3: !main=B t=C | base: main=B t=C");
    assert_eq!(world.sync(), "e2 t C-> delete, read_only");
    assert_eq!(world.sync(), "read_only");
    world.set("e3", "main=B t=C");
    assert_eq!(world.sync(), "e3 t C-> delete");
}

#[test]
fn who_shares_no_history_is_held_apart() {
    check(HISTORY, "e1: main=B | e2: main=S", "unrelated");
    let mut world = case(HISTORY, "e1: main=B t=C | e2: main=B | e3: main=S | base: main=B@e1,e2");
    let plan = world.plan();
    assert_eq!(show(&plan), "e2 t ->C create, unrelated");
    assert_eq!(plan.apart, BTreeSet::from([endpoint("e3")]));
    assert_eq!(plan.severity(), Some(Severity::Held));
    // And does not keep the others from agreeing.
    world.apply(&plan);
    world.set("e1", "main=B");
    assert_eq!(world.sync(), "e2 t C-> delete, unrelated");
    // Two of three that agree, but never did: nothing shows which is the right one.
    check(HISTORY, "e1: main=B | e2: main=B | e3: main=S | e4: +", "unrelated");
    // Empty ones are filled from the one that agreed before.
    check(HISTORY, "e1: main=B | e2: main=S | e3: | base: main=B@e1", "e3 main ->B create, unrelated");
}

#[test]
fn who_shares_history_belongs_together() {
    check(HISTORY, "e1: main=C | e2: other=X", "e1 other ->X create, e2 main ->C create");
    check(HISTORY, "e1: main=B #v=R | e2: main=S #v=R", "diverged main");
    check(HISTORY, "e1: main=B | e2: main=S | base: dev=B", "diverged main");
}

#[test]
fn a_person_may_join_what_shares_no_history() {
    check_case(&case(HISTORY, "e1: main=B a=A | e2: main=S").joined(), "e2 a ->A create, diverged main");
}

#[test]
fn who_belongs_together_without_a_look_does_not_depend_on_their_order() {
    let clusters = |case: &Case| {
        let Case { policy, releases, views, baseline, .. } = case;
        let ancestry = crate::ancestry::Ancestry::default();
        let found = clusters_by_equal_tips(&World {
            policy,
            releases: *releases,
            views,
            baseline,
            ancestry: &ancestry,
            conflicts: ConflictFacts::default(),
        });
        let mut sizes: Vec<usize> = found.iter().map(BTreeSet::len).collect();
        sizes.sort_unstable();
        sizes
    };
    // One and three share a tip with two only.
    assert_eq!(clusters(&case(HISTORY, "e1: a=A | e2: a=B b=A | e3: b=B | e4: c=S | e5:")), [1, 3]);
    assert_eq!(clusters(&case(HISTORY, "e1: a=A | e2: b=B | e3: a=B b=A")), [3]);
    assert_eq!(clusters(&case(HISTORY, "e1: a=A | e2: b=B | e3: c=C | base: a=A@e1,e3")), [1, 2]);
    assert_eq!(clusters(&case(HISTORY, "e1: | e2: ?")), [0; 0]);
}

#[test]
fn copies_with_different_hashes_are_not_joined() {
    let mut world = case(HISTORY, "e1: main=B | e2: main=B | e3: + | base: main=B");
    let Some(View::Present { snapshot, .. }) = world.views.get_mut(&endpoint("e2")) else { unreachable!() };
    snapshot.format = ObjectFormat::Sha256;
    for oid in snapshot.refs.values_mut() {
        *oid = Oid::from_bytes(&[7; 32]).unwrap();
    }
    check_case(&world, "format_differs");
}

#[test]
fn names_that_cannot_be_handled_are_reported() {
    let mut world = case(HISTORY, "e1: main=B | e2: main=C | base: main=B");
    let Some(View::Present { snapshot, .. }) = world.views.get_mut(&endpoint("e2")) else { unreachable!() };
    snapshot.unsupported.push("refs/heads/caf\\xe9".into());
    check_case(&world, "e1 main B->C fast_forward, unsupported_ref");
}

#[test]
fn a_repository_is_deleted_as_it_was_agreed_only() {
    let delete = |case: &Case| {
        let Case { policy, releases, views, baseline, .. } = case;
        let ancestry = crate::ancestry::Ancestry::default();
        let world = World {
            policy,
            releases: *releases,
            views,
            baseline,
            ancestry: &ancestry,
            conflicts: ConflictFacts::default(),
        };
        let of = |at: &&str| views.get(&endpoint(at)).is_some_and(|view| view.snapshot().is_some());
        let deletes = ["e2", "e3"].iter().filter(|at| of(at)).map(|at| DeleteRepository {
            endpoint: endpoint(at),
            path: "me/alpha".into(),
            id: ForgeId("7".into()),
        });
        repository::plan_deletion(&repo(), &world, deletes.collect())
    };
    let gone = case(HISTORY, "e1: - | e2: main=B | e3: main=B t=C | base: main=B t=C");
    assert_eq!(show(&delete(&gone)), "e2 deleted, e3 deleted");
    // Somebody still works there.
    for sides in [
        "e1: - | e2: main=C | e3: main=B | base: main=B",
        "e1: - | e2: main=B new=C | e3: main=B | base: main=B",
        "e1: - | e2: main=B | e3: main=B | base: main=B@e1,e2",
    ] {
        let changed = case(HISTORY, sides);
        assert_eq!(show(&delete(&changed)), "absence_held");
        assert_eq!(show(&delete(&changed.confirmed())), "e2 deleted, e3 deleted");
    }
    // One that cannot be read defers it, released or not.
    let hidden = case(HISTORY, "e1: - | e2: main=B | e3: ? | base: main=B");
    assert_eq!(show(&delete(&hidden)), "unreadable");
    assert_eq!(show(&delete(&hidden.confirmed())), "unreadable");
}

#[test]
fn what_is_asked_is_what_differs() {
    let world = case(HISTORY, "e1: a=C t=B s=A #v=A | e2: a=B t=X s=A | e3: a=C t=B s=A | base: a=B t=B");
    let Case { policy, releases, views, baseline, .. } = &world;
    let ancestry = crate::ancestry::Ancestry::default();
    let asked = crate::plan::questions::questions(&World {
        policy,
        releases: *releases,
        views,
        baseline,
        ancestry: &ancestry,
        conflicts: ConflictFacts::default(),
    });
    let questions = |pairs: &[(&str, &str)]| {
        pairs.iter().map(|(a, d)| Question { ancestor: commit(a), descendant: commit(d) }).collect::<BTreeSet<_>>()
    };
    assert_eq!(asked.ancestry, questions(&[("B", "C"), ("C", "B"), ("B", "X"), ("X", "B")]));
    let holders = |oid| asked.objects[&commit(oid)].iter().cloned().collect::<BTreeSet<_>>();
    assert_eq!(holders("A"), BTreeSet::from([endpoint("e1")]));
    assert_eq!(holders("B"), BTreeSet::from([endpoint("e1"), endpoint("e2"), endpoint("e3")]));
    assert_eq!(asked.objects.values().map(Vec::len).sum::<usize>(), 7);
}
