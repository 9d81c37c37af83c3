//! What can go wrong with a repository in a directory.

use std::io;
use std::path::{Path, PathBuf};

/// A directory that could not be read or changed as asked.
#[derive(Debug, thiserror::Error)]
pub enum LocalError {
    /// There is nothing at the path.
    #[error("{} does not exist", path.display())]
    Missing {
        /// The path.
        path: PathBuf,
    },
    /// Something is there, but no git repository.
    #[error("{} is not a git repository", path.display())]
    NotARepository {
        /// The path.
        path: PathBuf,
    },
    /// Something is there already.
    #[error("{} exists already", path.display())]
    AlreadyExists {
        /// The path.
        path: PathBuf,
    },
    /// It is a repository of a kind that refray cannot read.
    #[error("{} uses {what}, which is not supported", path.display())]
    Unsupported {
        /// The path.
        path: PathBuf,
        /// What it uses.
        what: String,
    },
    /// Its references cannot be read.
    #[error("the references of {} cannot be read: {why}", path.display())]
    Unreadable {
        /// The path.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// Somebody else is changing it.
    #[error("{} is locked by another process: if there is none, remove {}", path.display(), lock.display())]
    Locked {
        /// The path.
        path: PathBuf,
        /// The lock.
        lock: PathBuf,
    },
    /// The file system refused.
    #[error("could not {doing} {}", path.display())]
    Io {
        /// What was being done.
        doing: &'static str,
        /// Where.
        path: PathBuf,
        /// Why it failed.
        #[source]
        source: io::Error,
    },
}

/// Says what was being done when the file system refused.
pub(super) trait Doing<T> {
    fn doing(self, doing: &'static str, path: &Path) -> Result<T, LocalError>;
}

impl<T> Doing<T> for io::Result<T> {
    fn doing(self, doing: &'static str, path: &Path) -> Result<T, LocalError> {
        self.map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => LocalError::Missing { path: path.to_owned() },
            _ => LocalError::Io { doing, path: path.to_owned(), source },
        })
    }
}
