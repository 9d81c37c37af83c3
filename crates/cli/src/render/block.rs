//! The lines about one repository.

use std::collections::{BTreeMap, BTreeSet};

use refray_core::event::Event;
use refray_core::name::{EndpointId, RepoName};
use refray_core::outcome::{Action, Outcome, RepoStatus};
use refray_core::plan::{Cause, Finding, RefUpdate, RepoPlan, RequestStep, Severity};

use crate::render::push;
use crate::render::style::Style;

/// How many single actions are listed before the rest is only counted.
const LISTED: usize = 12;

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
        style: Style,
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
        let mut text = format!("{} {}", mark(status, style), style.strong(repository.as_str()));
        let summary = summarise(&self.done);
        if !summary.is_empty() {
            push(&mut text, format_args!(": {summary}"));
        } else if status == RepoStatus::Agreed {
            text.push_str(": all agree");
        } else if status == RepoStatus::Incomplete {
            text.push_str(": not every side could be read");
        }
        text.push('\n');
        if level >= Level::Verbose {
            list(&mut text, self.done.iter().map(describe), level);
        }
        if let Some(plan) = &self.plan {
            list(&mut text, Action::all_of(plan).iter().map(describe), level);
        }
        for (action, outcome) in &self.undone {
            undone(&mut text, action, outcome, style);
        }
        for finding in &self.findings {
            finding_lines(&mut text, finding, style);
        }
        if let Some((message, remedy)) = error {
            push(&mut text, format_args!("    {}\n", style.bad(message)));
            push(&mut text, format_args!("      {} {remedy}\n", style.dim("remedy:")));
        }
        text
    }
}

/// How much is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    Quiet,
    Normal,
    Verbose,
}

fn mark(status: RepoStatus, style: Style) -> String {
    match status {
        RepoStatus::Agreed => style.dim("="),
        RepoStatus::Synced => style.good("+"),
        RepoStatus::Pending | RepoStatus::Incomplete => style.warn("~"),
        RepoStatus::Held => style.warn("?"),
        RepoStatus::Failed => style.bad("!"),
    }
}

/// Says what was done in a line: `created on b and c with 3 branches and 2 tags; branch main forwarded on d`.
fn summarise(done: &[Action]) -> String {
    let mut parts = Vec::new();
    let at = |wanted: fn(&Action) -> bool| -> BTreeSet<&EndpointId> {
        done.iter().filter(|action| wanted(action)).map(Action::endpoint).collect()
    };
    let created = at(|action| matches!(action, Action::CreateRepository(_)));
    let mut per_endpoint: BTreeMap<&EndpointId, Vec<&RefUpdate>> = BTreeMap::new();
    for action in done {
        // Conflict branches are told by their requests.
        if let Action::UpdateRef(update) = action
            && !update.name.is_conflict_branch()
        {
            per_endpoint.entry(&update.endpoint).or_default().push(update);
        }
    }
    // What went to several endpoints alike is said once.
    let mut filled: BTreeMap<String, BTreeSet<&EndpointId>> = BTreeMap::new();
    let mut changed: BTreeMap<String, BTreeSet<&EndpointId>> = BTreeMap::new();
    for endpoint in &created {
        let updates = per_endpoint.remove(endpoint).unwrap_or_default();
        filled.entry(content(&updates)).or_default().insert(endpoint);
    }
    for (endpoint, updates) in per_endpoint {
        changed.entry(count_refs(&updates)).or_default().insert(endpoint);
    }
    parts.extend(filled.iter().map(|(what, endpoints)| {
        let with = if what.is_empty() { String::new() } else { format!(" with {what}") };
        format!("created on {}{with}", places(endpoints))
    }));
    parts.extend(changed.iter().map(|(what, endpoints)| format!("{what} on {}", places(endpoints))));
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
        parts.push(format!("deleted on {}", places(&deleted)));
    }
    parts.join("; ")
}

/// Names endpoints while they are few.
fn places(endpoints: &BTreeSet<&EndpointId>) -> String {
    if endpoints.len() > 2 {
        return format!("{} endpoints", endpoints.len());
    }
    and(&endpoints.iter().map(ToString::to_string).collect::<Vec<_>>())
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
                [only] => parts.push(format!("{one} {} {word}", only.name.short())),
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
    let count = lines.len();
    let shown = if level >= Level::Verbose || count <= LISTED + 1 { count } else { LISTED };
    for line in lines.take(shown) {
        push(text, format_args!("    {line}\n"));
    }
    if shown < count {
        push(text, format_args!("    … and {} more (-v lists them all)\n", count - shown));
    }
}

/// Says what an action is, in a line.
pub(super) fn describe(action: &Action) -> String {
    match action {
        Action::CreateRepository(create) => {
            let visibility = format!("{:?}", create.visibility).to_lowercase();
            format!("create repository {} on {} ({visibility})", create.name, create.endpoint)
        }
        Action::UpdateRef(update) => {
            let kind = if update.name.is_tag() { "tag" } else { "branch" };
            let name = update.name.short();
            let endpoint = &update.endpoint;
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
            format!("{verb} {kind} {name} on {endpoint}: {values}")
        }
        Action::SwitchDefaultBranch(switch) => {
            let old = switch.old.as_ref().map_or(String::new(), |old| format!("{old} → "));
            format!("default branch on {}: {old}{}", switch.endpoint, switch.new)
        }
        Action::PullRequest(request) => {
            let number = request.number.map_or_else(String::new, |number| format!(" {number}"));
            let verb = match request.step {
                RequestStep::Open => "open",
                RequestStep::Refresh => "refresh",
                RequestStep::Close => "close",
            };
            format!("{verb} pull request{number} on {}: {} into {}", request.endpoint, request.head, request.branch)
        }
        Action::DeleteRepository(delete) => format!("delete repository {} on {}", delete.path, delete.endpoint),
    }
}

fn undone(text: &mut String, action: &Action, outcome: &Outcome, style: Style) {
    let (message, remedy) = match outcome {
        Outcome::Refused { message, remedy, refusal } => (format!("refused ({refusal}): {message}"), remedy),
        Outcome::Failed { message, remedy } => (message.clone(), remedy),
        Outcome::Done | Outcome::Moved => return,
    };
    push(text, format_args!("    {}\n", style.bad(&describe(action))));
    for line in message.lines() {
        push(text, format_args!("      {line}\n"));
    }
    push(text, format_args!("      {} {remedy}\n", style.dim("remedy:")));
}

fn finding_lines(text: &mut String, finding: &Finding, style: Style) {
    let message = match finding.kind.severity() {
        Severity::Note => style.dim(&finding.message),
        Severity::Held => style.warn(&format!("held: {}", finding.message)),
        Severity::Failed => style.bad(&finding.message),
    };
    push(text, format_args!("    {message}\n"));
    let width = finding.sides.keys().map(|endpoint| endpoint.as_str().chars().count()).max().unwrap_or(0);
    for (endpoint, value) in finding.sides.iter().filter(|(_, value)| *value != "?") {
        let value =
            if value.len() >= 40 && value.bytes().all(|b| b.is_ascii_hexdigit()) { &value[..10] } else { value };
        let value = if value == "-" { "absent" } else { value };
        push(text, format_args!("      {:width$}  {value}\n", endpoint.as_str()));
    }
    for url in finding.links.values() {
        push(text, format_args!("      {url}\n"));
    }
    push(text, format_args!("      {} {}\n", style.dim("remedy:"), finding.remedy));
}
