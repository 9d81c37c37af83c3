//! The way back.

use refray_sim::world::{NewRepository, RepositoryPatch, Visibility};
use refray_sim::{Effect, Kind};

use crate::log::newest;
use crate::world::{OWNER, Place, Work, World, has, users};

const A: Place = Place::Folder("a");
const B: Place = Place::Folder("b");
const C: Place = Place::Folder("c");
const HUB: Place = Place::Forge(Kind::GitHub, OWNER);

/// Four forges and a folder, with one repository of some branches and another one.
async fn wide() -> (World, Vec<Place>) {
    let mut world = World::of_forges(&Kind::ALL).await;
    world.add_folders(&["d"]);
    world.config.set("delete_missing = true");
    let mut places = users(&Kind::ALL);
    places.push(Place::Folder("d"));
    (world, places)
}

fn fill<'w>(world: &'w World, name: &str) -> Work<'w> {
    let options = NewRepository { default_branch: Some("main".into()), ..NewRepository::default() };
    world.site(Kind::GitHub).create_repo(OWNER, name, options).unwrap();
    let work = world.work(name);
    work.git(&["tag", "-a", "-m", "an annotated tag", "v1"]);
    work.on("topic");
    work.commit("as it was");
    work.git(&["branch", "going"]);
    work.push(&HUB, name, &["main", "topic", "going", "v1"]);
    work
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_deleted_and_forced_is_undone_on_every_endpoint() {
    let (world, places) = wide().await;
    let work = fill(&world, "alpha");
    world.seed(Kind::GitLab, "beta", Visibility::Public);
    let beta = world.site(Kind::GitLab);
    beta.commit(OWNER, "beta", "trunk", &[("f", "2")], "on the trunk\n").unwrap();
    let there = beta.repository(OWNER, "beta").unwrap();
    let patch = RepositoryPatch { default_branch: Some("trunk".into()), ..RepositoryPatch::default() };
    beta.update_repository(there.id, patch, there.owner).unwrap();
    world.refray(&["sync"]).exits(0);
    let before = (world.agree(&places, "alpha"), world.agree(&places, "beta"));
    assert!(before.1.starts_with("refs/heads/trunk\n"), "{}", before.1);

    work.amend("as it is");
    work.push(&Place::Forge(Kind::Gitea, OWNER), "alpha", &["topic"]);
    work.push(&Place::Forge(Kind::Forgejo, OWNER), "alpha", &[":going"]);
    world.delete(Kind::GitHub, "beta");
    world.refray(&["sync"]).exits(0);
    let after = world.agree(&places, "alpha");
    assert!(after != before.0 && !after.contains("going"), "{after}");
    let gone = |world: &World| {
        let forges = Kind::ALL.iter().all(|kind| world.site(*kind).repository(OWNER, "beta").is_err());
        forges && !world.path("disk/d/beta.git").exists()
    };
    assert!(gone(&world));
    let run = newest(&world);

    let said = world.refray(&["undo", &run, "--dry-run"]).exits(0);
    has(&said, &["2 to change", "put back branch going", "create repository beta", "(public)", "Nothing was written"]);
    assert!(world.agree(&places, "alpha") == after && gone(&world));

    has(&world.refray(&["undo", &run]).exits(0), &["2 repositories: 2 synced"]);
    assert_eq!((world.agree(&places, "alpha"), world.agree(&places, "beta")), before);
    for kind in Kind::ALL {
        let there = world.site(kind).repository(OWNER, "beta").unwrap();
        let found = (there.visibility, there.description.as_str(), there.default_branch.as_str());
        assert_eq!(found, (Visibility::Public, "about beta", "trunk"), "{kind}");
    }
    let lab = world.site(Kind::GitLab).repository(OWNER, "beta").unwrap();
    assert_eq!(lab.id, there.id, "the project that waited for its deletion, with its issues and all");
    let undone = newest(&world);
    has(
        &world.refray(&["log", &undone]).exits(0),
        &[&format!("undo {run}"), "create repository beta", "restore, done"],
    );
    has(&world.refray(&["sync"]).exits(0), &["2 agreed already", "0 changes"]);
    has(&world.refray(&["undo", &run]).exits(0), &["0 changes"]);

    has(&world.refray(&["undo", &undone]).exits(0), &["2 repositories: 2 synced"]);
    assert!(gone(&world));
    assert_eq!(world.agree(&places, "alpha"), after);
    has(&world.refray(&["sync"]).exits(0), &["1 agreed already", "0 changes"]);
    let again = newest_undo(&world);
    world.refray(&["undo", &again]).exits(0);
    assert_eq!((world.agree(&places, "alpha"), world.agree(&places, "beta")), before);
}

/// The newest run that undid something.
fn newest_undo(world: &World) -> String {
    let runs = world.refray(&["log", "--format", "json"]).events();
    let run = runs.iter().find(|run| run["command"].as_str().unwrap().starts_with("undo")).unwrap();
    run["run"].as_str().unwrap().to_owned()
}

/// Three folders, a rewrite of `topic` and a deletion of `going` that were followed; what stood before.
fn rewritten(world: &World) -> (Work<'_>, String) {
    let work = world.seeded("a", "one");
    world.seeded("a", "other");
    work.on("topic");
    work.commit("as it was");
    work.git(&["branch", "going"]);
    work.push(&A, "one", &["topic", "going"]);
    world.refray(&["sync"]).exits(0);
    let before = world.agree(&[A, B, C], "one");
    work.amend("as it is");
    work.push(&B, "one", &["topic", ":going"]);
    world.refray(&["sync"]).exits(0);
    assert_ne!(world.agree(&[A, B, C], "one"), before);
    (work, before)
}

#[test]
fn what_moved_since_is_named_and_the_rest_goes_back() {
    let world = World::of_folders(&["a", "b", "c"]);
    let (work, _) = rewritten(&world);
    let run = newest(&world);
    let newer = work.commit("and on");
    work.push(&C, "one", &["topic"]);
    let said = world.refray(&["undo", &run, "--repo", "ONE"]).exits(1);
    has(&said, &["the branch `topic` was moved since on disk/c", &newer[..10]]);
    for place in [&A, &B, &C] {
        assert!(world.refs(place, "one").contains("refs/heads/going"), "{place:?}");
    }
    assert!(!world.refs(&A, "one").contains(&newer), "left as it was");
    world.refray(&["sync"]).exits(0);
    let refs = world.agree(&[A, B, C], "one");
    has(&refs, &["refs/heads/going", &format!("{newer} refs/heads/topic")]);
}

#[test]
fn an_undo_needs_no_mirror() {
    let mut world = World::of_folders(&["a", "b", "c"]);
    world.config.set("delete_missing = true");
    let (_, before) = rewritten(&world);
    let run = newest(&world);
    let other = world.agree(&[A, B, C], "other");
    std::fs::remove_dir_all(world.bare(&C, "other")).unwrap();
    world.refray(&["sync"]).exits(0);
    let deleted = newest(&world);
    assert!(!world.bare(&A, "other").exists());
    std::fs::remove_dir_all(world.cache()).unwrap();
    world.refray(&["undo", &run]).exits(0);
    world.refray(&["undo", &deleted]).exits(0);
    assert_eq!((world.agree(&[A, B, C], "one"), world.agree(&[A, B, C], "other")), (before, other));
    has(&world.refray(&["sync"]).exits(0), &["2 agreed already", "0 changes"]);
}

#[test]
fn an_undo_without_its_commits_is_named() {
    let world = World::of_folders(&["a", "b", "c"]);
    rewritten(&world);
    let run = newest(&world);
    std::fs::remove_dir_all(world.cache()).unwrap();
    std::fs::remove_dir_all(world.state().join("backups")).unwrap();
    let after = world.agree(&[A, B, C], "one");
    has(&world.refray(&["undo", &run]).exits(1), &["cannot be put back", "is nowhere any more"]);
    assert_eq!(world.agree(&[A, B, C], "one"), after);
}

#[test]
fn killed_at_any_git_process_an_undo_can_be_repeated() {
    let mut world = World::of_folders(&["a", "b", "c"]);
    world.config.set("delete_missing = true");
    let (_, one) = rewritten(&world);
    let first = newest(&world);
    let other = world.agree(&[A, B, C], "other");
    std::fs::remove_dir_all(world.bare(&C, "other")).unwrap();
    world.refray(&["sync"]).exits(0);
    let second = newest(&world);
    let count = world.path("count");
    for moment in 1..7 {
        drop(std::fs::remove_file(&count));
        world.before_git(&format!(
            "echo x >>'{0}'\nif [ \"$(wc -l <'{0}')\" = {moment} ]; then kill -9 $PPID; sleep 0.2; fi\n",
            count.display()
        ));
        world.refray(&["undo", if moment % 2 == 0 { &first } else { &second }]);
    }
    world.before_git("");
    world.refray(&["undo", &first]).exits(0);
    world.refray(&["undo", &second]).exits(0);
    assert_eq!((world.agree(&[A, B, C], "one"), world.agree(&[A, B, C], "other")), (one, other));
    has(&world.refray(&["sync"]).exits(0), &["0 changes"]);
}

#[test]
fn a_run_that_was_killed_can_be_undone() {
    let world = World::of_folders(&["a", "b", "c"]);
    let (work, before) = rewritten(&world);
    world.refray(&["undo", &newest(&world)]).exits(0);
    work.amend("once more");
    work.push(&B, "one", &["topic"]);
    // It ends when a bundle stands and nothing was written.
    world.before_git("case \"$*\" in *receive-pack*|*pack-objects*) kill -9 $PPID; sleep 0.2;; esac\n");
    world.refray(&["sync"]);
    world.before_git("");
    world.refray(&["undo", &newest(&world)]).exits(0);
    world.agree(&[A, B, C], "one");
    world.refray(&["sync"]).exits(0);
    assert_eq!(world.agree(&[A, B, C], "one"), before);
}

#[test]
fn a_forward_is_taken_back_everywhere_and_kept() {
    let world = World::of_folders(&["a", "b"]);
    let work = world.seeded("a", "one");
    world.refray(&["sync"]).exits(0);
    let before = world.agree(&[A, B], "one");
    let newer = work.commit("too early");
    work.push(&A, "one", &["main"]);
    world.refray(&["sync"]).exits(0);
    world.refray(&["undo", &newest(&world)]).exits(0);
    assert_eq!(world.agree(&[A, B], "one"), before);
    has(&world.refray(&["sync"]).exits(0), &["0 changes"]);
    let backups = world.refray(&["backup", "list"]).exits(0);
    let id = backups.split_whitespace().next().unwrap();
    has(&world.refray(&["backup", "show", id]).exits(0), &[&newer[..10], "main was put back"]);
}

#[test]
fn what_the_run_created_goes_and_where_it_came_from_stays() {
    let world = World::of_folders(&["a", "b", "c"]);
    let work = world.seeded("a", "one");
    world.refray(&["sync"]).exits(0);
    work.push(&A, "one", &["main:refs/heads/topic", "main:refs/tags/v1"]);
    world.seeded("b", "new");
    world.seeded("b", "busy");
    world.refray(&["sync"]).exits(0);
    let run = newest(&world);
    let busy = world.work("people");
    busy.push(&C, "busy", &["main:refs/heads/people"]);
    let said = world.refray(&["undo", &run]).exits(1);
    has(&said, &["the branch `topic` stays on disk/a", "the tag `v1` stays on disk/a"]);
    has(&said, &["push it to disk/b, disk/c to have it there again"]);
    has(&said, &["the repository `c/busy` on disk/c is left: it holds more"]);
    assert!(world.refs(&A, "one").contains("topic") && !world.refs(&B, "one").contains("topic"));
    assert!(!world.bare(&A, "new").exists() && !world.bare(&C, "new").exists() && world.bare(&B, "new").exists());
    assert!(!world.bare(&A, "busy").exists() && world.bare(&C, "busy").exists());
    let bundles = crate::world::files_below(&world.state().join("backups/all/new"));
    assert!(bundles.iter().any(|path| path.extension().is_some_and(|it| it == "bundle")), "{bundles:?}");
    let said = world.refray(&["sync", "--repo", "one"]).exits(1);
    has(&said, &["held", "topic"]);
    assert!(!world.refs(&B, "one").contains("topic"), "the next run does not do the same again");
    work.push(&B, "one", &["main:refs/heads/topic"]);
    has(&world.refray(&["sync", "--repo", "one"]).exits(1), &["held", "topic"]);
    work.push(&C, "one", &["main:refs/heads/topic"]);
    world.refray(&["sync", "--repo", "one"]).exits(0);
    assert!(world.agree(&[A, B, C], "one").contains("topic"));
}

#[test]
fn an_endpoint_that_cannot_be_reached_is_named_and_the_undo_repeated() {
    let world = World::of_folders(&["a", "b", "c"]);
    let (_, before) = rewritten(&world);
    let run = newest(&world);
    std::fs::rename(world.path("disk/c"), world.path("disk/away")).unwrap();
    has(&world.refray(&["undo", &run]).exits(1), &["disk/c"]);
    assert_eq!(world.agree(&[A, B], "one"), before);
    std::fs::rename(world.path("disk/away"), world.path("disk/c")).unwrap();
    world.refray(&["undo", &run]).exits(0);
    assert_eq!(world.agree(&[A, B, C], "one"), before);
    has(&world.refray(&["sync"]).exits(0), &["0 changes"]);
}

#[test]
fn a_default_branch_is_switched_back() {
    let world = World::of_folders(&["a", "b", "c"]);
    let work = world.seeded("a", "one");
    work.push(&A, "one", &["main:refs/heads/trunk"]);
    world.refray(&["sync"]).exits(0);
    let before = world.agree(&[A, B, C], "one");
    let bare = world.bare(&B, "one").display().to_string();
    world.git(".", &["-C", &bare, "symbolic-ref", "HEAD", "refs/heads/trunk"]);
    work.push(&B, "one", &[":main"]);
    world.refray(&["sync"]).exits(0);
    assert!(world.agree(&[A, B, C], "one").starts_with("refs/heads/trunk\n"));
    world.refray(&["undo", &newest(&world)]).exits(0);
    assert_eq!(world.agree(&[A, B, C], "one"), before);
    has(&world.refray(&["sync"]).exits(0), &["0 changes"]);
}

#[test]
fn what_cannot_be_meant_is_refused() {
    let world = World::of_folders(&["a", "b"]);
    world.seeded("a", "one");
    world.refray(&["sync"]).exits(0);
    has(&world.refray(&["undo", "never"]).exits(2), &["there is no run `never`", "refray log"]);
    let run = newest(&world);
    has(&world.refray(&["undo", &run, "--repo", "two"]).exits(1), &["did nothing to a repository of this name"]);
    assert!(world.bare(&B, "one").exists());
    has(&world.refray(&["sync"]).exits(0), &["0 changes"]);
    let idle = newest(&world);
    let said = world.refray(&["undo", &idle]).exits(2);
    has(&said, &[&format!("the run `{idle}` changed nothing that could be undone"), "refray log"]);
    assert_eq!(newest(&world), idle, "what does nothing is no run");
}

#[test]
fn what_is_refused_says_nothing_of_how_the_repository_stands() {
    let world = World::of_folders(&["a", "b"]);
    let work = world.seeded("a", "one");
    world.refray(&["sync"]).exits(0);
    for text in ["then", "and then"] {
        work.commit(text);
        work.push(&A, "one", &["main"]);
        world.refray(&["sync"]).exits(0);
    }
    let said = world.refray(&["log", "--format", "json"]).exits(0);
    let second = said.lines().nth(1).unwrap();
    let run: serde_json::Value = serde_json::from_str(second).unwrap();
    let said = world.refray(&["undo", run["run"].as_str().unwrap()]).exits(1);
    has(&said, &["the branch `main` was moved since"]);
    has(&world.refray(&["status"]).exits(0), &["all: 1 agreed"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_undo_deleted_is_not_missed_when_it_had_to_look_twice() {
    let kinds = [Kind::GitHub, Kind::Gitea, Kind::Forgejo];
    let mut world = World::of_forges(&kinds).await;
    world.config.set("delete_missing = true");
    world.seed_alike(&kinds[..2], "one", Visibility::Private);
    world.seed_alike(&kinds, "two", Visibility::Private);
    world.site(Kind::GitHub).commit(OWNER, "one", "main", &[("f", "2")], "second\n").unwrap();
    world.refray(&["sync"]).exits(0);
    // A connection breaks before anything is written, and the push is made again.
    world.site(Kind::Gitea).faults().add("[.]git/git-receive-pack$", Some(1), Effect::Drop).unwrap();
    has(&world.refray(&["undo", &newest(&world)]).exits(0), &["deleted on forgejo/ada"]);
    assert!(world.site(Kind::Forgejo).repository(OWNER, "one").is_err());
    world.refray(&["sync"]).exits(0);
    world.agree(&users(&kinds), "one");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_undo_deleted_without_knowing_it_is_not_missed_either() {
    let kinds = [Kind::GitHub, Kind::Forgejo];
    let mut world = World::of_forges(&kinds).await;
    world.config.set("delete_missing = true");
    world.seed_alike(&kinds, "two", Visibility::Private);
    world.seed(Kind::GitHub, "one", Visibility::Private);
    world.refray(&["sync"]).exits(0);
    // The answer is lost, and so is the one to whether it is still there.
    let site = world.site(Kind::Forgejo);
    site.faults().add_for(Some("DELETE"), "/repos/ada/one$", Some(1), Effect::Reset(0)).unwrap();
    site.faults().add("/repositories/[0-9]+$", None, Effect::Status(500, "down".to_owned())).unwrap();
    has(
        &world.refray(&["undo", &newest(&world)]).exits(1),
        &["delete repository ada/one on forgejo/ada", "no connection"],
    );
    assert!(site.repository(OWNER, "one").is_err());
    site.faults().clear();
    world.refray(&["sync"]).exits(0);
    world.agree(&users(&kinds), "one");
}
