//! What people and programs see of webhooks.

use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex};

use refray_core::config::Config;
use refray_core::event::EventSink;
use refray_engine::webhooks::{Change, ChangeKind, HookReport, HookSink, HookSummary, State};

use crate::args::{Format, Global};
use crate::commands::sync::bar;
use crate::render::block::Level;
use crate::render::layout::{clean, columns, pad};
use crate::render::look::Look;
use crate::render::progress::Progress;
use crate::render::{JsonSink, Line, Style, TextSink};

/// What was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HookCommand {
    Install,
    Uninstall,
    Update,
    Status,
}

impl HookCommand {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Install => "install",
            Self::Uninstall => "uninstall",
            Self::Update => "update",
            Self::Status => "status",
        }
    }
}

/// What the words about a webhook need beside names, at least.
const ROOM: usize = 24;

/// Hears of webhooks: prints JSON as it comes, and a table at the end.
pub(crate) struct HookOutput {
    command: HookCommand,
    dry_run: bool,
    format: Format,
    look: Look,
    level: Level,
    reports: Mutex<Vec<HookReport>>,
    progress: Progress,
}

impl HookOutput {
    pub(crate) fn new(global: &Global, config: &Config, command: HookCommand, dry_run: bool) -> Self {
        Self {
            command,
            dry_run,
            format: global.format,
            look: Look::stdout(global).with_pages(config),
            level: Level::of(global),
            reports: Mutex::default(),
            progress: Progress::new(bar(global)),
        }
    }

    /// Returns what hears of endpoints that cannot be listed.
    pub(crate) fn events(global: &Global, config: &Config) -> Arc<dyn EventSink> {
        match global.format {
            Format::Json => Arc::new(JsonSink::new(std::io::stdout())),
            Format::Text => {
                let look = Look::stdout(global).with_pages(config);
                Arc::new(TextSink::new(std::io::stdout(), look, global, false))
            }
        }
    }

    /// Prints the table of what was heard.
    pub(crate) fn table(&self) {
        self.progress.finish();
        if self.format == Format::Text
            && let Ok(mut reports) = self.reports.lock()
        {
            reports.sort_by(|a, b| (a.repository.key(), &a.endpoint).cmp(&(b.repository.key(), &b.endpoint)));
            print(&self.rows(&reports));
        }
    }

    /// Says that the configuration has a new address.
    pub(crate) fn config(&self, path: &Path, url: &str) {
        match self.format {
            Format::Json => {
                line(&Line::ConfigChanged { path, key: "webhook.url", value: url, dry_run: self.dry_run });
            }
            Format::Text if self.level >= Level::Normal => {
                let would = if self.dry_run { "would be" } else { "is now" };
                let mark = self.look.style.good("~");
                print(&self.look.fit(&format!("{mark} {}: `[webhook].url` {would} {url}\n", path.display())));
            }
            Format::Text => {}
        }
    }

    /// Prints what it amounts to.
    pub(crate) fn summary(&self, summary: &HookSummary) {
        match self.format {
            Format::Json => {
                line(&Line::WebhooksFinished { command: self.command.as_str(), dry_run: self.dry_run, summary });
            }
            Format::Text => print(&self.look.fit(&self.last_lines(summary))),
        }
    }

    fn rows(&self, reports: &[HookReport]) -> String {
        let look = &self.look;
        let cells: Vec<_> = reports.iter().filter_map(|report| Some((report, self.cell(report)?))).collect();
        let width = |of: fn(&HookReport) -> &str| {
            cells.iter().map(|(report, _)| columns(&clean(of(report)))).max().unwrap_or(0)
        };
        let (names, endpoints) = (width(|it| it.repository.as_str()), width(|it| it.endpoint.as_str()));
        // Where three columns have no room, what is the case stands below what it is about.
        let stacked = look.width.is_some_and(|width| 2 + names + 2 + endpoints + 2 + ROOM > width);
        let mut text = String::new();
        for (report, (mark, what)) in &cells {
            let name = look.repository(&report.repository, [&report.endpoint]);
            let endpoint = look.endpoint(&report.endpoint);
            let line = if stacked {
                format!("{mark} {name}  {endpoint}\n    {what}\n")
            } else {
                format!("{mark} {}  {}  {what}\n", pad(&name, names), pad(&endpoint, endpoints))
            };
            text.push_str(&line);
            if let Some(remedy) = &report.remedy {
                text.extend([format!("      {} {}\n", look.style.dim("remedy:"), clean(remedy))]);
            }
        }
        look.fit(&text)
    }

    /// Returns the mark and the words for one repository at one endpoint; `None` when it is not worth a line.
    fn cell(&self, report: &HookReport) -> Option<(String, String)> {
        let style = self.look.style;
        let changes = self.changes(report);
        if let Some(error) = &report.error {
            let done = if changes.is_empty() { String::new() } else { format!("{changes}; then ") };
            return Some((style.bad("!"), format!("{done}{}", style.bad(error))));
        }
        if self.level < Level::Normal {
            return None;
        }
        if let Some(change) = report.changes.first() {
            let mark = match change.kind {
                ChangeKind::Created => style.good("+"),
                ChangeKind::Repaired => style.good("~"),
                ChangeKind::Removed => style.good("-"),
            };
            return Some((mark, changes));
        }
        let faults = clean(&report.faults.join("; "));
        let (mark, words) = match report.state {
            State::Installed => (style.dim("="), style.good("installed")),
            State::Missing if self.command == HookCommand::Uninstall => (style.dim("="), style.dim("none")),
            State::Missing => (style.warn("?"), style.warn("missing")),
            State::Differs => (style.warn("~"), style.warn(&format!("differs: {faults}"))),
            State::Stale => (style.warn("~"), style.warn(&format!("stale: {faults}"))),
            State::Archived => {
                let words = "archived: nothing can be pushed, so none is needed; install again once it is unarchived";
                (style.dim("="), style.dim(words))
            }
            State::Unknown => (style.warn("?"), style.warn("unknown")),
        };
        let foreign = match report.foreign {
            0 => String::new(),
            one => style.dim(&format!(" ({one} foreign)")),
        };
        let shown = self.command == HookCommand::Status
            || self.level >= Level::Verbose
            || (self.command == HookCommand::Install && report.state == State::Archived);
        shown.then(|| (mark, format!("{words}{foreign}")))
    }

    /// Says what was changed, or would be.
    fn changes(&self, report: &HookReport) -> String {
        let would = if self.dry_run { "would be " } else { "" };
        let words = report.changes.iter().map(|change| match change {
            Change { kind: ChangeKind::Created, .. } => format!("{would}created"),
            Change { kind: ChangeKind::Repaired, .. } => {
                format!("{would}repaired ({})", clean(&report.faults.join("; ")))
            }
            Change { kind: ChangeKind::Removed, url: Some(url), .. } if self.command != HookCommand::Uninstall => {
                format!("{would}removed: one more, to {}", clean(url))
            }
            Change { kind: ChangeKind::Removed, .. } => format!("{would}removed"),
        });
        words.collect::<Vec<_>>().join("; ")
    }

    fn last_lines(&self, summary: &HookSummary) -> String {
        let style = self.look.style;
        let unmatched = summary.unmatched.iter().map(|name| {
            format!(
                "{} {}: no endpoint has a repository of this name that the group's filters let through\n      {} {}\n",
                style.bad("!"),
                style.strong(name),
                style.dim("remedy:"),
                "Check the spelling, `repo_whitelist`, `repo_blacklist` and `sync_visibility`."
            )
        });
        let mut text: String = unmatched.collect();
        if self.level >= Level::Normal {
            text.extend(summary.notes.iter().map(|note| format!("{} {note}\n", style.warn("note:"))));
        }
        if self.level >= Level::Verbose && self.command == HookCommand::Status {
            let directories = summary.directories.iter();
            text.extend(directories.map(|id| style.dim(&format!("= {id}: a directory, which has no webhooks\n"))));
        }
        // What needs a person is said where only that is.
        let lacks = self.command == HookCommand::Status && !summary.is_whole();
        if self.level >= Level::Normal || lacks || !summary.is_good() {
            text += &self.total(summary);
        }
        if lacks {
            let remedy = "Run `refray webhook install`: it puts them where they are missing, and mends the others.";
            text.extend([format!("      {} {remedy}\n", style.dim("remedy:"))]);
        }
        text
    }

    fn total(&self, summary: &HookSummary) -> String {
        let style = self.look.style;
        let mut parts = Vec::new();
        let mut part = |number: usize, word: &str, paint: fn(Style, &str) -> String| {
            if number > 0 {
                parts.push(paint(style, &format!("{number} {word}")));
            }
        };
        let status = self.command == HookCommand::Status;
        let would = if self.dry_run { "to be " } else { "" };
        match self.command {
            HookCommand::Uninstall => part(summary.missing, "had none", Style::dim),
            HookCommand::Status => {
                part(summary.installed, "installed", Style::good);
                part(summary.missing, "missing", Style::warn);
                part(summary.differs, "not as wanted", Style::warn);
                part(summary.stale, "stale", Style::warn);
            }
            HookCommand::Install => part(summary.installed, "right already", Style::dim),
            HookCommand::Update => {
                part(summary.installed, "right already", Style::dim);
                part(summary.missing, "had none", Style::dim);
            }
        }
        part(summary.created, &format!("{would}created"), Style::good);
        part(summary.repaired, &format!("{would}repaired"), Style::good);
        part(summary.removed, &format!("{would}removed"), Style::good);
        part(summary.archived, "archived", Style::dim);
        part(summary.failed, "failed", Style::bad);
        if status {
            part(summary.foreign, "foreign", Style::dim);
        }
        let what = if parts.is_empty() { String::new() } else { format!(": {}", parts.join(", ")) };
        let endpoints = match summary.endpoints_failed {
            0 => String::new(),
            1 => format!("; {}", style.bad("1 endpoint not available")),
            many => format!("; {}", style.bad(&format!("{many} endpoints not available"))),
        };
        let copies = if summary.checked == 1 { "copy" } else { "copies" };
        let nothing = if self.dry_run { " Nothing was written." } else { "" };
        format!("{} {copies}{what}{endpoints}.{}\n", summary.checked, style.dim(nothing))
    }
}

impl HookSink for HookOutput {
    fn expect(&self, number: usize) {
        self.progress.expect(number);
    }

    fn take(&self, report: HookReport) {
        self.progress.done();
        match self.format {
            Format::Json => {
                line(&Line::Webhook { command: self.command.as_str(), dry_run: self.dry_run, report: &report });
            }
            Format::Text => {
                if let Ok(mut reports) = self.reports.lock() {
                    reports.push(report);
                }
            }
        }
    }
}

fn line(line: &Line<'_>) {
    print(&format!("{}\n", line.text()));
}

fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    // A reader that went away is no reason to stop in the middle.
    drop(out.write_all(text.as_bytes()).and_then(|()| out.flush()));
}

#[cfg(test)]
mod tests {
    use refray_core::name::{EndpointId, GroupName, RepoName};

    use super::*;

    fn output(command: HookCommand, level: Level, dry_run: bool) -> HookOutput {
        HookOutput {
            command,
            dry_run,
            format: Format::Text,
            look: Look::plain(),
            level,
            reports: Mutex::default(),
            progress: Progress::new(false),
        }
    }

    fn report(name: &str, state: State) -> HookReport {
        HookReport {
            group: GroupName::new("all").unwrap(),
            repository: RepoName::new(name).unwrap(),
            endpoint: EndpointId::new("github/me").unwrap(),
            state,
            faults: Vec::new(),
            changes: Vec::new(),
            foreign: 0,
            error: None,
            remedy: None,
        }
    }

    #[test]
    fn a_status_is_a_table() {
        let differs = HookReport { faults: vec!["`push` is off".into()], ..report("beta", State::Differs) };
        let stale = HookReport { faults: vec!["it sends to https://old".into()], ..report("long-name", State::Stale) };
        let missing = HookReport { foreign: 2, ..report("gamma", State::Missing) };
        let text = output(HookCommand::Status, Level::Normal, false).rows(&[
            report("a", State::Installed),
            differs,
            missing,
            stale,
        ]);
        assert_eq!(
            text,
            "= a          github/me  installed\n\
             ~ beta       github/me  differs: `push` is off\n\
             ? gamma      github/me  missing (2 foreign)\n\
             ~ long-name  github/me  stale: it sends to https://old\n"
        );
    }

    #[test]
    fn an_install_tells_of_changes_and_failures() {
        let change = |kind| vec![Change { kind, hook: None, url: Some("https://old".into()) }];
        let created = HookReport { changes: change(ChangeKind::Created), ..report("a", State::Missing) };
        let repaired = HookReport {
            changes: change(ChangeKind::Repaired),
            faults: vec!["it is switched off".into()],
            ..report("b", State::Differs)
        };
        let failed =
            HookReport { error: Some("could not".into()), remedy: Some("Do.".into()), ..report("c", State::Unknown) };
        let all = [created, repaired, failed, report("d", State::Installed)];
        assert_eq!(
            output(HookCommand::Install, Level::Normal, true).rows(&all),
            "+ a  github/me  would be created\n\
             ~ b  github/me  would be repaired (it is switched off)\n\
             ! c  github/me  could not\n      remedy: Do.\n"
        );
        let quiet = output(HookCommand::Install, Level::Quiet, false).rows(&all);
        assert_eq!(quiet, "! c  github/me  could not\n      remedy: Do.\n");
    }

    #[test]
    fn the_last_line_counts() {
        let summary = HookSummary { checked: 3, installed: 1, created: 1, failed: 1, ..HookSummary::default() };
        let install = output(HookCommand::Install, Level::Normal, false);
        assert_eq!(install.total(&summary), "3 copies: 1 right already, 1 created, 1 failed.\n");
        let dry = output(HookCommand::Install, Level::Normal, true);
        assert_eq!(dry.total(&summary), "3 copies: 1 right already, 1 to be created, 1 failed. Nothing was written.\n");
    }

    #[test]
    fn a_status_that_lacks_some_says_once_what_to_do() {
        let lacking = HookSummary { checked: 4, installed: 1, missing: 2, differs: 1, ..HookSummary::default() };
        let remedy = "remedy: Run `refray webhook install`: it puts them where they are missing, and mends the others.";
        for (level, summary, expected) in [
            (Level::Normal, &lacking, format!("4 copies: 1 installed, 2 missing, 1 not as wanted.\n      {remedy}\n")),
            (Level::Quiet, &lacking, format!("4 copies: 1 installed, 2 missing, 1 not as wanted.\n      {remedy}\n")),
            (Level::Quiet, &HookSummary { checked: 1, installed: 1, ..HookSummary::default() }, String::new()),
        ] {
            assert_eq!(output(HookCommand::Status, level, false).last_lines(summary), expected);
        }
    }
}
