//! The help of every command, to the letter.

use crate::output::settings;
use crate::world::World;

/// What stands at the end of every command's help.
const GLOBAL: &str = "\nGlobal options:\n";

/// Returns the names below `Commands:` of a help text.
fn commands(help: &str) -> Vec<String> {
    let below = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let names = below.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names = names.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help");
    names.map(str::to_owned).collect()
}

/// Adds the help of a command and of all that are below it.
fn gather(world: &World, path: &[&str], global: &str, all: &mut String) {
    let run = world.bare_run(&[path, &["--help"]].concat());
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{path:?}");
    assert!(run.stdout.lines().all(|line| line.chars().count() <= 100), "{path:?}:\n{}", run.stdout);
    let (own, rest) = run.stdout.split_once(GLOBAL).unwrap_or_else(|| panic!("{path:?}:\n{}", run.stdout));
    assert!(rest.starts_with(global), "{path:?} has other global options:\n{rest}");
    all.extend(["======== refray ", &path.join(" "), "\n", own.trim_end(), "\n\n"]);
    // The short one goes the same way, and is shorter or the same.
    let short = world.bare_run(&[path, &["-h"]].concat());
    assert!(short.code == Some(0) && short.stdout.len() <= run.stdout.len(), "{path:?}:\n{}", short.stdout);
    for name in commands(own) {
        gather(world, &[path, &[&name]].concat(), global, all);
    }
}

#[test]
fn every_command() {
    let world = World::of_folders(&["a", "b"]);
    for (name, flag) in [("help", "--help"), ("help_short", "-h")] {
        let run = world.bare_run(&[flag]);
        assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
        settings(&world).bind(|| insta::assert_snapshot!(name, run.stdout));
    }
    let help = world.bare_run(&["--help"]).stdout;
    let global = help.split_once(GLOBAL).unwrap().1.split_once("\nExit codes").unwrap().0.trim_end();
    assert!(global.contains("--state-dir"), "{global}");
    let mut all = String::new();
    let names = commands(&help);
    assert!(names.len() > 12, "{names:?}");
    for name in names {
        gather(&world, &[&name], global, &mut all);
    }
    settings(&world).bind(|| insta::assert_snapshot!("help_commands", all));
    let said = world.bare_run(&["--version"]).exits(0);
    assert_eq!(said, format!("refray {}\n", env!("CARGO_PKG_VERSION")));
}
