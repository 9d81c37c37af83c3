//! How things stand: a picture made of what is remembered, for whoever only wants to look.
//!
//! [`Standing::read`] asks the store; everything else is made of plain data. Nothing here writes, and nothing here asks a
//! forge: a picture is as old as the last look at each repository, and says how old that is.

mod alike;
mod count;
mod reader;
mod reason;
mod repository;
#[cfg(test)]
mod tests;

pub use alike::{grouped, pattern};
pub use count::Counts;
pub use reader::{GroupStanding, Standing};
pub use reason::Reason;
pub use repository::{RepoStanding, Seen, Stand, Waiting};
