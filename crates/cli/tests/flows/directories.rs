//! Folders of bare repositories.

use crate::world::World;

fn three() -> World {
    let world = World::of_folders(&["a", "b", "c"]);
    world.seed("a", "one");
    world
}

fn assert_same(world: &World, repository: &str) -> String {
    let first = world.refs("a", repository);
    assert_eq!(world.refs("b", repository), first);
    assert_eq!(world.refs("c", repository), first);
    first
}

#[tokio::test(flavor = "multi_thread")]
async fn history_spreads_and_edits_flow_back() {
    let world = three();
    world.git("work/one", &["branch", "-m", "main", "trunk"]);
    world.git("work/one", &["tag", "light"]);
    world.git("work/one", &["tag", "-a", "-m", "an annotated tag", "v1"]);
    world.git("work/one", &["checkout", "-q", "-b", "side"]);
    world.commit("one", "on the side");
    world.git("work/one", &["checkout", "-q", "trunk"]);
    world.commit("one", "on the trunk");
    world.git("work/one", &["merge", "-q", "--no-ff", "-m", "merged", "side"]);
    for what in ["trunk", "side", "--tags", ":main"] {
        if what == ":main" {
            world.git("disk/a/one.git", &["symbolic-ref", "HEAD", "refs/heads/trunk"]);
        }
        world.push("one", "a", what);
    }
    let said = world.refray(&["sync"]).exits(0);
    assert!(
        said.contains("+ one: created on all/b")
            || said.contains("created on disk/b and disk/c with 2 branches and 2 tags"),
        "{said}"
    );
    let refs = assert_same(&world, "one");
    assert!(refs.starts_with("refs/heads/trunk\n") && refs.contains("refs/tags/v1"), "{refs}");

    world.git_calls();
    let said = world.refray(&["sync"]).exits(0);
    assert!(said.contains("1 repository: 1 agreed already."), "{said}");
    assert_eq!(world.git_calls(), "", "a run in which nothing changed starts no git process");

    // A commit on one side, a branch and a tag on another, a branch deleted on the third.
    world.commit("one", "more");
    world.push("one", "b", "trunk");
    world.push("one", "c", "trunk~1:refs/heads/new/branch");
    world.push("one", "c", "trunk~1:refs/tags/v2");
    world.push("one", "c", ":side");
    let said = world.refray(&["sync"]).exits(0);
    assert!(said.contains("branch side deleted"), "{said}");
    let refs = assert_same(&world, "one");
    assert!(
        refs.contains("refs/heads/new/branch") && refs.contains("refs/tags/v2") && !refs.contains("side"),
        "{refs}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_taken_away_is_in_a_bundle_first() {
    let world = three();
    world.git("work/one", &["checkout", "-q", "-b", "topic"]);
    world.commit("one", "as it was");
    world.push("one", "a", "topic");
    world.refray(&["sync"]).exits(0);
    let old = world.git("work/one", &["rev-parse", "topic"]);
    world.git("work/one", &["commit", "-q", "--amend", "-m", "as it is"]);
    world.push("one", "b", "topic");
    world.refray(&["sync"]).exits(0);
    let refs = assert_same(&world, "one");
    assert!(refs.contains(&world.git("work/one", &["rev-parse", "topic"])), "the rewrite is followed: {refs}");
    let folder = world.state().join("backups/all/one");
    let bundle = std::fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path();
    let heads = world.git(".", &["bundle", "list-heads", &bundle.to_string_lossy()]);
    assert!(heads.contains(&old), "{heads}");
    world.git(".", &["init", "-q", "--bare", "empty.git"]);
    world.git("empty.git", &["bundle", "verify", "-q", &bundle.to_string_lossy()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_default_branch_is_not_rewritten() {
    let world = three();
    world.commit("one", "second");
    world.push("one", "a", "main");
    world.refray(&["sync"]).exits(0);
    let before = world.refs("a", "one");
    world.git("work/one", &["commit", "-q", "--amend", "-m", "another second"]);
    world.push("one", "b", "main");
    let said = world.refray(&["sync"]).exits(1);
    assert!(said.contains("was rewritten on one side"), "{said}");
    assert_eq!(world.refs("a", "one"), before);
    assert_eq!(world.refs("c", "one"), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_diverged_is_left_alone_and_all_else_goes_through() {
    let world = three();
    world.refray(&["sync"]).exits(0);
    world.commit("one", "here");
    world.push("one", "a", "main");
    world.push("one", "a", "main:refs/heads/fine");
    world.git("work/one", &["reset", "-q", "--hard", "HEAD~1"]);
    world.commit("one", "there");
    world.push("one", "b", "main");
    world.git("work/one", &["tag", "t"]);
    world.push("one", "b", "t");
    world.git("work/one", &["tag", "-f", "t", "HEAD~1"]);
    world.push("one", "c", "t");
    let run = world.refray(&["sync", "--format", "json"]);
    let kinds: Vec<_> =
        run.events().iter().filter_map(|event| Some(event.get("finding")?.get("kind")?.as_str()?.to_owned())).collect();
    assert_eq!(kinds, ["diverged", "tag_differs"]);
    run.exits(1);
    for endpoint in ["b", "c"] {
        assert!(world.refs(endpoint, "one").contains("refs/heads/fine"));
    }
    assert!(!world.refs("a", "one").contains("refs/tags/t"));
    assert_ne!(world.refs("a", "one"), world.refs("b", "one"));
    let said = world.refray(&["sync"]).exits(1);
    assert!(said.contains("has diverged") && said.contains("remedy:"), "{said}");
    // Settled by a person on one side, it flows again.
    world.push("one", "a", "main");
    world.push("one", "c", ":refs/tags/t");
    world.refray(&["sync"]).exits(0);
    assert_same(&world, "one");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_writes_nothing() {
    let world = three();
    let said = world.refray(&["sync", "--dry-run"]).exits(0);
    assert!(
        said.contains("create repository one on disk/b (private)") && said.contains("nothing was written"),
        "{said}"
    );
    assert!(!world.dir.path().join("disk/b/one.git").exists());
    let plan = world.refray(&["sync", "-n", "--format", "json"]);
    let planned = plan.events().into_iter().find(|event| event["event"] == "planned").unwrap();
    assert_eq!(planned["plan"]["creates"].as_array().unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn sha256_and_empty_repositories_are_mirrored() {
    let world = three();
    world.git(".", &["init", "-q", "--bare", "-b", "main", "disk/b/void.git"]);
    world.git(".", &["init", "-q", "--bare", "--object-format=sha256", "-b", "main", "disk/c/wide.git"]);
    world.git(".", &["init", "-q", "--object-format=sha256", "-b", "main", "work/wide"]);
    world.commit("wide", "first");
    world.push("wide", "c", "main");
    world.refray(&["sync"]).exits(0);
    for repository in ["one", "wide"] {
        assert_same(&world, repository);
    }
    assert!(world.dir.path().join("disk/c/void.git").exists());
    assert_eq!(world.git("disk/a/wide.git", &["rev-parse", "--show-object-format"]), "sha256");
    world.git_calls();
    world.refray(&["sync"]).exits(0);
    assert_eq!(world.git_calls(), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn selections_are_obeyed() {
    let world = three();
    for name in ["two", "three"] {
        world.seed("a", name);
    }
    world.refray(&["sync", "--repo", "TWO"]).exits(0);
    assert!(world.dir.path().join("disk/b/two.git").exists() && !world.dir.path().join("disk/b/one.git").exists());
    world.refray(&["sync", "--repo-pattern", "^t", "--jobs", "1"]).exits(0);
    assert!(world.dir.path().join("disk/b/three.git").exists() && !world.dir.path().join("disk/b/one.git").exists());
    world.refray(&["sync", "--no-create"]).exits(0);
    assert!(!world.dir.path().join("disk/b/one.git").exists());
    let said = world.refray(&["sync", "--retry-failed"]).exits(0);
    assert!(said.contains("0 repositories"), "{said}");
}
