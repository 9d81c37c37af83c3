//! What is in a repository, at every endpoint.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use refray_core::config::MirrorGroup;
use refray_core::name::EndpointId;
use refray_core::plan::group::Copy;
use refray_core::plan::{View, Views};
use refray_core::repository::Repository;
use refray_core::snapshot::Snapshot;

use crate::engine::Engine;

/// Lists the references of every copy, all at once.
pub(crate) async fn views(engine: &Engine, group: &MirrorGroup, copies: &BTreeMap<EndpointId, Copy>) -> Views {
    let looked = copies.iter().map(|(id, copy)| async move {
        let view = match copy {
            Copy::Present { repository, .. } => look(engine, group, id, repository).await,
            Copy::Delete(delete) => {
                snapshot(engine, group, id, &delete.path).await.map_or_else(View::Unreadable, present)
            }
            Copy::Create(_) => View::ToCreate,
            Copy::Absent => View::Absent,
            Copy::Unreadable(why) => View::Unreadable(why.clone()),
        };
        (id.clone(), view)
    });
    join_all(looked).await.into_iter().collect()
}

async fn look(engine: &Engine, group: &MirrorGroup, id: &EndpointId, repository: &Repository) -> View {
    match snapshot(engine, group, id, &repository.path).await {
        Ok(snapshot) => {
            let read_only = repository.read_only().map(str::to_owned);
            View::Present { snapshot, read_only }
        }
        Err(why) => View::Unreadable(why),
    }
}

const fn present(snapshot: Snapshot) -> View {
    View::Present { snapshot, read_only: None }
}

/// Lists the references of one copy. A directory is read without starting a process.
pub(crate) async fn snapshot(
    engine: &Engine,
    group: &MirrorGroup,
    id: &EndpointId,
    path: &str,
) -> Result<Snapshot, String> {
    let endpoint = group.endpoint(id).ok_or("the endpoint is not configured any more")?;
    let forge = engine.forge(endpoint)?;
    if let Some(folder) = forge.local_path(path) {
        let read = tokio::task::spawn_blocking(move || refray_git::local::snapshot(&folder)).await;
        return read.map_err(|error| error.to_string())?.map_err(|error| error.to_string());
    }
    let remote = forge.remote(path).map_err(|error| error.to_string())?;
    refray_git::ls_refs(&*remote).await.map_err(|error| error.to_string())
}
