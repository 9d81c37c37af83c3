//! The reference of the command line, made from the arguments themselves.

use std::fmt::Write as _;

use clap::builder::StyledStr;
use clap::{Arg, Command, CommandFactory};

use crate::args::Cli;

/// Returns the page.
pub(super) fn page() -> String {
    let mut cli = Cli::command().disable_help_subcommand(true);
    cli.build();
    let mut page = String::from("# Every command\n\n");
    let about = cli.get_about().map(StyledStr::to_string).unwrap_or_default();
    writeln!(page, "{} The exit codes are [on a page of their own](exit-codes.md).\n", sentence(&about)).unwrap();
    writeln!(page, "## Global options\n\nEvery command takes these, before or after its name.\n").unwrap();
    table(&mut page, cli.get_arguments().filter(|arg| arg.is_global_set()));
    for command in cli.get_subcommands_mut() {
        chapter(&mut page, command, "");
    }
    page.truncate(page.trim_end().len());
    page.push('\n');
    page
}

fn chapter(page: &mut String, command: &mut Command, above: &str) {
    if command.is_hide_set() {
        return;
    }
    let name = format!("{above}{}", command.get_name());
    let usage = command.render_usage().to_string();
    let about = command.get_long_about().or_else(|| command.get_about()).map(StyledStr::to_string).unwrap_or_default();
    writeln!(page, "## `refray {name}`\n\n{}\n", sentence(&about)).unwrap();
    writeln!(page, "```text\n{}\n```\n", usage.trim_start_matches("Usage: ").replace("\n       ", "\n")).unwrap();
    table(page, command.get_arguments().filter(|arg| !arg.is_global_set()));
    for below in command.get_subcommands_mut() {
        chapter(page, below, &format!("{name} "));
    }
}

fn table<'a>(page: &mut String, args: impl Iterator<Item = &'a Arg>) {
    let shown = args.filter(|arg| !arg.is_hide_set() && !matches!(arg.get_id().as_str(), "help" | "version"));
    let mut rows = shown.map(|arg| format!("| {} | {} |", spelled(arg), meaning(arg))).peekable();
    if rows.peek().is_some() {
        writeln!(page, "| | meaning |\n|---|---|").unwrap();
        for row in rows {
            writeln!(page, "{row}").unwrap();
        }
        page.push('\n');
    }
}

/// Returns how an argument is typed.
fn spelled(arg: &Arg) -> String {
    let takes_value = arg.get_num_args().is_some_and(|number| number.takes_values());
    let names: Vec<_> = arg.get_value_names().unwrap_or_default().iter().map(|name| name.as_str()).collect();
    let value = if takes_value { names.join(" ") } else { String::new() };
    if arg.is_positional() {
        let value = value.replace('|', "\\|");
        return if arg.is_required_set() { format!("`<{value}>`") } else { format!("`[{value}]`") };
    }
    let short = arg.get_short().map(|short| format!("`-{short}`, ")).unwrap_or_default();
    let long = arg.get_long().unwrap_or_default();
    format!("{short}`{}`", format!("--{long} {value}").trim_end())
}

fn meaning(arg: &Arg) -> String {
    let mut text = sentence(&arg.get_help().map(StyledStr::to_string).unwrap_or_default());
    let takes_value = arg.get_num_args().is_some_and(|number| number.takes_values());
    let words: Vec<_> = arg.get_possible_values().iter().map(|word| format!("`{}`", word.get_name())).collect();
    if takes_value && !words.is_empty() {
        write!(text, " One of {}.", words.join(", ")).unwrap();
    }
    let defaults: Vec<_> = arg.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
    if takes_value && !defaults.is_empty() {
        write!(text, " Default: `{}`.", defaults.join(" ")).unwrap();
    }
    if let Some(variable) = arg.get_env() {
        write!(text, " Environment: `{}`.", variable.to_string_lossy()).unwrap();
    }
    text.replace('|', "\\|")
}

/// Ends a line of help with a full stop, and puts the default that it names behind that.
fn sentence(help: &str) -> String {
    match help.split_once(" [default: ") {
        Some((text, default)) => format!("{text}. Default: {}.", default.trim_end_matches(']')),
        None if help.ends_with('.') => help.to_owned(),
        None => format!("{help}."),
    }
}
