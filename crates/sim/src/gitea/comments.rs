use axum::extract::Path;
use serde_json::Value;

use super::call::{Answer, Call, created, done, ok};
use super::view::comment_json;
use crate::dialect::{Fields, JsonBody};
use crate::world::Comment;

type One = Path<(String, String, u64)>;

pub(super) async fn list(call: Call, Path((owner, name, number)): One) -> Answer {
    call.scopes(&["issue"])?;
    let (repository, _) = call.visible_repository(&owner, &name)?;
    call.site.pull(repository.id, number).map_err(|it| call.refuse(&it))?;
    let world = call.site.world();
    let of_pull = |it: &&Comment| it.repository == repository.id && it.pull == number;
    let all: Vec<Value> =
        world.comments.values().filter(of_pull).map(|it| comment_json(&call.site, &world, it)).collect();
    let total = all.len();
    Ok(call.listing(all, total, false))
}

pub(super) async fn create(call: Call, Path((owner, name, number)): One, body: JsonBody) -> Answer {
    let user = call.signed(&["issue"])?;
    let (repository, _) = call.visible_repository(&owner, &name)?;
    call.not_archived(&repository)?;
    let fields = call.fields(body)?;
    let text = fields.text("body").filter(|it| !it.is_empty()).ok_or_else(|| call.invalid("[Body]: Required"))?;
    let made = call.site.comment(repository.id, number, user, text).map_err(|it| call.refuse(&it))?;
    Ok(created(&comment_json(&call.site, &call.site.world(), &made)))
}

pub(super) async fn get(call: Call, Path((owner, name, id)): One) -> Answer {
    call.scopes(&["issue"])?;
    let comment = find(&call, &owner, &name, id)?;
    Ok(ok(&comment_json(&call.site, &call.site.world(), &comment)))
}

pub(super) async fn edit(call: Call, Path((owner, name, id)): One, body: JsonBody) -> Answer {
    let mut comment = own(&call, &owner, &name, id)?;
    let fields = call.fields(body)?;
    let text = fields.text("body").filter(|it| !it.is_empty()).ok_or_else(|| call.invalid("[Body]: Required"))?;
    text.clone_into(&mut comment.body);
    comment.updated = call.site.clock().tick();
    call.site.world().comments.insert(id, comment.clone());
    Ok(ok(&comment_json(&call.site, &call.site.world(), &comment)))
}

pub(super) async fn delete(call: Call, Path((owner, name, id)): One) -> Answer {
    own(&call, &owner, &name, id)?;
    call.site.world().comments.remove(&id);
    Ok(done())
}

fn find(call: &Call, owner: &str, name: &str, id: u64) -> Result<Comment, axum::response::Response> {
    let (repository, _) = call.visible_repository(owner, name)?;
    let found = call.site.world().comments.get(&id).filter(|it| it.repository == repository.id).cloned();
    found.ok_or_else(|| call.not_found())
}

/// Its author or an administrator of the repository may change a comment.
fn own(call: &Call, owner: &str, name: &str, id: u64) -> Result<Comment, axum::response::Response> {
    let user = call.signed(&["issue"])?;
    let (_, access) = call.visible_repository(owner, name)?;
    let comment = find(call, owner, name, id)?;
    if comment.author == user || access.admin { Ok(comment) } else { Err(call.forbidden("Forbidden")) }
}
