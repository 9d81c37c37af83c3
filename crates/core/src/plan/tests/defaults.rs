//! The default branch.

use crate::plan::tests::notation::{case, check};

const HISTORY: &str = "A-B-C, B-X";

#[test]
fn it_follows_a_one_sided_change() {
    check(
        HISTORY,
        "e1: main=B *dev=B | e2: *main=B dev=B | e3: *main=B dev=B | base: *main=B dev=B",
        "e2 HEAD main->dev, e3 HEAD main->dev",
    );
    check(HISTORY, "e1: main=B *dev=B x=B | e2: main=B dev=B *x=B | base: *main=B dev=B x=B", "default_branch_differs");
    // Two sides made the same change.
    check(
        HISTORY,
        "e1: main=B *dev=B | e2: main=B *dev=B | e3: *main=B dev=B | base: *main=B dev=B",
        "e3 HEAD main->dev",
    );
}

#[test]
fn a_newcomer_adopts_it() {
    check(HISTORY, "e1: *main=B dev=B | e2: main=B *dev=B | base: *main=B@e1 dev=B", "e2 HEAD dev->main");
    check(HISTORY, "e1: *main=B dev=B | e2: main=B *dev=B", "default_branch_differs");
    check(HISTORY, "e1: *main=B | e2: main=B", "e2 HEAD ->main");
    check(HISTORY, "e1: *main=B | e2: +", "e2 created, e2 main ->B create, e2 HEAD ->main");
}

#[test]
fn a_new_one_may_be_created_in_the_same_plan() {
    check(HISTORY, "e1: main=B *trunk=C | e2: *main=B | base: *main=B", "e2 trunk ->C create, e2 HEAD main->trunk");
    // But not when it cannot be created.
    check(HISTORY, "e1: main=B *trunk=C | e2: ! *main=B | base: *main=B", "read_only");
}

#[test]
fn an_old_one_may_be_deleted_in_the_same_plan() {
    check(
        HISTORY,
        "e1: dev=B *trunk=C | e2: *main=B dev=B | base: *main=B dev=B",
        "e2 main B-> delete, e2 trunk ->C create, e2 HEAD main->trunk",
    );
    check(HISTORY, "e1: *dev=B | e2: *main=B dev=B | base: *main=B dev=B", "e2 main B-> delete, e2 HEAD main->dev");
    // A forge does not delete its default branch without a new one.
    check(HISTORY, "e1: dev=B | e2: *main=B dev=B | base: *main=B dev=B", "deletion_held main");
    // The new one is itself deleted elsewhere: somebody wants it, so it stays.
    check(
        HISTORY,
        "e1: main=B *dev=B | e2: *main=B | e3: *main=B dev=B | base: *main=B dev=B",
        "e3 HEAD main->dev, deletion_held dev",
    );
}

#[test]
fn a_default_branch_that_stays_is_no_hold() {
    let mut world = case(HISTORY, "e1: dev=B | e2: *main=B dev=B | base: *main=B dev=B");
    assert_eq!(world.sync(), "deletion_held main");
    world.set("e2", "main=B *dev=B");
    assert_eq!(world.sync(), "e2 main B-> delete, e1 HEAD ->dev");
    assert_eq!(world.sync(), "");
}

#[test]
fn who_could_not_come_along_follows_later() {
    let mut world = case(HISTORY, "e1: main=B *dev=B | e2: *main=B dev=B | e3: ? | base: *main=B dev=B");
    assert_eq!(world.sync(), "e2 HEAD main->dev, unreadable");
    world.set("e3", "*main=B dev=B");
    assert_eq!(world.sync(), "e3 HEAD main->dev");
    let mut world = case(HISTORY, "e1: main=B *dev=B | e2: *main=B dev=B | e3: !*main=B dev=B | base: *main=B dev=B");
    assert_eq!(world.sync(), "e2 HEAD main->dev, read_only");
    world.set("e3", "*main=B dev=B");
    assert_eq!(world.sync(), "e3 HEAD main->dev");
    assert_eq!(world.sync(), "");
}

#[test]
fn what_was_agreed_with_a_repository_that_is_made_anew_says_nothing() {
    let mut world = case(HISTORY, "e1: *main=B | e2: + | base: *main=B dev=B@e2");
    assert_eq!(world.sync(), "e2 created, e2 main ->B create, e2 HEAD ->main");
    assert_eq!(world.sync(), "");
}
