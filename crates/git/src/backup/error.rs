//! What can go wrong with a backup.

use std::io;
use std::path::{Path, PathBuf};

use crate::child::ChildError;
use crate::mirror::MirrorError;

/// A backup that could not be made or read. Whoever gets this writes nothing.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The mirror does not hold what is to be kept, or it failed.
    #[error(transparent)]
    Mirror(#[from] MirrorError),
    /// git could not make, check or read the bundle.
    #[error("could not {doing} the bundle {}", path.display())]
    Git {
        /// What was being done.
        doing: &'static str,
        /// The bundle.
        path: PathBuf,
        /// What git said.
        #[source]
        source: ChildError,
    },
    /// The bundle is not what it should be.
    #[error("the bundle {} is not usable: {why}", path.display())]
    Unusable {
        /// The bundle.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
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
    fn doing(self, doing: &'static str, path: &Path) -> Result<T, BackupError>;
}

impl<T, E: Into<io::Error>> Doing<T> for Result<T, E> {
    fn doing(self, doing: &'static str, path: &Path) -> Result<T, BackupError> {
        self.map_err(|error| BackupError::Io { doing, path: path.to_owned(), source: error.into() })
    }
}
