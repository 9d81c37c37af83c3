//! Output for people.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Mutex;
use std::time::Instant;

use refray_core::event::{Event, EventSink};
use refray_core::name::{GroupName, RepoName};
use refray_core::outcome::{RepoStatus, Summary};

use crate::args::Global;
use crate::render::alike::{likewise, pattern_of};
use crate::render::block::{Block, Level, mark};
use crate::render::layout::{clean, columns};
use crate::render::look::Look;
use crate::render::progress::{self, Progress};
use crate::render::style::Style;

/// Gathers what is heard of each repository and prints it when the repository is done, so that lines of repositories
/// that are worked on at the same time do not mix.
pub(crate) struct TextSink<W: Write + Send> {
    state: Mutex<State<W>>,
    look: Look,
    level: Level,
    started: Instant,
}

struct State<W> {
    out: W,
    blocks: BTreeMap<(GroupName, RepoName), Block>,
    progress: Progress,
    dry_run: bool,
    /// What was said of repositories that need a person.
    said: Vec<Said>,
}

/// What was said of a repository, without its name.
struct Said {
    status: RepoStatus,
    pattern: String,
    /// Of how many.
    times: usize,
    /// Of which others the same is to be said.
    others: Vec<String>,
}

/// Of how many repositories the same is said before the others are only named.
const TIMES: usize = 3;

impl<W: Write + Send> TextSink<W> {
    /// Writes to `out`, with a progress bar on standard error when `bar`.
    pub(crate) fn new(out: W, look: Look, global: &Global, bar: bool) -> Self {
        let state =
            State { out, blocks: BTreeMap::new(), progress: Progress::new(bar), dry_run: false, said: Vec::new() };
        Self { state: Mutex::new(state), look, level: Level::of(global), started: Instant::now() }
    }
}

impl<W: Write> State<W> {
    fn print(&mut self, text: &str) {
        let out = &mut self.out;
        // A reader that went away is no reason to stop a run in the middle.
        progress::above(|| drop(out.write_all(text.as_bytes()).and_then(|()| out.flush())));
    }
}

impl<W> State<W> {
    /// Says whether the same was not said of some other repositories before. If it was, it is noted, and said once of all
    /// that are left at the end.
    fn is_new(&mut self, text: &str, repository: &RepoName, status: RepoStatus) -> bool {
        let name = clean(repository.as_str());
        let Some((head, body)) = text.split_once('\n') else { return true };
        // Whatever was done besides is told of each.
        if !matches!(status, RepoStatus::Held | RepoStatus::Failed) || columns(head) > 2 + columns(&name) {
            return true;
        }
        let pattern = pattern_of(body, &name);
        let same = |said: &&mut Said| said.status == status && said.pattern == pattern;
        let Some(said) = self.said.iter_mut().find(same) else {
            self.said.push(Said { status, pattern, times: 1, others: Vec::new() });
            return true;
        };
        let few = said.times < TIMES;
        said.times += 1;
        if !few {
            said.others.push(name);
        }
        few
    }
}

impl<W: Write + Send> EventSink for TextSink<W> {
    fn emit(&self, event: Event) {
        let Ok(mut state) = self.state.lock() else { return };
        let (look, style) = (&self.look, self.look.style);
        match event {
            Event::RunStarted { dry_run, .. } => state.dry_run = dry_run,
            Event::GroupStarted { .. } => {}
            Event::RepositoryStarted { repository, .. } => state.progress.started(repository),
            Event::EndpointFailed { endpoint, message, remedy, .. } => {
                let mark = style.bad("!");
                let name = style.strong(&look.endpoint(&endpoint));
                let (message, remedy) = (clean(&message), clean(&remedy));
                state.print(&look.fit(&format!("{mark} {name}: {message}\n      {} {remedy}\n", style.dim("remedy:"))));
            }
            Event::GroupListed { group, repositories } => {
                state.progress.expect(repositories);
                if self.level >= Level::Normal {
                    let line = format!(
                        "{}\n",
                        style.dim(&format!("{group}: {}", count(repositories, "repository", "repositories")))
                    );
                    state.print(&line);
                }
            }
            Event::Transfer { repository, endpoint, direction, bytes, .. } => {
                state.progress.transfer(repository, endpoint, direction, bytes);
            }
            Event::Planned { ref group, ref plan } => {
                let key = (group.clone(), plan.repository.clone());
                state.blocks.entry(key).or_default().take(event);
            }
            Event::Action { ref group, ref repository, .. } | Event::Finding { ref group, ref repository, .. } => {
                let key = (group.clone(), repository.clone());
                state.blocks.entry(key).or_default().take(event);
            }
            Event::RepositoryFinished { group, repository, status, error, remedy, .. } => {
                let block = state.blocks.remove(&(group, repository.clone())).unwrap_or_default();
                let error = error.as_deref().map(|error| (error, remedy.as_deref().unwrap_or_default()));
                let text = block.render(&repository, status, error, look, self.level);
                state.progress.ended(&repository);
                if !text.is_empty() && (self.level >= Level::Verbose || state.is_new(&text, &repository, status)) {
                    state.print(&look.fit(&text));
                }
            }
            Event::RunFinished { run, summary } => {
                state.progress.finish();
                for Said { status, others, .. } in std::mem::take(&mut state.said) {
                    if !others.is_empty() {
                        let others = likewise(others.iter().map(String::as_str));
                        state.print(&look.fit(&format!("{} {others}\n", mark(status, style))));
                    }
                }
                if self.level >= Level::Normal || !summary.is_good() {
                    let line = summary_line(&run, &summary, self.started.elapsed().as_secs_f64(), style, state.dry_run);
                    state.print(&look.fit(&line));
                }
            }
        }
    }
}

fn summary_line(run: &str, summary: &Summary, seconds: f64, style: Style, dry_run: bool) -> String {
    let mut parts = Vec::new();
    let mut part = |number: usize, word: &str, paint: fn(Style, &str) -> String| {
        if number > 0 {
            parts.push(paint(style, &format!("{number} {word}")));
        }
    };
    part(summary.agreed, "agreed already", Style::dim);
    part(summary.synced, "synced", Style::good);
    part(summary.pending, "to change", Style::warn);
    part(summary.incomplete, "not seen whole", Style::warn);
    part(summary.held, "held", Style::warn);
    part(summary.failed, "failed", Style::bad);
    let what = if parts.is_empty() { String::new() } else { format!(": {}", parts.join(", ")) };
    let endpoints = match summary.endpoints_failed {
        0 => String::new(),
        failed => format!("; {}", style.bad(&format!("{} not available", count(failed, "endpoint", "endpoints")))),
    };
    let interrupted = match (summary.interrupted, summary.unvisited) {
        (false, _) => String::new(),
        (true, 0) => format!("; {}", style.warn("interrupted")),
        (true, rest) => format!("; {}", style.warn(&format!("interrupted, {rest} not looked at"))),
    };
    let actions = if dry_run {
        "Nothing was written".to_owned()
    } else {
        let webhooks = match summary.webhooks {
            0 => String::new(),
            put => format!("{} installed, ", count(put, "webhook", "webhooks")),
        };
        format!("{webhooks}{}, run {run}", count(summary.actions, "change", "changes"))
    };
    format!(
        "{}{what}{endpoints}{interrupted}. {}\n",
        count(summary.repositories, "repository", "repositories"),
        style.dim(&format!("{actions}, {seconds:.1} s"))
    )
}

fn count(number: usize, one: &str, many: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {many}") }
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use refray_core::name::EndpointId;
    use refray_core::outcome::{Action, Outcome};
    use refray_core::plan::{DefaultSwitch, Finding, FindingKind};

    use super::*;
    use crate::args::Cli;

    /// Returns what is printed of a run in which these events are heard.
    fn printed(args: &[&str], events: Vec<Event>) -> String {
        let cli = Cli::try_parse_from([&["refray", "sync"], args].concat()).unwrap();
        let sink = TextSink::new(Vec::new(), Look::plain(), &cli.global, false);
        for event in events {
            sink.emit(event);
        }
        String::from_utf8(sink.state.into_inner().unwrap().out).unwrap()
    }

    fn ended(repository: &str, status: RepoStatus, error: Option<&str>) -> Event {
        Event::RepositoryFinished {
            group: GroupName::new("all").unwrap(),
            repository: RepoName::new(repository).unwrap(),
            status,
            done: 0,
            error: error.map(str::to_owned),
            remedy: error.map(|_| "Look.".to_owned()),
        }
    }

    #[test]
    fn nothing_that_is_said_by_others_is_obeyed() {
        let evil = "no\u{1b}]8;;https://evil\u{1b}\\ way\u{7}\u{9b}2J\u{202e}";
        let (group, repository) = (GroupName::new("all").unwrap(), RepoName::new("one").unwrap());
        let endpoint = EndpointId::new("disk/a").unwrap();
        let switch = DefaultSwitch {
            endpoint: endpoint.clone(),
            old: None,
            new: refray_core::name::BranchName::new("turned\u{202e}round").unwrap(),
        };
        let refused =
            Outcome::Refused { refusal: "unknown".into(), message: format!("{evil}\n{evil}"), remedy: evil.into() };
        let mut finding = Finding::new(FindingKind::Diverged, evil, evil).side(&endpoint, evil);
        finding.links.insert(endpoint.clone(), format!("https://forge/{evil}"));
        let said = printed(
            &[],
            vec![
                Event::EndpointFailed { group: group.clone(), endpoint, message: evil.into(), remedy: evil.into() },
                Event::Action {
                    group: group.clone(),
                    repository: repository.clone(),
                    action: Action::SwitchDefaultBranch(switch),
                    outcome: refused,
                },
                Event::Finding { group, repository, finding },
                ended("one", RepoStatus::Failed, Some(evil)),
            ],
        );
        let obeyed = |c: char| c != '\n' && (c.is_control() || c == '\u{202e}');
        assert!(!said.contains(obeyed) && said.contains("way") && said.contains("turned"), "{said:?}");
    }

    #[test]
    fn what_is_the_same_for_many_is_said_once() {
        let failed = |name: &str| ended(name, RepoStatus::Failed, Some("the disk is full"));
        let events = vec![
            failed("one"),
            failed("two"),
            ended("three", RepoStatus::Failed, Some("something else")),
            failed("four"),
            failed("five"),
            failed("six"),
            Event::RunFinished { run: "r1".into(), summary: Summary { failed: 6, ..Summary::default() } },
        ];
        let said = printed(&[], events.clone());
        let (said, summary) = said.trim_end().rsplit_once('\n').unwrap();
        assert!(summary.contains("6 failed"), "{summary}");
        assert_eq!(
            said,
            "! one\n    the disk is full\n      remedy: Look.\n\
             ! two\n    the disk is full\n      remedy: Look.\n\
             ! three\n    something else\n      remedy: Look.\n\
             ! four\n    the disk is full\n      remedy: Look.\n\
             ! likewise five, six"
        );
        assert!(printed(&["--quiet"], events.clone()).contains("! likewise five, six\n"));
        assert!(!printed(&["-v"], events).contains("likewise"));
    }
}
