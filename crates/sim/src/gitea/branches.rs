use std::sync::Arc;

use axum::extract::Path;
use http::StatusCode;
use serde_json::Value;

use super::call::{Answer, Call, created, done, ok};
use super::view::branch_json;
use crate::dialect::{Fields, JsonBody, blocking};
use crate::world::{Repository, WorldError};

pub(super) async fn list(call: Call, Path((owner, name)): Path<(String, String)>) -> Answer {
    let (repository, access) = call.repository(&owner, &name)?;
    let base = base(&call, &repository);
    let bare = call.site.bare(repository.id);
    let page = call.page();
    let read = blocking(move || {
        let all = bare.refs(&["refs/heads"])?;
        let total = all.len();
        let cut = page.cut(all);
        let mut range = vec!["--no-walk=unsorted"];
        range.extend(cut.iter().map(|it| it.oid.as_str()));
        let commits = if cut.is_empty() { Vec::new() } else { bare.log(&range, usize::MAX >> 1)? };
        Ok::<_, WorldError>((total, cut, commits))
    });
    let (total, cut, commits) = read.await.map_err(|it| call.refuse(&it))?;
    let with_commit = cut.iter().filter_map(|it| Some((it, commits.iter().find(|commit| commit.oid == it.oid)?)));
    let items: Vec<Value> =
        with_commit.map(|(it, commit)| branch_json(&base, &repository, it.short(), commit, access.write)).collect();
    Ok(call.listing(items, total, true))
}

pub(super) async fn get(call: Call, Path((owner, name, branch)): Path<(String, String, String)>) -> Answer {
    let (repository, access) = call.repository(&owner, &name)?;
    let found = find(&call, &repository, &branch).await?;
    Ok(ok(&branch_json(&base(&call, &repository), &repository, &branch, &found, access.write)))
}

async fn find(
    call: &Call,
    repository: &Repository,
    branch: &str,
) -> Result<crate::world::Commit, axum::response::Response> {
    let (bare, branch) = (call.site.bare(repository.id), branch.to_owned());
    let found = blocking(move || match bare.branch(&branch)? {
        Some(tip) => bare.commit(&tip).map(Some),
        None => Ok(None),
    });
    found.await.map_err(|it| call.refuse(&it.into()))?.ok_or_else(|| call.not_found())
}

pub(super) async fn create(call: Call, Path((owner, name)): Path<(String, String)>, body: JsonBody) -> Answer {
    let (user, repository) = call.writable(&owner, &name)?;
    let fields = call.fields(body)?;
    let new = fields.text("new_branch_name").unwrap_or_default().to_owned();
    if new.is_empty() {
        return Err(call.invalid("[BranchName]: Required"));
    }
    let old = fields.text("old_ref_name").or_else(|| fields.text("old_branch_name"));
    let old = old.filter(|it| !it.is_empty()).unwrap_or(&repository.default_branch).to_owned();
    let (site, branch) = (Arc::clone(&call.site), new.clone());
    let (id, zeros) = (repository.id, repository.object_format.zeros());
    let made = blocking(move || {
        let bare = site.bare(id);
        if bare.branch(&branch)?.is_some() {
            return Err(WorldError::RefExists(branch));
        }
        let tip = bare.resolve(&format!("{old}^{{commit}}"))?.ok_or(WorldError::NoBranch(old))?;
        site.change_refs(id, user, &[(&format!("refs/heads/{branch}"), zeros, &tip)])
    });
    made.await.map_err(|it| call.refuse(&it))?;
    let commit = find(&call, &repository, &new).await?;
    Ok(created(&branch_json(&base(&call, &repository), &repository, &new, &commit, true)))
}

pub(super) async fn delete(call: Call, Path((owner, name, branch)): Path<(String, String, String)>) -> Answer {
    let (user, repository) = call.writable(&owner, &name)?;
    if branch == repository.default_branch {
        return Err(call.fail(StatusCode::FORBIDDEN, "can not delete default or pull request target branch"));
    }
    if repository.protection(&branch).is_some() {
        return Err(call.fail(StatusCode::FORBIDDEN, "branch protected"));
    }
    let tip = find(&call, &repository, &branch).await?.oid;
    let (site, id, zeros) = (Arc::clone(&call.site), repository.id, repository.object_format.zeros());
    let gone = blocking(move || site.change_refs(id, user, &[(&format!("refs/heads/{branch}"), &tip, zeros)]));
    gone.await.map_err(|it| call.refuse(&it))?;
    Ok(done())
}

fn base(call: &Call, repository: &Repository) -> String {
    format!("{}/{}", call.site.base_url(), call.site.world().full_path(repository))
}
