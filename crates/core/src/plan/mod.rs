//! From what was seen to what should be done.
//!
//! Planning is pure and total: every input yields a plan, and whatever cannot be decided is a [`Finding`] in it.
//! Two levels: [`group`] judges which repositories exist where, from listings; [`repository`] judges the references of
//! one repository, from snapshots.

mod action;
mod baseline_next;
mod brake;
mod branch;
mod conflict;
mod default_branch;
pub mod file;
mod finding;
pub mod group;
pub mod questions;
mod relation;
pub mod repository;
mod side;
mod tag;
pub mod undo;
mod view;

pub use action::{
    Cause, CreateRepository, DefaultSwitch, DeleteRepository, RefUpdate, RepoPlan, RequestAction, RequestStep,
};
pub use baseline_next::next_baseline;
pub use brake::{recall, signs_of_restoration};
pub use conflict::{
    CombineStrategy, ConflictFacts, Needs, Pair, Request, RequestState, Requests, Trial, TrialResult, Trials,
    conflict_branch,
};
pub use finding::{Finding, FindingKind, Severity};
pub use relation::clusters_by_equal_tips;
pub use view::{Policy, Releases, View, Views, World};

#[cfg(test)]
mod tests;
