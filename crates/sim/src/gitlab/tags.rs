use serde_json::{Value, json};

use super::call::{Call, created, done, ok};
use super::refusal::{Answer, Refusal};
use super::router::unknown;
use super::view::commit_json;
use crate::dialect::Fields;
use crate::world::{RefEntry, Repository, Role, WorldError};

/// `/projects/{id}/repository/tags...`
pub(super) fn tags(call: &Call, project: &Repository, rest: &[&str]) -> Answer {
    match (call.verb(), rest) {
        ("GET", []) => {
            let mut tags = call.site.bare(project.id).refs(&["refs/tags"]).map_err(WorldError::from)?;
            if let Some(word) = call.query.get("search") {
                tags.retain(|it| it.short().contains(word));
            }
            if call.query.get("sort") != Some("asc") {
                tags.reverse();
            }
            call.list(tags, |it| view(call, project, it))
        }
        ("GET", tag) => ok(&view(call, project, &find(call, project, &tag.join("/"))?)),
        ("POST", []) => {
            let user = call.require_writable(project, Role::Developer)?;
            let (Some(name), Some(from)) = (call.body.text("tag_name"), call.body.text("ref")) else {
                return Err(Refusal::parameter("tag_name, ref are missing"));
            };
            make(call, project, name, from, user.id)?;
            created(&view(call, project, &find(call, project, name)?))
        }
        ("DELETE", tag) if !tag.is_empty() => {
            let user = call.require_writable(project, Role::Developer)?;
            let tag = find(call, project, &tag.join("/"))?;
            call.site.change_refs(project.id, user.id, &[(&tag.name, &tag.oid, project.object_format.zeros())])?;
            done()
        }
        _ => Err(unknown()),
    }
}

/// Makes a lightweight tag.
pub(super) fn make(call: &Call, project: &Repository, name: &str, from: &str, user: u64) -> Result<(), Refusal> {
    let bare = call.site.bare(project.id);
    let full_name = format!("refs/tags/{name}");
    if bare.resolve(&full_name).map_err(WorldError::from)?.is_some() {
        return Err(Refusal::bad(format!("Tag {name} already exists")));
    }
    let target = bare.resolve(&format!("{from}^{{commit}}")).map_err(WorldError::from)?;
    let target = target.ok_or_else(|| Refusal::bad(format!("Target {from} is invalid")))?;
    Ok(call.site.change_refs(project.id, user, &[(&full_name, project.object_format.zeros(), &target)])?)
}

fn find(call: &Call, project: &Repository, name: &str) -> Result<RefEntry, Refusal> {
    let full_name = format!("refs/tags/{name}");
    let refs = call.site.bare(project.id).refs(&[&full_name]).map_err(WorldError::from)?;
    refs.into_iter().find(|it| it.name == full_name).ok_or_else(|| Refusal::not_found("Tag"))
}

fn view(call: &Call, project: &Repository, tag: &RefEntry) -> Value {
    let commit = call.site.bare(project.id).commit(tag.commit()).ok();
    let world = call.site.world();
    json!({
        "name": tag.short(),
        "message": "",
        "target": tag.oid,
        "commit": commit.map(|it| commit_json(&call.site, &world, project, &it)),
        "release": null,
        "protected": false,
        "created_at": null,
    })
}
