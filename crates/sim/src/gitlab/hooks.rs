use serde_json::{Map, Value};

use super::call::{Call, created, done, ok};
use super::refusal::{Answer, Refusal};
use super::router::unknown;
use super::view::{FLAGS, hook_json};
use crate::dialect::Fields;
use crate::world::{Hook, HookTarget, Repository, Role};

/// How many hooks a project may have, and a group.
const MOST_OF_PROJECT: usize = 100;
const MOST_OF_GROUP: usize = 50;

/// `/projects/{id}/hooks...`
pub(super) fn of_project(call: &Call, project: &Repository, rest: &[&str]) -> Answer {
    let user = call.require_role(project, Role::Maintainer)?;
    let target = HookTarget::Repository(project.id);
    if let ("POST", [id, "test", _trigger]) = (call.verb(), rest) {
        let hook = find(call, target, id)?;
        call.site.ping(&hook, project.id, user.id);
        return created(&serde_json::json!({ "message": "201 Created" }));
    }
    hooks(call, target, rest)
}

/// `/groups/{id}/hooks...`
pub(super) fn of_group(call: &Call, id: &str, rest: &[&str]) -> Answer {
    let user = call.user()?;
    let group = call.group(id)?;
    if call.site.world().role_in_account(user.id, group.id) != Some(Role::Owner) {
        return Err(Refusal::forbidden());
    }
    hooks(call, HookTarget::Account(group.id), rest)
}

/// `/hooks...`: the hooks of the whole site, for its administrators.
pub(super) fn of_system(call: &Call, rest: &[&str]) -> Answer {
    if !call.user()?.admin {
        return Err(Refusal::forbidden());
    }
    if let ("POST", [id]) = (call.verb(), rest) {
        return ok(&hook_json(&find(call, HookTarget::System, id)?));
    }
    hooks(call, HookTarget::System, rest)
}

fn hooks(call: &Call, target: HookTarget, rest: &[&str]) -> Answer {
    match (call.verb(), rest) {
        ("GET", []) => {
            let all: Vec<Hook> = call.site.world().hooks.values().filter(|it| it.target == target).cloned().collect();
            call.list(all, hook_json)
        }
        ("POST", []) => create(call, target),
        ("GET", [id]) => ok(&hook_json(&find(call, target, id)?)),
        ("PUT", [id]) => {
            let mut hook = find(call, target, id)?;
            fill(&mut hook, &call.body)?;
            hook.updated = call.site.clock().tick();
            call.site.world().hooks.insert(hook.id, hook.clone());
            ok(&hook_json(&hook))
        }
        ("DELETE", [id]) => {
            let hook = find(call, target, id)?;
            call.site.world().hooks.remove(&hook.id);
            done()
        }
        _ => Err(unknown()),
    }
}

fn create(call: &Call, target: HookTarget) -> Answer {
    if call.body.text("url").is_none() {
        return Err(Refusal::parameter("url is missing"));
    }
    let most = match target {
        HookTarget::Repository(_) => MOST_OF_PROJECT,
        HookTarget::Account(_) => MOST_OF_GROUP,
        HookTarget::System => usize::MAX,
    };
    let count = call.site.world().hooks.values().filter(|it| it.target == target).count();
    if count >= most {
        let problem = format!("Maximum number of project hooks ({most}) exceeded");
        return Err(Refusal::unprocessable(&problem));
    }
    let mut hook = Hook::new(target, "");
    // Pushes are what a hook is about unless it is told otherwise.
    hook.events.insert("push_events".to_owned());
    if target == HookTarget::System {
        hook.events.insert("repository_update_events".to_owned());
    }
    fill(&mut hook, &call.body)?;
    hook.created = call.site.clock().tick();
    hook.updated = hook.created;
    let hook = call.site.world().add_hook(hook);
    created(&hook_json(&hook))
}

fn fill(hook: &mut Hook, body: &Map<String, Value>) -> Result<(), Refusal> {
    if let Some(url) = body.text("url") {
        let fits = url::Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
        if !fits {
            return Err(Refusal::new(http::StatusCode::UNPROCESSABLE_ENTITY, "Invalid url given"));
        }
        url.clone_into(&mut hook.url);
    }
    for (name, ..) in FLAGS {
        match body.flag(name) {
            Some(true) => drop(hook.events.insert((*name).to_owned())),
            Some(false) => drop(hook.events.remove(*name)),
            None => {}
        }
    }
    if let Some(token) = body.get("token") {
        hook.secret = token.as_str().filter(|it| !it.is_empty()).map(str::to_owned);
    }
    if let Some(token) = body.get("signing_token") {
        hook.signing_token = token.as_str().filter(|it| !it.is_empty()).map(str::to_owned);
    }
    if let Some(verify) = body.flag("enable_ssl_verification") {
        hook.insecure_tls = !verify;
    }
    if let Some(filter) = body.text("push_events_branch_filter") {
        filter.clone_into(&mut hook.branch_filter);
    }
    if let Some(headers) = body.get("custom_headers").and_then(Value::as_array) {
        let pair = |it: &Value| Some((it["key"].as_str()?.to_owned(), it["value"].as_str()?.to_owned()));
        hook.custom_headers = headers.iter().filter_map(pair).collect();
    }
    Ok(())
}

fn find(call: &Call, target: HookTarget, id: &str) -> Result<Hook, Refusal> {
    let missing = || Refusal::new(http::StatusCode::NOT_FOUND, "404 Not found");
    let id: u64 = id.parse().map_err(|_| missing())?;
    call.site.world().hooks.get(&id).filter(|it| it.target == target).cloned().ok_or_else(missing)
}
