use std::collections::BTreeSet;

use http::StatusCode;
use serde_json::{Value, json};

use super::call::{Call, created, done, ok};
use super::refusal::{Answer, Refusal};
use super::router::unknown;
use crate::dialect::Fields;
use crate::world::{Protection, PushRule, Repository, Role};

/// `/projects/{id}/protected_branches...`
pub(super) fn branches(call: &Call, project: &Repository, rest: &[&str]) -> Answer {
    if call.verb() == "GET" {
        call.require_role(project, Role::Developer)?;
    } else {
        call.require_role(project, Role::Maintainer)?;
    }
    match (call.verb(), rest) {
        ("GET", []) => {
            let search = call.query.get("search").unwrap_or_default();
            let rules: Vec<Protection> =
                project.protections.iter().filter(|it| it.pattern.contains(search)).cloned().collect();
            call.list(rules, |it| view(call, it))
        }
        ("POST", []) => create(call, project),
        ("GET", name) => ok(&view(call, find(project, &name.join("/"))?)),
        ("PATCH", name) => {
            let mut rule = find(project, &name.join("/"))?.clone();
            rule.force_push = call.body.flag("allow_force_push").unwrap_or(rule.force_push);
            if let Some(push) = allowed(call, "allowed_to_push") {
                rule.push = push;
            }
            ok(&view(call, &call.site.protect(project.id, rule)?))
        }
        ("DELETE", name) if !name.is_empty() => {
            let name = find(project, &name.join("/"))?.pattern.clone();
            call.site.unprotect(project.id, &name)?;
            done()
        }
        _ => Err(unknown()),
    }
}

fn find<'a>(project: &'a Repository, name: &str) -> Result<&'a Protection, Refusal> {
    // Looked up by the name of the rule, which may be a wildcard, not by a branch that it is about.
    let found = project.protections.iter().find(|it| it.pattern == name);
    found.ok_or_else(|| Refusal::new(StatusCode::NOT_FOUND, "404 Not found"))
}

fn create(call: &Call, project: &Repository) -> Answer {
    let name = call.body.text("name").or_else(|| call.query.get("name"));
    let name = name.ok_or_else(|| Refusal::parameter("name is missing"))?;
    if find(project, name).is_ok() {
        let message = format!("Protected branch '{name}' already exists");
        return Err(Refusal::new(StatusCode::CONFLICT, message));
    }
    let level = |key: &str| call.body.number(key).or_else(|| call.query.number(key));
    let push = match (allowed(call, "allowed_to_push"), level("push_access_level")) {
        (Some(push), _) => push,
        (None, Some(level)) => by_level(level)?,
        (None, None) => PushRule::Role(Role::Maintainer),
    };
    let merge = level("merge_access_level").unwrap_or(40);
    by_level(merge)?;
    let mut rule = Protection {
        push,
        force_push: call.body.flag("allow_force_push").or_else(|| call.query.flag("allow_force_push")).unwrap_or(false),
        ..Protection::new(name)
    };
    rule.settings.insert("merge_access_level".to_owned(), merge.into());
    created(&view(call, &call.site.protect(project.id, rule)?))
}

fn by_level(level: u64) -> Result<PushRule, Refusal> {
    match level {
        0 => Ok(PushRule::Nobody),
        30 => Ok(PushRule::Role(Role::Developer)),
        40 => Ok(PushRule::Role(Role::Maintainer)),
        // Administrators of the instance stand above everybody.
        60 => Ok(PushRule::Role(Role::Owner)),
        _ => Err(Refusal::parameter("push_access_level does not have a valid value")),
    }
}

/// Reads a list of users and levels. Users are looked at before levels, as rules hold one or the other here.
fn allowed(call: &Call, key: &str) -> Option<PushRule> {
    let list = call.body.get(key)?.as_array()?;
    let users: BTreeSet<u64> = list.iter().filter_map(|it| it["user_id"].as_u64()).collect();
    if !users.is_empty() {
        return Some(PushRule::Users(users));
    }
    let level = list.iter().filter_map(|it| it["access_level"].as_u64()).min()?;
    by_level(level).ok()
}

fn view(call: &Call, rule: &Protection) -> Value {
    let words = |level: u64| match level {
        0 => "No one",
        30 => "Developers + Maintainers",
        40 => "Maintainers",
        _ => "Administrators",
    };
    let entry = |id: u64, level: u64| {
        json!({
            "id": id, "access_level": level, "access_level_description": words(level),
            "deploy_key_id": null, "user_id": null, "group_id": null,
        })
    };
    let push = match &rule.push {
        PushRule::Nobody => vec![entry(rule.id * 10, 0)],
        PushRule::Role(role) => vec![entry(rule.id * 10, role.level().clamp(30, 60))],
        PushRule::Users(users) => {
            let world = call.site.world();
            let names = users.iter().filter_map(|id| world.accounts.get(id));
            names
                .map(|it| {
                    json!({
                        "id": rule.id * 10 + it.id, "access_level": 40, "access_level_description": it.name,
                        "deploy_key_id": null, "user_id": it.id, "group_id": null,
                    })
                })
                .collect()
        }
    };
    json!({
        "id": rule.id,
        "name": rule.pattern,
        "push_access_levels": push,
        "merge_access_levels": [entry(rule.id * 10 + 1, rule.settings.number("merge_access_level").unwrap_or(40))],
        "allow_force_push": rule.force_push,
        "unprotect_access_levels": [],
        "code_owner_approval_required": false,
        "inherited": false,
    })
}
