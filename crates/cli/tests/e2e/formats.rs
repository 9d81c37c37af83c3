//! Repositories and servers that are not the usual ones.

use refray_sim::Kind;
use refray_sim::world::Visibility;

use crate::world::{OWNER, Place, World, has, users};

const A: Place = Place::Folder("a");
const B: Place = Place::Folder("b");

#[test]
fn sha256_repositories_are_mirrored_as_such() {
    let world = World::of_folders(&["a", "b"]);
    world.init("a", "wide", "sha256");
    let work = world.work_in("wide", "sha256");
    work.git(&["tag", "-a", "-m", "annotated", "v1"]);
    work.push(&A, "wide", &["main", "v1"]);
    world.refray(&["sync"]).exits(0);
    has(&world.agree(&[A, B], "wide"), &[" refs/tags/v1"]);
    assert_eq!(world.git("disk/b/wide.git", &["rev-parse", "--show-object-format"]), "sha256");
    work.commit("second");
    work.push(&B, "wide", &["main"]);
    world.refray(&["sync"]).exits(0);
    world.agree(&[A, B], "wide");
    world.git_calls();
    has(&world.refray(&["sync"]).exits(0), &["1 agreed already"]);
    assert_eq!(world.git_calls(), "");
}

#[test]
fn repositories_of_one_name_and_two_hash_functions_are_told_apart() {
    let world = World::of_folders(&["a", "b"]);
    world.seeded("a", "one");
    world.init("b", "one", "sha256");
    let wide = world.work_in("wide", "sha256");
    wide.push(&B, "one", &["main"]);
    let (a, b) = (world.refs(&A, "one"), world.refs(&B, "one"));
    let run = world.refray(&["sync", "--format", "json"]);
    assert_eq!(run.findings(), [("one".to_owned(), "format_differs".to_owned())]);
    run.exits(1);
    assert_eq!((world.refs(&A, "one"), world.refs(&B, "one")), (a, b));
}

#[test]
fn an_empty_repository_is_made_and_filled_later() {
    let world = World::of_folders(&["a", "b"]);
    world.init("a", "void", "sha1");
    world.refray(&["sync"]).exits(0);
    assert!(world.bare(&B, "void").exists());
    world.refray(&["sync"]).exits(0);
    let work = world.work("void");
    work.push(&B, "void", &["main"]);
    world.refray(&["sync"]).exits(0);
    has(&world.agree(&[A, B], "void"), &[" refs/heads/main"]);
}

#[test]
fn hundreds_of_refs_go_along() {
    let world = World::of_folders(&["a", "b"]);
    let work = world.seeded("a", "many");
    let tip = work.tip("main");
    let bare = world.bare(&A, "many").display().to_string();
    let lines: String =
        (0..400).map(|n| format!("create refs/heads/topic/{n}/é {tip}\ncreate refs/tags/build-{n} {tip}\n")).collect();
    crate::world::put(&world.path("refs"), &lines);
    let mut git = world.git_command(".", &["-C", &bare, "update-ref", "--stdin"]);
    assert!(git.stdin(std::fs::File::open(world.path("refs")).unwrap()).status().unwrap().success());
    has(&world.refray(&["sync"]).exits(0), &["created on disk/b with 401 branches and 400 tags"]);
    let refs = world.agree(&[A, B], "many");
    assert_eq!(refs.lines().count(), 802);
    work.commit("second");
    let moved: Vec<String> = (0..200).map(|n| format!("main:refs/heads/topic/{n}/é")).collect();
    work.push(&B, "many", &moved.iter().map(String::as_str).collect::<Vec<_>>());
    has(&world.refray(&["sync"]).exits(0), &["200 branches forwarded on disk/a"]);
    world.agree(&[A, B], "many");
}

#[test]
fn names_that_look_odd_are_kept_to_the_letter() {
    let world = World::of_folders(&["a", "b"]);
    let work = world.seeded("a", "one");
    for name in ["fix#1", "a%2Fb", "it's", "über/müde", "UPPER", "upper", "-dash", "x@y", "a.b", "$HOME", "a;b"] {
        work.push(&A, "one", &[&format!("main:refs/heads/{name}")]);
    }
    world.refray(&["sync"]).exits(0);
    assert_eq!(world.agree(&[A, B], "one").lines().count(), 13);
    work.push(&B, "one", &[":refs/heads/a%2Fb", ":refs/heads/-dash"]);
    world.refray(&["sync"]).exits(0);
    assert_eq!(world.agree(&[A, B], "one").lines().count(), 11);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_speaks_only_the_old_protocol_will_do() {
    let kinds = [Kind::GitHub, Kind::Gitea];
    let world = World::of_forges(&kinds).await;
    world.seed(Kind::GitHub, "one", Visibility::Private);
    for kind in kinds {
        world.site(kind).faults().v2_off(true);
    }
    world.refray(&["sync"]).exits(0);
    world.site(Kind::Gitea).commit(OWNER, "one", "main", &[("g", "2")], "second\n").unwrap();
    world.site(Kind::Gitea).commit(OWNER, "one", "topic", &[("g", "2")], "topic\n").unwrap();
    world.refray(&["sync"]).exits(0);
    has(&world.agree(&users(&kinds), "one"), &[" refs/heads/topic"]);
    has(&world.refray(&["sync"]).exits(0), &["1 agreed already"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_repository_on_a_forge_is_filled() {
    let kinds = [Kind::GitHub, Kind::GitLab];
    let world = World::of_forges(&kinds).await;
    world.site(Kind::GitLab).create_repo(OWNER, "void", Default::default()).unwrap();
    world.refray(&["sync"]).exits(0);
    assert!(world.site(Kind::GitHub).repository(OWNER, "void").is_ok());
    world.site(Kind::GitHub).commit(OWNER, "void", "main", &[("f", "1")], "first\n").unwrap();
    world.refray(&["sync"]).exits(0);
    world.agree(&users(&kinds), "void");
}
