//! How things stand, as a table.

use std::collections::HashMap;

use jiff::Timestamp;
use refray_engine::standing::{Counts, GroupStanding, Reason, RepoStanding, Stand, Standing};

use crate::render::alike::{cut, for_all, grouped, likewise, pattern, pattern_of, rest};
use crate::render::block::Level;
use crate::render::layout::{NARROW, clean, columns, fit, pad, shorten, wrap};
use crate::render::look::Look;
use crate::render::push;
use crate::render::style::Style;

/// Repositories of a group up to which those that agree are listed too.
const FEW: usize = 100;
/// The narrowest column of ages: `59 min`. What stands beside it does not move while time goes on.
const AGE: usize = 6;
/// The widest column of names.
const NAME: usize = 28;

/// How it is shown.
#[derive(Debug, Clone)]
pub(crate) struct Shape {
    pub(crate) look: Look,
    /// Columns to fit into.
    pub(crate) width: usize,
    /// Only what needs a person; or also those that agree, however many.
    pub(crate) level: Level,
}

/// Renders it.
pub(crate) fn standing(standing: &Standing, now: Timestamp, shape: &Shape) -> String {
    let mut text = String::new();
    for group in &standing.groups {
        render_group(&mut text, group, now, shape);
    }
    if standing.last_run.is_none() && shape.level > Level::Quiet {
        text.push_str(&fit("Nothing was synced yet. Run `refray sync`.\n", Some(shape.width)));
    }
    text
}

fn render_group(text: &mut String, group: &GroupStanding, now: Timestamp, shape: &Shape) {
    let few = shape.level >= Level::Verbose || group.repositories.len() <= FEW;
    let shown: Vec<&RepoStanding> = group
        .repositories
        .iter()
        .filter(|repository| match repository.status {
            Stand::Agreed => few && shape.level > Level::Quiet,
            Stand::Behind => shape.level > Level::Quiet,
            _ => true,
        })
        .collect();
    if shape.level == Level::Quiet && shown.is_empty() {
        return;
    }
    let style = shape.look.style;
    let head = format!("{}: {}\n", style.strong(&clean(group.name.as_str())), counts(group.counts, style));
    text.push_str(&fit(&head, Some(shape.width)));
    let name = |repository: &&RepoStanding| columns(&clean(repository.repository.as_str()));
    // A name that is wider than most goes beyond its column rather than widening that of all.
    let names = shown.iter().map(name).filter(|width| *width <= NAME).max().unwrap_or(0);
    let ages = shown.iter().map(|repository| columns(&age(repository.since, now))).max().unwrap_or(0).max(AGE);
    // What needs a person, by what is said of it: the first of each tells it for all. There may be thousands.
    let mut alike: HashMap<String, Vec<&RepoStanding>> = HashMap::new();
    for repository in shown.iter().filter(|it| !it.reasons.is_empty() && shape.level < Level::Verbose) {
        alike.entry(gist(repository)).or_default().push(*repository);
    }
    let mut first: HashMap<&str, (&RepoStanding, Vec<&str>)> = HashMap::new();
    for same in alike.values() {
        let Some((one, others)) = same.split_first() else { continue };
        first.insert(one.repository.as_str(), (*one, others.iter().map(|other| other.repository.as_str()).collect()));
        for other in others {
            first.insert(other.repository.as_str(), (*one, Vec::new()));
        }
    }
    for repository in &shown {
        let known = first.get(repository.repository.as_str());
        let (one, others) = known.map_or((*repository, &[][..]), |(one, others)| (*one, others.as_slice()));
        if one.repository != repository.repository {
            row(text, repository, Some(one), (names, ages), now, shape);
            continue;
        }
        let mut alone = (*repository).clone();
        if shape.level < Level::Verbose {
            for reason in &mut alone.reasons {
                reason.remedy = for_all(&reason.remedy, repository.repository.as_str(), others);
            }
        }
        row(text, &alone, None, (names, ages), now, shape);
    }
    if !few && shape.level > Level::Quiet && group.counts.agreed > 0 {
        let hint = format!("  {} that agree are not listed; `-v` lists them", group.counts.agreed);
        text.push_str(&fit(&format!("{}\n", style.dim(&hint)), Some(shape.width)));
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

/// Returns what is the case and what to do, but for the repository's name.
fn gist(repository: &RepoStanding) -> String {
    let reasons = repository.reasons.iter().map(|reason| {
        let Reason { reference, message, remedy, links, .. } = reason;
        format!("{reference:?} {message} {remedy} {links:?}\n")
    });
    pattern_of(&reasons.collect::<String>(), repository.repository.as_str())
}

/// Renders a repository, with its reasons unless they are the `same` as another's.
fn row(
    text: &mut String,
    repository: &RepoStanding,
    same: Option<&RepoStanding>,
    (names, ages): (usize, usize),
    now: Timestamp,
    shape: &Shape,
) {
    let (look, style) = (&shape.look, shape.look.style);
    let status = paint(repository.status, &format!("{:<8}", repository.status.as_str()), style);
    let age = age(repository.since, now);
    let name = shorten(&clean(repository.repository.as_str()), shape.width.saturating_sub(2 + 8 + 2 + 2 + ages).max(8));
    let wide = columns(&name);
    let page = repository.copies.iter().find_map(|copy| look.pages.repository(copy, &repository.repository));
    let name = pad(&style.link(&style.strong(&name), page.as_deref()), names);
    push(
        text,
        format_args!("  {status}  {name}  {}{}", " ".repeat(ages.saturating_sub(columns(&age))), style.dim(&age)),
    );
    let indent = 2 + 8 + 2 + names + 2 + ages + 2;
    let beside = shape.width >= NARROW && shape.width.saturating_sub(indent) >= 30;
    let indent = if beside { indent } else { 4 };
    let room = shape.width.saturating_sub(indent).max(16);
    let mut lines: Vec<String> = Vec::new();
    match same {
        Some(same) => {
            let same = format!("same as {}", clean(same.repository.as_str()));
            lines.extend(wrap(&same, room).iter().map(|line| paint(repository.status, line, style)));
        }
        None => {
            for reasons in grouped(&repository.reasons, |reason| reason.remedy.clone()) {
                explain(&mut lines, &reasons, room, shape);
            }
        }
    }
    if repository.reasons.is_empty()
        && let Some(note) = note(repository, look)
    {
        lines.extend(wrap(&note, room).iter().map(|line| style.dim(line)));
    }
    let mut lines = lines.into_iter();
    // A name that is wider than its column has taken the place.
    if beside
        && wide <= names
        && let Some(first) = lines.next()
    {
        push(text, format_args!("  {first}"));
    }
    text.push('\n');
    for line in lines {
        push(text, format_args!("{}{line}\n", " ".repeat(indent)));
    }
}

fn note(repository: &RepoStanding, look: &Look) -> Option<String> {
    if repository.is_running() {
        return Some("being worked on".to_owned());
    }
    if let Some(waiting) = &repository.queue {
        let failed = match waiting.attempts {
            0 => String::new(),
            1 => ", failed once".to_owned(),
            more => format!(", failed {more} times"),
        };
        return Some(format!("waits in the queue{failed}"));
    }
    let missing: Vec<_> = repository.missing.iter().map(|endpoint| look.endpoint(endpoint)).collect();
    (!missing.is_empty()).then(|| format!("not there yet on {}", missing.join(", ")))
}

/// Says what is the case, and once what to do about all of it.
fn explain(lines: &mut Vec<String>, reasons: &[&Reason], room: usize, shape: &Shape) {
    let style = shape.look.style;
    let key = |reason: &&Reason| match shape.level {
        Level::Verbose => reason.message.clone(),
        _ => pattern(&reason.message, reason.reference.as_deref()),
    };
    let alike = grouped(reasons, key);
    let (shown, more) = cut(alike.len(), shape.level);
    for same in &alike[..shown] {
        let Some((first, others)) = same.split_first() else { continue };
        // Most messages name what they are about.
        let about = first.reference.as_ref().filter(|name| !first.message.contains(&format!("`{name}`")));
        let about = about.map_or_else(String::new, |name| format!("{}: ", clean(name)));
        let message = format!("{about}{}", clean(&first.message));
        lines.extend(wrap(&message, room).iter().map(|line| paint(first.stand, line, style)));
        let others: Vec<&str> = others.iter().filter_map(|reason| reason.reference.as_deref()).collect();
        if !others.is_empty() {
            let others = clean(&likewise(others.into_iter()));
            lines.extend(wrap(&others, room).iter().map(|line| paint(first.stand, line, style)));
        }
        // Addresses are not broken: they are there to be clicked on.
        let links = same.iter().flat_map(|reason| &reason.links);
        lines.extend(links.map(|(_, url)| shape.look.address(url)));
    }
    if more > 0 {
        lines.push(style.dim(&rest(more)));
    }
    let remedy = reasons.first().map(|reason| wrap(&format!("remedy: {}", clean(&reason.remedy)), room));
    lines.extend(remedy.iter().flatten().map(|line| style.dim(line)));
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
        let level = if quiet { Level::Quiet } else { Level::Normal };
        standing(&scene(), now, &Shape { look: Look::plain(), width, level })
    }

    #[test]
    fn columns_are_aligned() {
        insta::assert_snapshot!(shown(100, false), @r"
        all: 1 diverged, 1 behind, 1 agreed
          behind    late   1 min  not there yet on disk/b
          diverged  one      2 h  main: the tips have diverged�[2J, and none of them descends from all of
                                  the others
                                  https://forge.example/pulls/1
                                  remedy: Merge them, and push the result to any side.
          agreed    two    1 min
        Nothing was synced yet. Run `refray sync`.
        ");
    }

    #[test]
    fn on_a_narrow_terminal_reasons_stand_below() {
        let text = shown(40, false);
        assert!(text.lines().all(|line| columns(line) <= 40), "{text}");
        insta::assert_snapshot!(text, @r"
        all: 1 diverged, 1 behind, 1 agreed
          behind    late   1 min
            not there yet on disk/b
          diverged  one      2 h
            main: the tips have diverged�[2J,
            and none of them descends from all
            of the others
            https://forge.example/pulls/1
            remedy: Merge them, and push the
            result to any side.
          agreed    two    1 min
        Nothing was synced yet. Run `refray
          sync`.
        ");
    }

    #[test]
    fn what_is_the_same_is_told_once() {
        let mut standing = scene();
        let repositories = &mut standing.groups[0].repositories;
        let first = repositories[1].clone();
        let mut reasons = first.reasons.clone();
        reasons[0].links.clear();
        reasons[0].message = "the deletion of the branch `main` is held".into();
        reasons[0].remedy = "Release it with `refray sync --confirm-deletions --repo one`.".into();
        for branch in ["b1", "b2"] {
            let mut reason = reasons[0].clone();
            reason.reference = Some(branch.into());
            reason.message = format!("the deletion of the branch `{branch}` is held");
            reasons.push(reason);
        }
        let mut second = RepoStanding { repository: RepoName::new("one-2").unwrap(), ..first.clone() };
        second.reasons = reasons.clone();
        for reason in &mut second.reasons {
            reason.remedy = reason.remedy.replace("one", "one-2");
        }
        *repositories = vec![RepoStanding { reasons, ..first }, second];
        let now = Timestamp::from_second(1_700_000_100).unwrap();
        let shown = |level| super::standing(&standing, now, &Shape { look: Look::plain(), width: 100, level });
        insta::assert_snapshot!(shown(Level::Normal), @r"
        all: 1 diverged, 1 behind, 1 agreed
          diverged  one       2 h  the deletion of the branch `main` is held
                                   likewise b1, b2
                                   remedy: Release it with `refray sync --confirm-deletions --repo one
                                   --repo one-2`.
          diverged  one-2     2 h  same as one
        Nothing was synced yet. Run `refray sync`.
        ");
        let all = shown(Level::Verbose);
        assert_eq!((all.matches("is held").count(), all.matches("remedy:").count()), (6, 2), "{all}");
    }

    #[test]
    fn quiet_shows_only_what_needs_a_person() {
        let text = shown(100, true);
        assert!(text.contains("one") && !text.contains("late") && !text.contains("two"), "{text}");
        assert!(!text.contains('\u{1b}'), "{text}");
    }
}
