use std::collections::BTreeSet;

use axum::extract::Path;
use serde_json::{Map, Value};

use super::call::{Answer, Call, created, done, ok};
use super::view::protection_json;
use crate::dialect::{Fields, JsonBody};
use crate::world::{Protection, PushRule, Role};

pub(super) async fn list(call: Call, Path((owner, name)): Path<(String, String)>) -> Answer {
    let (_, repository) = call.administered(&owner, &name)?;
    let world = call.site.world();
    Ok(ok(&repository.protections.iter().map(|it| protection_json(&call.site, &world, it)).collect()))
}

pub(super) async fn get(call: Call, Path((owner, name, rule)): Path<(String, String, String)>) -> Answer {
    let (_, repository) = call.administered(&owner, &name)?;
    let found = repository.protections.iter().find(|it| it.pattern == rule).ok_or_else(|| call.not_found())?;
    Ok(ok(&protection_json(&call.site, &call.site.world(), found)))
}

pub(super) async fn create(call: Call, Path((owner, name)): Path<(String, String)>, body: JsonBody) -> Answer {
    let (_, repository) = call.administered(&owner, &name)?;
    call.not_archived(&repository)?;
    let fields = call.fields(body)?;
    let pattern = fields.text("rule_name").filter(|it| !it.is_empty()).or_else(|| fields.text("branch_name"));
    let pattern = pattern.filter(|it| !it.is_empty()).ok_or_else(|| call.invalid("[RuleName]: Required"))?;
    if repository.protections.iter().any(|it| it.pattern == pattern) {
        return Err(call.forbidden("Branch protection already exist"));
    }
    // Nobody pushes unless that is asked for.
    let rule = Protection { push: PushRule::Nobody, admins_included: false, ..Protection::new(pattern) };
    let rule = call.site.protect(repository.id, apply(&call, rule, &fields));
    let rule = rule.map_err(|it| call.refuse(&it))?;
    Ok(created(&protection_json(&call.site, &call.site.world(), &rule)))
}

pub(super) async fn edit(
    call: Call,
    Path((owner, name, rule)): Path<(String, String, String)>,
    body: JsonBody,
) -> Answer {
    let (_, repository) = call.administered(&owner, &name)?;
    call.not_archived(&repository)?;
    let found = repository.protections.iter().find(|it| it.pattern == rule).ok_or_else(|| call.not_found())?;
    let fields = call.fields(body)?;
    let changed = call.site.protect(repository.id, apply(&call, found.clone(), &fields));
    let changed = changed.map_err(|it| call.refuse(&it))?;
    Ok(ok(&protection_json(&call.site, &call.site.world(), &changed)))
}

pub(super) async fn delete(call: Call, Path((owner, name, rule)): Path<(String, String, String)>) -> Answer {
    let (_, repository) = call.administered(&owner, &name)?;
    let gone = call.site.unprotect(repository.id, &rule).map_err(|it| call.refuse(&it))?;
    if gone { Ok(done()) } else { Err(call.not_found()) }
}

/// Reads the fields that mean something and keeps the others.
fn apply(call: &Call, mut rule: Protection, fields: &Map<String, Value>) -> Protection {
    let push = fields.flag("enable_push").unwrap_or(rule.push != PushRule::Nobody);
    let limited = fields.flag("enable_push_whitelist").unwrap_or(matches!(rule.push, PushRule::Users(_)));
    rule.push = if !push {
        PushRule::Nobody
    } else if !limited {
        PushRule::Role(Role::Developer)
    } else if let Some(names) = fields.texts("push_whitelist_usernames") {
        let world = call.site.world();
        let ids: BTreeSet<u64> = names.iter().filter_map(|name| world.account(name)).map(|it| it.id).collect();
        PushRule::Users(ids)
    } else {
        match rule.push {
            PushRule::Users(users) => PushRule::Users(users),
            PushRule::Nobody | PushRule::Role(_) => PushRule::Users(BTreeSet::new()),
        }
    };
    if call.forgejo() {
        rule.admins_included = fields.flag("apply_to_admins").unwrap_or(rule.admins_included);
    } else {
        rule.force_push = fields.flag("enable_force_push").unwrap_or(rule.force_push);
    }
    let known = [
        "rule_name",
        "branch_name",
        "enable_push",
        "enable_push_whitelist",
        "push_whitelist_usernames",
        "enable_force_push",
        "apply_to_admins",
    ];
    let kept = fields.iter().filter(|(key, value)| !known.contains(&key.as_str()) && !value.is_null());
    rule.settings.extend(kept.map(|(key, value)| (key.clone(), value.clone())));
    rule
}
