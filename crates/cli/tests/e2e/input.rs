//! Configurations and command lines that are not right: nothing is started, and what is wrong is shown.

use crate::world::{Place, World, has, put};

const A: Place = Place::Folder("a");
const B: Place = Place::Folder("b");

fn folders() -> World {
    let world = World::of_folders(&["a", "b"]);
    world.seeded("a", "one");
    world
}

#[test]
fn a_fault_in_the_configuration_starts_nothing() {
    // Where it is goes with it: the file with line and column.
    let faults: [(&str, &[&str]); 6] = [
        ("create_mising = true", &["unknown key `create_mising`", "did you mean `create_missing`?"]),
        ("create_missing = \"yes\"", &["create_missing", "true"]),
        ("visibility = \"secret\"", &["visibility", "`private`"]),
        ("repo_whitelist = \"(\"", &["repo_whitelist"]),
        ("conflict_resolution = \"rebase\"", &["conflict_resolution", "auto_rebase"]),
        ("create_missing = true\ncreate_missing = true", &["create_missing"]),
    ];
    for (line, words) in faults {
        let mut world = folders();
        world.config.set(line);
        for command in [&["sync"][..], &["sync", "--dry-run"], &["config", "check"], &["config", "show"]] {
            let said = world.refray(command).exits(2);
            has(&said, words);
            has(&said, &[&format!("config.toml:{}:", 7 + line.lines().count())]);
        }
        assert!(!world.bare(&B, "one").exists() && !world.state().exists() && !world.cache().exists(), "{line}");
    }
}

#[test]
fn a_site_that_is_not_configured_is_named() {
    let mut world = folders();
    world.config.endpoint("dsik", "namespace = \"a\"");
    has(&world.refray(&["sync"]).exits(2), &["dsik", "did you mean `disk`?"]);
}

#[test]
fn all_faults_are_shown_at_once_and_in_json_too() {
    let mut world = folders();
    world.config.head = "jops = 3\n".into();
    world.config.set("create_mising = true");
    has(&world.refray(&["sync"]).exits(2), &["jops", "create_mising"]);
    let run = world.refray(&["sync", "--format", "json"]);
    let error: serde_json::Value = serde_json::from_str(run.stderr.lines().last().unwrap()).unwrap();
    assert_eq!(error["event"], "error");
    has(error["message"].as_str().unwrap(), &["jops", "create_mising"]);
    run.exits(2);
}

#[test]
fn a_file_that_is_no_configuration() {
    let world = folders();
    let run = |path: &str| -> crate::world::Run {
        world.command(&["sync"]).args(["--config", path]).output().unwrap().into()
    };
    has(&run("/nowhere/config.toml").exits(2), &["there is no configuration at /nowhere/config.toml"]);
    let config = world.path("other.toml").display().to_string();
    put(&world.path("other.toml"), "[[sites]\n");
    has(&run(&config).exits(2), &["other.toml:1:"]);
    let folder = world.path("disk").display().to_string();
    has(&run(&folder).exits(2), &["cannot be read"]);
}

#[test]
fn a_command_line_that_is_not_right() {
    let world = folders();
    let faults: [(&[&str], &[&str]); 9] = [
        (&["sync", "--group", "nope"], &["there is no group `nope`", "It has `all`."]),
        (&["sync", "--repo-pattern", "("], &["`(` is not a regular expression"]),
        (&["sync", "--repo", "ada/one"], &["`ada/one`", "without its owner"]),
        (&["sync", "--jobs", "0"], &["--jobs"]),
        (&["sync", "--confirm-deletions"], &["none is named", "refray status", "--confirm-deletions --repo NAME"]),
        (&["sync", "--format", "yaml"], &["yaml", "json"]),
        (&["sync", "-q", "-v"], &["--quiet", "--verbose"]),
        (&["snyc"], &["snyc", "sync"]),
        (&[], &["Usage:"]),
    ];
    for (args, words) in faults {
        let run = world.refray(args);
        assert_eq!(run.stdout, "", "{args:?}: what is wrong goes to standard error");
        has(&run.exits(2), words);
    }
    assert!(!world.bare(&B, "one").exists());
}

#[test]
fn a_repository_that_nobody_has_is_named() {
    let world = folders();
    let said = world.refray(&["sync", "--repo", "ghost", "--repo", "one"]).exits(1);
    has(&said, &["! ghost", "no endpoint has a repository of this name", "remedy: ", "+ one: created on disk/b"]);
    has(&world.refray(&["sync", "--repo", "onee"]).exits(1), &["! onee", "remedy: Did you mean `one`?"]);
    let said = world.refray(&["status", "--repo", "onee"]).exits(1);
    has(&said, &["no repository `onee` is known: did you mean `one`?"]);
    assert!(!said.contains("no repository is known yet"), "{said}");
    has(&world.refray(&["status", "--repo", "zebra"]).exits(1), &["no repository `zebra` is known: `refray sync`"]);
}

#[test]
fn a_state_directory_that_is_a_file_is_named() {
    let world = folders();
    let file = world.path("config.toml");
    let said = world.refray(&["--state-dir", file.to_str().unwrap(), "sync"]).exits(2);
    has(&said, &["cannot prepare", "is a file", "choose a folder"]);
}

#[test]
fn a_repository_that_was_deleted_on_one_side_is_made_anew_and_told_of() {
    let mut world = folders();
    world.seeded("a", "two");
    world.refray(&["sync"]).exits(0);
    std::fs::remove_dir_all(world.bare(&B, "one")).unwrap();
    let said = world.refray(&["sync"]).exits(0);
    has(
        &said,
        &["one: created on disk/b", "it was deleted on disk/b, and is made anew there", "delete it on every side"],
    );
    assert!(!world.refray(&["sync"]).exits(0).contains("made anew"), "once");
    // Where deletions are followed nothing of it is left to be shown.
    world.config.set("delete_missing = true");
    std::fs::remove_dir_all(world.bare(&B, "one")).unwrap();
    world.refray(&["sync"]).exits(0);
    let said = world.refray(&["status", "-v"]).exits(0);
    has(&said, &["all: 1 agreed"]);
    assert!(!said.contains("one"), "{said}");
}

#[test]
fn a_folder_that_is_no_repository_is_named_and_the_others_go_on() {
    let world = folders();
    put(&world.path("disk/b/papers.git/note"), "no repository");
    let said = world.refray(&["sync"]).exits(1);
    has(&said, &["! papers", "is not a git repository", "remedy: ", "+ one: created on disk/b"]);
    assert!(!world.bare(&A, "papers").exists(), "nothing is made of it");
    assert_eq!(std::fs::read_to_string(world.path("disk/b/papers.git/note")).unwrap(), "no repository");
    world.agree(&[A, B], "one");
}

#[test]
fn a_repository_that_is_damaged_is_named_and_the_others_go_on() {
    let world = folders();
    world.seeded("a", "two");
    world.refray(&["sync"]).exits(0);
    let before = world.refs(&A, "one");
    std::fs::remove_file(world.bare(&B, "one").join("HEAD")).unwrap();
    world.work("three").push(&A, "two", &["main:refs/heads/more"]);
    let said = world.refray(&["sync"]).exits(1);
    has(&said, &["! one", "disk/b", "remedy: ", "+ two: branch more new on disk/b"]);
    assert_eq!(world.refs(&A, "one"), before);
}

#[test]
fn an_endpoint_whose_folder_is_missing_is_named_and_the_others_go_on() {
    let mut world = World::of_folders(&["a", "b", "c"]);
    let work = world.seeded("a", "one");
    world.refray(&["sync"]).exits(0);
    work.commit("second");
    work.push(&A, "one", &["main"]);
    // As when a disk is not mounted.
    std::fs::rename(world.path("disk/c"), world.path("unplugged")).unwrap();
    let said = world.refray(&["sync"]).exits(1);
    has(&said, &["! disk/c: ", "remedy: ", "1 endpoint not available"]);
    world.agree(&[A, B], "one");
    assert!(!world.path("disk/c").exists(), "it is not made anew");
    std::fs::rename(world.path("unplugged"), world.path("disk/c")).unwrap();
    world.refray(&["sync"]).exits(0);
    world.agree(&[A, B, Place::Folder("c")], "one");
    world.config.replace("/disk\"", "/elsewhere\"");
    has(&world.refray(&["sync"]).exits(1), &["! disk/a: ", "! disk/b: ", "! disk/c: ", "elsewhere"]);
}

#[test]
fn a_folder_that_is_there_but_empty_is_not_taken_for_deletions() {
    let mut world = World::of_folders(&["a", "b"]);
    world.config.set("delete_missing = true");
    for name in ["one", "two", "three"] {
        world.seeded("a", name);
    }
    world.refray(&["sync"]).exits(0);
    std::fs::rename(world.path("disk/b"), world.path("unplugged")).unwrap();
    std::fs::create_dir(world.path("disk/b")).unwrap();
    let run = world.refray(&["sync", "--format", "json"]);
    assert!(run.findings().iter().all(|(_, kind)| kind == "absence_held"), "{:?}", run.findings());
    assert_eq!(run.findings().len(), 3);
    run.exits(1);
    for name in ["one", "two", "three"] {
        has(&world.refs(&A, name), &[" refs/heads/main"]);
    }
}
