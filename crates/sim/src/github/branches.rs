use serde_json::{Value, json};

use super::call::{Call, created, ok, writable};
use super::protection::{branch_summary, classic};
use super::refusal::{Answer, Refusal};
use super::scope::Need;
use super::view::{commit_json, repo_url};
use crate::dialect::Fields;
use crate::world::{RefEntry, Repository, RepositoryPatch, WorldError};

/// `GET /repos/{owner}/{repo}/branches`
pub(super) fn list(call: &Call, repository: &Repository) -> Answer {
    let mut branches = call.site.bare(repository.id).refs(&["refs/heads"]).map_err(WorldError::from)?;
    if let Some(wanted) = call.query.flag("protected") {
        branches.retain(|it| repository.protection(it.short()).is_some() == wanted);
    }
    let url = repo_url(&call.site, &call.site.world(), repository);
    call.repository_list(repository, branches, |it| short(&url, repository, it))
}

/// `GET /repos/{owner}/{repo}/branches/{branch}`
pub(super) fn get(call: &Call, repository: &Repository, branch: &str) -> Answer {
    let bare = call.site.bare(repository.id);
    let tip = bare.branch(branch).map_err(WorldError::from)?;
    let tip = tip.ok_or_else(|| Refusal::not_found().saying("Branch not found"))?;
    let commit = bare.commit(&tip).map_err(WorldError::from)?;
    let world = call.site.world();
    let url = format!("{}/branches/{branch}", repo_url(&call.site, &world, repository));
    ok(&json!({
        "name": branch,
        "commit": commit_json(&call.site, &world, repository, &commit),
        "_links": {
            "self": url,
            "html": format!("{}/{}/tree/{branch}", call.site.base_url(), world.full_path(repository)),
        },
        "protected": repository.protection(branch).is_some(),
        "protection": branch_summary(classic(repository, branch)),
        "protection_url": format!("{url}/protection"),
    }))
}

/// `POST /repos/{owner}/{repo}/branches/{branch}/rename`
pub(super) fn rename(call: &Call, repository: &Repository, branch: &str) -> Answer {
    let user = call.user()?;
    if branch == repository.default_branch {
        call.require_admin(Need::CONTENTS, repository, false)?;
        writable(repository)?;
    } else {
        call.require_push(Need::CONTENTS, repository)?;
    }
    let new = call.body.text("new_name").ok_or_else(|| Refusal::field("Branch", "new_name", "missing_field"))?;
    let bare = call.site.bare(repository.id);
    let tip = bare.branch(branch).map_err(WorldError::from)?;
    let tip = tip.ok_or_else(|| Refusal::not_found().saying("Branch not found"))?;
    if bare.branch(new).map_err(WorldError::from)?.is_some() {
        return Err(Refusal::unprocessable(format!("New branch name \"{new}\" already exists")));
    }
    let zeros = repository.object_format.zeros();
    let (from, to) = (format!("refs/heads/{branch}"), format!("refs/heads/{new}"));
    call.site.change_refs(repository.id, user.id, &[(&to, zeros, &tip)])?;
    if branch == repository.default_branch {
        let patch = RepositoryPatch { default_branch: Some(new.to_owned()), ..RepositoryPatch::default() };
        call.site.update_repository(repository.id, patch, user.id)?;
    }
    call.site.change_refs(repository.id, user.id, &[(&from, &tip, zeros)])?;
    let repository = call.numbered_repository(&repository.id.to_string())?;
    let commit = bare.commit(&tip).map_err(WorldError::from)?;
    let world = call.site.world();
    let url = format!("{}/branches/{new}", repo_url(&call.site, &world, &repository));
    created(&json!({
        "name": new,
        "commit": commit_json(&call.site, &world, &repository, &commit),
        "_links": {
            "self": url,
            "html": format!("{}/{}/tree/{new}", call.site.base_url(), world.full_path(&repository)),
        },
        "protected": repository.protection(new).is_some(),
        "protection": branch_summary(classic(&repository, new)),
        "protection_url": format!("{url}/protection"),
    }))
}

fn short(url: &str, repository: &Repository, branch: &RefEntry) -> Value {
    let name = branch.short();
    let rule = classic(repository, name);
    let mut body = json!({
        "name": name,
        "commit": { "sha": branch.oid, "url": format!("{url}/commits/{}", branch.oid) },
        "protected": repository.protection(name).is_some(),
    });
    if rule.is_some() {
        body["protection"] = branch_summary(rule);
        body["protection_url"] = format!("{url}/branches/{name}/protection").into();
    }
    body
}
