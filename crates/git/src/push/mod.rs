//! Pushing: each command names what it replaces, and the server compares and swaps.

mod command;
mod error;
mod outcome;
mod report;
mod run;
mod size;

pub use command::PushCommand;
pub use error::PushError;
pub use outcome::{PushReport, RefOutcome};
pub use run::{PackSource, PushRequest, push};
pub use size::{FIRST, MOST};
