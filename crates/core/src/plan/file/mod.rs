//! A plan as a file: written to be read, compared and cut down by a person, and carried out later.
//!
//! [`PlanFile`] is what is in it; [`read()`] finds whatever is wrong with one, and where; [`moved`] and [`doubted`] say what
//! is not any more as the plan saw it.

mod config;
mod look;
mod model;
mod place;
mod problem;
mod read;
mod sense;
mod text;
mod tree;

pub use config::{Misfit, misfit};
pub use look::{doubted, moved};
pub use model::{Asked, FORMAT, PlanFile, PlannedEndpoint, PlannedGroup, PlannedRepository, Seen};
pub use place::Place;
pub use problem::{PlanFileError, PlanFileErrorKind};
pub use read::read;

#[cfg(test)]
mod tests;
