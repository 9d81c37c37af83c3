use serde_json::{Map, Value, json};

use super::accounts::find_org;
use super::call::{Call, created, done, ok};
use super::refusal::{Answer, Refusal};
use super::scope::Need;
use super::view::{node_id, repo_url};
use crate::dialect::Fields;
use crate::world::{Protection, PushRule, Repository, Role};

/// Where a repository's rulesets are kept among its settings. The protections that they come to are derived from them.
const KEY: &str = "rulesets";

/// `/repos/{owner}/{repo}/rulesets...`
pub(super) fn of_repository(call: &Call, repository: &Repository, rest: &[&str]) -> Answer {
    match (call.verb(), rest) {
        ("GET", []) => {
            let shown = kept(repository);
            call.repository_list(repository, shown, |it| {
                // Lists leave out what a ruleset is made of.
                let mut it = it.clone();
                if let Some(it) = it.as_object_mut() {
                    it.retain(|key, _| !matches!(key.as_str(), "rules" | "conditions" | "bypass_actors"));
                }
                it
            })
        }
        ("GET", [id]) => ok(&find(repository, id)?),
        ("POST", []) => {
            call.require_admin(Need::ADMINISTER, repository, true)?;
            let ruleset = read(call, repository, None)?;
            let mut all = kept(repository);
            all.push(ruleset.clone());
            keep(call, repository, all);
            created(&ruleset)
        }
        ("PUT", [id]) => {
            call.require_admin(Need::ADMINISTER, repository, true)?;
            let old = find(repository, id)?;
            let new = read(call, repository, Some(&old))?;
            let all = kept(repository).into_iter().map(|it| if it["id"] == new["id"] { new.clone() } else { it });
            keep(call, repository, all.collect());
            ok(&new)
        }
        ("DELETE", [id]) => {
            call.require_admin(Need::ADMINISTER, repository, true)?;
            let old = find(repository, id)?;
            keep(call, repository, kept(repository).into_iter().filter(|it| it["id"] != old["id"]).collect());
            done()
        }
        _ => Err(Refusal::not_found()),
    }
}

/// `GET /orgs/{org}/rulesets...`: organisations have none here.
pub(super) fn of_org(call: &Call, org: &str, rest: &[&str]) -> Answer {
    let org = find_org(call, org)?;
    if !rest.is_empty() {
        return Err(Refusal::not_found());
    }
    call.list(&format!("/organizations/{}/rulesets", org.id), Vec::<Value>::new(), Value::clone)
}

/// `GET /repos/{owner}/{repo}/rules/branches/{branch}`: the rules that hold, whether or not the branch exists.
pub(super) fn of_branch(call: &Call, repository: &Repository, branch: &str) -> Answer {
    let source = call.site.world().full_path(repository);
    let mut rules = Vec::new();
    for protection in repository.protections.iter().filter(|it| it.ruleset && it.matches(branch)) {
        let sent = protection.settings.get("rules").and_then(Value::as_array).cloned();
        let id = protection.settings.get("ruleset_id").cloned().unwrap_or_else(|| protection.id.into());
        for mut rule in sent.unwrap_or_else(|| spelled_out(protection)) {
            rule["ruleset_source_type"] = "Repository".into();
            rule["ruleset_source"] = source.as_str().into();
            rule["ruleset_id"] = id.clone();
            rules.push(rule);
        }
    }
    call.repository_list(repository, rules, Value::clone)
}

fn kept(repository: &Repository) -> Vec<Value> {
    repository.settings.get(KEY).and_then(Value::as_array).cloned().unwrap_or_default()
}

fn find(repository: &Repository, id: &str) -> Result<Value, Refusal> {
    let id: u64 = id.parse().map_err(|_| Refusal::not_found())?;
    kept(repository).into_iter().find(|it| it["id"] == id).ok_or_else(Refusal::not_found)
}

fn read(call: &Call, repository: &Repository, old: Option<&Value>) -> Result<Value, Refusal> {
    let field = |name: &str| call.body.get(name).or_else(|| old.and_then(|old| old.get(name))).cloned();
    let Some(name) = field("name").filter(Value::is_string) else {
        return Err(Refusal::field("Ruleset", "name", "missing_field"));
    };
    let enforcement = field("enforcement").unwrap_or_default();
    if !matches!(enforcement.as_str(), Some("active" | "disabled" | "evaluate")) {
        return Err(Refusal::field("Ruleset", "enforcement", "invalid"));
    }
    let now = call.site.clock().tick().to_string();
    let mut world = call.site.world();
    let id = match old.and_then(|old| old["id"].as_u64()) {
        Some(id) => id,
        None => world.next_id(),
    };
    let created = old.map_or_else(|| Value::from(now.as_str()), |old| old["created_at"].clone());
    let url = format!("{}/rulesets/{id}", repo_url(&call.site, &world, repository));
    let full_name = world.full_path(repository);
    Ok(json!({
        "id": id,
        "name": name,
        "target": field("target").unwrap_or_else(|| "branch".into()),
        "source_type": "Repository",
        "source": full_name,
        "enforcement": enforcement,
        "bypass_actors": field("bypass_actors").unwrap_or_else(|| json!([])),
        "conditions": field("conditions").unwrap_or_else(|| json!({ "ref_name": { "include": [], "exclude": [] } })),
        "rules": field("rules").unwrap_or_else(|| json!([])),
        "node_id": node_id("RepositoryRuleset", id),
        "_links": {
            "self": { "href": url },
            "html": { "href": format!("{}/{full_name}/rules/{id}", call.site.base_url()) },
        },
        "created_at": created,
        "updated_at": now,
    }))
}

/// Keeps the rulesets and lets them hold.
fn keep(call: &Call, repository: &Repository, all: Vec<Value>) {
    let now = call.site.clock().now();
    let mut world = call.site.world();
    let mut derived = Vec::new();
    for ruleset in all.iter().filter(|it| it["enforcement"] == "active" && it["target"] == "branch") {
        for pattern in patterns(repository, &ruleset["conditions"]["ref_name"]["include"]) {
            derived.push(Protection { id: world.next_id(), created: now, updated: now, ..derive(pattern, ruleset) });
        }
    }
    if let Some(it) = world.repositories.get_mut(&repository.id) {
        it.settings.insert(KEY.to_owned(), Value::Array(all));
        it.protections.retain(|rule| !rule.settings.contains_key("ruleset_id"));
        it.protections.extend(derived);
        it.updated = now;
    }
}

fn patterns(repository: &Repository, include: &Value) -> Vec<String> {
    let words = include.as_array().into_iter().flatten().filter_map(Value::as_str);
    words
        .map(|word| match word {
            "~ALL" => "*".to_owned(),
            "~DEFAULT_BRANCH" => repository.default_branch.clone(),
            // `**` crosses slashes as `*` does here.
            word => word.strip_prefix("refs/heads/").unwrap_or(word).replace("**", "*"),
        })
        .collect()
}

fn derive(pattern: String, ruleset: &Value) -> Protection {
    let rules = ruleset["rules"].as_array().cloned().unwrap_or_default();
    let has = |kind: &str| rules.iter().any(|rule| rule["type"] == kind);
    let mut settings = Map::new();
    settings.insert("ruleset_id".to_owned(), ruleset["id"].clone());
    settings.insert("rules".to_owned(), Value::Array(rules.clone()));
    Protection {
        push: if has("update") { PushRule::Nobody } else { PushRule::Role(Role::Developer) },
        force_push: !has("non_fast_forward"),
        deletion: !has("deletion"),
        pull_request_required: has("pull_request"),
        admins_included: ruleset["bypass_actors"].as_array().is_none_or(Vec::is_empty),
        ruleset: true,
        settings,
        ..Protection::new(pattern)
    }
}

/// Returns the rules that a protection stands for which was not made by a ruleset's document.
fn spelled_out(protection: &Protection) -> Vec<Value> {
    let mut rules = Vec::new();
    let mut add = |holds: bool, kind: &str| {
        if holds {
            rules.push(json!({ "type": kind }));
        }
    };
    add(!protection.force_push, "non_fast_forward");
    add(!protection.deletion, "deletion");
    add(protection.push == PushRule::Nobody, "update");
    if protection.pull_request_required {
        rules.push(json!({
            "type": "pull_request",
            "parameters": {
                "dismiss_stale_reviews_on_push": false,
                "require_code_owner_review": false,
                "require_last_push_approval": false,
                "required_approving_review_count": protection.settings.number("required_approving_review_count").unwrap_or(0),
                "required_review_thread_resolution": false,
            },
        }));
    }
    rules
}
