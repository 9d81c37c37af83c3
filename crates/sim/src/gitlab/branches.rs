use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::call::{Call, created, done, ok};
use super::refusal::{Answer, Refusal};
use super::router::unknown;
use super::view::commit_json;
use crate::dialect::{Fields, Page};
use crate::world::{Commit, PushRule, RefEntry, Repository, Role, WorldError};

/// `/projects/{id}/repository/branches...`
pub(super) fn branches(call: &Call, project: &Repository, rest: &[&str]) -> Answer {
    match (call.verb(), rest) {
        ("GET", []) => list(call, project),
        ("POST", []) => create(call, project),
        ("GET", branch) => {
            let branch = branch.join("/");
            let tip = call.site.bare(project.id).branch(&branch).map_err(WorldError::from)?;
            let tip = tip.ok_or_else(|| Refusal::not_found("Branch"))?;
            ok(&branch_json(call, project, &branch, &commit(call, project, &tip)?))
        }
        ("DELETE", branch) if !branch.is_empty() => delete(call, project, &branch.join("/")),
        _ => Err(unknown()),
    }
}

fn list(call: &Call, project: &Repository) -> Answer {
    let bare = call.site.bare(project.id);
    let mut refs = bare.refs(&["refs/heads"]).map_err(WorldError::from)?;
    if let Some(search) = call.query.get("search") {
        // `^` and `$` tie the word to an end of the name.
        let word = search.trim_start_matches('^').trim_end_matches('$');
        refs.retain(|it| {
            let name = it.short();
            match (search.starts_with('^'), search.ends_with('$')) {
                (true, true) => name == word,
                (true, false) => name.starts_with(word),
                (false, true) => name.ends_with(word),
                (false, false) => name.contains(word),
            }
        });
    }
    let commits = commits(call, project, &refs)?;
    call.list(refs, |it| {
        commits.get(&it.oid).map_or(Value::Null, |commit| branch_json(call, project, it.short(), commit))
    })
}

fn create(call: &Call, project: &Repository) -> Answer {
    let user = call.require_writable(project, Role::Developer)?;
    let name = call.body.text("branch").or_else(|| call.query.get("branch"));
    let from = call.body.text("ref").or_else(|| call.query.get("ref"));
    let (Some(name), Some(from)) = (name, from) else {
        return Err(Refusal::parameter("branch, ref are missing"));
    };
    let bare = call.site.bare(project.id);
    if bare.branch(name).map_err(WorldError::from)?.is_some() {
        return Err(Refusal::bad("Branch already exists"));
    }
    let tip = bare.resolve(&format!("{from}^{{commit}}")).map_err(WorldError::from)?;
    let tip = tip.ok_or_else(|| Refusal::bad("Invalid reference name"))?;
    let full_name = format!("refs/heads/{name}");
    call.site.change_refs(project.id, user.id, &[(&full_name, project.object_format.zeros(), &tip)])?;
    created(&branch_json(call, project, name, &commit(call, project, &tip)?))
}

fn delete(call: &Call, project: &Repository, branch: &str) -> Answer {
    let user = call.require_writable(project, Role::Developer)?;
    let tip = call.site.bare(project.id).branch(branch).map_err(WorldError::from)?;
    let tip = tip.ok_or_else(|| Refusal::not_found("Branch"))?;
    if branch == project.default_branch {
        return Err(Refusal::bad("Cannot remove HEAD branch"));
    }
    if project.protection(branch).is_some() {
        return Err(Refusal::new(http::StatusCode::FORBIDDEN, "Protected branch cannot be removed"));
    }
    let name = format!("refs/heads/{branch}");
    call.site.change_refs(project.id, user.id, &[(&name, &tip, project.object_format.zeros())])?;
    done()
}

/// Reads the commits of the page that is shown, all at once.
fn commits(call: &Call, project: &Repository, refs: &[RefEntry]) -> Result<BTreeMap<String, Commit>, Refusal> {
    let shown = Page::read(&call.query, "per_page", 20, 100).cut(refs.iter().collect());
    if shown.is_empty() {
        return Ok(BTreeMap::new());
    }
    let mut range = vec!["--no-walk=unsorted"];
    range.extend(shown.iter().map(|it| it.oid.as_str()));
    let commits = call.site.bare(project.id).log(&range, range.len()).map_err(WorldError::from)?;
    Ok(commits.into_iter().map(|it| (it.oid.clone(), it)).collect())
}

fn commit(call: &Call, project: &Repository, oid: &str) -> Result<Commit, Refusal> {
    Ok(call.site.bare(project.id).commit(oid).map_err(WorldError::from)?)
}

fn branch_json(call: &Call, project: &Repository, name: &str, commit: &Commit) -> Value {
    let world = call.site.world();
    let rule = project.protection(name);
    let role = world.viewer_role(&call.viewer, project).unwrap_or(Role::Guest);
    let user = call.viewer.user().unwrap_or_default();
    let can_push = match rule {
        None => role >= Role::Developer,
        Some(rule) => rule.push.allows(user, role),
    };
    let developers = rule.is_some_and(|rule| rule.push == PushRule::Role(Role::Developer));
    json!({
        "name": name,
        "commit": commit_json(&call.site, &world, project, commit),
        "merged": false,
        "protected": rule.is_some(),
        "developers_can_push": developers,
        "developers_can_merge": developers,
        "can_push": can_push && !project.archived,
        "default": name == project.default_branch,
        "web_url": format!("{}/{}/-/tree/{name}", call.site.base_url(), world.full_path(project)),
    })
}
