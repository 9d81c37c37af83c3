//! What a plan reports instead of doing.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::name::{EndpointId, RefName};

/// How grave a finding is. Anything but a note makes a run end with exit code 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth saying, nothing to do.
    Note,
    /// A brake holds something until a person releases it.
    Held,
    /// Sides disagree or something could not be done.
    Failed,
}

/// What is wrong or held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// The tips of a branch have diverged.
    Diverged,
    /// The tips of a branch have diverged, and pull requests ask for them to be brought together.
    InConflict,
    /// A branch was rewritten on one side, and policy says not to follow.
    Rewritten,
    /// A branch was deleted on one side and changed on another.
    DeletedAndChanged,
    /// A tag names different objects.
    TagDiffers,
    /// The default branch was changed on several sides, or never agreed.
    DefaultBranchDiffers,
    /// How the tips relate could not be found out.
    HistoryUnknown,
    /// A deletion of branches looks suspicious.
    DeletionHeld,
    /// Repositories of one name share no history.
    Unrelated,
    /// A repository was renamed or transferred on one side.
    Renamed,
    /// A repository vanished, and whether it was deleted is not certain.
    AbsenceHeld,
    /// A repository was deleted on one side, and is kept on the others.
    Deleted,
    /// Two repositories of one endpoint have the same name.
    NameClash,
    /// A copy can only be read, so that it stays behind.
    ReadOnly,
    /// An endpoint's copy could not be read.
    Unreadable,
    /// A reference's name cannot be handled.
    UnsupportedRef,
    /// The copies use different hash functions.
    FormatDiffers,
    /// What a run wrote is not there any more, so that it is not undone.
    MovedSince,
    /// Something cannot be put back, or is left for a person to decide.
    NotRestored,
    /// Something stays because it was there before the run that is undone.
    Kept,
    /// A webhook could not be installed: what is pushed there is noticed by the clock alone.
    Webhook,
    /// What a plan from a file rests on is not as it was seen.
    PlanMoved,
    /// What a plan from a file wants written cannot be.
    PlanImpossible,
}

impl FindingKind {
    /// Returns how grave it is.
    pub const fn severity(self) -> Severity {
        match self {
            Self::Deleted | Self::Kept | Self::Webhook => Severity::Note,
            Self::InConflict | Self::DeletionHeld | Self::Unrelated | Self::Renamed | Self::AbsenceHeld => {
                Severity::Held
            }
            _ => Severity::Failed,
        }
    }

    /// Returns the word for it in machine-readable output.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Diverged => "diverged",
            Self::InConflict => "in_conflict",
            Self::Rewritten => "rewritten",
            Self::DeletedAndChanged => "deleted_and_changed",
            Self::TagDiffers => "tag_differs",
            Self::DefaultBranchDiffers => "default_branch_differs",
            Self::HistoryUnknown => "history_unknown",
            Self::DeletionHeld => "deletion_held",
            Self::Unrelated => "unrelated",
            Self::Renamed => "renamed",
            Self::AbsenceHeld => "absence_held",
            Self::Deleted => "deleted",
            Self::NameClash => "name_clash",
            Self::ReadOnly => "read_only",
            Self::Unreadable => "unreadable",
            Self::UnsupportedRef => "unsupported_ref",
            Self::FormatDiffers => "format_differs",
            Self::MovedSince => "moved_since",
            Self::NotRestored => "not_restored",
            Self::Kept => "kept",
            Self::Webhook => "webhook",
            Self::PlanMoved => "plan_moved",
            Self::PlanImpossible => "plan_impossible",
        }
    }
}

/// One thing that is reported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What kind.
    pub kind: FindingKind,
    /// The reference, when it is about one.
    #[serde(rename = "ref", default, skip_serializing_if = "Option::is_none")]
    pub name: Option<RefName>,
    /// The values seen at each endpoint that it is about: an object id, a branch name, or `-` for absent.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sides: BTreeMap<EndpointId, String>,
    /// Pages that a person opens to settle it, by endpoint.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub links: BTreeMap<EndpointId, String>,
    /// What is the case, as a sentence without its full stop.
    pub message: String,
    /// What the user can do, as a sentence.
    pub remedy: String,
}

impl Finding {
    /// Builds a finding about a whole repository.
    pub fn new(kind: FindingKind, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            kind,
            name: None,
            sides: BTreeMap::new(),
            links: BTreeMap::new(),
            message: message.into(),
            remedy: remedy.into(),
        }
    }

    /// Says which reference it is about.
    #[must_use]
    pub fn at(mut self, name: &RefName) -> Self {
        self.name = Some(name.clone());
        self
    }

    /// Adds what was seen at an endpoint.
    #[must_use]
    pub fn side(mut self, endpoint: &EndpointId, value: impl ToString) -> Self {
        self.sides.insert(endpoint.clone(), value.to_string());
        self
    }
}
