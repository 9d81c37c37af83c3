//! What payloads say, in the words of all forges. Only the fields that are needed are read, and nearly all of them may be
//! missing: versions differ.

mod gitea;
mod github;
mod gitlab;
mod words;

use refray_core::config::Provider;

use super::headers::Origin;
use crate::hint::Hint;

/// A payload that is not JSON, or lacks what its event cannot be understood without.
#[derive(Debug, thiserror::Error)]
pub(super) enum PayloadError {
    /// It cannot be read.
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    /// It names no repository.
    #[error("it names no repository")]
    Nowhere,
}

/// Parses a payload that was proved to come from where the headers say.
pub(super) fn parse(origin: &Origin, json: &[u8]) -> Result<Hint, PayloadError> {
    match origin.forge {
        Provider::Github => github::parse(&origin.event, json),
        Provider::Gitea | Provider::Forgejo => gitea::parse(origin.forge, &origin.event, json),
        Provider::Gitlab => gitlab::parse(&origin.event, origin.instance.as_deref(), json),
        // A folder sends nothing.
        Provider::Directory => Err(PayloadError::Nowhere),
    }
}
