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
    put(&world.path("plan.json"), "{}");
    let bash = "source 'SCRIPT'; complete -p refray; try() { COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); \
                _refray refray \"${@: -1}\" \"${@: -2:1}\"; echo \"$*: ${COMPREPLY[*]}.\"; }; try refray web; \
                try refray sync --retry; try refray --color = a; try refray sync --format = j; try refray apply ''; \
                try refray completions z";
    if let Some(said) = ask(&world, "bash", &["--norc", "--noprofile", "-c"], bash) {
        has(
            &said,
            &["-F _refray", "refray\n", "refray web: webhook.", "--retry: --retry-failed.", "= a: auto always."],
        );
        // Where the script offers nothing, bash offers files.
        has(&said, &["= j: json.", "refray apply : .", "refray completions z: zsh."]);
    }
    // A shell that thinks that somebody types, which is asked as a person would: with the tabulator.
    let zsh = r#"
        zmodload zsh/zpty
        until_seen() {
            local seen part
            repeat 200; do
                while zpty -r -t typed part; do seen+=$part; done
                [[ $seen == *$~1* ]] && { print "seen: $1"; return }
                sleep 0.1
            done
            print "not seen: $1, but $seen"
        }
        try() { zpty -w -n typed "$1"$'\t'; until_seen "$2"; zpty -w -n typed $'\C-u' }
        zpty typed 'zsh -f -i'
        zpty -w typed "stty cols 200 rows 50; autoload -U compinit && compinit -D -u && source 'SCRIPT'"
        zpty -w typed 'setopt no_beep no_always_last_prompt; print ${_comps[refray]} loa''ded'
        until_seen '_refray loaded'
        try 'refray web' 'refray webhook '
        try 'refray sync --retry' '--retry-failed '
        try 'refray --color=al' '--color=always '
        try 'refray completions ' 'bash*elvish*fish*powershell*zsh'
        try 'refray apply pl' 'apply plan.json '
        zpty -d typed
    "#;
    if let Some(said) = ask(&world, "zsh", &["-f", "-c"], zsh) {
        assert!(!said.contains("not seen") && said.matches("seen: ").count() == 6, "{said}");
    }
    let fish = "source 'SCRIPT'; for asked in web 'sync --retry' '--color ' 'completions z' 'help sta' 'apply pl' 'sync '; \
                echo \"$asked:\" (complete -C \"refray $asked\" | string replace -r '\\t.*' '')'.'; end";
    if let Some(said) = ask(&world, "fish", &["--no-config", "-c"], fish) {
        has(&said, &["web: webhook.", "--retry: --retry-failed.", "--color : always. auto. never."]);
        has(&said, &["completions z: zsh.", "help sta: status.", "apply pl: plan.json.", "sync :\n"]);
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
        has(&text, &[".TH refray", " \"refray manual\"\n", ".SH NAME", ".SH SYNOPSIS"]);
        if let Some(mut man) = find(&world, "man") {
            let run: Run = man.args(["--warnings=all", "-P", "cat", "-l"]).arg(page).output().unwrap().into();
            assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{}", page.display());
            has(&run.stdout, &["NAME", "SYNOPSIS", "refray"]);
        }
        if let Some(mut mandoc) = find(&world, "mandoc") {
            let run: Run = mandoc.args(["-T", "lint", "-W", "warning"]).arg(page).output().unwrap().into();
            assert_eq!(run.code, Some(0), "{}", run.stdout);
        }
    }
    // Where a folder cannot be made, the place is named.
    put(&world.path("file"), "");
    let below = world.path("file/man").display().to_string();
    has(&world.bare_run(&["man", &below]).exits(2), &[&below, "help: "]);
}
