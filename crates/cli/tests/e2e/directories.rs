//! Folders of bare repositories, worked on from all sides.

use crate::world::{Place, World, files_below, has};

const A: Place = Place::Folder("a");
const B: Place = Place::Folder("b");
const C: Place = Place::Folder("c");
const ALL: [Place; 3] = [A, B, C];

#[test]
fn a_history_of_every_shape_spreads_and_edits_flow_back() {
    let world = World::of_folders(&["a", "b", "c"]);
    let work = world.seeded("a", "one");
    work.git(&["branch", "-m", "main", "trunk"]);
    work.git(&["tag", "light"]);
    work.git(&["tag", "-a", "-m", "an annotated tag", "v1"]);
    work.git(&["tag", "-a", "-m", "a tag of a tag", "v1-signed-off", "v1"]);
    work.on("side/quest");
    work.commit("on the side");
    work.on("trunk");
    work.commit("on the trunk");
    work.git(&["merge", "-q", "--no-ff", "-m", "merged", "side/quest"]);
    work.push(&A, "one", &["trunk", "side/quest", "--tags"]);
    world.git("disk/a/one.git", &["symbolic-ref", "HEAD", "refs/heads/trunk"]);
    work.push(&A, "one", &[":main"]);

    let said = world.refray(&["sync"]).exits(0);
    has(&said, &["all: 1 repository", "+ one: created on disk/b and disk/c with 2 branches and 3 tags", "1 synced"]);
    let refs = world.agree(&ALL, "one");
    has(&refs, &["refs/heads/trunk\n", " refs/heads/side/quest", " refs/tags/light", " refs/tags/v1"]);
    assert!(!refs.contains("refs/heads/main"), "{refs}");
    has(&refs, &[&format!("{} refs/tags/v1\n", work.tip("v1"))]);
    assert_ne!(work.tip("v1"), work.tip("v1^{}"), "the tag object is kept as it is");
    for place in ALL {
        world.git(".", &["-C", &world.bare(&place, "one").display().to_string(), "fsck", "--full", "--strict"]);
    }

    work.commit("further");
    work.push(&B, "one", &["trunk"]);
    work.push(&C, "one", &["trunk~1:refs/heads/new", "trunk~1:refs/tags/v2", ":side/quest"]);
    let said = world.refray(&["sync"]).exits(0);
    has(&said, &["branch trunk forwarded", "branch side/quest deleted", "branch new new", "tag v2 new"]);
    let refs = world.agree(&ALL, "one");
    has(&refs, &[&format!("{} refs/heads/trunk", work.tip("trunk")), " refs/heads/new", " refs/tags/v2"]);
    assert!(!refs.contains("side/quest"), "{refs}");

    world.git_calls();
    let said = world.refray(&["sync"]).exits(0);
    has(&said, &["1 repository: 1 agreed already. 0 changes"]);
    assert_eq!(world.git_calls(), "", "a run in which nothing has changed starts no process");
    assert_eq!(world.agree(&ALL, "one"), refs);
}

/// The bundles kept of a repository; each is a good one on its own.
fn bundles(world: &World, repository: &str) -> Vec<String> {
    world.git(".", &["init", "-q", "--bare", "empty.git"]);
    let files = files_below(&world.state().join("backups/all").join(repository));
    let bundles = files.into_iter().filter(|file| file.extension().is_some_and(|it| it == "bundle"));
    bundles
        .map(|bundle| {
            let bundle = bundle.display().to_string();
            world.git("empty.git", &["bundle", "verify", "-q", &bundle]);
            bundle
        })
        .collect()
}

/// Asserts that a commit can be had back from a bundle alone.
fn is_kept(world: &World, repository: &str, oid: &str) {
    let bundles = bundles(world, repository);
    let heads = |bundle: &String| world.git("empty.git", &["bundle", "list-heads", bundle]);
    let bundle = bundles.iter().find(|bundle| heads(bundle).contains(oid));
    let bundle = bundle.unwrap_or_else(|| panic!("no bundle holds {oid}: {bundles:?}"));
    let name = heads(bundle).lines().find(|line| line.contains(oid)).unwrap().split_once(' ').unwrap().1.to_owned();
    world.git("empty.git", &["fetch", "-q", bundle, &format!("+{name}:refs/heads/{oid}-back")]);
    world.git("empty.git", &["cat-file", "-e", &format!("{oid}^{{commit}}")]);
}

#[test]
fn a_rewrite_and_a_deletion_are_followed_and_can_be_taken_back() {
    let world = World::of_folders(&["a", "b", "c"]);
    let work = world.seeded("a", "one");
    work.on("topic");
    let old = work.commit("as it was");
    work.push(&A, "one", &["topic", "topic:refs/heads/other"]);
    world.refray(&["sync"]).exits(0);
    assert!(bundles(&world, "one").is_empty(), "nothing was taken away yet");

    let new = work.amend("as it is");
    work.push(&B, "one", &["topic"]);
    let said = world.refray(&["sync"]).exits(0);
    has(&said, &["branch topic rewritten on disk/a and disk/c"]);
    has(&world.agree(&ALL, "one"), &[&format!("{new} refs/heads/topic")]);
    is_kept(&world, "one", &old);

    let gone = work.commit("soon gone");
    work.push(&B, "one", &["topic"]);
    world.refray(&["sync"]).exits(0);
    work.push(&C, "one", &[":topic"]);
    has(&world.refray(&["sync"]).exits(0), &["branch topic deleted on disk/a and disk/b"]);
    assert!(!world.agree(&ALL, "one").contains("refs/heads/topic"));
    is_kept(&world, "one", &gone);
    world.refray(&["sync"]).exits(0);
    assert!(!world.agree(&ALL, "one").contains("refs/heads/topic"), "it does not come back");
}

#[test]
fn without_its_work_directory_a_run_converges_and_backups_stay() {
    let world = World::of_folders(&["a", "b", "c"]);
    let work = world.seeded("a", "one");
    work.on("topic");
    let old = work.commit("as it was");
    work.push(&A, "one", &["topic"]);
    world.refray(&["sync"]).exits(0);
    std::fs::remove_dir_all(world.cache()).unwrap();
    let new = work.amend("as it is");
    work.push(&B, "one", &["topic"]);
    world.refray(&["sync"]).exits(0);
    has(&world.agree(&ALL, "one"), &[&format!("{new} refs/heads/topic")]);
    std::fs::remove_dir_all(world.cache()).unwrap();
    is_kept(&world, "one", &old);
    work.commit("further");
    work.push(&C, "one", &["topic"]);
    world.refray(&["sync"]).exits(0);
    world.agree(&ALL, "one");
}

#[test]
fn without_its_memory_a_run_takes_nothing_away() {
    let world = World::of_folders(&["a", "b", "c"]);
    let work = world.seeded("a", "one");
    work.push(&A, "one", &["main:refs/heads/topic"]);
    world.refray(&["sync"]).exits(0);
    work.push(&B, "one", &[":topic"]);
    std::fs::remove_dir_all(world.state()).unwrap();
    world.refray(&["sync"]).exits(0);
    has(&world.agree(&ALL, "one"), &[" refs/heads/topic"]);
}

#[test]
fn the_default_branch_follows_before_the_old_one_goes() {
    let world = World::of_folders(&["a", "b", "c"]);
    let work = world.seeded("a", "one");
    work.push(&A, "one", &["main:refs/heads/trunk"]);
    world.refray(&["sync"]).exits(0);
    world.git("disk/b/one.git", &["symbolic-ref", "HEAD", "refs/heads/trunk"]);
    work.push(&B, "one", &[":main"]);
    let said = world.refray(&["sync"]).exits(0);
    has(&said, &["default branch switched on disk/a and disk/c", "branch main deleted on disk/a and disk/c"]);
    let refs = world.agree(&ALL, "one");
    assert!(refs.starts_with("refs/heads/trunk\n") && !refs.contains("refs/heads/main"), "{refs}");
    world.refray(&["sync"]).exits(0);
}

#[test]
fn an_endpoint_that_joins_later_is_filled() {
    let mut world = World::of_folders(&["a", "b"]);
    let work = world.seeded("a", "one");
    world.refray(&["sync"]).exits(0);
    work.on("topic");
    work.commit("later");
    work.push(&B, "one", &["topic"]);
    std::fs::create_dir_all(world.path("disk/c")).unwrap();
    world.config.endpoint("disk", "namespace = \"c\"");
    world.refray(&["sync"]).exits(0);
    has(&world.agree(&ALL, "one"), &[" refs/heads/topic"]);
}

#[test]
fn a_lock_that_was_left_behind_is_named() {
    let world = World::of_folders(&["a", "b"]);
    let work = world.seeded("a", "one");
    world.refray(&["sync"]).exits(0);
    let tip = work.commit("second");
    work.push(&A, "one", &["main", "main:refs/heads/fine"]);
    let lock = world.bare(&B, "one").join("refs/heads/main.lock");
    crate::world::put(&lock, "");
    has(&world.refray(&["sync"]).exits(1), &["! one", "remedy: ", "`*.lock`"]);
    has(&world.refs(&B, "one"), &[&format!("{tip} refs/heads/fine")]);
    std::fs::remove_file(lock).unwrap();
    world.refray(&["sync"]).exits(0);
    world.agree(&[A, B], "one");
}
