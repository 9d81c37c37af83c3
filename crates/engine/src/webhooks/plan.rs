//! What is to be done about the webhooks of one repository: pure, from what was seen to what should be done.

use refray_forge::Hook as Seen;
use serde::Serialize;

use super::address::same;
use crate::store::{Hook as Remembered, SecretFingerprint};

/// A webhook as it is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Where it sends to.
    pub url: String,
    /// A hash of what it signs with; `None` where that is not to be judged.
    pub secret: Option<SecretFingerprint>,
}

/// What is wanted of a repository's webhooks.
#[derive(Debug, Clone, Copy)]
pub enum Goal<'a> {
    /// Exactly one as wanted. What is remembered to be refray's is brought into this form.
    Installed(&'a Wanted),
    /// What sends to the one address is to be as wanted. None is made where there is none.
    Moved {
        /// The address so far.
        from: &'a str,
        /// What it is to become.
        to: &'a Wanted,
    },
    /// None that sends to one of these addresses.
    Removed {
        /// The addresses.
        urls: &'a [String],
        /// None that is remembered either.
        remembered: bool,
    },
}

impl<'a> Goal<'a> {
    const fn wanted(self) -> Option<&'a Wanted> {
        match self {
            Self::Installed(wanted) | Self::Moved { to: wanted, .. } => Some(wanted),
            Self::Removed { .. } => None,
        }
    }

    /// Says whether what is remembered concerns the goal.
    fn concerns(self, memory: &Remembered) -> bool {
        match self {
            Self::Installed(_) => true,
            Self::Moved { from, to } => same(&memory.url, from) || same(&memory.url, &to.url),
            Self::Removed { urls, remembered } => remembered || urls.iter().any(|url| same(&memory.url, url)),
        }
    }

    /// Says whether a webhook is refray's: by where it sends to, or because it is remembered.
    fn owns(self, hook: &Seen, memory: &[Remembered]) -> bool {
        let by_url = match self {
            Self::Installed(wanted) => same(&hook.url, &wanted.url),
            Self::Moved { from, to } => same(&hook.url, from) || same(&hook.url, &to.url),
            Self::Removed { urls, .. } => urls.iter().any(|url| same(&hook.url, url)),
        };
        let is = |memory: &Remembered| memory.id == hook.id || same(&memory.url, &hook.url);
        by_url || memory.iter().any(|memory| self.concerns(memory) && is(memory))
    }
}

/// How a repository stands with its webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It is there and right.
    Installed,
    /// It is not there.
    Missing,
    /// It is there, and not as it should be; or there are several.
    Differs,
    /// It sends to an address that is not the present one.
    Stale,
    /// The repository is archived: nothing can be pushed, so nothing has to be told.
    Archived,
    /// It could not be looked at.
    Unknown,
}

/// One thing to do on the forge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Make one.
    Create,
    /// Bring one into the wanted form.
    Repair {
        /// The forge's id of it.
        id: String,
        /// Where it sends to now.
        url: String,
    },
    /// Remove one.
    Remove {
        /// The forge's id of it.
        id: String,
        /// Where it sends to.
        url: String,
    },
}

/// What is to be done about the webhooks of one repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HookPlan {
    /// How it stands before.
    pub state: State,
    /// What is not as it should be.
    pub faults: Vec<String>,
    /// What to do on the forge, in this order.
    pub steps: Vec<Step>,
    /// Addresses to be forgotten afterwards.
    pub forget: Vec<String>,
    /// How many webhooks are somebody else's. They are never touched.
    pub foreign: usize,
}

/// Plans the webhooks of one repository.
pub fn plan(goal: Goal<'_>, hooks: &[Seen], memory: &[Remembered], archived: bool) -> HookPlan {
    let mine: Vec<&Seen> = hooks.iter().filter(|hook| goal.owns(hook, memory)).collect();
    let foreign = hooks.len() - mine.len();
    match goal.wanted() {
        Some(wanted) => {
            let mut plan = present(goal, wanted, &mine, memory);
            plan.foreign = foreign;
            if archived {
                plan = HookPlan { state: State::Archived, steps: Vec::new(), forget: Vec::new(), ..plan };
            }
            plan
        }
        None => HookPlan {
            state: if mine.is_empty() { State::Missing } else { State::Installed },
            faults: Vec::new(),
            steps: mine.iter().map(|hook| remove(hook)).collect(),
            forget: memory.iter().filter(|memory| goal.concerns(memory)).map(|memory| memory.url.clone()).collect(),
            foreign,
        },
    }
}

fn present(goal: Goal<'_>, wanted: &Wanted, mine: &[&Seen], memory: &[Remembered]) -> HookPlan {
    let others = memory.iter().filter(|memory| goal.concerns(memory) && !same(&memory.url, &wanted.url));
    let mut forget: Vec<String> = others.map(|memory| memory.url.clone()).collect();
    // The first of the best: the oldest, since forges list them in that order.
    let Some(kept) = mine.iter().min_by_key(|hook| rank(hook, wanted, memory)) else {
        let steps = if matches!(goal, Goal::Installed(_)) { vec![Step::Create] } else { Vec::new() };
        return HookPlan { state: State::Missing, faults: Vec::new(), steps, forget, foreign: 0 };
    };
    let mut faults = faults(kept, wanted, memory);
    let mut steps = Vec::new();
    if !faults.is_empty() {
        steps.push(Step::Repair { id: kept.id.clone(), url: kept.url.clone() });
        // The same address may be remembered in another spelling.
        let spelled = memory.iter().filter(|memory| memory.url != wanted.url && same(&memory.url, &wanted.url));
        forget.extend(spelled.map(|memory| memory.url.clone()));
    }
    let more: Vec<_> = mine.iter().filter(|hook| hook.id != kept.id).collect();
    // What is right is there before anything goes.
    steps.extend(more.iter().map(|hook| remove(hook)));
    match more.len() {
        0 => {}
        1 => faults.push("there is one more of it".to_owned()),
        more => faults.push(format!("there are {more} more of it")),
    }
    let state = if !same(&kept.url, &wanted.url) {
        State::Stale
    } else if faults.is_empty() {
        State::Installed
    } else {
        State::Differs
    };
    HookPlan { state, faults, steps, forget, foreign: 0 }
}

fn remove(hook: &Seen) -> Step {
    Step::Remove { id: hook.id.clone(), url: hook.url.clone() }
}

/// Returns how much there is to do to make a webhook right: the less, the better it is to keep.
fn rank(hook: &Seen, wanted: &Wanted, memory: &[Remembered]) -> u8 {
    match faults(hook, wanted, memory).is_empty() {
        true => 0,
        false if !same(&hook.url, &wanted.url) => 3,
        false if hook.as_wanted && hook.active => 1,
        false => 2,
    }
}

/// Says what is wrong with a webhook.
fn faults(hook: &Seen, wanted: &Wanted, memory: &[Remembered]) -> Vec<String> {
    let mut faults = Vec::new();
    if !same(&hook.url, &wanted.url) {
        faults.push(format!("it sends to {}", hook.url));
    }
    if !hook.active {
        faults.push("it is switched off".to_owned());
    }
    if !hook.as_wanted {
        faults.push(hook.differs.clone().unwrap_or_else(|| "its settings are others".to_owned()));
    }
    if let Some(secret) = wanted.secret {
        // No forge tells a secret, so what counts is what this very webhook was given.
        // One that somebody led to the present address by hand is remembered under another, which is forgotten.
        let lasting = |memory: &&Remembered| same(&memory.url, &wanted.url) || !same(&hook.url, &wanted.url);
        match memory.iter().filter(lasting).find(|memory| memory.id == hook.id).map(|memory| memory.secret) {
            Some(Some(known)) if known == secret => {}
            Some(Some(_)) => faults.push("its secret is not the present one".to_owned()),
            Some(None) | None => faults.push("its secret is not known to be the present one".to_owned()),
        }
    }
    faults
}

#[cfg(test)]
mod tests;
