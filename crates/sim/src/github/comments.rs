use super::call::{Call, created, done, ok, writable};
use super::pulls::find;
use super::refusal::{Answer, Refusal};
use super::scope::Need;
use super::view::comment_json;
use crate::dialect::Fields;
use crate::world::{Comment, Repository};

/// `/repos/{owner}/{repo}/issues/{number}/comments`: a pull request is an issue too.
pub(super) fn below(call: &Call, repository: &Repository, number: &str) -> Answer {
    let pull = find(call, repository, number)?;
    match call.verb() {
        "GET" => {
            let world = call.site.world();
            let below = |it: &&Comment| it.repository == repository.id && it.pull == pull.number;
            let comments: Vec<Comment> = world.comments.values().filter(below).cloned().collect();
            call.repository_list(repository, comments, |it| comment_json(&call.site, &world, repository, it))
        }
        "POST" => {
            let user = call.user()?;
            call.require(Need::PULLS, Some(repository))?;
            writable(repository)?;
            let body = text(call)?;
            let comment = call.site.comment(repository.id, pull.number, user.id, &body)?;
            created(&comment_json(&call.site, &call.site.world(), repository, &comment))
        }
        _ => Err(Refusal::not_found()),
    }
}

/// `/repos/{owner}/{repo}/issues/comments/{comment_id}`
pub(super) fn one(call: &Call, repository: &Repository, id: &str) -> Answer {
    let id: u64 = id.parse().map_err(|_| Refusal::not_found())?;
    let found = call.site.world().comments.get(&id).filter(|it| it.repository == repository.id).cloned();
    let mut comment = found.ok_or_else(Refusal::not_found)?;
    if call.verb() == "GET" {
        return ok(&comment_json(&call.site, &call.site.world(), repository, &comment));
    }
    let user = call.user()?;
    call.require(Need::PULLS, Some(repository))?;
    if comment.author != user.id && !call.access(repository).write {
        return Err(Refusal::forbidden("Must have admin rights to Repository."));
    }
    match call.verb() {
        "PATCH" => {
            comment.body = text(call)?;
            comment.updated = call.site.clock().tick();
            let mut world = call.site.world();
            world.comments.insert(id, comment.clone());
            ok(&comment_json(&call.site, &world, repository, &comment))
        }
        "DELETE" => {
            call.site.world().comments.remove(&id);
            done()
        }
        _ => Err(Refusal::not_found()),
    }
}

fn text(call: &Call) -> Result<String, Refusal> {
    let text = call.body.text("body").filter(|it| !it.trim().is_empty());
    text.map(str::to_owned).ok_or_else(|| Refusal::field("IssueComment", "body", "missing_field"))
}
