//! What shells and `man` make of the completions and the manual pages.

use std::path::Path;
use std::process::Command;

use crate::world::{Run, World, has, program, put};

/// A program with a bare environment, if it is installed.
fn find(world: &World, name: &str) -> Option<Command> {
    let mut asked = program("sh");
    let found = asked.args(["-c", "command -v \"$1\"", "sh", name]).output().unwrap();
    let path = String::from_utf8(found.stdout).unwrap();
    if path.trim().is_empty() {
        println!("skipped: no {name}");
        return None;
    }
    let mut command = program(Path::new(path.trim()));
    command.env_clear().env("HOME", world.home()).env("PATH", "/usr/bin:/bin").env("TERM", "dumb");
    command.env("LC_ALL", "C.UTF-8").current_dir(world.dir.path());
    Some(command)
}

/// Runs what a person's shell would run, with the completions in `$1`.
fn ask(world: &World, shell: &str, args: &[&str], script: &str) -> Option<String> {
    let completions = world.path(&format!("completions.{shell}"));
    put(&completions, &world.bare_run(&["completions", shell]).exits(0));
    let script = script.replace("SCRIPT", &completions.display().to_string());
    let mut command = find(world, shell)?;
    let run: Run = command.args(args).arg(script).output().unwrap().into();
    assert_eq!(run.stderr, "", "{shell}");
    Some(run.exits(0))
}

#[test]
fn completions_load_and_complete() {
    let world = World::of_folders(&["a", "b"]);
    let bash = "source 'SCRIPT'; complete -p refray; COMP_WORDS=(refray web); COMP_CWORD=1; _refray refray web refray; \
                echo \"${COMPREPLY[*]}\"; COMP_WORDS=(refray sync --retry); COMP_CWORD=2; _refray refray --retry sync; \
                echo \"${COMPREPLY[*]}\"";
    if let Some(said) = ask(&world, "bash", &["--norc", "--noprofile", "-c"], bash) {
        has(&said, &["-F _refray", "refray\n", "webhook\n", "--retry-failed\n"]);
    }
    let zsh =
        "autoload -U compinit && compinit -D -u && source 'SCRIPT' && print ${_comps[refray]} && whence -w _refray";
    if let Some(said) = ask(&world, "zsh", &["-f", "-c"], zsh) {
        has(&said, &["_refray\n", "_refray: function"]);
    }
    let fish = "source 'SCRIPT'; complete -C 'refray web'; complete -C 'refray sync --retry'";
    if let Some(said) = ask(&world, "fish", &["--no-config", "-c"], fish) {
        has(&said, &["webhook", "--retry-failed"]);
    }
    for shell in ["elvish", "powershell"] {
        has(&world.bare_run(&["completions", shell]).exits(0), &["refray", "retry-failed"]);
    }
    has(&world.bare_run(&["completions", "tcsh"]).exits(2), &["tcsh", "bash"]);
}

#[test]
fn manual_pages_are_well_formed() {
    let world = World::of_folders(&["a", "b"]);
    let folder = world.path("man/man1");
    world.bare_run(&["man", &folder.display().to_string()]).exits(0);
    let mut pages: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    pages.sort();
    let names: Vec<_> = pages.iter().map(|page| page.file_name().unwrap().to_str().unwrap()).collect();
    for name in ["refray.1", "refray-sync.1", "refray-webhook-install.1", "refray-backup-restore.1"] {
        assert!(names.contains(&name), "{name} is not among {names:?}");
    }
    for page in &pages {
        let text = std::fs::read_to_string(page).unwrap();
        has(&text, &[".TH refray", ".SH NAME", ".SH SYNOPSIS"]);
        if let Some(mut man) = find(&world, "man") {
            let run: Run = man.args(["--warnings=all", "-P", "cat", "-l"]).arg(page).output().unwrap().into();
            assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{}", page.display());
            has(&run.stdout, &["NAME", "SYNOPSIS", "refray"]);
        }
        if let Some(mut mandoc) = find(&world, "mandoc") {
            let run: Run = mandoc.args(["-T", "lint", "-W", "error"]).arg(page).output().unwrap().into();
            assert_eq!(run.code, Some(0), "{}", run.stdout);
        }
    }
    // Where a folder cannot be made, the place is named.
    put(&world.path("file"), "");
    let below = world.path("file/man").display().to_string();
    has(&world.bare_run(&["man", &below]).exits(2), &[&below, "help: "]);
}
