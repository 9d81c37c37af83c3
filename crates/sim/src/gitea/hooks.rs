use std::collections::BTreeSet;

use axum::extract::Path;
use axum::response::Response;
use serde_json::{Map, Value};

use super::call::{Answer, Call, created, done, ok};
use super::view::hook_json;
use crate::dialect::{Fields, JsonBody};
use crate::world::{ContentType, Hook, HookTarget, Role};

/// The types that take the plain payload. Others, for chat services, are not simulated.
const FLAVOURS: &[&str] = &["gitea", "forgejo", "gogs"];

type Repo = Path<(String, String)>;
type RepoHook = Path<(String, String, u64)>;
type OrgHook = Path<(String, u64)>;

pub(super) async fn list(call: Call, Path((owner, name)): Repo) -> Answer {
    let target = repository(&call, &owner, &name)?;
    Ok(all(&call, target))
}

pub(super) async fn create(call: Call, Path((owner, name)): Repo, body: JsonBody) -> Answer {
    let target = repository(&call, &owner, &name)?;
    add(&call, target, body)
}

pub(super) async fn get(call: Call, Path((owner, name, id)): RepoHook) -> Answer {
    let target = repository(&call, &owner, &name)?;
    Ok(ok(&hook_json(&call.site, &find(&call, target, id)?)))
}

pub(super) async fn edit(call: Call, Path((owner, name, id)): RepoHook, body: JsonBody) -> Answer {
    let target = repository(&call, &owner, &name)?;
    change(&call, target, id, body)
}

pub(super) async fn delete(call: Call, Path((owner, name, id)): RepoHook) -> Answer {
    let target = repository(&call, &owner, &name)?;
    remove(&call, target, id)
}

pub(super) async fn test(call: Call, Path((owner, name, id)): RepoHook) -> Answer {
    let (user, repository) = call.administered(&owner, &name)?;
    let hook = find(&call, HookTarget::Repository(repository.id), id)?;
    call.site.ping(&hook, repository.id, user);
    Ok(done())
}

pub(super) async fn list_org(call: Call, Path(org): Path<String>) -> Answer {
    let target = organization(&call, &org)?;
    Ok(all(&call, target))
}

pub(super) async fn create_org(call: Call, Path(org): Path<String>, body: JsonBody) -> Answer {
    let target = organization(&call, &org)?;
    add(&call, target, body)
}

pub(super) async fn get_org(call: Call, Path((org, id)): OrgHook) -> Answer {
    let target = organization(&call, &org)?;
    Ok(ok(&hook_json(&call.site, &find(&call, target, id)?)))
}

pub(super) async fn edit_org(call: Call, Path((org, id)): OrgHook, body: JsonBody) -> Answer {
    let target = organization(&call, &org)?;
    change(&call, target, id, body)
}

pub(super) async fn delete_org(call: Call, Path((org, id)): OrgHook) -> Answer {
    let target = organization(&call, &org)?;
    remove(&call, target, id)
}

pub(super) async fn list_user(call: Call) -> Answer {
    let target = HookTarget::Account(call.signed(&["user"])?);
    Ok(all(&call, target))
}

pub(super) async fn create_user(call: Call, body: JsonBody) -> Answer {
    let target = HookTarget::Account(call.signed(&["user"])?);
    add(&call, target, body)
}

pub(super) async fn get_user(call: Call, Path(id): Path<u64>) -> Answer {
    let target = HookTarget::Account(call.signed(&["user"])?);
    Ok(ok(&hook_json(&call.site, &find(&call, target, id)?)))
}

pub(super) async fn edit_user(call: Call, Path(id): Path<u64>, body: JsonBody) -> Answer {
    let target = HookTarget::Account(call.signed(&["user"])?);
    change(&call, target, id, body)
}

pub(super) async fn delete_user(call: Call, Path(id): Path<u64>) -> Answer {
    let target = HookTarget::Account(call.signed(&["user"])?);
    remove(&call, target, id)
}

fn repository(call: &Call, owner: &str, name: &str) -> Result<HookTarget, Response> {
    Ok(HookTarget::Repository(call.administered(owner, name)?.1.id))
}

fn organization(call: &Call, org: &str) -> Result<HookTarget, Response> {
    let user = call.signed(&["organization"])?;
    let org = call.organization(org)?;
    if call.site.world().role_in_account(user, org.id) != Some(Role::Owner) {
        return Err(call.forbidden("Must be an organization owner"));
    }
    Ok(HookTarget::Account(org.id))
}

fn all(call: &Call, target: HookTarget) -> Response {
    let world = call.site.world();
    let all: Vec<Value> =
        world.hooks.values().filter(|it| it.target == target).map(|it| hook_json(&call.site, it)).collect();
    let total = all.len();
    call.listing(call.page().cut(all), total, false)
}

fn find(call: &Call, target: HookTarget, id: u64) -> Result<Hook, Response> {
    let found = call.site.world().hooks.get(&id).filter(|it| it.target == target).cloned();
    found.ok_or_else(|| call.not_found())
}

fn add(call: &Call, target: HookTarget, body: JsonBody) -> Answer {
    let fields = call.fields(body)?;
    let flavour = fields.text("type").unwrap_or_default();
    if !FLAVOURS.contains(&flavour) || (flavour == "forgejo" && !call.forgejo()) {
        return Err(call.invalid(&format!("Invalid hook type: {flavour}")));
    }
    let none = Map::new();
    let config = fields.get("config").and_then(Value::as_object).unwrap_or(&none);
    let url = config.text("url").filter(|it| !it.is_empty());
    let url = url.ok_or_else(|| call.invalid("Missing config option: url"))?;
    let packed = config.text("content_type").ok_or_else(|| call.invalid("Missing config option: content_type"))?;
    let mut hook = Hook::new(target, url);
    flavour.clone_into(&mut hook.flavour);
    hook.content_type = content_type(call, packed)?;
    hook.secret = config.text("secret").filter(|it| !it.is_empty()).map(str::to_owned);
    // A hook is made asleep unless it is asked for otherwise.
    hook.active = fields.flag("active").unwrap_or(false);
    loose_fields(&mut hook, &fields);
    hook.created = call.site.clock().tick();
    hook.updated = hook.created;
    let hook = call.site.world().add_hook(hook);
    Ok(created(&hook_json(&call.site, &hook)))
}

fn change(call: &Call, target: HookTarget, id: u64, body: JsonBody) -> Answer {
    let mut hook = find(call, target, id)?;
    let fields = call.fields(body)?;
    // The secret stays what it was made with.
    if let Some(config) = fields.get("config").and_then(Value::as_object) {
        if let Some(url) = config.text("url") {
            url.clone_into(&mut hook.url);
        }
        if let Some(packed) = config.text("content_type") {
            hook.content_type = content_type(call, packed)?;
        }
    }
    hook.active = fields.flag("active").unwrap_or(hook.active);
    loose_fields(&mut hook, &fields);
    hook.updated = call.site.clock().tick();
    call.site.world().hooks.insert(id, hook.clone());
    Ok(ok(&hook_json(&call.site, &hook)))
}

/// Reads the fields that fall back to their usual value when they are left out, in a change too.
fn loose_fields(hook: &mut Hook, fields: &Map<String, Value>) {
    let events: BTreeSet<String> = fields.texts("events").unwrap_or_default().into_iter().collect();
    hook.events = if events.is_empty() { BTreeSet::from(["push".to_owned()]) } else { events };
    hook.branch_filter = fields.text("branch_filter").unwrap_or_default().to_owned();
    hook.authorization_header = fields.text("authorization_header").filter(|it| !it.is_empty()).map(str::to_owned);
}

fn content_type(call: &Call, word: &str) -> Result<ContentType, Response> {
    match word {
        "json" => Ok(ContentType::Json),
        "form" => Ok(ContentType::Form),
        _ => Err(call.invalid("Invalid content type")),
    }
}

fn remove(call: &Call, target: HookTarget, id: u64) -> Answer {
    find(call, target, id)?;
    call.site.world().hooks.remove(&id);
    Ok(done())
}
