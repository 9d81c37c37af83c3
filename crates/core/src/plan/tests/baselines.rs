//! What is agreed after a run.

use std::collections::BTreeSet;

use crate::plan::next_baseline;
use crate::plan::tests::notation::{Case, case, endpoint, letter, reference};

const HISTORY: &str = "A-B-C, B-X";

/// Shows what is agreed of `main` afterwards.
fn agreed(sides: &str) -> String {
    let Case { views, baseline, .. } = case(HISTORY, sides);
    let next = next_baseline(&baseline, &views, &BTreeSet::new());
    let values = next.refs.get(&reference("main")).into_iter().flatten();
    values.map(|(endpoint, oid)| format!("{endpoint}={}", letter(*oid))).collect::<Vec<_>>().join(" ")
}

#[test]
fn what_all_hold_is_agreed() {
    for (sides, expected) in [
        ("e1: main=B | e2: main=B", "e1=B e2=B"),
        ("e1: main=C | e2: main=C | base: main=B", "e1=C e2=C"),
        ("e1: main=C | e2: main=B | base: main=B", "e1=B e2=B"),
        ("e1: main=C | e2: main=B", ""),
        ("e1: main=C | e2: | base: main=B", "e1=B e2=B"),
        ("e1: | e2: | base: main=B", ""),
        // A newcomer agrees with the rest.
        ("e1: main=B | e2: main=B | e3: main=B | base: main=B@e1,e2", "e1=B e2=B e3=B"),
        ("e1: main=B | e2: main=B | e3: main=C | base: main=B@e1,e2", "e1=B e2=B"),
    ] {
        assert_eq!(agreed(sides), expected, "{sides}");
    }
}

#[test]
fn who_cannot_be_read_is_remembered() {
    for (sides, expected) in [
        ("e1: main=C | e2: main=C | e3: ? | base: main=B", "e1=C e2=C e3=B"),
        ("e1: main=C | e2: main=C | e3: ? | base: main=B@e1,e2", "e1=C e2=C"),
        ("e1: main=C | e2: main=B | e3: ? | base: main=B", "e1=B e2=B e3=B"),
        // That it is gone must reach the third when it is back.
        ("e1: | e2: | e3: ? | base: main=B", "e1=B e2=B e3=B"),
        ("e1: | e2: | e3: ? | base: main=B@e1,e2", ""),
        ("e1: ? | e2: ? | base: main=B", "e1=B e2=B"),
    ] {
        assert_eq!(agreed(sides), expected, "{sides}");
    }
}

#[test]
fn who_takes_no_part_is_remembered_but_not_waited_for() {
    for (sides, expected) in [
        ("e1: main=C | e2: main=C | e3: - | base: main=B", "e1=C e2=C e3=B"),
        ("e1: | e2: | e3: - | base: main=B", ""),
        ("e1: - | e2: - | base: main=B", "e1=B e2=B"),
        // It could not be created, or was not yet.
        ("e1: main=C | e2: main=C | e3: + | base: main=B", "e1=C e2=C"),
        ("e1: main=C | e2: main=B | e3: + | base: main=B", "e1=B e2=B"),
    ] {
        assert_eq!(agreed(sides), expected, "{sides}");
    }
}

#[test]
fn who_is_configured_no_more_is_forgotten() {
    for (sides, expected) in [
        ("e1: main=C | e2: main=C | base: main=B@e1,e2,gone", "e1=C e2=C"),
        ("e1: main=C | e2: main=B | base: main=B@e1,e2,gone", "e1=B e2=B"),
        ("e1: | e2: | base: main=B@e1,e2,gone", ""),
        ("e1: main=C | e2: main=C | base: main=B@gone", "e1=C e2=C"),
    ] {
        assert_eq!(agreed(sides), expected, "{sides}");
    }
}

#[test]
fn who_can_only_be_read_has_no_veto() {
    for (sides, expected) in [
        ("e1: main=C | e2: main=C | e3: !main=B | base: main=B", "e1=C e2=C e3=B"),
        ("e1: main=C | e2: main=C | e3: !main=C | base: main=B", "e1=C e2=C e3=C"),
        ("e1: main=C | e2: !main=B | base: main=B", "e1=C e2=B"),
        ("e1: | e2: !main=B | base: main=B", "e1=B e2=B"),
        ("e1: !main=C | e2: !main=C | base: main=B", "e1=C e2=C"),
        ("e1: !main=C | e2: !main=B | base: main=B", "e1=B e2=B"),
    ] {
        assert_eq!(agreed(sides), expected, "{sides}");
    }
}

#[test]
fn who_is_apart_has_no_say() {
    let Case { views, baseline, .. } = case(HISTORY, "e1: main=C | e2: main=C | e3: main=X other=X");
    let next = next_baseline(&baseline, &views, &BTreeSet::from([endpoint("e3")]));
    assert_eq!(next.refs.len(), 1);
    assert_eq!(next.refs[&reference("main")].len(), 2);
    let all: BTreeSet<_> = views.keys().cloned().collect();
    assert_eq!(next_baseline(&next, &views, &all), next);
}

#[test]
fn the_agreed_default_branch_is_remembered() {
    let mut world = case(HISTORY, "e1: *main=B dev=B | e2: *main=B dev=B | e3: ? | base: *main=B@gone");
    world.sync();
    let shown = |world: &Case| format!("{:?}", world.baseline.default_branch);
    assert_eq!(shown(&world), r#"{"e1": "main", "e2": "main"}"#);
    world.set("e1", "main=B *dev=B");
    world.views.insert(endpoint("e2"), crate::plan::View::Unreadable(String::new()));
    world.sync();
    assert_eq!(shown(&world), r#"{"e1": "dev"}"#);
}

#[test]
fn what_is_held_is_agreed_only_by_whom_it_doubts() {
    let mut world = case(HISTORY, "e1: main=B dev=C t=C | e2: main=B | base: main=B dev=C");
    let held =
        [(reference("dev"), BTreeSet::from([endpoint("e2")])), (reference("t"), BTreeSet::from([endpoint("e2")]))];
    world.baseline.hold(&held.into_iter().collect());
    assert_eq!(world.baseline.refs[&reference("dev")].keys().collect::<Vec<_>>(), [&endpoint("e2")]);
    assert_eq!(world.baseline.refs[&reference("main")].len(), 2);
    assert!(!world.baseline.refs.contains_key(&reference("t")));
}
