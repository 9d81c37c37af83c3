//! What came of it.

use refray_core::name::{EndpointId, GroupName, RepoName};
use serde::Serialize;

use super::plan::State;

/// What kind of change was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// A webhook was made.
    Created,
    /// A webhook was brought into the wanted form.
    Repaired,
    /// A webhook was removed.
    Removed,
}

/// A change on a forge, made or, in a dry run, to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// What kind.
    pub kind: ChangeKind,
    /// The forge's id of the webhook; before it is made, there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hook: Option<String>,
    /// Where the webhook sent to before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// What was found and done in one repository at one endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HookReport {
    /// The group. A repository of several groups is told of once, in the first.
    pub group: GroupName,
    /// The repository.
    pub repository: RepoName,
    /// The endpoint.
    pub endpoint: EndpointId,
    /// How it stood when it was looked at.
    pub state: State,
    /// What was not as it should be.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<String>,
    /// What was changed, or would be.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
    /// How many webhooks there are somebody else's.
    pub foreign: usize,
    /// What went wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What the user can do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

/// Hears of each repository as soon as it is done with.
pub trait HookSink: Send + Sync {
    /// Hears how many there will be.
    fn expect(&self, number: usize);

    /// Hears of one.
    fn take(&self, report: HookReport);
}

/// What it amounts to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct HookSummary {
    /// Repositories at endpoints.
    pub checked: usize,
    /// Those where a webhook was right when it was looked at.
    pub installed: usize,
    /// Those where there was none.
    pub missing: usize,
    /// Those where it was not as it should be.
    pub differs: usize,
    /// Those where it sent to another address.
    pub stale: usize,
    /// Those that are archived.
    pub archived: usize,
    /// Webhooks made, or to be made.
    pub created: usize,
    /// Webhooks brought into the wanted form, or to be.
    pub repaired: usize,
    /// Webhooks removed, or to be.
    pub removed: usize,
    /// Webhooks that are somebody else's.
    pub foreign: usize,
    /// Those where something went wrong.
    pub failed: usize,
    /// Endpoints that could not be listed.
    pub endpoints_failed: usize,
    /// Names that were asked for and are nowhere.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unmatched: Vec<String>,
    /// Endpoints that are directories, which have no webhooks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub directories: Vec<EndpointId>,
    /// What is worth knowing though nothing failed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

impl HookSummary {
    /// Counts one repository at one endpoint.
    pub(super) fn count(&mut self, report: &HookReport) {
        self.checked += 1;
        self.foreign += report.foreign;
        match report.state {
            State::Installed => self.installed += 1,
            State::Missing => self.missing += 1,
            State::Differs => self.differs += 1,
            State::Stale => self.stale += 1,
            State::Archived => self.archived += 1,
            State::Unknown => {}
        }
        for change in &report.changes {
            match change.kind {
                ChangeKind::Created => self.created += 1,
                ChangeKind::Repaired => self.repaired += 1,
                ChangeKind::Removed => self.removed += 1,
            }
        }
        if report.error.is_some() {
            self.failed += 1;
        }
    }

    /// Says whether nothing went wrong.
    pub const fn is_good(&self) -> bool {
        self.failed == 0 && self.endpoints_failed == 0 && self.unmatched.is_empty()
    }

    /// Says whether every copy that needs a webhook had one, as wanted, when it was looked at.
    pub const fn is_whole(&self) -> bool {
        self.missing == 0 && self.differs == 0 && self.stale == 0
    }

    /// Returns how many changes were made.
    pub const fn changes(&self) -> usize {
        self.created + self.repaired + self.removed
    }
}
