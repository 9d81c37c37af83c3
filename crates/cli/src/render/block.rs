//! The lines about one repository.

use std::collections::{BTreeMap, BTreeSet};

use refray_core::event::Event;
use refray_core::name::{EndpointId, RepoName};
use refray_core::outcome::{Action, Outcome, RepoStatus};
use refray_core::plan::{Cause, Finding, RefUpdate, RepoPlan, RequestStep, Severity};

use crate::args::Global;
use crate::render::alike::{cut, grouped, likewise, pattern, rest};
use crate::render::layout::{clean, columns, pad};
use crate::render::look::Look;
use crate::render::push;
use crate::render::style::Style;

/// What was heard of a repository that is still being worked on.
#[derive(Debug, Default)]
pub(super) struct Block {
    done: Vec<Action>,
    undone: Vec<(Action, Outcome)>,
    findings: Vec<Finding>,
    plan: Option<RepoPlan>,
}

impl Block {
    /// Takes an event about the repository.
    pub(super) fn take(&mut self, event: Event) {
        match event {
            Event::Action { action, outcome: Outcome::Done, .. } => self.done.push(action),
            // The run looks again by itself, and what comes of that is heard as well.
            Event::Action { outcome: Outcome::Moved, .. } => {}
            Event::Action { action, outcome, .. } => self.undone.push((action, outcome)),
            Event::Finding { finding, .. } => self.findings.push(finding),
            Event::Planned { plan, .. } => self.plan = Some(plan),
            _ => {}
        }
    }

    /// Renders the lines; an empty text when there is nothing to say at this level.
    pub(super) fn render(
        &self,
        repository: &RepoName,
        status: RepoStatus,
        error: Option<(&str, &str)>,
        look: &Look,
        level: Level,
    ) -> String {
        let notes = self.findings.iter().any(|finding| finding.kind.severity() == Severity::Note);
        let silent = match status {
            RepoStatus::Agreed | RepoStatus::Incomplete => level < Level::Verbose && !(notes && level >= Level::Normal),
            RepoStatus::Synced | RepoStatus::Pending => level < Level::Normal,
            RepoStatus::Held | RepoStatus::Failed => false,
        };
        if silent {
            return String::new();
        }
        let style = look.style;
        let mut text = format!("{} {}", mark(status, style), look.repository(repository, self.copies()));
        let summary = summarise(&self.done, repository, look);
        if !summary.is_empty() {
            push(&mut text, format_args!(": {summary}"));
        } else if status == RepoStatus::Agreed {
            text.push_str(": all agree");
        } else if status == RepoStatus::Incomplete {
            text.push_str(": not every side could be read");
        }
        text.push('\n');
        let describe = |action: &Action| describe(action, repository, look);
        if level >= Level::Verbose {
            list(&mut text, self.done.iter().map(describe), level);
        }
        if let Some(plan) = &self.plan {
            list(&mut text, Action::all_of(plan).iter().map(describe), level);
        }
        self.undone_lines(&mut text, repository, look, level);
        self.finding_lines(&mut text, repository, look, level);
        if let Some((message, remedy)) = error {
            push(&mut text, format_args!("    {}\n", style.bad(&clean(message))));
            push(&mut text, format_args!("      {} {}\n", style.dim("remedy:"), clean(remedy)));
        }
        text
    }

    /// Returns endpoints at which there is a copy, as far as was heard.
    fn copies(&self) -> impl Iterator<Item = &EndpointId> {
        let written = self.done.iter().filter(|action| !matches!(action, Action::DeleteRepository(_)));
        let seen = self.findings.iter().flat_map(|finding| &finding.sides);
        let seen = seen.filter(|(_, value)| !matches!(value.as_str(), "-" | "?")).map(|(endpoint, _)| endpoint);
        written.map(Action::endpoint).chain(seen)
    }

    /// Says what was not done. What has one cause and one remedy gets them once.
    fn undone_lines(&self, text: &mut String, repository: &RepoName, look: &Look, level: Level) {
        for group in grouped(&self.undone, |(_, outcome)| outcome.clone()) {
            let Some((_, outcome)) = group.first() else { continue };
            let (message, remedy) = match outcome {
                Outcome::Refused { message, remedy, refusal } => (format!("refused ({refusal}): {message}"), remedy),
                Outcome::Failed { message, remedy } => (message.clone(), remedy),
                Outcome::Done | Outcome::Moved => continue,
            };
            let bad = |(action, _): &&(Action, Outcome)| look.style.bad(&describe(action, repository, look));
            list(text, group.iter().map(bad), level);
            for line in message.lines() {
                push(text, format_args!("      {}\n", clean(line)));
            }
            push(text, format_args!("      {} {}\n", look.style.dim("remedy:"), clean(remedy)));
        }
    }

    /// Says what is reported. What has one remedy gets it once, and so does what is the same but for a name.
    fn finding_lines(&self, text: &mut String, repository: &RepoName, look: &Look, level: Level) {
        let name = |finding: &Finding| finding.name.as_ref().map(|name| name.short().to_owned());
        for group in grouped(&self.findings, |finding| (finding.kind.severity(), finding.remedy.clone())) {
            let key = |finding: &&Finding| match level {
                Level::Verbose => finding.message.clone(),
                _ => pattern(&finding.message, name(finding).as_deref()),
            };
            let alike = grouped(&group, key);
            let (shown, more) = cut(alike.len(), level);
            for same in &alike[..shown] {
                let Some((first, others)) = same.split_first() else { continue };
                finding_lines(text, first, repository, look);
                let others: Vec<String> = others.iter().filter_map(|finding| name(finding)).collect();
                if !others.is_empty() {
                    let others = likewise(others.iter().map(String::as_str));
                    push(text, format_args!("      {}\n", clean(&others)));
                }
            }
            if more > 0 {
                push(text, format_args!("    {}\n", rest(more)));
            }
            if let Some(first) = group.first() {
                push(text, format_args!("      {} {}\n", look.style.dim("remedy:"), clean(&first.remedy)));
            }
        }
    }
}

/// How much is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    Quiet,
    Normal,
    Verbose,
}

impl Level {
    /// Returns what was asked for.
    pub(crate) const fn of(global: &Global) -> Self {
        match (global.quiet, global.verbose) {
            (true, _) => Self::Quiet,
            (false, 0) => Self::Normal,
            _ => Self::Verbose,
        }
    }
}

/// Returns the sign that a line about a repository begins with.
pub(super) fn mark(status: RepoStatus, style: Style) -> String {
    match status {
        RepoStatus::Agreed => style.dim("="),
        RepoStatus::Synced => style.good("+"),
        RepoStatus::Pending | RepoStatus::Incomplete => style.warn("~"),
        RepoStatus::Held => style.warn("?"),
        RepoStatus::Failed => style.bad("!"),
    }
}

/// Says what was done in a line: `created on b and c with 3 branches and 2 tags; branch main forwarded on d`.
fn summarise(done: &[Action], repository: &RepoName, look: &Look) -> String {
    let mut parts = Vec::new();
    let at = |wanted: fn(&Action) -> bool| -> BTreeSet<&EndpointId> {
        done.iter().filter(|action| wanted(action)).map(Action::endpoint).collect()
    };
    let places = |endpoints: &BTreeSet<&EndpointId>| places(endpoints, |endpoint| look.copy(endpoint, repository));
    let created = at(|action| matches!(action, Action::CreateRepository(_)));
    let mut fills: BTreeMap<&EndpointId, Vec<&RefUpdate>> = BTreeMap::new();
    let mut changes: Vec<(&RefUpdate, BTreeSet<&EndpointId>)> = Vec::new();
    for action in done {
        // Conflict branches are told by their requests.
        let Action::UpdateRef(update) = action else { continue };
        if update.name.is_conflict_branch() {
            continue;
        }
        if created.contains(&update.endpoint) {
            fills.entry(&update.endpoint).or_default().push(update);
            continue;
        }
        match changes.iter_mut().find(|(known, _)| (known.cause, &known.name) == (update.cause, &update.name)) {
            Some((_, endpoints)) => drop(endpoints.insert(&update.endpoint)),
            None => changes.push((update, BTreeSet::from([&update.endpoint]))),
        }
    }
    // What went to several endpoints alike is said once, and so is what else went to the same ones.
    let called: BTreeMap<&EndpointId, &RepoName> = done
        .iter()
        .filter_map(|action| match action {
            Action::CreateRepository(create) => Some((&create.endpoint, create.called.as_ref()?)),
            _ => None,
        })
        .collect();
    let mut filled: BTreeMap<(Option<&RepoName>, String), BTreeSet<&EndpointId>> = BTreeMap::new();
    for endpoint in &created {
        let what = content(&fills.remove(endpoint).unwrap_or_default());
        filled.entry((called.get(endpoint).copied(), what)).or_default().insert(endpoint);
    }
    parts.extend(filled.iter().map(|((called, what), endpoints)| {
        let called = called.map_or_else(String::new, |name| format!(" as {}", clean(name.as_str())));
        let with = if what.is_empty() { String::new() } else { format!(" with {what}") };
        format!("created on {}{called}{with}", places(endpoints))
    }));
    let changed = grouped(&changes, |(_, endpoints)| endpoints.clone()).into_iter().filter_map(|group| {
        let updates: Vec<&RefUpdate> = group.iter().map(|(update, _)| *update).collect();
        let (_, endpoints) = group.first()?;
        Some(format!("{} on {}", count_refs(&updates), places(endpoints)))
    });
    // In which order endpoints answered is no matter.
    parts.extend(changed.collect::<BTreeSet<String>>());
    let switched = at(|action| matches!(action, Action::SwitchDefaultBranch(switch) if switch.old.is_some()));
    if !switched.is_empty() {
        parts.push(format!("default branch switched on {}", places(&switched)));
    }
    let steps = [(RequestStep::Open, "opened"), (RequestStep::Refresh, "refreshed"), (RequestStep::Close, "closed")];
    for (step, word) in steps {
        let requests: Vec<_> = done
            .iter()
            .filter(|action| matches!(action, Action::PullRequest(request) if request.step == step))
            .map(Action::endpoint)
            .collect();
        if !requests.is_empty() {
            let many = if requests.len() == 1 {
                "pull request".to_owned()
            } else {
                format!("{} pull requests", requests.len())
            };
            parts.push(format!("{many} {word} on {}", places(&requests.into_iter().collect())));
        }
    }
    let deleted = at(|action| matches!(action, Action::DeleteRepository(_)));
    if !deleted.is_empty() {
        // The page of what is gone is gone.
        parts.push(format!("deleted on {}", self::places(&deleted, |endpoint| look.endpoint(endpoint))));
    }
    parts.join("; ")
}

/// Names endpoints while they are few.
fn places(endpoints: &BTreeSet<&EndpointId>, name: impl Fn(&EndpointId) -> String) -> String {
    if endpoints.len() > 2 {
        return format!("{} endpoints", endpoints.len());
    }
    and(&endpoints.iter().map(|endpoint| name(endpoint)).collect::<Vec<_>>())
}

/// Says what a new repository was filled with.
fn content(updates: &[&RefUpdate]) -> String {
    let tags = updates.iter().filter(|update| update.name.is_tag()).count();
    let mut parts = Vec::new();
    for (number, one, many) in [(updates.len() - tags, "branch", "branches"), (tags, "tag", "tags")] {
        match number {
            0 => {}
            1 => parts.push(format!("1 {one}")),
            more => parts.push(format!("{more} {many}")),
        }
    }
    and(&parts)
}

fn count_refs(updates: &[&RefUpdate]) -> String {
    let mut parts = Vec::new();
    let causes = [
        (Cause::Create, "new"),
        (Cause::FastForward, "forwarded"),
        (Cause::Rewrite, "rewritten"),
        (Cause::Delete, "deleted"),
        (Cause::Rebase, "rebased"),
        (Cause::Force, "forced"),
        (Cause::Restore, "put back"),
    ];
    for (cause, word) in causes {
        for (tag, one, many) in [(false, "branch", "branches"), (true, "tag", "tags")] {
            let of: Vec<_> =
                updates.iter().filter(|update| update.cause == cause && update.name.is_tag() == tag).collect();
            match of.as_slice() {
                [] => {}
                [only] => parts.push(format!("{one} {} {word}", clean(only.name.short()))),
                more => parts.push(format!("{} {many} {word}", more.len())),
            }
        }
    }
    and(&parts)
}

fn and(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}

fn list(text: &mut String, lines: impl ExactSizeIterator<Item = String>, level: Level) {
    let (shown, more) = cut(lines.len(), level);
    for line in lines.take(shown) {
        push(text, format_args!("    {line}\n"));
    }
    if more > 0 {
        push(text, format_args!("    {}\n", rest(more)));
    }
}

/// Says what an action is, in a line.
pub(super) fn describe(action: &Action, repository: &RepoName, look: &Look) -> String {
    let copy = |endpoint: &EndpointId| look.copy(endpoint, repository);
    match action {
        Action::CreateRepository(create) => {
            let visibility = format!("{:?}", create.visibility).to_lowercase();
            let name = clean(create.name.as_str());
            let called =
                create.called.as_ref().map_or_else(String::new, |name| format!(" as {}", clean(name.as_str())));
            format!("create repository {name} on {}{called} ({visibility})", look.endpoint(&create.endpoint))
        }
        Action::UpdateRef(update) => {
            let kind = if update.name.is_tag() { "tag" } else { "branch" };
            let name = clean(update.name.short());
            let values = match (update.old, update.new) {
                (None, Some(new)) => new.short(),
                (Some(old), Some(new)) => format!("{} → {}", old.short(), new.short()),
                (Some(old), None) => old.short(),
                (None, None) => String::new(),
            };
            let verb = match update.cause {
                Cause::Create => "create",
                Cause::FastForward => "forward",
                Cause::Rewrite => "rewrite",
                Cause::Delete => "delete",
                Cause::Rebase => "rebase",
                Cause::Force => "force",
                Cause::Conflict => "show in",
                Cause::Resolved => "remove settled",
                Cause::Restore if update.new.is_none() => "take back",
                Cause::Restore => "put back",
            };
            format!("{verb} {kind} {name} on {}: {values}", copy(&update.endpoint))
        }
        Action::SwitchDefaultBranch(switch) => {
            let old = switch.old.as_ref().map_or(String::new(), |old| format!("{} → ", clean(old.as_str())));
            format!("default branch on {}: {old}{}", copy(&switch.endpoint), clean(switch.new.as_str()))
        }
        Action::PullRequest(request) => {
            let verb = match request.step {
                RequestStep::Open => "open",
                RequestStep::Refresh => "refresh",
                RequestStep::Close => "close",
            };
            let number = request.number.map_or_else(String::new, |number| {
                let page = look.pages.request(&request.endpoint, repository, number);
                format!(" {}", look.style.link(&number.to_string(), page.as_deref()))
            });
            let (head, branch) = (clean(request.head.as_str()), clean(request.branch.as_str()));
            format!("{verb} pull request{number} on {}: {head} into {branch}", copy(&request.endpoint))
        }
        Action::DeleteRepository(delete) => {
            format!("delete repository {} on {}", clean(&delete.path), look.endpoint(&delete.endpoint))
        }
    }
}

fn finding_lines(text: &mut String, finding: &Finding, repository: &RepoName, look: &Look) {
    let (style, message) = (look.style, clean(&finding.message));
    let message = match finding.kind.severity() {
        Severity::Note => style.dim(&message),
        // It is said once that it is.
        Severity::Held => style.warn(&format!("held: {}", message.replacen(" is held: ", ": ", 1))),
        Severity::Failed => style.bad(&message),
    };
    push(text, format_args!("    {message}\n"));
    let sides = || finding.sides.iter().filter(|(_, value)| *value != "?");
    let width = sides().map(|(endpoint, _)| columns(&clean(endpoint.as_str()))).max().unwrap_or(0);
    for (endpoint, value) in sides() {
        let value =
            if value.len() >= 40 && value.bytes().all(|b| b.is_ascii_hexdigit()) { &value[..10] } else { value };
        let value = if value == "-" { "absent".to_owned() } else { clean(value) };
        push(text, format_args!("      {}  {value}\n", pad(&look.copy(endpoint, repository), width)));
    }
    for url in finding.links.values() {
        push(text, format_args!("      {}\n", look.address(url)));
    }
}
