//! What `sync` can be told.

use crate::world::{Place, World, has};

const A: Place = Place::Folder("a");
const B: Place = Place::Folder("b");

fn folders(names: &[&'static str]) -> World {
    let world = World::of_folders(&["a", "b"]);
    for name in names {
        world.seeded("a", name);
    }
    world
}

fn there(world: &World, name: &str) -> bool {
    world.bare(&B, name).exists()
}

#[test]
fn a_dry_run_writes_nothing_and_shows_the_plan() {
    let world = folders(&["one"]);
    let said = world.refray(&["sync", "--dry-run"]).exits(0);
    has(&said, &["~ one", "create repository one on disk/b (private)", "create branch main on disk/b", "1 to change"]);
    has(&said, &["Nothing was written"]);
    assert!(!there(&world, "one"));
    world.refray(&["sync"]).exits(0);
    let work = world.work("other");
    let oid = work.commit("more");
    work.push(&A, "one", &["main:refs/heads/topic"]);
    let (a, b) = (world.refs(&A, "one"), world.refs(&B, "one"));
    let run = world.refray(&["sync", "-n", "--format", "json"]);
    let planned: Vec<_> = run.events().into_iter().filter(|event| event["event"] == "planned").collect();
    assert_eq!(planned.len(), 1);
    let update = &planned[0]["plan"]["updates"][0];
    assert_eq!((update["ref"].as_str(), update["new"].as_str()), (Some("refs/heads/topic"), Some(&*oid)), "{update}");
    run.exits(0);
    assert_eq!((world.refs(&A, "one"), world.refs(&B, "one")), (a, b));
    // What a dry run has seen is not taken for agreed.
    world.refray(&["sync"]).exits(0);
    world.agree(&[A, B], "one");
}

#[test]
fn a_dry_run_of_a_fresh_start_leaves_no_mirror() {
    let world = folders(&["one"]);
    world.refray(&["sync", "--dry-run"]).exits(0);
    assert_eq!(crate::world::files_below(&world.cache()), Vec::<std::path::PathBuf>::new());
}

#[test]
fn repositories_are_chosen_by_name_and_by_pattern() {
    let world = folders(&["one", "two", "three", "four"]);
    has(&world.refray(&["sync", "--repo", "TWO"]).exits(0), &["1 repository: 1 synced"]);
    assert!(there(&world, "two") && !there(&world, "one"));
    has(&world.refray(&["sync", "--repo", "Two.git"]).exits(0), &["1 repository: 1 agreed already"]);
    has(&world.refray(&["sync", "--repo", ".git"]).exits(2), &["`.git` cannot be the name of a repository"]);
    world.refray(&["sync", "--repo-pattern", "^t", "--jobs", "1"]).exits(0);
    assert!(there(&world, "three") && !there(&world, "one"));
    world.refray(&["sync", "--repo", "one", "--repo", "four", "--group", "all"]).exits(0);
    assert!(there(&world, "one") && there(&world, "four"));
}

#[test]
fn nothing_is_created_when_that_is_not_wished() {
    let world = folders(&["one"]);
    world.refray(&["sync", "--no-create"]);
    assert!(!there(&world, "one"));
    world.refray(&["sync"]).exits(0);
    let work = world.seeded("a", "two");
    world.work("more").push(&A, "one", &["main:refs/heads/topic"]);
    world.refray(&["sync", "--no-create"]);
    world.agree(&[A, B], "one");
    assert!(!there(&world, "two"));
    drop(work);
}

#[test]
fn only_what_failed_is_tried_again() {
    let world = folders(&["one", "two"]);
    world.refray(&["sync"]).exits(0);
    has(&world.refray(&["sync", "--retry-failed"]).exits(0), &["0 repositories"]);
    let (ours, theirs) = (world.work("ours"), world.work("theirs"));
    let (here, there) = (ours.commit("here"), theirs.commit("there"));
    ours.push(&A, "one", &["main:refs/heads/topic"]);
    theirs.push(&B, "one", &["main:refs/heads/topic"]);
    world.refray(&["sync"]).exits(1);
    ours.push(&A, "two", &["main:refs/heads/topic"]);
    has(&world.refray(&["sync", "--retry-failed"]).exits(1), &["1 repository: 1 failed", &here[..10], &there[..10]]);
    assert!(!world.refs(&B, "two").contains("topic"), "it was not its turn");
    ours.push(&B, "one", &["main:refs/heads/topic"]);
    has(&world.refray(&["sync", "--retry-failed"]).exits(0), &["1 repository: "]);
    has(&world.refray(&["sync", "--retry-failed"]).exits(0), &["0 repositories"]);
    world.refray(&["sync"]).exits(0);
    world.agree(&[A, B], "two");
}

#[test]
fn a_full_run_looks_also_where_nothing_seems_to_have_changed() {
    let world = folders(&["one"]);
    world.refray(&["sync"]).exits(0);
    has(&world.refray(&["sync", "--full"]).exits(0), &["1 agreed already", "0 changes"]);
}

#[test]
fn one_group_of_several_can_be_chosen() {
    let mut world = folders(&["one"]);
    world.config.tail =
        "[[mirrors]]\nname = \"other\"\n\n[[mirrors.endpoints]]\nsite = \"disk\"\nnamespace = \"a\"\n\n\
        [[mirrors.endpoints]]\nsite = \"disk\"\nnamespace = \"d\"\n"
            .into();
    std::fs::create_dir_all(world.path("disk/d")).unwrap();
    has(&world.refray(&["sync", "--group", "other"]).exits(0), &["other: 1 repository"]);
    assert!(world.path("disk/d/one.git").exists() && !there(&world, "one"));
    let said = world.refray(&["sync"]).exits(0);
    has(&said, &["other: 1 repository", "all: 1 repository", "2 repositories: 1 agreed already, 1 synced"]);
}

#[test]
fn folders_for_state_and_work_can_be_given_before_and_after_the_command() {
    let world = folders(&["one"]);
    let (state, work) = (world.path("elsewhere/state"), world.path("elsewhere/work"));
    let (at, on) = (state.display().to_string(), work.display().to_string());
    world.refray(&["--state-dir", &at, "sync", "--work-dir", &on]).exits(0);
    assert!(state.join("state.db").exists() && work.exists());
    assert!(!world.state().exists() && !world.cache().exists());
    let mut command = world.command(&["sync"]);
    command.env("REFRAY_STATE_DIR", &state).env("REFRAY_WORK_DIR", &work);
    let run: crate::world::Run = command.output().unwrap().into();
    has(&run.exits(0), &["1 agreed already"]);
    assert!(!world.state().exists() && !world.cache().exists());
}
