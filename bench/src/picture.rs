//! A picture of a program's run in a terminal, for the README.
//!
//! What is shown is what the program wrote, in the order and at the pace in which it came. Nothing is drawn by hand: when
//! the program's words change, the picture is made anew.

mod ansi;
mod layout;
mod svg;

use std::path::{Path, PathBuf};

use crate::Error;
use crate::process::Runner;
use layout::Row;

/// How long the picture takes to appear, whatever the program took.
const SECONDS: f64 = 8.0;

/// How long the command stands alone before the program's first line.
const LEAD: f64 = 0.6;

/// More rows than this lose their middle.
const MOST_ROWS: usize = 60;

/// Runs a program and writes the picture of its run to `out`.
pub(crate) async fn run(refray: &Path, out: &Path, columns: usize, command: &[String]) -> Result<(), Error> {
    let (program, args) = match command {
        [] => (refray.to_owned(), ["--color", "always", "demo", "--repos", "5"].map(str::to_owned).to_vec()),
        [program, args @ ..] => (PathBuf::from(program), args.to_vec()),
    };
    let home = tempfile::tempdir()?;
    let runner = Runner { home: home.path().to_owned() };
    let written = runner.lines(&program, &args).await?;
    let folders = [std::env::current_dir()?, std::env::temp_dir(), home.path().to_owned()];
    if let Some(line) = written.iter().map(|(_, line)| line).find(|line| names_a_folder(line, &folders)) {
        return Err(format!("this names a folder of this machine, which is nobody's business: {line}").into());
    }

    let shown = shown_command(&program, &args);
    let total = written.last().map_or(1.0, |(at, _)| at.as_secs_f64()).max(0.001);
    let mut rows = layout::rows(0.0, &ansi::command(&shown), columns);
    let mut parser = ansi::Parser::default();
    for (at, line) in &written {
        let at = LEAD + at.as_secs_f64() / total * (SECONDS - LEAD);
        rows.extend(layout::rows(at, &parser.line(line), columns));
    }
    while rows.last().is_some_and(Row::is_blank) {
        rows.pop();
    }
    let rows = layout::shorten(rows, MOST_ROWS);
    #[expect(clippy::disallowed_methods, reason = "a picture that can be made anew at any time")]
    std::fs::write(out, svg::draw(&shown, &rows))?;
    Ok(())
}

/// Returns the command as a person would type it: colour needs no flag on a terminal.
fn shown_command(program: &Path, args: &[String]) -> String {
    let name = program.file_name().unwrap_or(program.as_os_str()).to_string_lossy();
    let mut words = vec![name.into_owned()];
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        if arg == "--color" {
            args.next();
        } else {
            words.push(arg.clone());
        }
    }
    words.join(" ")
}

fn names_a_folder(line: &str, folders: &[PathBuf]) -> bool {
    let names = folders.iter().map(|folder| folder.to_string_lossy());
    names.filter(|name| name.len() > 1).any(|name| line.contains(name.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_is_shown_as_typed_on_a_terminal() {
        let args = ["--color", "always", "demo", "--repos", "5"].map(str::to_owned);
        assert_eq!(shown_command(Path::new("target/release/refray"), &args), "refray demo --repos 5");
    }

    #[test]
    fn folders_of_the_machine_are_noticed() {
        let folders = [PathBuf::from("/home/ada"), PathBuf::from("/")];
        assert!(names_a_folder("kept in /home/ada/x", &folders));
        assert!(!names_a_folder("at http://127.0.0.1:8080/ada", &folders));
    }
}
