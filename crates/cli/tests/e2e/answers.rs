//! What is answered where nothing matches, where the arguments are not understood, and where text has to fit.

use serde_json::Value;

use crate::world::terminal::Terminal;
use crate::world::{Run, World, has, put};

fn folders() -> World {
    let world = World::of_folders(&["a", "b"]);
    world.seeded("a", "one");
    world
}

/// Returns the object that says why nothing was started.
fn error(run: Run) -> Value {
    let line = run.stderr.lines().last().unwrap_or_default().to_owned();
    let said = run.exits(2);
    serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {said}"))
}

#[test]
fn what_matches_nothing_is_named() {
    let world = folders();
    world.refray(&["sync"]).exits(0);
    has(&world.refray(&["sync", "--repo-pattern", "zzz"]).exits(0), &["no repository matches `zzz`"]);
    assert!(!world.refray(&["sync", "--repo-pattern", "on"]).exits(0).contains("matches"));
    has(&world.refray(&["sync", "--join", "nope"]).exits(1), &["nope", "no endpoint has a repository of this name"]);
    world.refray(&["sync", "--join", "one"]).exits(0);
    has(&world.refray(&["log", "--repo", "nope"]).exits(0), &["that did anything to `nope`"]);
    has(&world.refray(&["log", "-n", "0"]).exits(2), &["0"]);
    has(&world.refray(&["backup", "list", "--group", "nope"]).exits(2), &["there is no group `nope`"]);
    has(&world.refray(&["backup", "list", "--repo", "nope"]).exits(0), &["no backup of the repository `nope`"]);
}

#[test]
fn each_problem_of_a_configuration_has_its_place_in_json() {
    let mut world = folders();
    world.config.head = "jops = 3\n".into();
    world.config.set("create_mising = true");
    let error = error(world.refray(&["--format", "json", "config", "check"]));
    let problems = error["problems"].as_array().unwrap();
    assert_eq!(problems.len(), 2, "{error}");
    assert_eq!((&problems[0]["line"], &problems[0]["column"]), (&1.into(), &1.into()), "{error}");
    has(problems[0]["message"].as_str().unwrap(), &["jops"]);
    has(problems[1]["help"].as_str().unwrap(), &["create_missing"]);
    assert!(problems[1]["line"].as_u64() > Some(1), "{error}");

    let mut world = folders();
    world.config.site("gl", "provider = \"gitlab\"\ntoken = { value = \"glpat_x\" }");
    let run = world.refray(&["--format", "json", "config", "check"]);
    let line = &run.events()[0];
    let (warnings, problems) = (line["warnings"].as_array().unwrap(), line["problems"].as_array().unwrap());
    assert!(!warnings.is_empty() && warnings.len() == problems.len(), "{line}");
    assert_eq!(problems[0]["message"], warnings[0]);
    assert!(problems[0]["line"].as_u64() > Some(1) && problems[0]["code"].is_string(), "{line}");
    run.exits(0);
}

#[test]
fn arguments_that_are_not_understood_are_an_object_in_json() {
    let world = folders();
    for (args, words) in [
        (&["--format", "json", "sync", "--bogus"][..], "--bogus"),
        (&["sync", "--jobs", "0", "--format=json"], "0"),
        (&["--format", "json"], "no command"),
    ] {
        let error = error(world.bare_run(args));
        assert_eq!(error["event"], "error");
        has(error["message"].as_str().unwrap(), &[words]);
        assert!(!error["help"].as_str().unwrap().is_empty(), "{error}");
    }
    // Without the flag, or where it is another's value, it is text.
    assert!(world.bare_run(&["sync", "--bogus"]).exits(2).starts_with("error: "));
}

#[test]
fn help_is_coloured_by_the_rule_for_all_output() {
    let world = folders();
    let run = |args: &[&str], env: &[(&str, &str)]| -> String {
        let run: Run = world.bare_command(args).envs(env.iter().copied()).output().unwrap().into();
        run.exits(0)
    };
    assert!(run(&["--color", "always", "--help"], &[]).contains("\u{1b}["));
    assert!(run(&["sync", "--help"], &[("CLICOLOR_FORCE", "1")]).contains("\u{1b}["));
    assert!(!run(&["sync", "--help"], &[]).contains('\u{1b}'));
    let shown = Terminal::start(&world, 80, &["--color", "never", "--help"]).ends_raw();
    assert!(shown.contains("Usage") && !shown.contains('\u{1b}'), "{shown}");
}

#[test]
fn an_error_fits_the_terminal() {
    let world = folders();
    let (_, shown) = Terminal::start(&world, 60, &["sync", "--config", "/nowhere/c.toml"]).ends();
    assert!(shown.lines().all(|line| line.chars().count() < 61), "{shown}");
    assert!(shown.contains("--config"), "{shown}");
}

#[test]
fn a_cause_is_told_once_and_every_refusal_has_a_remedy() {
    let world = folders();
    let said = world.refray(&["apply", "/nowhere/plan"]).exits(2);
    assert_eq!(said.matches("No such file").count(), 1, "{said}");
    put(&world.path("bytes.toml"), &[0xff, 0xfe]);
    let path = world.path("bytes.toml").display().to_string();
    let run: Run = world.command(&["sync"]).args(["--config", &path]).output().unwrap().into();
    let said = run.exits(2);
    assert_eq!(said.matches("valid UTF-8").count(), 1, "{said}");
    put(&world.path("file"), "");
    let error = error(world.bare_run(&["--format", "json", "man", &world.path("file/pages").display().to_string()]));
    has(error["message"].as_str().unwrap(), &["file/pages", "Not a directory"]);
    assert!(error["help"].is_string(), "{error}");
}

#[test]
fn a_warning_begins_its_line() {
    let world = folders();
    let run = world.refray(&["sync", "--repo-pattern", "zzz"]);
    assert!(run.stderr.lines().all(|line| line.starts_with("WARN ")), "{}", run.stderr);
    has(&run.exits(0), &["WARN "]);
}
