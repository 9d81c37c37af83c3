//! How one repository stands.

use std::collections::BTreeSet;

use jiff::Timestamp;
use refray_core::config::MirrorGroup;
use refray_core::name::{EndpointId, GroupName, RepoName};
use refray_core::outcome::RepoStatus;
use refray_core::plan::{FindingKind, Severity};
use serde::Serialize;

use super::reason::Reason;
use crate::store::{Glance, Pull, QueueEntry, is_good};

/// How a repository stands. The order is from what needs nobody to what needs a person first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stand {
    /// All endpoints agree.
    Agreed,
    /// Something is still to be done, and refray will do it by itself.
    Behind,
    /// A brake holds something until a person releases it.
    Held,
    /// Sides disagree, and a person has to say which is right.
    Diverged,
    /// Something failed.
    Failing,
}

impl Stand {
    /// All of them, those that need a person first.
    pub const ALL: [Self; 5] = [Self::Failing, Self::Diverged, Self::Held, Self::Behind, Self::Agreed];

    /// Returns the word for it in output.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Agreed => "agreed",
            Self::Behind => "behind",
            Self::Held => "held",
            Self::Diverged => "diverged",
            Self::Failing => "failing",
        }
    }

    /// Says whether a person has to look at it.
    pub const fn needs_person(self) -> bool {
        matches!(self, Self::Held | Self::Diverged | Self::Failing)
    }

    /// Returns the one of that word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stand| stand.as_str() == word)
    }
}

/// Returns how a repository with nothing but this finding stands.
pub(super) const fn stand_of(kind: FindingKind) -> Stand {
    match kind {
        FindingKind::Diverged
        | FindingKind::InConflict
        | FindingKind::Rewritten
        | FindingKind::DeletedAndChanged
        | FindingKind::TagDiffers
        | FindingKind::DefaultBranchDiffers => Stand::Diverged,
        _ => match kind.severity() {
            Severity::Note => Stand::Agreed,
            Severity::Held => Stand::Held,
            Severity::Failed => Stand::Failing,
        },
    }
}

/// A place in the queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Waiting {
    /// Since when.
    pub since: Timestamp,
    /// Not before this.
    pub due: Timestamp,
    /// How often it failed in a row.
    pub attempts: u32,
    /// It goes before what is not urgent.
    pub urgent: bool,
    /// Somebody works on it right now.
    pub running: bool,
}

/// How one repository stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RepoStanding {
    /// The group.
    pub group: GroupName,
    /// The repository.
    pub repository: RepoName,
    /// How it stands.
    pub status: Stand,
    /// Since when.
    pub since: Timestamp,
    /// When it was last recorded; `None` when it never was.
    pub checked: Option<Timestamp>,
    /// Where it has copies.
    pub copies: Vec<EndpointId>,
    /// Where it is still to be created.
    pub missing: Vec<EndpointId>,
    /// Why, and what to do; the gravest first.
    pub reasons: Vec<Reason>,
    /// Its place in the queue.
    pub queue: Option<Waiting>,
}

impl RepoStanding {
    /// Says whether somebody works on it right now.
    pub fn is_running(&self) -> bool {
        self.queue.as_ref().is_some_and(|waiting| waiting.running)
    }

    /// Says whether a person can release a deletion that is held.
    pub fn holds_deletion(&self) -> bool {
        self.reasons.iter().any(Reason::releases_deletion)
    }

    /// Returns the gravest reason.
    pub fn first_reason(&self) -> Option<&Reason> {
        self.reasons.first()
    }
}

/// What is known of one repository.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// What its last run recorded; `None` for one that was only woken so far.
    pub glance: Option<&'a Glance>,
    /// Its place in the queue.
    pub queue: Option<&'a QueueEntry>,
    /// Its open pull requests.
    pub pulls: &'a [Pull],
}

impl Seen<'_> {
    /// Says how it stands; nothing when nothing is known of it.
    pub fn stands(&self, group: &MirrorGroup) -> Option<RepoStanding> {
        let name = self.glance.map(|glance| &glance.name).or_else(|| self.queue.map(|entry| &entry.name))?;
        let waiting = self.queue.map(|entry| Waiting {
            since: entry.queued,
            due: entry.due,
            attempts: entry.attempts,
            urgent: entry.urgent,
            running: entry.holder.is_some(),
        });
        let mut reasons = self.reasons();
        if reasons.is_empty() && waiting.is_none() && self.glance.is_some_and(|glance| glance.copies.is_empty()) {
            // It was deleted everywhere: nothing is left that could stand in any way.
            return None;
        }
        reasons.sort_by_key(|reason| std::cmp::Reverse(reason.stand));
        let missing = self.missing(group);
        let gravest = reasons.first().map_or(Stand::Agreed, |reason| reason.stand);
        let status = if gravest.needs_person() {
            gravest
        } else if waiting.is_some() || !missing.is_empty() || gravest == Stand::Behind {
            Stand::Behind
        } else {
            Stand::Agreed
        };
        let since = match (status, self.glance, &waiting) {
            (Stand::Behind, Some(glance), None) => Some(glance.recorded),
            (Stand::Behind, _, Some(waiting)) => Some(waiting.since),
            (_, Some(glance), _) => Some(glance.since),
            (_, None, waiting) => waiting.as_ref().map(|waiting| waiting.since),
        };
        Some(RepoStanding {
            group: group.name.clone(),
            repository: name.clone(),
            status,
            since: since?,
            checked: self.glance.map(|glance| glance.recorded),
            copies: self.glance.map(|glance| in_order(group, |id| glance.copies.contains(id))).unwrap_or_default(),
            missing,
            reasons,
            queue: waiting,
        })
    }

    fn reasons(&self) -> Vec<Reason> {
        let Some(glance) = self.glance else { return Vec::new() };
        let mut reasons: Vec<_> =
            glance.findings.iter().map(|finding| Reason::of_finding(finding, self.pulls)).collect();
        reasons.extend(glance.problem.as_ref().map(Reason::of_problem));
        if glance.unfinished {
            reasons.push(Reason::plain(
                "unfinished",
                Stand::Behind,
                "changes were begun, and how they ended is not recorded yet",
                "A run is at it, or was ended in the middle: the next one looks again.",
            ));
        }
        // Findings that were reported of the whole say it all; without one, an action was refused or failed.
        let told = reasons.iter().any(|reason| reason.stand.needs_person());
        if !told && glance.status == RepoStatus::Incomplete {
            reasons.push(Reason::plain(
                "incomplete",
                Stand::Failing,
                "not every side could be read in the last run",
                "Run `refray sync` again, or `refray doctor`: both say which side cannot be read, and why.",
            ));
        } else if !told && !is_good(glance.status) {
            reasons.push(Reason::plain(
                "failed",
                Stand::Failing,
                "something in the last run did not work",
                "See the repository's history for what it was, and run `refray sync --retry-failed`.",
            ));
        }
        reasons
    }

    /// Returns the endpoints that are to get a copy. One that was deleted on a side is not.
    fn missing(&self, group: &MirrorGroup) -> Vec<EndpointId> {
        let Some(glance) = self.glance else { return Vec::new() };
        let none: BTreeSet<EndpointId> = BTreeSet::new();
        let kept_apart = glance.findings.iter().any(|finding| {
            matches!(finding.kind, FindingKind::Deleted | FindingKind::AbsenceHeld | FindingKind::ReadOnly)
        });
        let copies = if !group.create_missing || kept_apart { &none } else { &*glance.copies };
        if copies.is_empty() {
            return Vec::new();
        }
        in_order(group, |id| !copies.contains(id))
    }
}

/// Returns the endpoints of a group that are wanted, in its order.
fn in_order(group: &MirrorGroup, wanted: impl Fn(&EndpointId) -> bool) -> Vec<EndpointId> {
    group.endpoints.iter().map(|endpoint| &endpoint.id).filter(|id| wanted(id)).cloned().collect()
}
