//! `refray status`: how things stand, without asking anybody.

use std::collections::BTreeMap;

use crate::world::{Place, World, has};

const A: Place = Place::Folder("a");
const B: Place = Place::Folder("b");

/// One repository that agrees, one that has diverged, one with a held deletion.
fn scene() -> World {
    let world = World::of_folders(&["a", "b"]);
    world.seeded("a", "fine");
    let one = world.seeded("a", "one");
    let two = world.seeded("a", "two");
    for branch in ["b1", "b2"] {
        two.push(&A, "two", &[&format!("main:refs/heads/{branch}")]);
    }
    world.refray(&["sync"]).exits(0);
    let first = one.tip("main");
    one.commit("here");
    one.push(&A, "one", &["main"]);
    one.git(&["reset", "-q", "--hard", &first]);
    one.commit("there");
    one.push(&B, "one", &["main"]);
    // All branches at once: a brake holds that.
    two.git(&["checkout", "-q", "-b", "other"]);
    two.commit("other");
    two.push(&B, "two", &["other"]);
    for branch in ["main", "b1", "b2"] {
        world.git("disk/b/two.git", &["update-ref", "-d", &format!("refs/heads/{branch}")]);
    }
    world.refray(&["sync"]).exits(1);
    world
}

#[test]
fn it_tells_how_why_and_what_to_do() {
    let world = scene();
    let said = world.refray(&["status"]).exits(1);
    has(&said, &["all: 1 diverged, 1 held, 1 agreed", "  diverged  one", "  held      two", "  agreed    fine"]);
    has(&said, &["`main`", "remedy: ", "--confirm-deletions"]);
    let said = world.refray(&["status", "--repo", "FINE"]).exits(0);
    has(&said, &["all: 1 agreed\n  agreed    fine"]);
    let said = world.refray(&["status", "-q"]).exits(1);
    assert!(!said.contains("fine"), "{said}");
    world.refray(&["status", "--repo", "unheard-of"]).exits(1);
    has(&world.refray(&["status", "--group", "nope"]).exits(2), &["there is no group `nope`"]);
}

#[test]
fn json_is_an_object_a_repository() {
    let world = scene();
    let run = world.refray(&["status", "--format", "json"]);
    let events = run.events();
    let by_name: BTreeMap<_, _> = events.iter().map(|event| (event["repository"].as_str().unwrap(), event)).collect();
    let statuses: Vec<_> = by_name.values().map(|event| event["status"].as_str().unwrap()).collect();
    assert_eq!((statuses, run.code), (vec!["agreed", "diverged", "held"], Some(1)));
    let reason = &by_name["one"]["reasons"][0];
    assert_eq!((reason["kind"].as_str(), reason["ref"].as_str()), (Some("diverged"), Some("main")));
    assert_eq!(reason["sides"].as_object().unwrap().len(), 2);
    assert_eq!(by_name["two"]["reasons"][0]["kind"], "deletion_held");
    assert_eq!(by_name["fine"]["copies"].as_array().unwrap().len(), 2);
}

#[test]
fn it_leaves_no_trace() {
    let world = World::of_folders(&["a", "b"]);
    let said = world.refray(&["status"]).exits(1);
    has(&said, &["Nothing was synced yet. Run `refray sync`."]);
    assert!(!world.state().exists(), "nothing was made only to look");

    world.seeded("a", "one");
    world.refray(&["sync"]).exits(0);
    let before = std::fs::read(world.state().join("state.db")).unwrap();
    world.refray(&["status"]).exits(0);
    assert_eq!(std::fs::read(world.state().join("state.db")).unwrap(), before);
}
