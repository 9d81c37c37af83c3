use http::StatusCode;
use serde_json::{Value, json};

use super::call::{Call, created, done, ok};
use super::refusal::{Answer, Refusal};
use super::scope::Need;
use super::view::{node_id, repo_url};
use crate::dialect::Fields;
use crate::world::{RefEntry, Repository, WorldError};

/// `GET /repos/{owner}/{repo}/tags`, newest name first.
pub(super) fn tags(call: &Call, repository: &Repository) -> Answer {
    let mut tags = call.site.bare(repository.id).refs(&["refs/tags"]).map_err(WorldError::from)?;
    tags.reverse();
    let url = repo_url(&call.site, &call.site.world(), repository);
    call.repository_list(repository, tags, |tag| {
        let name = tag.short();
        json!({
            "name": name,
            "zipball_url": format!("{url}/zipball/{}", tag.name),
            "tarball_url": format!("{url}/tarball/{}", tag.name),
            "commit": { "sha": tag.commit(), "url": format!("{url}/commits/{}", tag.commit()) },
            "node_id": node_id("Ref", format_args!("{}:{}", repository.id, tag.name)),
        })
    })
}

/// `GET /repos/{owner}/{repo}/git/matching-refs/{ref}`: the refs whose names begin like this.
pub(super) fn matching(call: &Call, repository: &Repository, prefix: &str) -> Answer {
    not_empty(repository)?;
    let start = format!("refs/{prefix}");
    let folder = start.rsplit_once('/').map_or("refs", |(folder, _)| folder);
    let refs = call.site.bare(repository.id).refs(&[folder]).map_err(WorldError::from)?;
    let refs: Vec<RefEntry> = refs.into_iter().filter(|it| it.name.starts_with(&start)).collect();
    let url = repo_url(&call.site, &call.site.world(), repository);
    call.repository_list(repository, refs, |it| ref_json(&url, repository, it))
}

/// `GET /repos/{owner}/{repo}/git/ref/{ref}`
pub(super) fn get(call: &Call, repository: &Repository, name: &str) -> Answer {
    not_empty(repository)?;
    let found = find(call, repository, &format!("refs/{name}"))?.ok_or_else(Refusal::not_found)?;
    let url = repo_url(&call.site, &call.site.world(), repository);
    ok(&ref_json(&url, repository, &found))
}

/// `POST /repos/{owner}/{repo}/git/refs`
pub(super) fn create(call: &Call, repository: &Repository) -> Answer {
    let user = call.user()?;
    call.require_push(Need::CONTENTS, repository)?;
    not_empty(repository)?;
    let name = call.body.text("ref").ok_or_else(|| Refusal::unprocessable("\"ref\" wasn't supplied."))?;
    if !name.starts_with("refs/") || name.matches('/').count() < 2 {
        return Err(Refusal::unprocessable("Reference name must start with 'refs/' and have at least two slashes."));
    }
    let oid = object(call, repository)?;
    if find(call, repository, name)?.is_some() {
        return Err(Refusal::unprocessable("Reference already exists"));
    }
    let zeros = repository.object_format.zeros();
    call.site.change_refs(repository.id, user.id, &[(name, zeros, &oid)])?;
    let found = find(call, repository, name)?.ok_or_else(Refusal::not_found)?;
    let url = repo_url(&call.site, &call.site.world(), repository);
    created(&ref_json(&url, repository, &found))
}

/// `PATCH /repos/{owner}/{repo}/git/refs/{ref}`
pub(super) fn update(call: &Call, repository: &Repository, name: &str) -> Answer {
    let user = call.user()?;
    call.require_push(Need::CONTENTS, repository)?;
    let name = format!("refs/{name}");
    let Some(old) = find(call, repository, &name)? else {
        return Err(Refusal::unprocessable("Reference does not exist"));
    };
    let oid = object(call, repository)?;
    let forward = call.site.bare(repository.id).is_ancestor(&old.oid, &oid).map_err(WorldError::from)?;
    if !forward {
        if !call.body.flag("force").unwrap_or(false) {
            return Err(Refusal::unprocessable("Update is not a fast forward"));
        }
        let rule = name.strip_prefix("refs/heads/").and_then(|branch| repository.protection(branch));
        if rule.is_some_and(|rule| !rule.force_push) {
            return Err(Refusal::unprocessable("Cannot force-push to this branch"));
        }
    }
    call.site.change_refs(repository.id, user.id, &[(&name, &old.oid, &oid)])?;
    let found = find(call, repository, &name)?.ok_or_else(Refusal::not_found)?;
    let url = repo_url(&call.site, &call.site.world(), repository);
    ok(&ref_json(&url, repository, &found))
}

/// `DELETE /repos/{owner}/{repo}/git/refs/{ref}`
pub(super) fn delete(call: &Call, repository: &Repository, name: &str) -> Answer {
    let user = call.user()?;
    call.require_push(Need::CONTENTS, repository)?;
    let name = format!("refs/{name}");
    let Some(old) = find(call, repository, &name)? else {
        return Err(Refusal::unprocessable("Reference does not exist"));
    };
    let branch = name.strip_prefix("refs/heads/");
    if branch.and_then(|branch| repository.protection(branch)).is_some_and(|rule| !rule.deletion) {
        return Err(Refusal::unprocessable("Cannot delete this branch"));
    }
    call.site.change_refs(repository.id, user.id, &[(&name, &old.oid, repository.object_format.zeros())])?;
    done()
}

/// The endpoints below `git/` know nothing of an empty repository.
fn not_empty(repository: &Repository) -> Result<(), Refusal> {
    if repository.empty { Err(Refusal::new(StatusCode::CONFLICT, "Git Repository is empty.")) } else { Ok(()) }
}

fn find(call: &Call, repository: &Repository, name: &str) -> Result<Option<RefEntry>, Refusal> {
    // A folder of refs has the same name as its prefix, so the exact one is looked for.
    let refs = call.site.bare(repository.id).refs(&[name]).map_err(WorldError::from)?;
    Ok(refs.into_iter().find(|it| it.name == name))
}

fn object(call: &Call, repository: &Repository) -> Result<String, Refusal> {
    let oid = call.body.text("sha").ok_or_else(|| Refusal::unprocessable("\"sha\" wasn't supplied."))?;
    let whole = oid.len() == repository.object_format.zeros().len() && oid.bytes().all(|it| it.is_ascii_hexdigit());
    if !whole {
        return Err(Refusal::unprocessable(
            "The sha parameter must be exactly 40 characters and contain only [0-9a-f].",
        ));
    }
    let known = call.site.bare(repository.id).resolve(&format!("{oid}^{{object}}")).map_err(WorldError::from)?;
    known.ok_or_else(|| Refusal::unprocessable("Object does not exist"))
}

fn ref_json(url: &str, repository: &Repository, it: &RefEntry) -> Value {
    json!({
        "ref": it.name,
        "node_id": node_id("Ref", format_args!("{}:{}", repository.id, it.name)),
        "url": format!("{url}/git/{}", it.name),
        "object": { "sha": it.oid, "type": it.kind, "url": format!("{url}/git/{}s/{}", it.kind, it.oid) },
    })
}
