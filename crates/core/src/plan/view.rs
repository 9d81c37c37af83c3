//! What planning one repository starts from.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ancestry::Ancestry;
use crate::baseline::Baseline;
use crate::config::{ConflictResolution, MirrorGroup, Rewrites};
use crate::name::{EndpointId, RefName};
use crate::oid::Oid;
use crate::plan::conflict::ConflictFacts;
use crate::repository::Visibility;
use crate::snapshot::Snapshot;

/// The rules of a group that bear on one repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// What is done with diverged branches.
    pub conflict_resolution: ConflictResolution,
    /// Whether one-sided rewrites are followed.
    pub rewrites: Rewrites,
    /// The newest diverged tip is forced.
    pub allow_force: bool,
    /// Repositories are created where they are missing.
    pub create_missing: bool,
    /// Repositories that vanished somewhere are deleted elsewhere.
    pub delete_missing: bool,
    /// The visibility of new repositories whose model's is not known.
    pub visibility: Visibility,
}

impl From<&MirrorGroup> for Policy {
    fn from(group: &MirrorGroup) -> Self {
        Self {
            conflict_resolution: group.conflict_resolution,
            rewrites: group.rewrites,
            allow_force: group.allow_force,
            create_missing: group.create_missing,
            delete_missing: group.delete_missing,
            visibility: group.visibility,
        }
    }
}

/// What a person has released for one repository.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Releases {
    /// Deletions that a brake holds may go through.
    pub deletions: bool,
    /// Repositories of one name that share no history may be joined.
    pub join: bool,
    /// The newest tip of every diverged branch wins, whatever the strategy.
    pub force: bool,
}

/// One repository at one endpoint, as it was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum View {
    /// It exists and this is what is in it.
    Present {
        /// Its references.
        snapshot: Snapshot,
        /// It can only be read (archived, or a mirror of the forge's own): why.
        read_only: Option<String>,
    },
    /// It does not exist, and is to be created: it will be empty first.
    ToCreate,
    /// It does not exist here and takes no part.
    Absent,
    /// Nothing is known of it in this run: why.
    Unreadable(String),
}

impl View {
    /// Returns the snapshot of a present repository.
    pub const fn snapshot(&self) -> Option<&Snapshot> {
        match self {
            Self::Present { snapshot, .. } => Some(snapshot),
            _ => None,
        }
    }

    /// Says whether the endpoint takes part: it exists, or will.
    pub const fn takes_part(&self) -> bool {
        matches!(self, Self::Present { .. } | Self::ToCreate)
    }

    /// Returns the value of `name`; `None` when it does not exist there.
    pub fn get(&self, name: &RefName) -> Option<Oid> {
        self.snapshot()?.get(name)
    }
}

/// One repository at every endpoint of its group.
pub type Views = BTreeMap<EndpointId, View>;

/// Everything that planning one repository depends on.
#[derive(Debug, Clone, Copy)]
pub struct World<'a> {
    /// The group's rules.
    pub policy: &'a Policy,
    /// What a person released.
    pub releases: Releases,
    /// What was seen.
    pub views: &'a Views,
    /// What was agreed before.
    pub baseline: &'a Baseline,
    /// What is known of history.
    pub ancestry: &'a Ancestry,
    /// What else is known of diverged branches.
    pub conflicts: ConflictFacts<'a>,
}
