//! The demo: what a newcomer runs first.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;

use crate::world::{World, program, spawn, wait};

/// A demo that keeps what it makes for the time being below the world's folder.
fn demo(world: &World, args: &[&str]) -> std::process::Command {
    let mut command = world.bare_command(&["demo"]);
    command.args(args);
    command
}

fn left(world: &World) -> Vec<std::path::PathBuf> {
    std::fs::read_dir(world.path("tmp")).unwrap().map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn it_ends_with_all_in_agreement_and_leaves_nothing() {
    let world = World::of_folders(&[]);
    let run = wait(spawn(&mut demo(&world, &["--repos", "3"]))).exits(0);
    assert!(run.contains("# All agree, in "), "{run}");
    assert!(run.contains("4 repositories: 4 agreed already. 0 changes"), "{run}");
    assert_eq!(run.lines().filter(|line| line.ends_with("  agrees")).count(), 4, "{run}");
    let told = run.lines().filter(|line| line.starts_with(['#', ' ']));
    assert!(told.map(|line| line.chars().count()).max() <= Some(80), "it fits a terminal as wide as most: {run}");
    assert_eq!(left(&world), [""; 0].map(std::path::PathBuf::from));
    assert!(!world.state().exists(), "it has a state of its own");
}

#[test]
fn ctrl_c_while_the_forges_are_filled_is_no_fault() {
    let world = World::of_folders(&[]);
    let mut command = demo(&world, &["--repos", "200"]);
    command.process_group(0);
    let mut child = spawn(&mut command);
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut said = String::new();
    while !said.contains("are on GitHub alone") {
        assert_ne!(out.read_line(&mut said).unwrap(), 0, "{said}");
    }
    // The terminal sends it to the git processes as well.
    assert!(program("kill").args(["-INT", "--", &format!("-{}", child.id())]).status().unwrap().success());
    out.read_to_string(&mut said).unwrap();
    let run = wait(child);
    assert_eq!((run.code, run.stderr.as_str()), (Some(3), ""), "{said}");
    assert!(said.ends_with("# Interrupted; nothing of it is left\n"), "{said}");
    assert_eq!(left(&world), [""; 0].map(std::path::PathBuf::from));
}

#[test]
fn one_that_is_interrupted_says_so_and_leaves_nothing() {
    let world = World::of_folders(&[]);
    for signal in ["INT", "TERM"] {
        let mut child = spawn(&mut demo(&world, &["--repos", "30"]));
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut said = String::new();
        while !said.contains("# refray sync") {
            assert_ne!(out.read_line(&mut said).unwrap(), 0, "{said}");
        }
        assert!(program("kill").args([format!("-{signal}"), child.id().to_string()]).status().unwrap().success());
        out.read_to_string(&mut said).unwrap();
        let run = wait(child);
        assert_eq!(run.code, Some(3), "{said}{}", run.stderr);
        assert!(said.ends_with("# Interrupted; nothing of it is left\n"), "{said}");
        assert!(!run.stderr.contains("fault"), "{}", run.stderr);
        assert_eq!(left(&world), [""; 0].map(std::path::PathBuf::from));
    }
}
