//! How a command ends.

use std::io::Write;
use std::process::ExitCode;

use clap::ValueEnum;
use clap::error::ErrorKind;
use miette::{GraphicalReportHandler, GraphicalTheme};

use crate::args::{ColorWhen, Format};
use crate::environment;
use crate::render::{Line, Place, Style};

/// The documented exit codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// 0: all agree, or the command did what it is for.
    Agreed,
    /// 1: something failed or is held.
    Failed,
    /// 2: the command line or the configuration is not right.
    Usage,
    /// 3: it was interrupted.
    Interrupted,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Agreed => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::Interrupted => 3,
        })
    }
}

/// Prints what kept a command from starting, on standard error; with `--format json` as one object.
pub(crate) fn print(report: &miette::Report, format: Format) {
    let mut err = std::io::stderr().lock();
    let written = match format {
        Format::Text => writeln!(err, "{report:?}"),
        Format::Json => {
            let mut messages = vec![report.to_string()];
            messages.extend(report.related().into_iter().flatten().map(|related| related.to_string()));
            let related = report.related().into_iter().flatten().filter_map(|related| related.help());
            let helps: Vec<String> = report.help().into_iter().chain(related).map(|help| help.to_string()).collect();
            let help = (!helps.is_empty()).then(|| helps.join("; "));
            let problems = report.related().into_iter().flatten().map(Place::of).collect();
            writeln!(err, "{}", Line::Error { message: messages.join("; "), help, problems }.text())
        }
    };
    // Nobody is left to tell.
    drop(written);
}

/// Returns what draws reports.
pub(crate) fn handler(colored: bool) -> GraphicalReportHandler {
    let theme = if colored { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    GraphicalReportHandler::new_themed(theme).with_links(false).with_break_words(false)
}

/// Returns a report for the log, which lets nothing through that would colour it.
pub(crate) fn plain(report: &miette::Report) -> String {
    let mut text = String::new();
    match handler(false).render_report(&mut text, &**report) {
        Ok(()) => text,
        Err(_) => report.to_string(),
    }
}

/// Prints what the arguments were answered with before any of them was understood: help, the version, or what is wrong with
/// them. Colour and format are those of the arguments all the same.
pub(crate) fn answer(error: &clap::Error, arguments: &[String]) -> Exit {
    let when: ColorWhen = given(arguments, "--color").unwrap_or(ColorWhen::Auto);
    let no_color = environment::var("NO_COLOR").is_some();
    let wrong = error.use_stderr();
    if wrong && given(arguments, "--format") == Some(Format::Json) {
        drop(writeln!(std::io::stderr(), "{}", misuse(error).text()));
        return Exit::Usage;
    }
    let style = if wrong { Style::for_stderr(when, no_color) } else { Style::for_stdout(when, no_color) };
    let rendered = error.render();
    let text = if style.is_colored() { rendered.ansi().to_string() } else { rendered.to_string() };
    // Nobody is left to tell.
    drop(if wrong { write!(std::io::stderr(), "{text}") } else { write!(std::io::stdout(), "{text}") });
    if wrong { Exit::Usage } else { Exit::Agreed }
}

fn misuse(error: &clap::Error) -> Line<'static> {
    // Its own words would be the whole help, or all names in one line.
    if matches!(error.kind(), ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand | ErrorKind::MissingSubcommand) {
        let help = Some("`--help` lists them.".to_owned());
        return Line::Error { message: "no command is given".to_owned(), help, problems: Vec::new() };
    }
    let text = error.render().to_string();
    let (message, help) = text.split_once("\n\n").unwrap_or((&text, ""));
    let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let message = flat(message.strip_prefix("error: ").unwrap_or(message));
    let help: Vec<String> = help.split("\n\n").map(flat).filter(|part| !part.is_empty()).collect();
    Line::Error { message, help: (!help.is_empty()).then(|| help.join("; ")), problems: Vec::new() }
}

/// Looks for a flag's value in arguments that as a whole are not understood.
fn given<T: ValueEnum>(arguments: &[String], flag: &str) -> Option<T> {
    let mut arguments = arguments.iter().take_while(|argument| *argument != "--");
    let mut found = None;
    while let Some(argument) = arguments.next() {
        let value = match argument.strip_prefix(flag) {
            Some("") => arguments.next().map(String::as_str),
            Some(rest) => rest.strip_prefix('='),
            None => None,
        };
        found = value.and_then(|value| T::from_str(value, false).ok()).or(found);
    }
    found
}
