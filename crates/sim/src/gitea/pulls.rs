use std::sync::Arc;

use axum::extract::Path;
use axum::response::Response;
use http::StatusCode;
use serde_json::Value;

use super::call::{Answer, Call, created, done, ok};
use super::view::pull_json;
use crate::dialect::{Fields, JsonBody, blocking, empty, json};
use crate::site::{MergeMethod, NewPull, PullPatch};
use crate::world::{Pull, PullState, WorldError};

type Repo = Path<(String, String)>;
type One = Path<(String, String, u64)>;

pub(super) async fn list(call: Call, Path((owner, name)): Repo) -> Answer {
    let (repository, _) = call.repository(&owner, &name)?;
    let state = call.query.get("state").unwrap_or("open");
    let fits = |it: &&Pull| match state {
        "all" => true,
        "closed" => it.state != PullState::Open,
        _ => it.state == PullState::Open,
    };
    let base = call.query.get("base_branch");
    let world = call.site.world();
    let all: Vec<&Pull> =
        world.pulls_of(repository.id).rev().filter(fits).filter(|it| base.is_none_or(|base| it.base == base)).collect();
    let total = all.len();
    let items = call.page().cut(all).into_iter().map(|it| pull_json(&call.site, &world, it, &call.viewer)).collect();
    Ok(call.listing(items, total, true))
}

pub(super) async fn create(call: Call, Path((owner, name)): Repo, body: JsonBody) -> Answer {
    let user = call.signed(&["repository"])?;
    let (repository, access) = call.repository(&owner, &name)?;
    call.not_archived(&repository)?;
    if !access.write {
        return Err(call.forbidden("user should have a permission to write to a repo"));
    }
    let fields = call.fields(body)?;
    let text = |key: &str| fields.text(key).unwrap_or_default().to_owned();
    let head = text("head");
    // `owner:branch` names a fork's branch; only the repository's own are simulated.
    let head = match head.split_once(':') {
        Some((fork, branch)) if fork.eq_ignore_ascii_case(&owner) => branch.to_owned(),
        Some(_) => return Err(call.not_found()),
        None => head,
    };
    let title = text("title");
    let draft = ["WIP:", "[WIP]"].iter().any(|prefix| title.to_uppercase().starts_with(prefix));
    let new = NewPull { draft, title, body: text("body"), head, base: text("base"), labels: Vec::new() };
    let site = Arc::clone(&call.site);
    let made = blocking(move || site.open_pull(repository.id, user, new)).await.map_err(|it| call.refuse(&it))?;
    Ok(created(&view(&call, &made)))
}

fn view(call: &Call, pull: &Pull) -> Value {
    pull_json(&call.site, &call.site.world(), pull, &call.viewer)
}

pub(super) async fn get(call: Call, Path((owner, name, number)): One) -> Answer {
    let (repository, _) = call.repository(&owner, &name)?;
    let pull = call.site.pull(repository.id, number).map_err(|it| call.refuse(&it))?;
    let (site, looked) = (Arc::clone(&call.site), pull.clone());
    let mergeable = blocking(move || site.mergeable(&looked)).await.map_err(|it| call.refuse(&it))?;
    let mut body = view(&call, &pull);
    body["mergeable"] = Value::Bool(mergeable);
    Ok(ok(&body))
}

/// The open request between two branches, `/pulls/{base}/{head}`.
pub(super) async fn between(
    call: Call,
    Path((owner, name, base, head)): Path<(String, String, String, String)>,
) -> Answer {
    let (repository, _) = call.repository(&owner, &name)?;
    let world = call.site.world();
    let found = world.pulls_of(repository.id).find(|it| it.base == base && it.head == head);
    let pull = found.ok_or_else(|| call.not_found())?;
    Ok(ok(&pull_json(&call.site, &world, pull, &call.viewer)))
}

pub(super) async fn edit(call: Call, Path((owner, name, number)): One, body: JsonBody) -> Answer {
    let (user, repository) = call.writable(&owner, &name)?;
    let fields = call.fields(body)?;
    let text = |key: &str| fields.text(key).map(str::to_owned);
    let open = match fields.text("state") {
        Some("open") => Some(true),
        Some("closed") => Some(false),
        _ => None,
    };
    let patch = PullPatch { title: text("title"), body: text("body"), base: text("base"), open, labels: None };
    let site = Arc::clone(&call.site);
    let changed = blocking(move || site.edit_pull(repository.id, number, patch, user)).await;
    let changed = changed.map_err(|error| match error {
        WorldError::NotOpen(_) => call
            .fail(StatusCode::PRECONDITION_FAILED, "cannot change state of this pull request, it was already merged"),
        other => call.refuse(&other),
    })?;
    Ok(json(StatusCode::CREATED, &view(&call, &changed)))
}

pub(super) async fn merged(call: Call, Path((owner, name, number)): One) -> Answer {
    let (repository, _) = call.repository(&owner, &name)?;
    let pull = call.site.pull(repository.id, number).map_err(|it| call.refuse(&it))?;
    if pull.state == PullState::Merged { Ok(done()) } else { Err(call.not_found()) }
}

pub(super) async fn merge(call: Call, Path((owner, name, number)): One, body: JsonBody) -> Answer {
    let (user, repository) = call.writable(&owner, &name)?;
    let fields = call.fields(body)?;
    let method = match fields.text("Do").or_else(|| fields.text("do")) {
        Some("merge") => MergeMethod::Merge,
        Some("squash") => MergeMethod::Squash,
        Some("fast-forward-only") => MergeMethod::FastForward,
        Some("rebase" | "rebase-merge" | "manually-merged") => {
            return Err(call.fail(StatusCode::METHOD_NOT_ALLOWED, "this merge style is not simulated"));
        }
        _ => return Err(call.invalid("[Do]: Required")),
    };
    let title = fields.text("MergeTitleField").filter(|it| !it.is_empty());
    let message = title.map(|title| match fields.text("MergeMessageField").filter(|it| !it.is_empty()) {
        Some(text) => format!("{title}\n\n{text}"),
        None => title.to_owned(),
    });
    let head = fields.text("head_commit_id").filter(|it| !it.is_empty()).map(str::to_owned);
    let site = Arc::clone(&call.site);
    let id = repository.id;
    let done = blocking(move || site.merge_pull(id, number, method, head.as_deref(), message.as_deref(), user));
    let pull = done.await.map_err(|it| call.refuse(&it))?;
    if fields.flag("delete_branch_after_merge") == Some(true) {
        delete_head(&call, user, &pull, repository.object_format.zeros()).await?;
    }
    Ok(empty(StatusCode::OK))
}

async fn delete_head(call: &Call, user: u64, pull: &Pull, zeros: &'static str) -> Result<(), Response> {
    let (site, pull) = (Arc::clone(&call.site), pull.clone());
    let name = format!("refs/heads/{}", pull.head);
    let gone = blocking(move || site.change_refs(pull.repository, user, &[(&name, &pull.head_oid, zeros)]));
    gone.await.map_err(|it| call.refuse(&it))
}
