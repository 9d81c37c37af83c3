//! Where there is nobody to ask.

use crate::world::{World, has, put};

#[test]
fn without_a_terminal_the_remedies_are_told() {
    let world = World::of_folders(&["a", "b"]);
    let run = world.bare_run(&["config"]);
    assert_eq!(run.stdout, "");
    has(
        &run.exits(2),
        &["there is no terminal to ask them on", "config.toml", "refray config check", "refray config --help"],
    );
    let run = world.bare_run(&["config", "--format", "json"]);
    has(&run.exits(2), &["\"event\":\"error\"", "no terminal"]);
    // What needs no terminal works as it did.
    has(&world.bare_run(&["config", "path"]).exits(0), &[".config/refray/config.toml"]);
    has(&world.bare_run(&["config", "schema"]).exits(0), &["$schema"]);
}

#[test]
fn a_file_that_is_not_right_is_shown_and_left_alone() {
    let world = World::of_folders(&["a", "b"]);
    let path = world.home().join(".config/refray/config.toml");
    put(&path, "jobs = \"many\"\n");
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        tokio::task::block_in_place(|| {
            let terminal = super::terminal::Terminal::start(&world, 80, &["config"]);
            terminal.sees("jobs");
            let (code, shown) = terminal.ends();
            assert_eq!(code, Some(2), "{shown}");
        });
    });
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "jobs = \"many\"\n");
}
