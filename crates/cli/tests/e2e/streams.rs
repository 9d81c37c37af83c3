//! Pipes, environments and folders that are not as usual.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use crate::log::newest;
use crate::world::terminal::Terminal;
use crate::world::{Run, World, has, program, spawn, wait};

fn run(mut command: Command) -> Run {
    tokio::task::block_in_place(|| command.output().unwrap()).into()
}

fn synced() -> World {
    let world = World::of_folders(&["a", "b"]);
    world.seeded("a", "one");
    world.refray(&["sync"]).exits(0);
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn colour_is_as_the_environment_asks() {
    let world = synced();
    let colored = regex::Regex::new("\u{1b}\\[[0-9;]*m").unwrap();
    let cases = [
        (&[][..], true, false),
        (&[("NO_COLOR", "1")], false, false),
        (&[("NO_COLOR", "")], true, false),
        (&[("CLICOLOR", "0")], false, false),
        (&[("CLICOLOR_FORCE", "1")], true, true),
        (&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], false, false),
    ];
    for (variables, terminal, pipe) in cases {
        for args in [&["status"][..], &["log"], &["sync", "-v"]] {
            let command = || {
                let mut command = world.command(args);
                command.env("TERM", "xterm").envs(variables.iter().copied());
                command
            };
            let shown = Terminal::run(command(), (100, 20)).ends_raw();
            // A bar moves the cursor, whatever is coloured.
            assert_eq!(colored.is_match(&shown), terminal, "{args:?} {variables:?} in a terminal: {shown:?}");
            let said = run(command());
            assert_eq!(said.stdout.contains('\u{1b}'), pipe, "{args:?} {variables:?} in a pipe: {:?}", said.stdout);
            assert!(!said.stdout.contains('\r') && said.stderr.is_empty(), "{args:?}: {:?}", said.stderr);
        }
    }
    let mut dumb = world.command(&["sync", "-v"]);
    dumb.env("TERM", "dumb");
    let shown = Terminal::run(dumb, (100, 20)).ends_raw();
    assert!(!shown.contains('\u{1b}') && shown.contains("all agree"), "{shown:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_has_read_enough_is_no_fault() {
    let world = synced();
    for args in [
        &["log"][..],
        &["log", "--format", "json"],
        &["status"],
        &["status", "--format", "json"],
        &["status", "--watch"],
        &["backup", "list"],
        &["config", "show"],
        &["config", "schema"],
        &["config", "check"],
        &["completions", "bash"],
        &["sync", "--help"],
        &["sync", "-v"],
        &["plan", "--quiet", "--out", "-"],
    ] {
        let mut child = spawn(&mut world.command(args));
        drop(child.stdout.take());
        let run = wait(child);
        assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{args:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn closed_and_full_outputs() {
    let world = synced();
    let through = |redirection: &str, args: &[&str]| {
        let inner = world.command(args);
        let mut shell = program("sh");
        shell.env_clear().envs(inner.get_envs().filter_map(|(key, value)| Some((key, value?))));
        shell.args(["-c", &format!("exec \"$@\" {redirection}"), "sh"]).arg(inner.get_program()).args(inner.get_args());
        shell.current_dir(world.dir.path());
        run(shell)
    };
    for args in [&["status"][..], &["log"], &["sync", "-v"], &["config", "show"]] {
        let run = through(">&-", args);
        assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{args:?}");
    }
    if Path::new("/dev/full").exists() {
        for args in [&["status"][..], &["log"], &["backup", "list"], &["config", "show"]] {
            let run = through(">/dev/full", args);
            has(&run.stderr, &["standard output cannot be written to: No space left"]);
            assert_eq!(run.code, Some(2), "{args:?}");
        }
        // What was to be done is done all the same.
        assert_eq!(through(">/dev/full", &["sync", "-v"]).code, Some(0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_home() {
    let world = synced();
    let homeless = |args: &[&str], variables: &[(&str, &str)]| {
        let mut command = world.command(args);
        command.env_remove("HOME").envs(variables.iter().copied());
        powerless(&world, command)
    };
    let Some(run) = homeless(&["status"], &[]) else { return };
    if run.code == Some(0) || !run.stderr.contains("no home directory") {
        // Whoever runs the tests has one in the list of users.
        println!("skipped: nobody here is without a home");
        return;
    }
    let words = ["no home directory to look for the state in", "`HOME`", "`XDG_STATE_HOME`", "`--state-dir`"];
    has(&run.exits(2), &words);
    let said = homeless(&["status", "--format", "json"], &[]).unwrap();
    assert_eq!(said.code, Some(2));
    let error: serde_json::Value = serde_json::from_str(&said.stderr).unwrap();
    assert!(error["help"].as_str().unwrap().contains("--state-dir"), "{error}");
    // Flags suffice, and so do the XDG base directories.
    let (state, cache) = (world.home().join(".local/state"), world.home().join(".cache"));
    let (state, cache) = (state.display().to_string(), cache.display().to_string());
    let xdg = [("XDG_STATE_HOME", state.as_str()), ("XDG_CACHE_HOME", cache.as_str())];
    for args in [&["status"][..], &["log"], &["backup", "list"]] {
        homeless(args, &xdg).unwrap().exits(0);
    }
    let (state, cache) = (format!("{state}/refray"), format!("{cache}/refray"));
    let flags = ["--state-dir", &state, "--work-dir", &cache];
    has(&homeless(&[&["status"], &flags[..]].concat(), &[]).unwrap().exits(0), &["all: 1 agreed"]);
    // What is not absolute is not followed.
    has(&homeless(&["status"], &[("XDG_STATE_HOME", "here"), xdg[1]]).unwrap().exits(2), &["no home directory"]);
}

/// Gives everybody's rights to write below a folder away, or back, as far as it is there.
fn writable(folder: &Path, yes: bool) {
    let metadata = std::fs::symlink_metadata(folder).unwrap();
    if metadata.is_symlink() {
        return;
    }
    let executable = if metadata.is_dir() || metadata.permissions().mode() & 0o100 != 0 { 0o111 } else { 0 };
    let mode = 0o444 | executable | if yes { 0o200 } else { 0 };
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(mode)).unwrap();
    if metadata.is_dir() {
        for entry in std::fs::read_dir(folder).unwrap() {
            writable(&entry.unwrap().path(), yes);
        }
    }
}

/// Runs the binary as somebody who may read all of a world and write nothing of it; `None` where that cannot be.
fn powerless(world: &World, mut command: Command) -> Option<Run> {
    writable(world.dir.path(), false);
    if rustix::process::geteuid().is_root() {
        let mut lowered = program("setpriv");
        // Nobody whom the system knows, and so somebody without a home.
        lowered.args(["--reuid=61234", "--regid=61234", "--clear-groups", "--"]);
        lowered.arg(command.get_program()).args(command.get_args()).current_dir("/");
        lowered.env_clear().envs(command.get_envs().filter_map(|(key, value)| Some((key, value?))));
        command = lowered;
    }
    let output = tokio::task::block_in_place(|| command.output());
    writable(world.dir.path(), true);
    match output {
        // 126 and 127: the binary is in a folder that nobody else may look into, or there is no such program.
        Ok(output) if !matches!(output.status.code(), Some(126 | 127)) => Some(output.into()),
        _ => {
            println!("skipped: rights cannot be given away here");
            None
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nothing_can_be_written_it_can_be_read() {
    let world = synced();
    let id = newest(&world);
    for (args, words) in [
        (&["status"][..], &["all: 1 agreed", "  agreed    one"][..]),
        (&["log"], &[&id, "1 repository, 3 changes"]),
        (&["log", &id], &["all/one", "create branch main on disk/b"]),
        (&["backup", "list"], &["There are no backups."]),
        (&["config", "show"], &["[[sites]]"]),
    ] {
        let Some(run) = powerless(&world, world.command(args)) else { return };
        has(&run.exits(0), words);
    }
    let Some(run) = powerless(&world, world.command(&["sync"])) else { return };
    let state = world.state().display().to_string();
    let said = run.exits(2);
    has(&said.replace("\n  │ ", ""), &[&state, "help:"]);
    has(&world.refray(&["sync"]).exits(0), &["1 agreed already"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_home_that_cannot_be_written_to() {
    let world = World::of_folders(&["a", "b"]);
    world.seeded("a", "one");
    let Some(run) = powerless(&world, world.command(&["sync"])) else { return };
    let said = run.exits(2);
    has(&said, &["help:", "--state-dir"]);
    assert!(said.contains(".local") && said.to_lowercase().contains("permission denied"), "{said}");
    let Some(run) = powerless(&world, world.command(&["status"])) else { return };
    has(&run.exits(1), &["Nothing was synced yet."]);
}
