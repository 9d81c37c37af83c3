//! What can go wrong with a trial itself, as opposed to what stands in its way.

use gix::ObjectId;
use refray_core::Oid;

use super::obstacle::Obstacle;
use crate::mirror::MirrorError;

/// A trial that could not be made.
#[derive(Debug, thiserror::Error)]
pub enum CombineError {
    /// There is no tip to start from.
    #[error("there is nothing to combine")]
    NoTips,
    /// A tip is not a commit of the mirror.
    #[error("{0} is not a commit in the mirror")]
    NotACommit(Oid),
    /// An object does not have the form that git gives it.
    #[error("object {id} is malformed: {why}")]
    Malformed {
        /// The object.
        id: ObjectId,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The mirror is damaged, or does not take what is written to it.
    #[error(transparent)]
    Mirror(#[from] MirrorError),
}

/// Why a trial ends early.
#[derive(Debug)]
pub(super) enum Stop {
    Obstacle(Obstacle),
    Error(CombineError),
}

impl From<Obstacle> for Stop {
    fn from(obstacle: Obstacle) -> Self {
        Self::Obstacle(obstacle)
    }
}

impl From<CombineError> for Stop {
    fn from(error: CombineError) -> Self {
        Self::Error(error)
    }
}

impl From<MirrorError> for Stop {
    fn from(error: MirrorError) -> Self {
        Self::Error(error.into())
    }
}

pub(super) type Step<T> = Result<T, Stop>;
