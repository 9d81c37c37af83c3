//! What the endpoints of a group list.

use std::collections::BTreeMap;

use futures_util::StreamExt;
use futures_util::future::join_all;
use futures_util::stream;
use refray_core::config::{Endpoint, MirrorGroup, Provider};
use refray_core::name::EndpointId;
use refray_core::plan::group::{GroupWorld, Known, Look, Selection, Sight, looks_needed};
use refray_forge::{ErrorKind, ForgeError, Lookup};

use crate::engine::Engine;

/// An endpoint that cannot be worked with in this run.
#[derive(Debug, Clone)]
pub(crate) struct EndpointFailure {
    pub(crate) endpoint: EndpointId,
    pub(crate) message: String,
    pub(crate) remedy: String,
}

/// How many direct looks are under way at once.
const LOOKS: usize = 8;

/// Lists every endpoint of a group, all at once, and looks directly at what is remembered and not listed.
pub(crate) async fn sights(
    engine: &Engine,
    group: &MirrorGroup,
    known: &BTreeMap<String, BTreeMap<EndpointId, Known>>,
) -> (BTreeMap<EndpointId, Sight>, Vec<EndpointFailure>) {
    let listed = join_all(group.endpoints.iter().map(|endpoint| {
        let remembered = known.values().any(|copies| copies.contains_key(&endpoint.id));
        list(engine, endpoint, remembered)
    }))
    .await;
    let mut failures = Vec::new();
    let mut sights = BTreeMap::new();
    for (endpoint, listed) in group.endpoints.iter().zip(listed) {
        let sight = listed.unwrap_or_else(|error| {
            let message = error.to_string();
            let failure =
                EndpointFailure { endpoint: endpoint.id.clone(), message: message.clone(), remedy: error.remedy() };
            failures.push(failure);
            Sight { error: message, ..Sight::default() }
        });
        sights.insert(endpoint.id.clone(), sight);
    }
    let everything = Selection::default();
    let needed = looks_needed(&GroupWorld { group, sights: &sights, known, selection: &everything });
    let looks = stream::iter(needed.into_iter().map(|(id, key, path)| async move {
        let look = match group.endpoint(&id) {
            Some(endpoint) => look(engine, endpoint, &path).await,
            None => Look::Unreadable("the endpoint is not configured any more".into()),
        };
        (id, key, look)
    }));
    let looks: Vec<_> = looks.buffer_unordered(LOOKS).collect().await;
    for (id, key, look) in looks {
        if let Some(sight) = sights.get_mut(&id) {
            sight.looks.insert(key, look);
        }
    }
    (sights, failures)
}

async fn list(engine: &Engine, endpoint: &Endpoint, remembered: bool) -> Result<Sight, ForgeError> {
    let forge = engine.forge(endpoint).map_err(|message| not_connected(endpoint, message))?;
    let (account, listing) = tokio::join!(forge.account(), forge.list(endpoint));
    let listing = listing?;
    if listing.is_empty() && remembered {
        // A namespace that is itself gone, as when a disk is not mounted, is no sign that what it held was deleted.
        if let Err(error) = forge.namespace(endpoint).await
            && matches!(error.kind, ErrorKind::NotFound | ErrorKind::NoFolder)
        {
            return Err(error);
        }
    }
    // Tokens that GitHub calls fine-grained, and those of apps, can be given for chosen repositories, and say nothing of it;
    // those with scopes are for all.
    let may_be_limited = endpoint.site.provider == Provider::Github
        && account.as_ref().map_or_else(|error| error.kind != ErrorKind::NotFound, |account| account.scopes.is_none());
    let account = match account {
        // A directory has no accounts.
        Ok(_) if endpoint.site.provider == Provider::Directory => None,
        Ok(account) => Some(account.id),
        // Tokens of apps and of groups stand for nobody. Without an account, a change of account cannot be seen, and then
        // whatever vanishes after one was known is held.
        Err(error) if matches!(error.kind, ErrorKind::Forbidden { .. } | ErrorKind::NotFound) => None,
        Err(error) => return Err(error),
    };
    Ok(Sight { listing: Some(listing), error: String::new(), account, may_be_limited, looks: BTreeMap::new() })
}

async fn look(engine: &Engine, endpoint: &Endpoint, path: &str) -> Look {
    let forge = match engine.forge(endpoint) {
        Ok(forge) => forge,
        Err(why) => return Look::Unreadable(why),
    };
    match forge.get(path).await {
        Ok(Lookup::Found(repository)) => Look::Found(repository),
        Ok(Lookup::Moved(repository)) => Look::Moved(repository),
        Ok(Lookup::NotFound) => Look::NotFound,
        Err(error) => Look::Unreadable(error.to_string()),
    }
}

fn not_connected(endpoint: &Endpoint, message: String) -> ForgeError {
    ForgeError {
        site: endpoint.site.name.to_string(),
        doing: format!("list {}", endpoint.id),
        kind: ErrorKind::Credential,
        message,
    }
}
