//! What buttons send. Where a form comes from was looked at before.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use refray_core::name::{GroupName, RepoName};

use refray_engine::standing::RepoStanding;

use super::error::Failure;
use super::pages::{confirm, links};
use super::state::{Inner, Shared};

/// Returns the group and the repository, by the name that it is known under.
pub(super) async fn find(shared: &Inner, group: &str, key: &str) -> Result<(GroupName, RepoName), Failure> {
    let unknown = || Failure::NotFound(format!("repository `{key}` in a group `{group}`"));
    let group = shared.group(group).ok_or_else(unknown)?;
    let key = RepoName::new(key).map_err(|_| unknown())?.key();
    if let Some(record) = shared.store.repository(&group.name, &key).await? {
        return Ok((group.name.clone(), record.name));
    }
    match shared.store.queued(&group.name, &key).await? {
        Some(entry) => Ok((group.name.clone(), entry.name)),
        None => Err(unknown()),
    }
}

pub(super) async fn sync(
    State(shared): State<Shared>,
    Path((group, key)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let (group, repository) = find(&shared, &group, &key).await?;
    shared.actions.sync_now(&group, &repository).await?;
    Ok(Redirect::to(&format!("{}?done=sync", links::repository(&group, &repository))).into_response())
}

pub(super) async fn confirm(
    State(shared): State<Shared>,
    Path((name, key)): Path<(String, String)>,
    form: Bytes,
) -> Result<Response, Failure> {
    let (group, repository) = find(&shared, &name, &key).await?;
    // The mark of what the page showed. A script that has not looked releases what there is.
    if let Some((_, shown)) = url::form_urlencoded::parse(&form).find(|(key, _)| key == "held") {
        let standing = match shared.group(&name) {
            Some(group) => RepoStanding::read(&*shared.store, &group, &repository.key()).await?,
            None => None,
        };
        if standing.is_none_or(|standing| confirm::mark(&standing) != shown) {
            return Err(Failure::Refused {
                status: StatusCode::CONFLICT,
                message: "what is held here is not what the page showed any more".to_owned(),
                remedy: "Open the repository again, see what is held now, and release that.".to_owned(),
            });
        }
    }
    shared.actions.confirm_deletions(&group, &repository).await?;
    Ok(Redirect::to(&format!("{}?done=confirm", links::repository(&group, &repository))).into_response())
}

pub(super) async fn undo(State(shared): State<Shared>, Path(run): Path<String>) -> Result<Response, Failure> {
    let Some(found) = shared.store.run(&run).await?.filter(|_| shared.actions.can_undo()) else {
        return Err(Failure::NotFound(format!("run `{run}` that can be undone")));
    };
    shared.actions.undo(&found.id, None).await?;
    Ok(Redirect::to(&format!("{}?done=undo", links::run(&found.id))).into_response())
}
