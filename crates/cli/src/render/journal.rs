//! The journal.

use jiff::Timestamp;
use refray_core::name::{EndpointId, GroupName, RepoName};
use refray_core::outcome::{Action, Outcome, Summary};
use refray_core::plan::{Cause, RequestStep};
use refray_engine::store::{ActionState, JournalAction, Run};
use serde::Serialize;

use crate::render::block::describe;
use crate::render::layout::{NARROW, clean};
use crate::render::look::Look;
use crate::render::push;
use crate::render::style::Style;

/// A run and what it did.
pub(crate) struct Entry {
    pub(crate) run: Run,
    pub(crate) actions: Vec<JournalAction>,
}

/// A run as one JSON object.
#[derive(Debug, Serialize)]
struct Logged<'a> {
    /// The run's id: what `refray undo` takes.
    run: &'a str,
    /// What was asked for.
    command: &'a str,
    /// When it began.
    started: Timestamp,
    /// When it ended; `null` while it goes on, and for ever if its process was ended.
    finished: Option<Timestamp>,
    /// What it amounted to; `null` like `finished`.
    summary: Option<Summary>,
    /// What it did.
    actions: Vec<LoggedAction<'a>>,
}

/// An action as JSON.
#[derive(Debug, Serialize)]
struct LoggedAction<'a> {
    /// `create_repository`, `update_ref`, `switch_default_branch`, `pull_request` or `delete_repository`.
    kind: &'a str,
    /// The group.
    group: &'a GroupName,
    /// The repository.
    repository: &'a RepoName,
    /// Where.
    endpoint: &'a EndpointId,
    /// The repository's path on the forge, when it was created or deleted.
    path: Option<&'a str>,
    /// The reference, in full, when one was written.
    r#ref: Option<String>,
    /// The value before: an object id, or the name of a default branch.
    old: Option<String>,
    /// The value after.
    new: Option<String>,
    /// Why a reference was written.
    cause: Option<Cause>,
    /// `done`, `refused`, `moved` or `failed`; `intended` when it is not known whether it was done; `not_tried`.
    outcome: &'a str,
    /// What the forge said, or what went wrong.
    message: Option<&'a str>,
    /// What the user can do.
    remedy: Option<&'a str>,
    /// When it was about to be done.
    begun: Timestamp,
}

/// Returns a run as one JSON object.
pub(crate) fn entry_json(entry: &Entry) -> String {
    let Run { id, command, started, finished, summary } = &entry.run;
    let logged = Logged {
        run: id,
        command,
        started: *started,
        finished: *finished,
        summary: *summary,
        actions: entry.actions.iter().map(action_json).collect(),
    };
    // Its maps have keys of text alone, so that it cannot fail.
    serde_json::to_string(&logged).unwrap_or_default()
}

fn action_json(action: &JournalAction) -> LoggedAction<'_> {
    let cause = match &action.action {
        Action::UpdateRef(update) => Some(update.cause),
        _ => None,
    };
    let path = match &action.action {
        Action::CreateRepository(_) => action.detail.as_ref().and_then(|detail| detail.get("path")?.as_str()),
        Action::DeleteRepository(delete) => Some(delete.path.as_str()),
        _ => None,
    };
    let (message, remedy) = match &action.state {
        ActionState::Ended(Outcome::Refused { message, remedy, .. } | Outcome::Failed { message, remedy }) => {
            (Some(message.as_str()), Some(remedy.as_str()))
        }
        _ => (None, None),
    };
    LoggedAction {
        kind: action.action.kind(),
        group: &action.group,
        repository: &action.repository,
        endpoint: action.action.endpoint(),
        path,
        r#ref: action.reference(),
        old: action.before(),
        new: action.after(),
        cause,
        outcome: action.state.as_str(),
        message,
        remedy,
        begun: action.begun,
    }
}

/// Returns a run as a line, or two where a line has no room.
pub(crate) fn run_line(run: &Run, look: &Look) -> String {
    let style = look.style;
    let started = run.started.strftime("%Y-%m-%d %H:%M:%SZ");
    let amount = match &run.summary {
        Some(summary) => amount(summary, style),
        None => style.warn("did not finish"),
    };
    let gap = if look.width.is_some_and(|width| width < NARROW) { "\n    " } else { "  " };
    let line = format!(
        "{}  {}{gap}{}: {amount}",
        style.strong(&clean(&run.id)),
        style.dim(&started.to_string()),
        clean(&run.command)
    );
    look.fit(&line)
}

fn amount(summary: &Summary, style: Style) -> String {
    let mut parts = Vec::new();
    let mut part = |number: usize, word: &str, paint: fn(Style, &str) -> String| {
        if number > 0 {
            parts.push(paint(style, &format!("{number} {word}")));
        }
    };
    part(summary.synced, "changed", Style::good);
    part(summary.held, "held", Style::warn);
    part(summary.failed, "failed", Style::bad);
    part(summary.endpoints_failed, "not available", Style::bad);
    part(summary.unvisited, "not looked at: interrupted", Style::warn);
    let changes = match summary.actions {
        0 => "no change".to_owned(),
        1 => "1 change".to_owned(),
        more => format!("{more} changes"),
    };
    let repositories = match summary.repositories {
        1 => "1 repository".to_owned(),
        more => format!("{more} repositories"),
    };
    if parts.is_empty() {
        format!("{repositories}, {changes}")
    } else {
        format!("{repositories}, {changes}; {}", parts.join(", "))
    }
}

/// Returns a run and its actions, repository by repository.
pub(crate) fn entry_text(entry: &Entry, look: &Look) -> String {
    let style = look.style;
    let mut text = String::new();
    for actions in entry.actions.chunk_by(|a, b| (&a.group, &a.repository) == (&b.group, &b.repository)) {
        let Some(JournalAction { group, repository, .. }) = actions.first() else { continue };
        let there = actions.iter().filter(|action| !matches!(action.action, Action::DeleteRepository(_)));
        let there = there.filter(|action| matches!(action.state, ActionState::Ended(Outcome::Done)));
        let name = look.repository(repository, there.map(|action| action.action.endpoint()));
        push(&mut text, format_args!("\n{}/{name}", clean(group.as_str())));
        for action in actions {
            action_lines(&mut text, action, look);
        }
    }
    if entry.actions.is_empty() {
        push(&mut text, format_args!("\n    {}", style.dim("nothing was done")));
    }
    run_line(&entry.run, look) + &look.fit(&text)
}

fn action_lines(text: &mut String, action: &JournalAction, look: &Look) {
    let style = look.style;
    let outcome = match &action.state {
        ActionState::Ended(Outcome::Done) => style.good("done"),
        ActionState::Intended => style.warn("intended: whether it was done is not known"),
        ActionState::NotTried => style.warn("not tried"),
        state @ ActionState::Ended(Outcome::Moved) => style.warn(state.as_str()),
        state @ ActionState::Ended(_) => style.bad(state.as_str()),
    };
    let cause = match &action.action {
        Action::UpdateRef(update) => format!("{}, ", update.cause.as_str()),
        _ => String::new(),
    };
    push(text, format_args!("\n    {} ({cause}{outcome})", describe(&action.action, &action.repository, look)));
    // The number of what was opened was not known before.
    if let Action::PullRequest(request) = &action.action
        && request.step == RequestStep::Open
        && let Some(url) = action.detail.as_ref().and_then(|detail| detail.get("url")?.as_str())
    {
        push(text, format_args!("\n      {}", look.address(url)));
    }
    if let ActionState::Ended(Outcome::Refused { message, remedy, .. } | Outcome::Failed { message, remedy }) =
        &action.state
    {
        for line in message.lines() {
            push(text, format_args!("\n      {}", clean(line)));
        }
        push(text, format_args!("\n      {} {}", style.dim("remedy:"), clean(remedy)));
    }
}
