//! GitHub's payloads.

use refray_core::config::Provider;
use serde::Deserialize;

use super::PayloadError;
use super::words::{Push, Reference, Repository, unlooked};
use crate::hint::{Hint, HintKind};

const PROVIDER: Provider = Provider::Github;

/// Something happened to a repository.
#[derive(Debug, Deserialize)]
struct About {
    changes: Option<Changes>,
    repository: Repository,
}

/// What it was before.
#[derive(Debug, Deserialize)]
struct Changes {
    repository: Option<Named>,
    owner: Option<Former<Owner>>,
}

#[derive(Debug, Deserialize)]
struct Named {
    name: Option<Former<String>>,
}

#[derive(Debug, Deserialize)]
struct Former<T> {
    from: T,
}

#[derive(Debug, Deserialize)]
struct Owner {
    user: Option<Account>,
    organization: Option<Account>,
}

#[derive(Debug, Deserialize)]
struct Account {
    login: String,
}

/// Parses the payload of `event`.
pub(super) fn parse(event: &str, json: &[u8]) -> Result<Hint, PayloadError> {
    Ok(match event {
        "push" => serde_json::from_slice::<Push>(json)?.hint(PROVIDER),
        "create" => serde_json::from_slice::<Reference>(json)?.hint(PROVIDER, false, false),
        "delete" => serde_json::from_slice::<Reference>(json)?.hint(PROVIDER, true, false),
        "repository" | "public" => serde_json::from_slice::<About>(json)?.hint(),
        "ping" => unlooked(PROVIDER, HintKind::Ping, json)?,
        other => unlooked(PROVIDER, HintKind::Other(other.to_owned()), json)?,
    })
}

impl About {
    fn hint(self) -> Hint {
        let former = self.former();
        let mut hint = self.repository.hint(PROVIDER, HintKind::Repository);
        hint.paths.extend(former);
        hint
    }

    /// Returns the path that the repository had before.
    fn former(&self) -> Option<String> {
        let changes = self.changes.as_ref()?;
        let (owner, name) = self.repository.full_name.split_once('/')?;
        let former_name = changes.repository.as_ref().and_then(|it| it.name.as_ref()).map(|it| it.from.as_str());
        let former_owner =
            changes.owner.as_ref().and_then(|it| it.from.user.as_ref().or(it.from.organization.as_ref()));
        let former_owner = former_owner.map(|it| it.login.as_str());
        if former_name.is_none() && former_owner.is_none() {
            return None;
        }
        Some(format!("{}/{}", former_owner.unwrap_or(owner), former_name.unwrap_or(name)))
    }
}
