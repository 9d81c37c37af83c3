use serde_json::{Map, Value, json};

use super::call::{Call, created, done, ok};
use super::refusal::{Answer, Refusal};
use super::scope::Need;
use super::view::{account_json, node_id, repo_url};
use crate::dialect::Fields;
use crate::world::{Repository, WorldError};

/// Where a repository's releases are kept among its settings, newest last.
const KEY: &str = "releases";

/// `/repos/{owner}/{repo}/releases...`
pub(super) fn releases(call: &Call, repository: &Repository, rest: &[&str]) -> Answer {
    let all = visible(call, repository);
    let by_id = |id: &str| {
        let id: Option<u64> = id.parse().ok();
        all.iter().find(|it| id.is_some() && it["id"].as_u64() == id).cloned().ok_or_else(Refusal::not_found)
    };
    match (call.verb(), rest) {
        ("GET", []) => {
            let newest_first = all.iter().rev().cloned().collect();
            call.repository_list(repository, newest_first, |it| view(call, repository, it))
        }
        ("GET", ["latest"]) => {
            let full = |it: &&Value| it["draft"] == false && it["prerelease"] == false;
            let latest = all.iter().rev().find(full).ok_or_else(Refusal::not_found)?;
            ok(&view(call, repository, latest))
        }
        ("GET", ["tags", tag @ ..]) => {
            let tag = tag.join("/");
            let found = all.iter().find(|it| it["tag_name"] == tag.as_str() && it["draft"] == false);
            ok(&view(call, repository, found.ok_or_else(Refusal::not_found)?))
        }
        ("GET", [id, "assets"]) => {
            by_id(id)?;
            call.repository_list(repository, Vec::<Value>::new(), Value::clone)
        }
        ("GET", [id]) => ok(&view(call, repository, &by_id(id)?)),
        ("POST", []) => create(call, repository, &all),
        ("PATCH", [id]) => {
            call.require_push(Need::CONTENTS, repository)?;
            let mut release = by_id(id)?;
            fill(&mut release, &call.body);
            keep(call, repository, |kept| {
                kept.iter_mut().filter(|it| it["id"] == release["id"]).for_each(|it| it.clone_from(&release));
            });
            ok(&view(call, repository, &release))
        }
        ("DELETE", [id]) => {
            call.require_push(Need::CONTENTS, repository)?;
            let release = by_id(id)?;
            keep(call, repository, |kept| kept.retain(|it| it["id"] != release["id"]));
            done()
        }
        _ => Err(Refusal::not_found()),
    }
}

fn create(call: &Call, repository: &Repository, all: &[Value]) -> Answer {
    let user = call.user()?;
    call.require_push(Need::CONTENTS, repository)?;
    let tag = call.body.text("tag_name").ok_or_else(|| Refusal::field("Release", "tag_name", "missing_field"))?;
    if all.iter().any(|it| it["tag_name"] == tag && it["draft"] == false) {
        return Err(Refusal::field("Release", "tag_name", "already_exists"));
    }
    let draft = call.body.flag("draft").unwrap_or(false);
    let target = call.body.text("target_commitish").unwrap_or(&repository.default_branch);
    if !draft {
        // A tag that is missing is made on the target.
        let bare = call.site.bare(repository.id);
        let name = format!("refs/tags/{tag}");
        if bare.resolve(&name).map_err(WorldError::from)?.is_none() {
            let commit = bare.resolve(&format!("{target}^{{commit}}")).map_err(WorldError::from)?;
            let commit = commit.ok_or_else(|| Refusal::field("Release", "target_commitish", "invalid"))?;
            call.site.change_refs(repository.id, user.id, &[(&name, repository.object_format.zeros(), &commit)])?;
        }
    }
    let now = call.site.clock().tick().to_string();
    let id = call.site.world().next_id();
    let mut release = json!({
        "id": id, "tag_name": tag, "target_commitish": target, "name": tag, "body": "", "draft": false,
        "prerelease": false, "created_at": now, "published_at": now, "author": user.id,
    });
    fill(&mut release, &call.body);
    keep(call, repository, |kept| kept.push(release.clone()));
    created(&view(call, repository, &release))
}

fn fill(release: &mut Value, sent: &Map<String, Value>) {
    for name in ["tag_name", "target_commitish", "name", "body", "draft", "prerelease"] {
        if let Some(value) = sent.get(name).filter(|it| !it.is_null()) {
            release[name] = value.clone();
        }
    }
}

fn visible(call: &Call, repository: &Repository) -> Vec<Value> {
    let all = repository.settings.get(KEY).and_then(Value::as_array).cloned().unwrap_or_default();
    // Drafts are shown to those who push.
    let drafts = call.access(repository).write;
    all.into_iter().filter(|it| drafts || it["draft"] == false).collect()
}

fn keep(call: &Call, repository: &Repository, change: impl FnOnce(&mut Vec<Value>)) {
    let mut world = call.site.world();
    let Some(it) = world.repositories.get_mut(&repository.id) else { return };
    let kept = it.settings.entry(KEY).or_insert_with(|| json!([]));
    if let Some(kept) = kept.as_array_mut() {
        change(kept);
    }
}

fn view(call: &Call, repository: &Repository, release: &Value) -> Value {
    let world = call.site.world();
    let url = repo_url(&call.site, &world, repository);
    let id = release["id"].as_u64().unwrap_or_default();
    let tag = release["tag_name"].as_str().unwrap_or_default();
    let author = release["author"].as_u64().and_then(|id| world.accounts.get(&id));
    let mut body = release.clone();
    body["url"] = format!("{url}/releases/{id}").into();
    body["html_url"] = format!("{}/{}/releases/tag/{tag}", call.site.base_url(), world.full_path(repository)).into();
    body["assets_url"] = format!("{url}/releases/{id}/assets").into();
    let uploads = format!("{}/api/uploads/repos/{}", call.site.base_url(), world.full_path(repository));
    body["upload_url"] = format!("{uploads}/releases/{id}/assets{{?name,label}}").into();
    body["tarball_url"] = format!("{url}/tarball/{tag}").into();
    body["zipball_url"] = format!("{url}/zipball/{tag}").into();
    body["node_id"] = node_id("Release", id).into();
    body["author"] = author.map_or(Value::Null, |it| account_json(&call.site, &world, it));
    body["assets"] = json!([]);
    body["immutable"] = false.into();
    if body["draft"] == true {
        body["published_at"] = Value::Null;
    }
    body
}
