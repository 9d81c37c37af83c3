//! What cannot be decided is reported and left alone, and all else goes through.

use crate::world::{Place, Run, World, has};

const A: Place = Place::Folder("a");
const B: Place = Place::Folder("b");
const C: Place = Place::Folder("c");
const ALL: [Place; 3] = [A, B, C];

fn kinds(run: &Run) -> Vec<String> {
    run.findings().into_iter().map(|(_, kind)| kind).collect()
}

#[test]
fn a_tag_that_differs_is_reported_and_left_alone() {
    let world = World::of_folders(&["a", "b", "c"]);
    let work = world.seeded("a", "one");
    work.commit("second");
    work.push(&A, "one", &["main"]);
    world.refray(&["sync"]).exits(0);
    work.push(&A, "one", &["main:refs/tags/v1", "main:refs/heads/fine"]);
    work.push(&B, "one", &["main~1:refs/tags/v1"]);
    let run = world.refray(&["sync", "--format", "json"]);
    assert_eq!(kinds(&run), ["tag_differs"]);
    run.exits(1);
    assert!(!world.refs(&C, "one").contains("refs/tags/v1"), "neither is spread");
    has(&world.refs(&A, "one"), &[&format!("{} refs/tags/v1", work.tip("main"))]);
    has(&world.refs(&B, "one"), &[&format!("{} refs/tags/v1", work.tip("main~1"))]);
    has(&world.refs(&C, "one"), &[" refs/heads/fine"]);
    let (main, before) = (work.tip("main"), work.tip("main~1"));
    let said = world.refray(&["sync"]).exits(1);
    has(&said, &["! one", "v1", &main[..10], &before[..10], "disk/a", "disk/b", "remedy:", "1 failed"]);
    work.push(&B, "one", &[":refs/tags/v1"]);
    world.refray(&["sync"]).exits(0);
    world.agree(&ALL, "one");
}

#[test]
fn a_tag_is_neither_moved_nor_deleted() {
    let world = World::of_folders(&["a", "b"]);
    let work = world.seeded("a", "one");
    work.push(&A, "one", &["main:refs/tags/v1", "main:refs/tags/v2"]);
    world.refray(&["sync"]).exits(0);
    let old = work.tip("main");
    work.commit("second");
    work.push(&A, "one", &["main:refs/tags/v1", ":refs/tags/v2", "main"]);
    world.refray(&["sync"]).exits(1);
    has(&world.refs(&B, "one"), &[&format!("{old} refs/tags/v1"), " refs/tags/v2"]);
    has(&world.refs(&B, "one"), &[&format!("{} refs/heads/main", work.tip("main"))]);
}

#[test]
fn a_branch_that_diverged_holds_up_nothing_else() {
    let world = World::of_folders(&["a", "b", "c"]);
    let work = world.seeded("a", "one");
    world.seeded("a", "two");
    world.refray(&["sync"]).exits(0);
    let first = work.tip("main");
    let here = work.commit("here");
    work.push(&A, "one", &["main", "main:refs/heads/fine", "main:refs/tags/v1"]);
    work.git(&["reset", "-q", "--hard", &first]);
    let there = work.commit("there");
    work.push(&B, "one", &["main"]);
    let run = world.refray(&["sync", "--format", "json"]);
    assert_eq!(run.findings(), [("one".to_owned(), "diverged".to_owned())]);
    run.exits(1);
    for (place, main) in [(&A, &here), (&B, &there), (&C, &first)] {
        let refs = world.refs(place, "one");
        has(&refs, &[&format!("{main} refs/heads/main"), " refs/heads/fine", " refs/tags/v1"]);
    }
    let said = world.refray(&["sync"]).exits(1);
    has(&said, &["main", &here[..10], &there[..10], "remedy:", "2 repositories: 1 agreed already, 1 failed"]);

    work.git(&["merge", "-q", "-m", "settled by a person", &here]);
    work.push(&B, "one", &["main"]);
    world.refray(&["sync"]).exits(0);
    has(&world.agree(&ALL, "one"), &[&format!("{} refs/heads/main", work.tip("main"))]);
}

#[test]
fn a_rewrite_of_the_default_branch_waits_for_a_person() {
    let world = World::of_folders(&["a", "b", "c"]);
    let work = world.seeded("a", "one");
    work.commit("second");
    work.push(&A, "one", &["main"]);
    world.refray(&["sync"]).exits(0);
    let before = world.agree(&ALL, "one");
    let new = work.amend("another second");
    work.push(&B, "one", &["main"]);
    let run = world.refray(&["sync", "--format", "json"]);
    assert_eq!(kinds(&run), ["rewritten"]);
    run.exits(1);
    assert_eq!((world.refs(&A, "one"), world.refs(&C, "one")), (before.clone(), before));
    has(&world.refs(&B, "one"), &[&new]);
}

#[test]
fn rewrites_are_followed_as_the_group_says() {
    let mut world = World::of_folders(&["a", "b"]);
    let work = world.seeded("a", "one");
    work.commit("second");
    work.push(&A, "one", &["main", "main:refs/heads/topic"]);
    world.refray(&["sync"]).exits(0);
    let new = work.amend("another second");
    work.push(&B, "one", &["main", "main:refs/heads/topic"]);
    world.config.set("rewrites = \"never\"");
    world.refray(&["sync"]).exits(1);
    assert!(!world.refs(&A, "one").contains(&new));
    world.config.unset();
    world.config.set("rewrites = \"always\"");
    world.refray(&["sync"]).exits(0);
    has(&world.agree(&[A, B], "one"), &[&format!("{new} refs/heads/main"), &format!("{new} refs/heads/topic")]);
}

#[test]
fn deleted_on_one_side_and_changed_on_another_is_left_alone() {
    let world = World::of_folders(&["a", "b", "c"]);
    let work = world.seeded("a", "one");
    work.push(&A, "one", &["main:refs/heads/topic", "main:refs/heads/other"]);
    world.refray(&["sync"]).exits(0);
    work.commit("on it");
    work.push(&A, "one", &["main:refs/heads/topic"]);
    work.push(&B, "one", &[":topic"]);
    let run = world.refray(&["sync", "--format", "json"]);
    assert_eq!(kinds(&run), ["deleted_and_changed"]);
    run.exits(1);
    has(&world.refs(&A, "one"), &[&format!("{} refs/heads/topic", work.tip("main"))]);
    assert!(!world.refs(&B, "one").contains("topic"));
    has(&world.refs(&C, "one"), &[&format!("{} refs/heads/topic", work.tip("main~1"))]);
}
