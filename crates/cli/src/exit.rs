//! How a command ends.

use std::io::Write;
use std::process::ExitCode;

use crate::args::Format;
use crate::render::Line;

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
            writeln!(err, "{}", Line::Error { message: messages.join("; "), help }.text())
        }
    };
    // Nobody is left to tell.
    drop(written);
}
