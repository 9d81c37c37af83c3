//! `refray doctor`.

use std::io::Write as _;

use miette::{IntoDiagnostic, Result};
use refray_engine::doctor::{Check, Level, Report};

use crate::args::{Format, Global};
use crate::environment;
use crate::exit::Exit;
use crate::load;
use crate::paths::Paths;
use crate::render::{Line, Style, push};

/// Runs the command. Nothing is changed on any forge.
pub(crate) async fn run(global: &Global) -> Result<Exit> {
    let paths = Paths::find(global)?;
    let config = load::config(&paths)?;
    let report = load::examination(config, &paths).run().await;
    let mut out = std::io::stdout().lock();
    match global.format {
        Format::Json => {
            for check in &report.checks {
                writeln!(out, "{}", Line::Check { check }.text()).into_diagnostic()?;
            }
            let [pass, warn, fail] = [Level::Pass, Level::Warn, Level::Fail].map(|level| report.count(level));
            writeln!(out, "{}", Line::DoctorFinished { pass, warn, fail }.text()).into_diagnostic()?;
        }
        Format::Text => {
            let style = Style::for_stdout(global.color, environment::var("NO_COLOR").is_some());
            write!(out, "{}", text(&report, style, global.quiet)).into_diagnostic()?;
        }
    }
    Ok(if report.is_good() { Exit::Agreed } else { Exit::Failed })
}

/// Renders a report: a block for each thing that was looked at, what is well in a line each, and a summary.
fn text(report: &Report, style: Style, quiet: bool) -> String {
    let mut text = String::new();
    let shown = |check: &&Check| !quiet || check.level != Level::Pass;
    for block in report.checks.chunk_by(|a, b| a.about == b.about) {
        let checks: Vec<&Check> = block.iter().filter(shown).collect();
        let Some(first) = checks.first() else { continue };
        push(&mut text, format_args!("{}\n", style.strong(&first.about)));
        let width = checks.iter().map(|check| check.check.chars().count()).max().unwrap_or(0);
        for check in checks {
            let mark = match check.level {
                Level::Pass => style.good("pass"),
                Level::Warn => style.warn("warn"),
                Level::Fail => style.bad("FAIL"),
            };
            push(&mut text, format_args!("  {mark}  {:width$}  {}\n", check.check, check.found));
            if let Some(remedy) = &check.remedy {
                push(&mut text, format_args!("        {} {remedy}\n", style.dim("remedy:")));
            }
        }
    }
    let [pass, warn, fail] = [Level::Pass, Level::Warn, Level::Fail].map(|level| report.count(level));
    push(&mut text, format_args!("{pass} passed, {warn} to look at, {fail} failed.\n"));
    text
}
