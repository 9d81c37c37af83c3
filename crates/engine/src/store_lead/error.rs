//! What can go wrong with the store.

use std::path::PathBuf;

/// The store cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The folder for it cannot be made.
    #[error("the state directory {} cannot be made: {source}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A newer refray wrote it.
    #[error("{} was written by a newer refray (format {found}, this one knows {known})", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: i64,
        /// The newest that is known here.
        known: i64,
    },
    /// It holds something that makes no sense.
    #[error("the state holds {what} that cannot be understood: {why}")]
    Damaged {
        /// What.
        what: &'static str,
        /// Why not.
        why: String,
    },
    /// The database failed.
    #[error("the state in {} cannot be {doing}: {source}", path.display())]
    Database {
        /// The file.
        path: PathBuf,
        /// Read, written or opened.
        doing: &'static str,
        /// What the database said.
        source: sqlx::Error,
    },
}

/// SQLite's code for a full disk or database.
const FULL: &str = "13";
/// SQLite's codes for a file that is not a sound database.
const DAMAGED: [&str; 2] = ["11", "26"];

impl StoreError {
    /// Returns what the user can do about it, as a sentence.
    pub fn remedy(&self) -> String {
        match self {
            Self::Folder { .. } => "Check its rights, or name another with `--state-dir`.".into(),
            Self::Newer { .. } => "Run that newer refray, or name another state with `--state-dir`.".into(),
            Self::Damaged { .. } => restore(),
            Self::Database { source, .. } => {
                let code = source.as_database_error().and_then(|error| error.code()).unwrap_or_default();
                if code == FULL {
                    "Free space on the disk of the state directory, and run again.".into()
                } else if DAMAGED.contains(&code.as_ref()) {
                    restore()
                } else {
                    "Check the rights and the space of the state directory.".into()
                }
            }
        }
    }
}

fn restore() -> String {
    "Put `state.db` back from a backup. Without it nothing is lost: refray then treats every side as new and deletes nothing."
        .into()
}
