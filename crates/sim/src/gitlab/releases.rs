use http::StatusCode;
use serde_json::{Value, json};

use super::call::{Call, created, done, ok};
use super::refusal::{Answer, Refusal};
use super::router::unknown;
use super::tags::make;
use super::view::{commit_json, time, user_of};
use crate::dialect::Fields;
use crate::world::{Repository, Role, WorldError};

/// Where a project's releases are kept among its settings, newest last.
const KEY: &str = "releases";

/// `/projects/{id}/releases...`
pub(super) fn releases(call: &Call, project: &Repository, rest: &[&str]) -> Answer {
    let all = project.settings.get(KEY).and_then(Value::as_array).cloned().unwrap_or_default();
    let find = |tag: &str| {
        let missing = || Refusal::new(StatusCode::NOT_FOUND, "404 Not Found");
        all.iter().find(|it| it["tag_name"] == tag).cloned().ok_or_else(missing)
    };
    match (call.verb(), rest) {
        ("GET", []) => {
            let newest_first = all.iter().rev().cloned().collect();
            call.list(newest_first, |it| view(call, project, it))
        }
        ("GET", [tag]) => ok(&view(call, project, &find(tag)?)),
        ("GET", [tag, "assets", "links"]) => {
            find(tag)?;
            call.list(Vec::<Value>::new(), Value::clone)
        }
        ("POST", []) => create(call, project, &all),
        ("PUT", [tag]) => {
            call.require_writable(project, Role::Developer)?;
            let mut release = find(tag)?;
            for name in ["name", "description"] {
                if let Some(text) = call.body.text(name) {
                    release[name] = text.into();
                }
            }
            keep(call, project, |kept| {
                kept.iter_mut().filter(|it| it["tag_name"] == *tag).for_each(|it| it.clone_from(&release));
            });
            ok(&view(call, project, &release))
        }
        ("DELETE", [tag]) => {
            call.require_writable(project, Role::Developer)?;
            find(tag)?;
            keep(call, project, |kept| kept.retain(|it| it["tag_name"] != *tag));
            done()
        }
        _ => Err(unknown()),
    }
}

fn create(call: &Call, project: &Repository, all: &[Value]) -> Answer {
    let user = call.require_writable(project, Role::Developer)?;
    let tag = call.body.text("tag_name").ok_or_else(|| Refusal::parameter("tag_name is missing"))?;
    if all.iter().any(|it| it["tag_name"] == tag) {
        return Err(Refusal::new(StatusCode::CONFLICT, "Release already exists"));
    }
    let there = call.site.bare(project.id).resolve(&format!("refs/tags/{tag}")).map_err(WorldError::from)?;
    if there.is_none() {
        let from = call
            .body
            .text("ref")
            .ok_or_else(|| Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, "Ref is not specified"))?;
        make(call, project, tag, from, user.id)?;
    }
    let now = time(call.site.clock().tick());
    let release = json!({
        "tag_name": tag,
        "name": call.body.text("name").unwrap_or(tag),
        "description": call.body.text("description").unwrap_or_default(),
        "created_at": now,
        "released_at": call.body.text("released_at").unwrap_or(&now),
        "author": user.id,
    });
    keep(call, project, |kept| kept.push(release.clone()));
    created(&view(call, project, &release))
}

fn keep(call: &Call, project: &Repository, change: impl FnOnce(&mut Vec<Value>)) {
    let mut world = call.site.world();
    let Some(it) = world.repositories.get_mut(&project.id) else { return };
    let kept = it.settings.entry(KEY).or_insert_with(|| json!([]));
    if let Some(kept) = kept.as_array_mut() {
        change(kept);
    }
}

fn view(call: &Call, project: &Repository, release: &Value) -> Value {
    let tag = release["tag_name"].as_str().unwrap_or_default();
    let bare = call.site.bare(project.id);
    let commit = bare.commit(&format!("refs/tags/{tag}^{{commit}}")).ok();
    let world = call.site.world();
    let full_path = world.full_path(project);
    let mut body = release.clone();
    body["author"] = release["author"].as_u64().map_or(Value::Null, |id| user_of(&call.site, &world, id));
    body["commit_path"] = commit.as_ref().map_or(Value::Null, |it| format!("/{full_path}/-/commit/{}", it.oid).into());
    body["commit"] = commit.map_or(Value::Null, |it| commit_json(&call.site, &world, project, &it));
    body["upcoming_release"] = false.into();
    body["tag_path"] = format!("/{full_path}/-/tags/{tag}").into();
    body["milestones"] = json!([]);
    body["assets"] = json!({ "count": 0, "sources": [], "links": [] });
    body["evidences"] = json!([]);
    body["_links"] = json!({ "self": format!("{}/{full_path}/-/releases/{tag}", call.site.base_url()) });
    body
}
