//! One file a page.

pub(super) mod confirm;
mod contents;
pub(super) mod group;
pub(super) mod layout;
pub(super) mod links;
pub(super) mod overview;
mod parts;
pub(super) mod queue;
mod reasons;
pub(super) mod repository;
pub(super) mod run;
pub(super) mod runs;
