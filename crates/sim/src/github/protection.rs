use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::call::{Call, done, ok};
use super::refusal::{Answer, Refusal};
use super::scope::Need;
use super::view::{account_json, repo_url};
use crate::dialect::Fields;
use crate::world::{Protection, PushRule, Repository, Role, WorldError};

/// Fields that a new protection must name, null or not.
const REQUIRED: &[&str] =
    &["required_status_checks", "enforce_admins", "required_pull_request_reviews", "restrictions"];

/// Returns the classic protection that holds for a branch: by exact name before by pattern.
pub(super) fn classic<'a>(repository: &'a Repository, branch: &str) -> Option<&'a Protection> {
    let mut rules = repository.protections.iter().filter(|rule| !rule.ruleset && rule.matches(branch));
    let exact = rules.clone().find(|rule| rule.pattern == branch);
    exact.or_else(|| rules.next())
}

/// Returns what branches tell about their protection.
pub(super) fn branch_summary(rule: Option<&Protection>) -> Value {
    let level = match rule {
        None => "off",
        Some(rule) if rule.admins_included => "everyone",
        Some(_) => "non_admins",
    };
    let checks = rule.and_then(|rule| rule.settings.get("required_status_checks")).filter(|it| it.is_object());
    let level = if checks.is_some() { level } else { "off" };
    let contexts = checks.and_then(|it| it.get("contexts")).cloned().unwrap_or_else(|| json!([]));
    json!({
        "enabled": rule.is_some(),
        "required_status_checks": { "enforcement_level": level, "contexts": contexts, "checks": [] },
    })
}

/// `/repos/{owner}/{repo}/branches/{branch}/protection`
pub(super) fn protection(call: &Call, repository: &Repository, branch: &str) -> Answer {
    match call.verb() {
        "GET" => {
            call.require_admin(Need::READ_ADMINISTRATION, repository, true)?;
            existing(call, repository, branch)?;
            let rule = classic(repository, branch).ok_or_else(unprotected)?;
            ok(&view(call, repository, branch, rule))
        }
        "PUT" => put(call, repository, branch),
        "DELETE" => {
            call.require_admin(Need::ADMINISTER, repository, true)?;
            let rule = classic(repository, branch).ok_or_else(unprotected)?;
            let pattern = rule.pattern.clone();
            call.site.unprotect(repository.id, &pattern)?;
            done()
        }
        _ => Err(Refusal::not_found()),
    }
}

/// `/repos/{owner}/{repo}/branches/{branch}/protection/enforce_admins`
pub(super) fn enforce_admins(call: &Call, repository: &Repository, branch: &str) -> Answer {
    let read = call.verb() == "GET";
    let need = if read { Need::READ_ADMINISTRATION } else { Need::ADMINISTER };
    call.require_admin(need, repository, true)?;
    let mut rule = classic(repository, branch).ok_or_else(unprotected)?.clone();
    match call.verb() {
        "GET" => {}
        "POST" | "DELETE" => {
            rule.admins_included = call.verb() == "POST";
            rule = call.site.protect(repository.id, rule)?;
        }
        _ => return Err(Refusal::not_found()),
    }
    if call.verb() == "DELETE" {
        return done();
    }
    ok(&view(call, repository, branch, &rule)["enforce_admins"])
}

fn put(call: &Call, repository: &Repository, branch: &str) -> Answer {
    call.require_admin(Need::ADMINISTER, repository, true)?;
    let body = &call.body;
    let missing: Vec<String> =
        REQUIRED.iter().filter(|name| !body.contains_key(**name)).map(|name| format!("\"{name}\"")).collect();
    if !missing.is_empty() {
        let verb = if missing.len() == 1 { "wasn't" } else { "weren't" };
        return Err(Refusal::unprocessable(format!("Invalid request.\n\n{} {verb} supplied.", missing.join(", "))));
    }
    existing(call, repository, branch)?;
    let push = match body.get("restrictions").and_then(Value::as_object) {
        None => PushRule::Role(Role::Developer),
        Some(restrictions) => {
            let world = call.site.world();
            let names = restrictions.texts("users").unwrap_or_default();
            PushRule::Users(
                names.iter().filter_map(|name| world.account(name)).map(|it| it.id).collect::<BTreeSet<_>>(),
            )
        }
    };
    let rule = Protection {
        push,
        force_push: body.flag("allow_force_pushes").unwrap_or(false),
        deletion: body.flag("allow_deletions").unwrap_or(false),
        pull_request_required: body.get("required_pull_request_reviews").is_some_and(Value::is_object),
        admins_included: body.flag("enforce_admins").unwrap_or(false),
        settings: body.clone(),
        ..Protection::new(branch)
    };
    let rule = call.site.protect(repository.id, rule)?;
    ok(&view(call, repository, branch, &rule))
}

fn existing(call: &Call, repository: &Repository, branch: &str) -> Result<(), Refusal> {
    let tip = call.site.bare(repository.id).branch(branch).map_err(WorldError::from)?;
    tip.map(drop).ok_or_else(|| Refusal::not_found().saying("Branch not found"))
}

fn unprotected() -> Refusal {
    Refusal::not_found().saying("Branch not protected")
}

fn view(call: &Call, repository: &Repository, branch: &str, rule: &Protection) -> Value {
    let world = call.site.world();
    let url = format!("{}/branches/{branch}/protection", repo_url(&call.site, &world, repository));
    let flag = |name: &str| json!({ "enabled": rule.settings.flag(name).unwrap_or(false) });
    let mut body = json!({
        "url": url,
        "required_signatures": { "url": format!("{url}/required_signatures"), "enabled": false },
        "enforce_admins": { "url": format!("{url}/enforce_admins"), "enabled": rule.admins_included },
        "required_linear_history": flag("required_linear_history"),
        "allow_force_pushes": { "enabled": rule.force_push },
        "allow_deletions": { "enabled": rule.deletion },
        "block_creations": flag("block_creations"),
        "required_conversation_resolution": flag("required_conversation_resolution"),
        "lock_branch": flag("lock_branch"),
        "allow_fork_syncing": flag("allow_fork_syncing"),
    });
    if let Some(checks) = rule.settings.get("required_status_checks").and_then(Value::as_object) {
        let contexts = checks.get("contexts").cloned().unwrap_or_else(|| json!([]));
        body["required_status_checks"] = json!({
            "url": format!("{url}/required_status_checks"),
            "strict": checks.flag("strict").unwrap_or(false),
            "contexts": contexts,
            "contexts_url": format!("{url}/required_status_checks/contexts"),
            "checks": [],
        });
    }
    if rule.pull_request_required {
        let empty = Map::new();
        let asked = rule.settings.get("required_pull_request_reviews").and_then(Value::as_object).unwrap_or(&empty);
        body["required_pull_request_reviews"] = json!({
            "url": format!("{url}/required_pull_request_reviews"),
            "dismiss_stale_reviews": asked.flag("dismiss_stale_reviews").unwrap_or(false),
            "require_code_owner_reviews": asked.flag("require_code_owner_reviews").unwrap_or(false),
            "require_last_push_approval": asked.flag("require_last_push_approval").unwrap_or(false),
            "required_approving_review_count": asked.number("required_approving_review_count").unwrap_or(1),
        });
    }
    if let PushRule::Users(users) = &rule.push {
        let users: Vec<Value> = users
            .iter()
            .filter_map(|id| world.accounts.get(id))
            .map(|it| account_json(&call.site, &world, it))
            .collect();
        let url = format!("{url}/restrictions");
        body["restrictions"] = json!({
            "url": url, "users_url": format!("{url}/users"), "teams_url": format!("{url}/teams"),
            "apps_url": format!("{url}/apps"), "users": users, "teams": [], "apps": [],
        });
    }
    body
}
