//! The payloads of Gitea and Forgejo.

use refray_core::config::Provider;
use serde::Deserialize;

use super::PayloadError;
use super::words::{Push, Reference, Repository, unlooked};
use crate::hint::{Hint, HintKind};

/// Something happened to a repository.
#[derive(Debug, Deserialize)]
struct About {
    repository: Repository,
}

/// Parses the payload of `event`.
pub(super) fn parse(provider: Provider, event: &str, json: &[u8]) -> Result<Hint, PayloadError> {
    // A hook of type `forgejo` is told full names, one of type `gitea` short ones.
    let full = provider == Provider::Forgejo;
    Ok(match event {
        "push" => serde_json::from_slice::<Push>(json)?.hint(provider),
        "create" => serde_json::from_slice::<Reference>(json)?.hint(provider, false, full),
        "delete" => serde_json::from_slice::<Reference>(json)?.hint(provider, true, full),
        "repository" => serde_json::from_slice::<About>(json)?.repository.hint(provider, HintKind::Repository),
        other => unlooked(provider, HintKind::Other(other.to_owned()), json)?,
    })
}
