//! Backups of what a deletion or a forced update takes away: kept in the mirror, and in a bundle that depends on nothing.

mod bundle;
mod error;
mod name;
mod note;
mod write;

pub use bundle::{Bundle, list, read};
pub use error::BackupError;
pub use name::{Origin, branch_ref, origin, repository_ref};
pub use note::{annotate, note, remove};
pub use write::{Backup, BackupRequest, backup, restore};
