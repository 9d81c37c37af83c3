//! What can go wrong while fetching.

use refray_core::Oid;

use crate::child::ChildError;
use crate::mirror::MirrorError;
use crate::wire::ProtocolError;

/// A fetch that brought nothing. The mirror is as it was.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The exchange failed.
    #[error(transparent)]
    Protocol(#[from] ProtocolError),
    /// The other side no longer has an object that was asked for: a reference moved since it was listed.
    #[error("{remote}: {oid} is not there any more")]
    Moved {
        /// The remote.
        remote: String,
        /// The object.
        oid: Oid,
    },
    /// What came is not a good pack, or it could not be written.
    #[error("{remote}: what was received could not be indexed")]
    Index {
        /// The remote.
        remote: String,
        /// What git said.
        #[source]
        source: ChildError,
    },
    /// What came is a good pack, but history is missing in it.
    #[error("{remote}: what was received is not complete: {why}")]
    Incomplete {
        /// The remote.
        remote: String,
        /// What is missing.
        why: String,
    },
    /// The mirror failed.
    #[error(transparent)]
    Mirror(#[from] MirrorError),
}

impl FetchError {
    /// Says whether the same fetch may succeed later without anybody changing anything.
    pub const fn is_transient(&self) -> bool {
        match self {
            Self::Protocol(error) => error.is_transient(),
            Self::Moved { .. } => true,
            Self::Index { .. } | Self::Incomplete { .. } | Self::Mirror(_) => false,
        }
    }
}
