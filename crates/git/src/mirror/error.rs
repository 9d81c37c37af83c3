//! What can go wrong with a mirror.

use std::io;
use std::path::{Path, PathBuf};

use refray_core::{ObjectFormat, Oid};

/// A mirror that cannot be used as asked.
#[derive(Debug, thiserror::Error)]
pub enum MirrorError {
    /// It is not what refray left there. The remedy is [`Mirror::wipe`](super::Mirror::wipe) and a new fetch.
    #[error("the mirror {} is damaged: {why}", path.display())]
    Damaged {
        /// The mirror.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// It was made for another hash function.
    #[error("the mirror {} holds {found} objects, not {wanted}", path.display())]
    Format {
        /// The mirror.
        path: PathBuf,
        /// Its hash function.
        found: ObjectFormat,
        /// The one that was asked for.
        wanted: ObjectFormat,
    },
    /// An object was to be kept whose history is not known to be whole.
    #[error("{oid} is not completely in the mirror {}", path.display())]
    NotHeld {
        /// The mirror.
        path: PathBuf,
        /// The object.
        oid: Oid,
    },
    /// A reference was to be kept under a name that git does not allow.
    #[error("`{name}` is not a reference's full name")]
    Name {
        /// The name.
        name: String,
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

impl MirrorError {
    pub(crate) fn damaged(path: &Path, why: impl ToString) -> Self {
        Self::Damaged { path: path.to_owned(), why: why.to_string() }
    }
}

/// Says what was being done when the file system refused.
pub(crate) trait Doing<T> {
    fn doing(self, doing: &'static str, path: &Path) -> Result<T, MirrorError>;
}

impl<T, E: Into<io::Error>> Doing<T> for Result<T, E> {
    fn doing(self, doing: &'static str, path: &Path) -> Result<T, MirrorError> {
        self.map_err(|error| MirrorError::Io { doing, path: path.to_owned(), source: error.into() })
    }
}
