//! `sync --retry-failed`: what failed is in the other tests; here is what was held, and what was not finished.

use crate::world::{Place, World, has};

const A: Place = Place::Folder("a");
const B: Place = Place::Folder("b");

#[test]
fn what_is_held_is_looked_at_again() {
    let world = World::of_folders(&["a", "b"]);
    world.seeded("a", "other");
    let work = world.seeded("a", "one");
    let names: Vec<String> = (0..8).map(|number| format!("topic-{number}")).collect();
    let push: Vec<String> = names.iter().map(|name| format!("main:refs/heads/{name}")).collect();
    work.push(&A, "one", &push.iter().map(String::as_str).collect::<Vec<_>>());
    world.refray(&["sync"]).exits(0);
    let delete: Vec<String> = names.iter().map(|name| format!(":{name}")).collect();
    work.push(&B, "one", &delete.iter().map(String::as_str).collect::<Vec<_>>());
    has(&world.refray(&["sync"]).exits(1), &["1 held"]);
    has(&world.refray(&["sync", "--retry-failed"]).exits(1), &["1 repository: 1 held"]);
    world.refray(&["sync", "--retry-failed", "--repo", "one", "--confirm-deletions"]).exits(0);
    assert!(!world.agree(&[A, B], "one").contains("topic"));
    has(&world.refray(&["sync", "--retry-failed"]).exits(0), &["0 repositories"]);
}

#[test]
fn what_was_not_finished_is_looked_at_again() {
    let world = World::of_folders(&["a", "b"]);
    world.seeded("a", "other");
    let work = world.seeded("a", "one");
    work.on("topic");
    work.commit("as it was");
    work.push(&A, "one", &["topic"]);
    world.refray(&["sync"]).exits(0);
    work.amend("as it is");
    work.push(&A, "one", &["topic"]);
    // The bundle is made after the journal has what is about to be done.
    world.before_git("case \"$*\" in *bundle*create*) kill -9 $PPID; sleep 0.2;; esac\n");
    assert_eq!(world.refray(&["sync"]).code, None, "it was killed");
    world.before_git("");
    has(&world.refray(&["sync", "--retry-failed"]).exits(0), &["1 repository: 1 synced"]);
    world.agree(&[A, B], "one");
    has(&world.refray(&["sync", "--retry-failed"]).exits(0), &["0 repositories"]);
}
