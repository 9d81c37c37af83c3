use http::StatusCode;

use super::call::{Call, created, done, ok};
use super::refusal::{Answer, Refusal};
use super::router::unknown;
use super::view::{Mergeability, merge_request_json};
use crate::dialect::Fields;
use crate::site::{MergeMethod, NewPull, PullPatch};
use crate::world::{Merge, Pull, PullState, Repository, Role, WorldError};

/// `/projects/{id}/merge_requests...`
pub(super) fn merge_requests(call: &Call, project: &Repository, rest: &[&str]) -> Answer {
    match (call.verb(), rest) {
        ("GET", []) => list(call, project),
        ("POST", []) => open(call, project),
        ("GET", [iid]) => show(call, project, &find(call, project, iid)?),
        ("PUT", [iid]) => edit(call, project, iid),
        ("PUT", [iid, "merge"]) => merge(call, project, iid),
        ("DELETE", [iid]) => {
            call.require_role(project, Role::Owner)?;
            let pull = find(call, project, iid)?;
            call.site.world().pulls.remove(&(project.id, pull.number));
            done()
        }
        _ => Err(unknown()),
    }
}

/// Returns a merge request by the number in a path.
pub(super) fn find(call: &Call, project: &Repository, iid: &str) -> Result<Pull, Refusal> {
    let number = iid.parse().map_err(|_| Refusal::parameter("merge_request_iid is invalid"))?;
    Ok(call.site.pull(project.id, number)?)
}

fn list(call: &Call, project: &Repository) -> Answer {
    let query = &call.query;
    let state = query.get("state").unwrap_or("all");
    let state = match state {
        "opened" => Some(PullState::Open),
        "closed" => Some(PullState::Closed),
        "merged" => Some(PullState::Merged),
        "all" | "locked" => None,
        _ => return Err(Refusal::parameter("state does not have a valid value")),
    };
    let world = call.site.world();
    let author = query.get("author_username").map(|name| world.account(name).map_or(0, |it| it.id));
    let author = author.or_else(|| query.number("author_id"));
    let fits = |it: &&Pull| {
        state.is_none_or(|state| it.state == state)
            && query.get("source_branch").is_none_or(|branch| it.head == branch)
            && query.get("target_branch").is_none_or(|branch| it.base == branch)
            && query.number("iids[]").is_none_or(|number| it.number == number)
            && query
                .get("labels")
                .is_none_or(|names| names.split(',').all(|name| it.labels.iter().any(|own| own == name)))
            && query.get("search").is_none_or(|word| it.title.contains(word) || it.body.contains(word))
            && author.is_none_or(|author| it.author == author)
    };
    let mut found: Vec<Pull> = world.pulls_of(project.id).filter(fits).cloned().collect();
    if query.get("order_by") == Some("updated_at") {
        found.sort_by_key(|it| (it.updated, it.number));
    }
    if query.get("sort") != Some("asc") {
        found.reverse();
    }
    call.list(found, |it| merge_request_json(&call.site, &world, project, it, &call.viewer, None))
}

fn open(call: &Call, project: &Repository) -> Answer {
    let user = call.require_writable(project, Role::Developer)?;
    let body = &call.body;
    let missing: Vec<&str> =
        ["title", "source_branch", "target_branch"].into_iter().filter(|key| body.text(key).is_none()).collect();
    if !missing.is_empty() {
        let verb = if missing.len() == 1 { "is" } else { "are" };
        return Err(Refusal::parameter(format!("{} {verb} missing", missing.join(", "))));
    }
    let text = |key: &str| body.text(key).unwrap_or_default().to_owned();
    let (head, base, title) = (text("source_branch"), text("target_branch"), text("title"));
    if head == base {
        return Err(Refusal::unprocessable("You can't use same project/branch for source and target"));
    }
    let new = NewPull {
        draft: is_draft(&title),
        title,
        body: text("description"),
        head: head.clone(),
        base,
        labels: labels(call).unwrap_or_default(),
    };
    let pull = call.site.open_pull(project.id, user.id, new).map_err(|error| match error {
        WorldError::NoBranch(name) => {
            let end = if name == head { "Source" } else { "Target" };
            Refusal::unprocessable(&format!("{end} branch \"{name}\" does not exist"))
        }
        error => error.into(),
    })?;
    let mergeability = mergeability(call, &pull)?;
    created(&merge_request_json(&call.site, &call.site.world(), project, &pull, &call.viewer, Some(mergeability)))
}

fn edit(call: &Call, project: &Repository, iid: &str) -> Answer {
    let user = call.user()?;
    let pull = find(call, project, iid)?;
    if pull.author != user.id {
        call.require_role(project, Role::Developer)?;
    }
    if project.archived {
        return Err(Refusal::forbidden());
    }
    let body = &call.body;
    let open = match body.text("state_event") {
        None => None,
        Some("close") => Some(false),
        Some("reopen") => Some(true),
        Some(_) => return Err(Refusal::parameter("state_event does not have a valid value")),
    };
    let patch = PullPatch {
        title: body.text("title").map(str::to_owned),
        body: body.text("description").map(str::to_owned),
        base: body.text("target_branch").map(str::to_owned),
        open,
        labels: labels(call),
    };
    let mut pull = call.site.edit_pull(project.id, pull.number, patch, user.id)?;
    if body.text("title").is_some() && pull.draft != is_draft(&pull.title) {
        pull.draft = is_draft(&pull.title);
        call.site.world().pulls.insert((project.id, pull.number), pull.clone());
    }
    show(call, project, &pull)
}

fn merge(call: &Call, project: &Repository, iid: &str) -> Answer {
    let user = call.user()?;
    let pull = find(call, project, iid)?;
    let role = call.role(project)?;
    let allowed = match project.protection(&pull.base) {
        // Who may merge is a rule of its own: it does not follow from who may push.
        Some(rule) => role.level() >= rule.settings.number("merge_access_level").unwrap_or(40).max(30),
        None => role >= Role::Developer,
    };
    if !allowed || project.archived {
        return Err(Refusal::unauthorized());
    }
    if pull.state != PullState::Open || pull.draft {
        return Err(Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "405 Method Not Allowed"));
    }
    let body = &call.body;
    let head = body.text("sha");
    if head.is_some_and(|head| head != pull.head_oid) {
        let message = format!("SHA does not match HEAD of source branch: {}", pull.head_oid);
        return Err(Refusal::new(StatusCode::CONFLICT, message));
    }
    if mergeability(call, &pull)? != Mergeability::Mergeable {
        return Err(Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, "Branch cannot be merged"));
    }
    let squash = body.flag("squash").unwrap_or(false);
    let method = match project.settings.text("merge_method") {
        _ if squash => MergeMethod::Squash,
        Some("ff") => MergeMethod::FastForward,
        _ => MergeMethod::Merge,
    };
    let full_path = call.site.world().full_path(project);
    let usual = format!(
        "Merge branch '{}' into '{}'\n\n{}\n\nSee merge request {full_path}!{}\n",
        pull.head, pull.base, pull.title, pull.number
    );
    let sent = if squash { "squash_commit_message" } else { "merge_commit_message" };
    let message = body.text(sent).unwrap_or(if squash { &pull.title } else { &usual });
    let merged = call.site.merge_pull(project.id, pull.number, method, head, Some(message), user.id)?;
    if body.flag("should_remove_source_branch").unwrap_or(false) && project.protection(&pull.head).is_none() {
        let name = format!("refs/heads/{}", pull.head);
        call.site.change_refs(project.id, user.id, &[(&name, &pull.head_oid, project.object_format.zeros())])?;
    }
    show(call, project, &merged)
}

fn show(call: &Call, project: &Repository, pull: &Pull) -> Answer {
    let mergeability = mergeability(call, pull)?;
    ok(&merge_request_json(&call.site, &call.site.world(), project, pull, &call.viewer, Some(mergeability)))
}

fn mergeability(call: &Call, pull: &Pull) -> Result<Mergeability, Refusal> {
    if pull.state != PullState::Open {
        return Ok(Mergeability::Unchecked);
    }
    let bare = call.site.bare(pull.repository);
    let base = bare.branch(&pull.base).map_err(WorldError::from)?;
    let Some(base) = base else { return Ok(Mergeability::Conflict) };
    if bare.is_ancestor(&pull.head_oid, &base).map_err(WorldError::from)? {
        return Ok(Mergeability::Empty);
    }
    // Histories that share nothing cannot be merged either.
    Ok(match bare.merge_trees(&base, &pull.head_oid) {
        Ok(Merge::Tree(_)) => Mergeability::Mergeable,
        Ok(Merge::Conflict) | Err(_) => Mergeability::Conflict,
    })
}

/// GitLab reads from the title whether a request is a draft.
fn is_draft(title: &str) -> bool {
    ["Draft:", "[Draft]", "(Draft)"].iter().any(|mark| title.starts_with(mark))
}

fn labels(call: &Call) -> Option<Vec<String>> {
    match call.body.get("labels")? {
        serde_json::Value::String(names) => {
            Some(names.split(',').map(str::trim).filter(|it| !it.is_empty()).map(str::to_owned).collect())
        }
        _ => call.body.texts("labels"),
    }
}
