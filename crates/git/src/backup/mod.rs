//! Backups of what a deletion or a forced update takes away: kept in the mirror, and in a bundle that depends on nothing.

mod bundle;
mod error;
mod name;
mod write;

pub use bundle::{Bundle, list, read};
pub use error::BackupError;
pub use name::{branch_ref, repository_ref};
pub use write::{Backup, BackupRequest, backup, restore};
