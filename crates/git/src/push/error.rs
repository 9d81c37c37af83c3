//! What can go wrong with a push as a whole.

use crate::pack::PackError;
use crate::transport::TransportErrorKind;
use crate::wire::ProtocolError;

/// A push that failed as a whole. What happened to single references is in the report.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PushError {
    /// The exchange failed before anything can have been carried out.
    #[error(transparent)]
    Protocol(ProtocolError),
    /// The connection was lost, or the answer made no sense, after everything or a part was sent: nobody knows what was
    /// carried out, so the references must be looked at.
    #[error("the connection was lost before the outcome was known")]
    OutcomeUnknown {
        /// How it was lost.
        #[source]
        source: ProtocolError,
    },
    /// The pack could not be made. Nothing was carried out.
    #[error(transparent)]
    Pack(PackError),
}

impl PushError {
    /// Says whether the same push may succeed later without anybody changing anything.
    pub const fn is_transient(&self) -> bool {
        match self {
            Self::Protocol(error) => error.is_transient(),
            Self::OutcomeUnknown { .. } => true,
            Self::Pack(_) => false,
        }
    }

    /// Sorts a failure that came after the commands were, or may have been, sent.
    pub(super) fn after_sending(source: ProtocolError) -> Self {
        match &source {
            ProtocolError::Transport(error) if error.is_certainly_undone() => match error.kind {
                TransportErrorKind::Body => {
                    Self::Pack(PackError::Git { message: error.message.clone(), damaged: false })
                }
                _ => Self::Protocol(source),
            },
            _ => Self::OutcomeUnknown { source },
        }
    }
}
