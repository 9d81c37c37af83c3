//! What was done, and what was about to be.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use refray_core::name::{BranchName, EndpointId, GroupName, RefName, RepoName};
use refray_core::outcome::{Action, Outcome, Summary};

/// A run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Its id; later runs have greater ones.
    pub id: String,
    /// What was asked for.
    pub command: String,
    /// When it began.
    pub started: Timestamp,
    /// When it ended; `None` while it goes on, and for ever if its process was ended.
    pub finished: Option<Timestamp>,
    /// What it amounted to.
    pub summary: Option<Summary>,
}

/// How an action stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ActionState {
    /// It was about to be carried out. When its run is over, nobody knows whether it was.
    Intended,
    /// It was given up before it was tried.
    NotTried,
    /// It was tried, and this became of it.
    Ended(Outcome),
}

impl ActionState {
    /// Returns the word for it in output and in the journal.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Intended => "intended",
            Self::NotTried => "not_tried",
            Self::Ended(outcome) => outcome.as_str(),
        }
    }
}

/// An action in the journal.
#[derive(Debug, Clone, PartialEq)]
pub struct JournalAction {
    /// Its run.
    pub run: String,
    /// Its place among the run's actions, from 1.
    pub seq: u64,
    /// When it was about to be carried out.
    pub begun: Timestamp,
    /// The group.
    pub group: GroupName,
    /// The repository, by the name that it had then.
    pub repository: RepoName,
    /// What was to be done.
    pub action: Action,
    /// What became of it.
    pub state: ActionState,
    /// What undoing it needs.
    pub detail: Option<serde_json::Value>,
}

impl JournalAction {
    /// Returns the reference that was written, in full.
    pub fn reference(&self) -> Option<String> {
        match &self.action {
            Action::UpdateRef(update) => Some(update.name.full()),
            _ => None,
        }
    }

    /// Returns the value before, as text: an object id, or the name of a default branch.
    pub fn before(&self) -> Option<String> {
        match &self.action {
            Action::UpdateRef(update) => update.old.map(|oid| oid.to_string()),
            Action::SwitchDefaultBranch(switch) => switch.old.as_ref().map(ToString::to_string),
            _ => None,
        }
    }

    /// Returns the value after, as text.
    pub fn after(&self) -> Option<String> {
        match &self.action {
            Action::UpdateRef(update) => update.new.map(|oid| oid.to_string()),
            Action::SwitchDefaultBranch(switch) => Some(switch.new.to_string()),
            _ => None,
        }
    }
}

/// Actions that are in the journal as about to be carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intended {
    pub(super) visit: i64,
    pub(super) actions: Vec<Action>,
}

impl Intended {
    /// Says what became of them. Those without an outcome were not tried, save the `unknown` ones, of which nobody knows:
    /// they stay intended. `detail` gives what undoing an action needs.
    pub fn settle(
        &self,
        outcomes: &[(Action, Outcome)],
        unknown: &[Action],
        detail: impl Fn(&Action) -> Option<serde_json::Value>,
    ) -> Settled {
        let mut ended: HashMap<_, _> = outcomes.iter().map(|(action, outcome)| (subject(action), outcome)).collect();
        let unknown: HashSet<_> = unknown.iter().map(subject).collect();
        let tried = self.actions.iter().zip(0_i64..);
        let known = tried.filter(|(action, _)| {
            let subject = subject(action);
            ended.contains_key(&subject) || !unknown.contains(&subject)
        });
        let known: Vec<_> = known.collect();
        let results = known.into_iter().map(|(action, seq)| {
            let state = ended
                .remove(&subject(action))
                .map_or(ActionState::NotTried, |outcome| ActionState::Ended(outcome.clone()));
            let detail = if state == ActionState::NotTried { None } else { detail(action) };
            ActionResult { seq, state, detail }
        });
        Settled { visit: self.visit, results: results.collect() }
    }
}

/// What a plan does at most once: one thing to one reference, default branch, request or repository at one endpoint.
fn subject(action: &Action) -> (&EndpointId, &'static str, Option<&RefName>, Option<&BranchName>) {
    let name = match action {
        Action::UpdateRef(update) => Some(&update.name),
        _ => None,
    };
    let head = match action {
        Action::PullRequest(request) => Some(&request.head),
        _ => None,
    };
    (action.endpoint(), action.kind(), name, head)
}

/// What became of actions that were begun.
#[derive(Debug, Clone, PartialEq)]
pub struct Settled {
    pub(super) visit: i64,
    pub(super) results: Vec<ActionResult>,
}

/// What became of one of them.
#[derive(Debug, Clone, PartialEq)]
pub struct ActionResult {
    pub(super) seq: i64,
    pub(super) state: ActionState,
    pub(super) detail: Option<serde_json::Value>,
}
