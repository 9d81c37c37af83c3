//! What is done with a branch whose tips have diverged, and with the conflict branches and pull requests that show it.

mod name;
mod needs;
mod request;
mod requests;
mod resolve;
mod trial;

pub use name::conflict_branch;
pub use needs::Needs;
pub use request::{Pair, Request, RequestState, Requests};
pub(super) use requests::{Conflicts, owners};
pub(super) use resolve::{Resolution, resolve};
pub use trial::{CombineStrategy, Trial, TrialResult, Trials};

use std::collections::BTreeSet;

use crate::name::{EndpointId, RefName};

/// What is known beside history when branches have diverged. The default knows nothing, with which a plan asks for more
/// through [`Needs`].
#[derive(Debug, Clone, Copy, Default)]
pub struct ConflictFacts<'a> {
    /// The group's endpoints in their configured order: the first is never rewritten. Those that are missing come last.
    pub order: &'a [EndpointId],
    /// What trials gave, and when commits were made.
    pub trials: Option<&'a Trials>,
    /// The pull requests that show conflicts; `None` when nobody looked.
    pub requests: Option<&'a Requests>,
    /// Where a forced update of a branch was refused in this run.
    pub refused: Option<&'a BTreeSet<(EndpointId, RefName)>>,
}

impl ConflictFacts<'_> {
    pub(super) fn position(&self, endpoint: &EndpointId) -> usize {
        self.order.iter().position(|other| other == endpoint).unwrap_or(self.order.len())
    }

    pub(super) fn is_refused(&self, endpoint: &EndpointId, name: &RefName) -> bool {
        self.refused.is_some_and(|refused| refused.contains(&(endpoint.clone(), name.clone())))
    }
}
