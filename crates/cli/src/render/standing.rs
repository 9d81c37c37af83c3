//! How things stand, as a table.

use jiff::Timestamp;
use refray_engine::standing::{Counts, GroupStanding, Reason, RepoStanding, Stand, Standing};
use unicode_width::UnicodeWidthStr;

use crate::render::push;
use crate::render::style::Style;

/// Repositories of a group up to which those that agree are listed too.
const FEW: usize = 100;
/// Below this width what is the case stands under the repository rather than beside it.
const NARROW: usize = 72;
/// The widest column of names.
const NAME: usize = 32;

/// How it is shown.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) style: Style,
    /// Columns of the terminal.
    pub(crate) width: usize,
    /// Only what needs a person.
    pub(crate) quiet: bool,
    /// Also those that agree, however many.
    pub(crate) all: bool,
}

/// Renders it.
pub(crate) fn standing(standing: &Standing, now: Timestamp, shape: Shape) -> String {
    let mut text = String::new();
    for group in &standing.groups {
        render_group(&mut text, group, now, shape);
    }
    if standing.last_run.is_none() && !shape.quiet {
        push(&mut text, format_args!("Nothing was synced yet. Run `refray sync`.\n"));
    }
    text
}

fn render_group(text: &mut String, group: &GroupStanding, now: Timestamp, shape: Shape) {
    let few = shape.all || group.repositories.len() <= FEW;
    let shown: Vec<&RepoStanding> = group
        .repositories
        .iter()
        .filter(|repository| match repository.status {
            Stand::Agreed => few && !shape.quiet,
            Stand::Behind => !shape.quiet,
            _ => true,
        })
        .collect();
    if shape.quiet && shown.is_empty() {
        return;
    }
    let style = shape.style;
    push(text, format_args!("{}: {}\n", style.strong(group.name.as_str()), counts(group.counts, style)));
    let names =
        shown.iter().map(|repository| clean(repository.repository.as_str()).width()).max().unwrap_or(0).min(NAME);
    let ages = shown.iter().map(|repository| age(repository.since, now).width()).max().unwrap_or(0);
    for repository in &shown {
        row(text, repository, names, ages, now, shape);
    }
    if !few && !shape.quiet && group.counts.agreed > 0 {
        let hint = format!("  {} that agree are not listed; `-v` lists them", group.counts.agreed);
        push(text, format_args!("{}\n", style.dim(&hint)));
    }
}

fn counts(counts: Counts, style: Style) -> String {
    if counts.total() == 0 {
        return style.dim("no repository is known yet");
    }
    let present = Stand::ALL.into_iter().filter(|stand| counts.of(*stand) > 0);
    let parts: Vec<_> =
        present.map(|stand| paint(stand, &format!("{} {}", counts.of(stand), stand.as_str()), style)).collect();
    parts.join(", ")
}

fn paint(stand: Stand, text: &str, style: Style) -> String {
    match stand {
        Stand::Agreed => style.good(text),
        Stand::Behind => style.dim(text),
        Stand::Held => style.warn(text),
        Stand::Diverged | Stand::Failing => style.bad(text),
    }
}

fn row(text: &mut String, repository: &RepoStanding, names: usize, ages: usize, now: Timestamp, shape: Shape) {
    let style = shape.style;
    let name = clean(repository.repository.as_str());
    let status = paint(repository.status, &format!("{:<8}", repository.status.as_str()), style);
    let age = age(repository.since, now);
    let head = format!(
        "  {status}  {}{}  {}{}",
        style.strong(&name),
        " ".repeat(names.saturating_sub(name.width())),
        " ".repeat(ages.saturating_sub(age.width())),
        style.dim(&age),
    );
    text.push_str(head.trim_end());
    let indent = 2 + 8 + 2 + names.max(name.width()) + 2 + ages + 2;
    let beside = shape.width >= NARROW && shape.width.saturating_sub(indent) >= 30;
    let indent = if beside { indent } else { 4 };
    let room = shape.width.saturating_sub(indent).max(20);
    let mut lines: Vec<String> = Vec::new();
    for reason in &repository.reasons {
        lines.extend(explain(reason, room, style));
    }
    if repository.reasons.is_empty()
        && let Some(note) = note(repository)
    {
        lines.extend(wrap(&note, room).iter().map(|line| style.dim(line)));
    }
    let mut lines = lines.into_iter();
    if beside && let Some(first) = lines.next() {
        push(text, format_args!("  {first}"));
    }
    text.push('\n');
    for line in lines {
        push(text, format_args!("{}{line}\n", " ".repeat(indent)));
    }
}

fn note(repository: &RepoStanding) -> Option<String> {
    if repository.is_running() {
        return Some("being worked on".to_owned());
    }
    if let Some(waiting) = &repository.queue {
        let failed = if waiting.attempts > 0 { format!(", failed {} times", waiting.attempts) } else { String::new() };
        return Some(format!("waits in the queue{failed}"));
    }
    let missing: Vec<_> = repository.missing.iter().map(|endpoint| clean(endpoint.as_str())).collect();
    (!missing.is_empty()).then(|| format!("not there yet on {}", missing.join(", ")))
}

fn explain(reason: &Reason, room: usize, style: Style) -> Vec<String> {
    let about = reason.reference.as_ref().map_or_else(String::new, |name| format!("{}: ", clean(name)));
    let message = format!("{about}{}", clean(&reason.message));
    let mut lines: Vec<String> = wrap(&message, room).iter().map(|line| paint(reason.stand, line, style)).collect();
    // Addresses are not broken: they are there to be clicked on.
    lines.extend(reason.links.iter().map(|(_, url)| clean(url)));
    let remedy = wrap(&format!("remedy: {}", clean(&reason.remedy)), room);
    lines.extend(remedy.iter().map(|line| style.dim(line)));
    lines
}

/// Breaks a text at spaces into lines that fit.
fn wrap(text: &str, room: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() && line.width() + 1 + word.width() > room {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    lines
}

/// Takes out of a forge's words what a terminal would obey, or what turns the text around it.
fn clean(text: &str) -> String {
    let obeyed = |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars()
        .map(|c| {
            if c == '\n' || c == '\t' {
                ' '
            } else if obeyed(c) {
                '\u{fffd}'
            } else {
                c
            }
        })
        .collect()
}

/// Says for how long.
fn age(since: Timestamp, now: Timestamp) -> String {
    let seconds = now.duration_since(since).as_secs().max(0);
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..86_400 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use refray_core::name::{EndpointId, GroupName, RepoName};

    use super::*;

    fn scene() -> Standing {
        let at = |seconds: i64| Timestamp::from_second(1_700_000_000 + seconds).unwrap();
        let group = GroupName::new("all").unwrap();
        let repository = |name: &str, status, since, reasons| RepoStanding {
            group: group.clone(),
            repository: RepoName::new(name).unwrap(),
            status,
            since: at(since),
            checked: Some(at(90)),
            copies: Vec::new(),
            missing: if name == "late" { vec![EndpointId::new("disk/b").unwrap()] } else { Vec::new() },
            reasons,
            queue: None,
        };
        let reason = Reason {
            kind: "diverged".into(),
            stand: Stand::Diverged,
            reference: Some("main".into()),
            message: "the tips have diverged\u{1b}[2J, and none of them descends from all of the others".into(),
            remedy: "Merge them, and push the result to any side.".into(),
            sides: std::collections::BTreeMap::new(),
            links: vec![(EndpointId::new("disk/a").unwrap(), "https://forge.example/pulls/1".into())],
        };
        let repositories = vec![
            repository("late", Stand::Behind, 10, Vec::new()),
            repository("one", Stand::Diverged, -7200, vec![reason]),
            repository("two", Stand::Agreed, 40, Vec::new()),
        ];
        let counts = Counts { agreed: 1, behind: 1, diverged: 1, ..Counts::default() };
        Standing {
            groups: vec![GroupStanding { name: group, endpoints: Vec::new(), counts, repositories }],
            last_run: None,
        }
    }

    fn shown(width: usize, quiet: bool) -> String {
        let now = Timestamp::from_second(1_700_000_100).unwrap();
        standing(&scene(), now, Shape { style: Style::plain(), width, quiet, all: false })
    }

    #[test]
    fn columns_are_aligned() {
        insta::assert_snapshot!(shown(100, false), @r"
        all: 1 diverged, 1 behind, 1 agreed
          behind    late  1 min  not there yet on disk/b
          diverged  one     2 h  main: the tips have diverged�[2J, and none of them descends from all of the
                                 others
                                 https://forge.example/pulls/1
                                 remedy: Merge them, and push the result to any side.
          agreed    two   1 min
        Nothing was synced yet. Run `refray sync`.
        ");
    }

    #[test]
    fn on_a_narrow_terminal_reasons_stand_below() {
        let text = shown(40, false);
        assert!(text.lines().all(|line| line.width() <= 50), "{text}");
        insta::assert_snapshot!(text, @r"
        all: 1 diverged, 1 behind, 1 agreed
          behind    late  1 min
            not there yet on disk/b
          diverged  one     2 h
            main: the tips have diverged�[2J,
            and none of them descends from all
            of the others
            https://forge.example/pulls/1
            remedy: Merge them, and push the
            result to any side.
          agreed    two   1 min
        Nothing was synced yet. Run `refray sync`.
        ");
    }

    #[test]
    fn quiet_shows_only_what_needs_a_person() {
        let text = shown(100, true);
        assert!(text.contains("one") && !text.contains("late") && !text.contains("two"), "{text}");
        assert!(!text.contains('\u{1b}'), "{text}");
    }
}
