//! Completions and manual pages, made from the arguments themselves.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use clap::builder::PossibleValue;
use clap::{Arg, Command, CommandFactory, ValueHint};
use clap_complete::Shell;
use jiff::Timestamp;
use miette::{Diagnostic, Result};
use thiserror::Error;

use crate::args::Cli;
use crate::environment;
use crate::exit::Exit;
use crate::output;

const NAME: &str = "refray";

#[derive(Debug, Error, Diagnostic)]
#[error("the manual pages cannot be written into {dir}: {why}")]
#[diagnostic(code(refray::man), help("Name a folder that you may write into, or one that can be made."))]
struct Unwritable {
    dir: String,
    why: std::io::Error,
}

/// Prints the completion script for a shell.
pub(crate) fn completions(shell: Shell) -> Result<Exit> {
    let mut command = without_files(Cli::command());
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, NAME, &mut script);
    let script = String::from_utf8_lossy(&script);
    output::print(&match shell {
        Shell::Bash => bash(&command, &script),
        Shell::Fish => fish(&command, &script),
        _ => script.into_owned(),
    })?;
    Ok(Exit::Agreed)
}

/// What is neither a path nor one of a few words is not completed with files.
fn without_files(command: Command) -> Command {
    let plain = |arg: &Arg| {
        arg.get_action().takes_values()
            && arg.get_value_hint() == ValueHint::Unknown
            && arg.get_possible_values().is_empty()
    };
    command
        .mut_args(|arg| if plain(&arg) { arg.value_hint(ValueHint::Other) } else { arg })
        .mut_subcommands(without_files)
}

/// Whether a file or a folder stands behind the name of the command.
fn takes_path(command: &Command) -> bool {
    let path = [ValueHint::FilePath, ValueHint::DirPath, ValueHint::AnyPath];
    command.get_positionals().any(|arg| path.contains(&arg.get_value_hint()))
}

/// Bash takes `--color=always` apart, and where a file belongs, it was offered flags only.
fn bash(command: &Command, script: &str) -> String {
    let paths: Vec<_> = command.get_subcommands().filter(|one| takes_path(one)).map(Command::get_name).collect();
    let paths = paths.iter().map(|name| format!("refray__subcmd__{name},")).collect::<Vec<_>>().join("|");
    let joined = r#"    if [[ "${COMP_WORDS[COMP_CWORD]}" == "=" ]] ; then
        cur=""
        prev="${COMP_WORDS[COMP_CWORD-1]}"
    elif [[ "${prev}" == "=" && ${COMP_CWORD} -ge 2 ]] ; then
        prev="${COMP_WORDS[COMP_CWORD-2]}"
    fi
"#;
    let files = format!(
        r#"    case "${{cmd}},${{cur}}" in
        {paths})
            if [[ ${{prev}} != -* ]] ; then
                return 0
            fi
            ;;
    esac

"#
    );
    let (words, answer) = ("    for i in \"${COMP_WORDS", "    case \"${cmd}\" in\n");
    script.replacen(words, &format!("{joined}\n{words}"), 1).replacen(answer, &format!("{files}{answer}"), 1)
}

/// Fish was told nothing of what stands behind a command, and lost its way where a flag waits for its value.
fn fish(command: &Command, script: &str) -> String {
    let parsed = "2>/dev/null\n    or return\n";
    let mut script = script.replacen(parsed, "2>/dev/null\n    or return 0\n", 1);
    let mut tell = |when: &str, words: &str| {
        let words = if words.is_empty() { String::new() } else { format!(" -a \"{words}\"") };
        script.extend(["complete -c refray -n \"__fish_refray_using_subcommand ", when, "\" -f", &words, "\n"]);
    };
    for one in command.get_subcommands().filter(|one| !takes_path(one)) {
        let words: Vec<_> = one.get_positionals().flat_map(Arg::get_possible_values).collect();
        let words: Vec<_> = words.iter().map(PossibleValue::get_name).collect();
        tell(one.get_name(), &words.join(" "));
    }
    let names: Vec<_> = command.get_subcommands().map(Command::get_name).filter(|name| *name != "help").collect();
    let names = names.join(" ");
    tell(&format!("help; and not __fish_seen_subcommand_from {names}"), &names);
    script
}

/// Writes `refray.1`, `refray-sync.1`, … into a folder.
pub(crate) fn man(dir: &Path) -> Result<Exit> {
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    std::fs::create_dir_all(dir)
        .and_then(|()| pages(&command, dir, &date()))
        .map_err(|why| Unwritable { dir: dir.display().to_string(), why })?;
    Ok(Exit::Agreed)
}

/// The day that the pages carry: today, or what a build that is to give the same bytes again says.
fn date() -> String {
    let said = environment::var("SOURCE_DATE_EPOCH").and_then(|said| said.parse().ok());
    let at = said.and_then(|second| Timestamp::from_second(second).ok()).unwrap_or_else(Timestamp::now);
    at.strftime("%Y-%m-%d").to_string()
}

fn pages(command: &Command, dir: &Path, date: &str) -> std::io::Result<()> {
    for one in command.get_subcommands().filter(|one| !one.is_hide_set()) {
        pages(one, dir, date)?;
    }
    let source = format!("{NAME} {}", env!("CARGO_PKG_VERSION"));
    let page = clap_mangen::Man::new(command.clone()).date(date).source(source).manual("refray manual");
    let mut text = Vec::new();
    page.render(&mut text)?;
    let text = tidy(&String::from_utf8_lossy(&text), command.get_name());
    File::create(dir.join(page.get_filename()))?.write_all(text.as_bytes())
}

/// What `man` and its relatives frown at, or readers look for in vain, in a page as it was made.
fn tidy(page: &str, name: &str) -> String {
    let lines: Vec<_> = page.lines().map(str::trim_end).collect();
    let page = lines.join("\n").replace("\n.br\n\n.br\n", "\n.sp\n");
    let page = page.replace("\n.SH EXTRA\nExit codes: ", "\n.SH \"EXIT STATUS\"\n");
    let more = if name == NAME { "" } else { ".SH \"SEE ALSO\"\n\\fBrefray\\fR(1)\n" };
    format!("{page}\n{more}")
}
