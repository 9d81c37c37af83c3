//! Looking, and nothing else: what is listed, what is in it, and how its commits relate.

mod conflict;
mod group;
mod history;
mod repository;

pub(crate) use group::sights;
pub(crate) use history::{Facts, Subject, gather, obtain};
pub(crate) use repository::{snapshot, views};
