//! What is printed, to the letter.

use crate::world::{Place, World, has};

const A: Place = Place::Folder("a");
const B: Place = Place::Folder("b");

/// Takes out of a text what differs from run to run.
pub(crate) fn settings(world: &World) -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    let folder = world.dir.path().display().to_string();
    settings.add_filter(&regex_escape(&folder), "[WORLD]");
    settings.add_filter(r"\d{8}T\d{9}-[0-9a-f]+", "[RUN]");
    settings.add_filter(r"\d+\.\d s", "[TIME] s");
    settings.set_prepend_module_to_snapshot(false);
    settings
}

fn regex_escape(text: &str) -> String {
    regex::escape(text)
}

/// A repository with what is new, what diverged and a tag that differs.
fn scene() -> World {
    let world = World::of_folders(&["a", "b"]);
    let work = world.seeded("a", "one");
    world.refray(&["sync"]).exits(0);
    let first = work.tip("main");
    work.commit("here");
    work.push(&A, "one", &["main", "main:refs/heads/fine", "main:refs/tags/v1"]);
    work.git(&["reset", "-q", "--hard", &first]);
    work.commit("there");
    work.push(&B, "one", &["main", "main:refs/tags/v1"]);
    world
}

#[test]
fn text() {
    let world = scene();
    let run = world.refray(&["sync"]);
    settings(&world).bind(|| insta::assert_snapshot!("sync", run.stdout));
    assert_eq!(run.stderr, "");
    let run = world.refray(&["sync", "-q"]);
    settings(&world).bind(|| insta::assert_snapshot!("sync_quiet", run.stdout));
    world.work("two").push(&A, "one", &["main:refs/heads/topic"]);
    let run = world.refray(&["sync", "--dry-run", "-v"]);
    settings(&world).bind(|| insta::assert_snapshot!("dry_run_verbose", run.stdout));
}

#[test]
fn nothing_to_say_is_nothing_said() {
    let world = World::of_folders(&["a", "b"]);
    world.seeded("a", "one");
    let run = world.refray(&["sync", "--quiet"]);
    assert_eq!((run.stdout.as_str(), run.stderr.as_str(), run.code), ("", "", Some(0)));
}

#[test]
fn json() {
    let world = scene();
    let run = world.refray(&["sync", "--format", "json", "--jobs", "1"]);
    for event in run.events() {
        assert!(event["event"].is_string(), "{event}");
    }
    settings(&world).bind(|| insta::assert_snapshot!("sync_json", run.stdout));
    assert_eq!(run.stderr, "");
    let run = world.refray(&["sync", "--format", "json", "--dry-run", "--full"]);
    settings(&world).bind(|| insta::assert_snapshot!("dry_run_json", run.stdout));
}

#[test]
fn json_of_an_endpoint_that_cannot_be_reached() {
    let world = World::of_folders(&["a", "b"]);
    world.seeded("a", "one");
    world.refray(&["sync"]).exits(0);
    std::fs::remove_dir_all(world.path("disk/b")).unwrap();
    let run = world.refray(&["sync", "--format", "json"]);
    settings(&world).bind(|| insta::assert_snapshot!("endpoint_failed_json", run.stdout));
    run.exits(1);
    // Nobody has seen anything: that is no agreement, and it is tried again.
    std::fs::remove_dir_all(world.path("disk/a")).unwrap();
    for command in [&["sync", "--format", "json"][..], &["sync", "-n", "--format", "json"]] {
        let run = world.refray(command);
        let events = run.events();
        let ended = events.iter().find(|event| event["event"] == "repository_finished").unwrap();
        assert_eq!(ended["status"], "incomplete");
        let summary = &events.last().unwrap()["summary"];
        assert_eq!((&summary["agreed"], &summary["incomplete"]), (&0.into(), &1.into()), "{summary}");
        run.exits(1);
    }
    has(&world.refray(&["sync", "--retry-failed"]).exits(1), &["1 repository: 1 not seen whole; 2 endpoints not"]);
}

#[test]
fn the_configuration_as_it_is_understood() {
    let mut world = World::of_folders(&["a", "b"]);
    world.config.set("repo_blacklist = \"^old-\"\nconflict_resolution = \"auto_rebase_pull_request\"");
    world
        .config
        .site("github", "provider = \"github\"\nbase_url = \"https://github.com\"\ntoken = { value = \"ghp_x\" }");
    world.config.endpoint("github", "kind = \"org\"\nnamespace = \"guild\"");
    let run = world.refray(&["config", "show"]);
    assert!(!run.stdout.contains("ghp_x"));
    settings(&world).bind(|| insta::assert_snapshot!("config_show", run.stdout));
    // What is shown can be read back, and then is shown alike; only the secret is not in it.
    run.exits(0);
    let said = world.refray(&["config", "check"]).exits(0);
    has(&said, &["config.toml is good: 2 sites, 1 group, 3 endpoints."]);
    let run = world.refray(&["config", "check", "--format", "json"]);
    let line = &run.events()[0];
    assert_eq!((line["event"].as_str(), line["endpoints"].as_u64()), (Some("config_checked"), Some(3)));
    run.exits(0);
}

#[test]
fn the_place_and_the_schema_of_the_configuration() {
    let world = World::of_folders(&["a", "b"]);
    let path = world.refray(&["config", "path"]).exits(0);
    assert_eq!(path.trim(), world.path("config.toml").display().to_string());
    let schema = world.refray(&["config", "schema"]).exits(0);
    let schema: serde_json::Value = serde_json::from_str(&schema).unwrap();
    for key in ["sites", "mirrors", "webhook", "jobs", "backup_keep_days"] {
        assert!(schema["properties"][key].is_object(), "{key} is not in the schema");
    }
    // Without a configuration these two work all the same.
    let mut command = crate::world::program(env!("CARGO_BIN_EXE_refray"));
    let output = command.env_clear().env("HOME", world.home()).args(["config", "path"]).output().unwrap();
    let run: crate::world::Run = output.into();
    let path = run.exits(0);
    assert_eq!(path.trim(), world.home().join(".config/refray/config.toml").display().to_string());
}

#[test]
fn colour_is_for_terminals_and_for_whoever_asks() {
    let world = scene();
    let escape = '\u{1b}';
    assert!(!world.refray(&["sync"]).stdout.contains(escape), "a pipe gets plain lines");
    assert!(world.refray(&["sync", "--color", "always"]).stdout.contains(escape));
    assert!(!world.refray(&["sync", "--color", "never"]).stdout.contains(escape));
}

#[test]
fn a_reader_that_goes_away_does_not_stop_a_run() {
    let world = World::of_folders(&["a", "b"]);
    for number in 0..5 {
        world.init("a", &format!("repo-{number}"), "sha1");
        let work = world.work(&format!("repo-{number}"));
        work.push(&A, &format!("repo-{number}"), &["main"]);
    }
    let mut command = world.command(&["sync"]);
    let mut child = crate::world::spawn(&mut command);
    drop(child.stdout.take());
    crate::world::wait(child);
    for number in 0..5 {
        world.agree(&[A, B], &format!("repo-{number}"));
    }
}
