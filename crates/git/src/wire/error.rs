//! What can go wrong while git's protocol is spoken.

use refray_core::ObjectFormat;

use crate::transport::{TransportError, TransportErrorKind};

/// An exchange in git's protocol that failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProtocolError {
    /// The connection failed, or the server refused the request.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The answer ended before it was complete.
    #[error("{remote}: the answer ended in the middle of {what}")]
    Truncated {
        /// The remote.
        remote: String,
        /// What was being read.
        what: &'static str,
    },
    /// The answer is not what the protocol says.
    #[error("{remote}: {what} was expected, not `{found}`")]
    Malformed {
        /// The remote.
        remote: String,
        /// What was expected.
        what: &'static str,
        /// The beginning of what came.
        found: String,
    },
    /// The server gave up and said why.
    #[error("{remote}: the server says: {message}")]
    Remote {
        /// The remote.
        remote: String,
        /// Its words.
        message: String,
    },
    /// The answer is not git's at all: a web page, or the old protocol of plain files.
    #[error("{remote}: this is not a git server's answer: `{found}`")]
    NotGit {
        /// The remote.
        remote: String,
        /// The beginning of what came.
        found: String,
    },
    /// The answer is too long to be handled.
    #[error("{remote}: the answer is longer than {limit} bytes")]
    TooLarge {
        /// The remote.
        remote: String,
        /// The limit.
        limit: u64,
    },
    /// The server lacks something that is needed.
    #[error("{remote}: the server does not offer `{capability}`")]
    Unsupported {
        /// The remote.
        remote: String,
        /// What it lacks.
        capability: &'static str,
    },
    /// The repository uses another hash function.
    #[error("{remote}: its objects are {theirs}, but {ours} is needed here")]
    Format {
        /// The remote.
        remote: String,
        /// The format that is needed.
        ours: ObjectFormat,
        /// The repository's format.
        theirs: ObjectFormat,
    },
}

impl ProtocolError {
    /// Returns the transport's kind of failure, if it is one of the transport.
    pub const fn transport(&self) -> Option<&TransportErrorKind> {
        match self {
            Self::Transport(error) => Some(&error.kind),
            _ => None,
        }
    }

    /// Says whether the same exchange may succeed later without anybody changing anything.
    pub const fn is_transient(&self) -> bool {
        match self {
            Self::Transport(error) => error.is_transient(),
            Self::Truncated { .. } => true,
            _ => false,
        }
    }
}

/// Returns the printable beginning of what came.
pub(crate) fn excerpt(bytes: &[u8]) -> String {
    let head = &bytes[..bytes.len().min(120)];
    String::from_utf8_lossy(head)
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect::<String>()
        .trim()
        .into()
}
