//! Bringing tips together without a working tree.

use refray_core::Oid;

use crate::Mirror;
use crate::mirror::MirrorError;

/// What became of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Combined {
    /// A commit that contains what all tips do.
    Tip(Oid),
    /// It needs a person: why, as a clause.
    NotPossible(String),
}

/// The message of a merge commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MergeMessage(String);

impl MergeMessage {
    /// Takes a message.
    pub const fn new(text: String) -> Self {
        Self(text)
    }
}

/// Replays each further tip's own commits on the first.
///
/// # Errors
/// The mirror is damaged.
pub fn rebase(_mirror: &Mirror, _tips: &[Oid]) -> Result<Combined, MirrorError> {
    Ok(Combined::NotPossible("it cannot be tried yet".to_owned()))
}

/// Makes a merge commit of the tips.
///
/// # Errors
/// The mirror is damaged.
pub fn merge(_mirror: &Mirror, _tips: &[Oid], message: &MergeMessage) -> Result<Combined, MirrorError> {
    let MergeMessage(_) = message;
    Ok(Combined::NotPossible("it cannot be tried yet".to_owned()))
}
