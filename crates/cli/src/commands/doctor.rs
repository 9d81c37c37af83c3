//! `refray doctor`.

use miette::Result;
use refray_engine::doctor::{Check, Level, Report};

use crate::args::{Format, Global};
use crate::commands::sync::stop_signal;
use crate::exit::Exit;
use crate::load;
use crate::output;
use crate::paths::Paths;
use crate::render::{Line, Look, clean, columns, pad, push};

/// Runs the command. Nothing is changed on any forge.
pub(crate) async fn run(global: &Global) -> Result<Exit> {
    let paths = Paths::find(global)?;
    let config = load::config(&paths)?;
    let examination = load::examination(config, &paths);
    let report = tokio::select! {
        biased;
        // Nothing was changed, so there is nothing to finish.
        () = stop_signal() => return Ok(Exit::Interrupted),
        report = examination.run() => report,
    };
    let answer = match global.format {
        Format::Json => {
            let mut lines: Vec<String> = report.checks.iter().map(|check| Line::Check { check }.text()).collect();
            let [pass, warn, fail] = [Level::Pass, Level::Warn, Level::Fail].map(|level| report.count(level));
            lines.push(Line::DoctorFinished { pass, warn, fail }.text());
            lines.join("\n") + "\n"
        }
        Format::Text => text(&report, &Look::stdout(global), global.quiet),
    };
    output::print(&answer)?;
    Ok(if report.is_good() { Exit::Agreed } else { Exit::Failed })
}

/// Renders a report: a block for each thing that was looked at, what is well in a line each, and a summary.
fn text(report: &Report, look: &Look, quiet: bool) -> String {
    let style = look.style;
    let mut text = String::new();
    let shown = |check: &&Check| !quiet || check.level != Level::Pass;
    for block in report.checks.chunk_by(|a, b| a.about == b.about) {
        let checks: Vec<&Check> = block.iter().filter(shown).collect();
        let Some(first) = checks.first() else { continue };
        push(&mut text, format_args!("{}\n", style.strong(&clean(&first.about))));
        let width = checks.iter().map(|check| columns(&check.check)).max().unwrap_or(0);
        for check in checks {
            let mark = match check.level {
                Level::Pass => style.good("pass"),
                Level::Warn => style.warn("warn"),
                Level::Fail => style.bad("FAIL"),
            };
            push(&mut text, format_args!("  {mark}  {}  {}\n", pad(&check.check, width), clean(&check.found)));
            if let Some(remedy) = &check.remedy {
                push(&mut text, format_args!("        {} {}\n", style.dim("remedy:"), clean(remedy)));
            }
        }
    }
    let [pass, warn, fail] = [Level::Pass, Level::Warn, Level::Fail].map(|level| report.count(level));
    push(&mut text, format_args!("{pass} passed, {warn} to look at, {fail} failed.\n"));
    look.fit(&text)
}
