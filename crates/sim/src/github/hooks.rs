use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::accounts::find_org;
use super::call::{Call, created, done, ok};
use super::refusal::{Answer, Refusal};
use super::scope::Need;
use super::view::{hook_config, hook_json};
use crate::dialect::Fields;
use crate::world::{ContentType, Hook, HookTarget, Repository, Role};

/// How many hooks of one repository or organisation may ask for the same event.
const MOST_PER_EVENT: usize = 20;

/// `/repos/{owner}/{repo}/hooks...`
pub(super) fn of_repository(call: &Call, repository: &Repository, rest: &[&str]) -> Answer {
    let need = if call.verb() == "GET" { Need::READ_HOOKS } else { Need::HOOKS };
    call.user()?;
    // To those who may not manage hooks, there are none.
    call.require_admin(need, repository, true)?;
    let target = HookTarget::Repository(repository.id);
    match (call.verb(), rest) {
        ("GET", []) => call.repository_list(repository, all(call, target), |it| show(call, it)),
        (_, [id, "pings" | "tests"]) if call.verb() == "POST" => {
            let (hook, user) = (find(call, target, id)?, call.user()?);
            call.site.ping(&hook, repository.id, user.id);
            done()
        }
        _ => hooks(call, target, rest),
    }
}

/// `/orgs/{org}/hooks...`
pub(super) fn of_org(call: &Call, org: &str, rest: &[&str]) -> Answer {
    let user = call.user()?;
    let org = find_org(call, org)?;
    call.require(Need::ORG_HOOKS, None)?;
    if call.site.world().role_in_account(user.id, org.id) != Some(Role::Owner) {
        return Err(Refusal::not_found());
    }
    let target = HookTarget::Account(org.id);
    match (call.verb(), rest) {
        ("GET", []) => call.list(&format!("/organizations/{}/hooks", org.id), all(call, target), |it| show(call, it)),
        ("POST", [id, "pings"]) => {
            let hook = find(call, target, id)?;
            // A ping tells of a repository, for want of one the organisation's first.
            let first = call.site.world().repositories_of(org.id).next().map(|it| it.id);
            if let Some(repository) = first {
                call.site.ping(&hook, repository, user.id);
            }
            done()
        }
        _ => hooks(call, target, rest),
    }
}

fn hooks(call: &Call, target: HookTarget, rest: &[&str]) -> Answer {
    match (call.verb(), rest) {
        ("POST", []) => create(call, target),
        ("GET", [id]) => ok(&show(call, &find(call, target, id)?)),
        ("PATCH", [id]) => {
            let hook = change(call, find(call, target, id)?)?;
            ok(&show(call, &hook))
        }
        ("DELETE", [id]) => {
            let hook = find(call, target, id)?;
            call.site.world().hooks.remove(&hook.id);
            done()
        }
        ("GET", [id, "config"]) => ok(&hook_config(&find(call, target, id)?)),
        ("PATCH", [id, "config"]) => {
            let mut hook = find(call, target, id)?;
            configure(&mut hook, &call.body)?;
            keep(call, &mut hook);
            ok(&hook_config(&hook))
        }
        _ => Err(Refusal::not_found()),
    }
}

fn create(call: &Call, target: HookTarget) -> Answer {
    let user = call.user()?;
    if call.body.text("name").is_some_and(|name| name != "web") {
        return Err(Refusal::field("Hook", "name", "invalid"));
    }
    let mut hook = Hook::new(target, "");
    let empty = Map::new();
    configure(&mut hook, call.body.get("config").and_then(Value::as_object).unwrap_or(&empty))?;
    hook.active = call.body.flag("active").unwrap_or(true);
    let events = call.body.texts("events").unwrap_or_else(|| vec!["push".to_owned()]);
    hook.events = events.into_iter().collect();
    let others = all(call, target);
    if others.iter().any(|it| it.url == hook.url && it.content_type == hook.content_type && it.events == hook.events) {
        let of = if matches!(target, HookTarget::Account(_)) { "organization" } else { "repository" };
        return Err(Refusal::custom("Hook", None, format!("Hook already exists on this {of}")));
    }
    check_events(&others, &hook.events)?;
    hook.created = call.site.clock().tick();
    hook.updated = hook.created;
    let hook = call.site.world().add_hook(hook);
    let first = match target {
        HookTarget::Repository(id) => Some(id),
        HookTarget::Account(id) => call.site.world().repositories_of(id).next().map(|it| it.id),
        HookTarget::System => None,
    };
    if let Some(repository) = first {
        call.site.ping(&hook, repository, user.id);
    }
    created(&show(call, &hook))
}

fn change(call: &Call, mut hook: Hook) -> Result<Hook, Refusal> {
    if let Some(config) = call.body.get("config").and_then(Value::as_object) {
        // A new configuration replaces the old one: a secret that is left out is gone.
        let old = hook.secret.take();
        if config.text("secret") == Some("********") {
            hook.secret = old;
        }
        configure(&mut hook, config)?;
    }
    if let Some(events) = call.body.texts("events") {
        hook.events = events.into_iter().collect();
    }
    hook.events.extend(call.body.texts("add_events").unwrap_or_default());
    for event in call.body.texts("remove_events").unwrap_or_default() {
        hook.events.remove(&event);
    }
    hook.active = call.body.flag("active").unwrap_or(hook.active);
    let others: Vec<Hook> = all(call, hook.target).into_iter().filter(|it| it.id != hook.id).collect();
    check_events(&others, &hook.events)?;
    keep(call, &mut hook);
    Ok(hook)
}

fn configure(hook: &mut Hook, config: &Map<String, Value>) -> Result<(), Refusal> {
    if let Some(url) = config.text("url") {
        let fits = url::Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
        if !fits {
            return Err(Refusal::custom("Hook", Some("url"), "url is not a valid URL"));
        }
        url.clone_into(&mut hook.url);
    }
    if hook.url.is_empty() {
        return Err(Refusal::custom("Hook", Some("url"), "url cannot be blank"));
    }
    match config.text("content_type") {
        Some("json") => hook.content_type = ContentType::Json,
        Some("form") => hook.content_type = ContentType::Form,
        Some(_) => return Err(Refusal::field("Hook", "content_type", "invalid")),
        // A form is what GitHub sends unless it is told otherwise.
        None if hook.id == 0 => hook.content_type = ContentType::Form,
        None => {}
    }
    match config.text("secret") {
        None | Some("********") => {}
        Some("") => hook.secret = None,
        Some(secret) => hook.secret = Some(secret.to_owned()),
    }
    hook.insecure_tls = match config.get("insecure_ssl") {
        Some(Value::String(word)) => word == "1",
        Some(Value::Number(number)) => number.as_u64() == Some(1),
        _ => hook.insecure_tls,
    };
    Ok(())
}

fn check_events(others: &[Hook], events: &BTreeSet<String>) -> Result<(), Refusal> {
    let full = |event: &&String| others.iter().filter(|it| it.events.contains(*event)).count() >= MOST_PER_EVENT;
    match events.iter().find(full) {
        None => Ok(()),
        Some(event) => {
            let message = format!("The \"{event}\" event cannot have more than {MOST_PER_EVENT} hooks");
            Err(Refusal::custom("Hook", None, message))
        }
    }
}

fn keep(call: &Call, hook: &mut Hook) {
    hook.updated = call.site.clock().tick();
    call.site.world().hooks.insert(hook.id, hook.clone());
}

fn all(call: &Call, target: HookTarget) -> Vec<Hook> {
    call.site.world().hooks.values().filter(|it| it.target == target).cloned().collect()
}

fn find(call: &Call, target: HookTarget, id: &str) -> Result<Hook, Refusal> {
    let id: u64 = id.parse().map_err(|_| Refusal::not_found())?;
    let world = call.site.world();
    world.hooks.get(&id).filter(|it| it.target == target).cloned().ok_or_else(Refusal::not_found)
}

fn show(call: &Call, hook: &Hook) -> Value {
    hook_json(&call.site, &call.site.world(), hook)
}
