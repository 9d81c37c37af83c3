//! What can go wrong while a pack is made.

/// A pack that could not be made, or not be kept. Cheap to clone, because every reader gets it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PackError {
    /// git could not make it.
    #[error("could not make the pack: {message}")]
    Git {
        /// What git said.
        message: String,
        /// The mirror misses objects that it should have.
        damaged: bool,
    },
    /// It could not be kept on the disk.
    #[error("could not keep the pack: {message}")]
    Io {
        /// What the system said.
        message: String,
    },
    /// Nobody makes it any more.
    #[error("the pack was given up")]
    Stopped,
}
