//! The local mirror of a repository: a bare repository that keeps the objects of all endpoints.
//!
//! Snapshots live elsewhere, so the mirror's references are needed only to keep objects reachable and to say which of them
//! are whole. They are one packed file with one writer; there is never a loose one. Everything here is thrown away and built
//! anew when it is damaged.

mod error;
mod history;
mod kept;
mod lfs;
mod maintain;
mod packed;
mod quarantine;
mod store;

pub use error::MirrorError;
pub use history::LogEntry;
pub use maintain::{Maintenance, maintain};
pub(crate) use packed::{Stamp, sync_folder, write_atomically};
pub(crate) use quarantine::Quarantine;
pub use store::Mirror;
pub(crate) use store::{lay_out, object_id, open_isolated, own_format, own_id, remove_at_once};

/// What the names of the references that keep backups start with. They are never dropped by [`Mirror::keep`].
pub const BACKUP_PREFIX: &str = "refs/refray-backups/";
