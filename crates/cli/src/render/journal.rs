//! The journal.

use refray_core::outcome::{Action, Outcome, Summary};
use refray_engine::store::{ActionState, JournalAction, Run};
use serde_json::{Value, json};

use crate::render::block::describe;
use crate::render::push;
use crate::render::style::Style;

/// A run and what it did.
pub(crate) struct Entry {
    pub(crate) run: Run,
    pub(crate) actions: Vec<JournalAction>,
}

/// Returns a run as one JSON object.
pub(crate) fn entry_json(entry: &Entry) -> Value {
    let Run { id, command, started, finished, summary } = &entry.run;
    json!({
        "run": id,
        "command": command,
        "started": started,
        "finished": finished,
        "summary": summary,
        "actions": entry.actions.iter().map(action_json).collect::<Vec<_>>(),
    })
}

fn action_json(action: &JournalAction) -> Value {
    let cause = match &action.action {
        Action::UpdateRef(update) => Some(update.cause.as_str()),
        _ => None,
    };
    let (message, remedy) = match &action.state {
        ActionState::Ended(Outcome::Refused { message, remedy, .. } | Outcome::Failed { message, remedy }) => {
            (Some(message), Some(remedy))
        }
        _ => (None, None),
    };
    json!({
        "kind": action.action.kind(),
        "group": action.group,
        "repository": action.repository,
        "endpoint": action.action.endpoint(),
        "ref": action.reference(),
        "old": action.before(),
        "new": action.after(),
        "cause": cause,
        "outcome": action.state.as_str(),
        "message": message,
        "remedy": remedy,
        "begun": action.begun,
    })
}

/// Returns a run as a line.
pub(crate) fn run_line(run: &Run, style: Style) -> String {
    let started = run.started.strftime("%Y-%m-%d %H:%M:%SZ");
    let amount = match &run.summary {
        Some(summary) => amount(summary, style),
        None => style.warn("did not finish"),
    };
    format!("{}  {}  {}: {amount}", style.strong(&run.id), style.dim(&started.to_string()), run.command)
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
pub(crate) fn entry_text(entry: &Entry, style: Style) -> String {
    let mut text = run_line(&entry.run, style);
    let mut repository = None;
    for action in &entry.actions {
        let of = (&action.group, &action.repository);
        if repository != Some(of) {
            repository = Some(of);
            push(&mut text, format_args!("\n{}/{}", of.0, style.strong(of.1.as_str())));
        }
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
        push(&mut text, format_args!("\n    {} ({cause}{outcome})", describe(&action.action)));
        if let ActionState::Ended(Outcome::Refused { message, remedy, .. } | Outcome::Failed { message, remedy }) =
            &action.state
        {
            for line in message.lines() {
                push(&mut text, format_args!("\n      {line}"));
            }
            push(&mut text, format_args!("\n      {} {remedy}", style.dim("remedy:")));
        }
    }
    if entry.actions.is_empty() {
        push(&mut text, format_args!("\n    nothing was done"));
    }
    text
}
