use http::StatusCode;

use super::call::{Call, created, done, ok};
use super::merge_requests::find;
use super::refusal::{Answer, Refusal};
use super::router::unknown;
use super::view::note_json;
use crate::dialect::Fields;
use crate::world::{Comment, Pull, Repository, Role};

/// `/projects/{id}/merge_requests/{merge_request_iid}/notes...`
pub(super) fn notes(call: &Call, project: &Repository, iid: &str, rest: &[&str]) -> Answer {
    let pull = find(call, project, iid)?;
    match (call.verb(), rest) {
        ("GET", []) => {
            let world = call.site.world();
            let below = |it: &&Comment| it.repository == project.id && it.pull == pull.number;
            let mut notes: Vec<Comment> = world.comments.values().filter(below).cloned().collect();
            if call.query.get("sort") != Some("asc") {
                notes.reverse();
            }
            call.list(notes, |it| note_json(&call.site, &world, &pull, it))
        }
        ("POST", []) => {
            let user = call.require_writable(project, Role::Guest)?;
            let note = call.site.comment(project.id, pull.number, user.id, &text(call)?)?;
            created(&note_json(&call.site, &call.site.world(), &pull, &note))
        }
        ("GET", [id]) => {
            let note = note(call, &pull, id)?;
            ok(&note_json(&call.site, &call.site.world(), &pull, &note))
        }
        ("PUT", [id]) => {
            let mut note = own(call, project, &pull, id)?;
            note.body = text(call)?;
            note.updated = call.site.clock().tick();
            let mut world = call.site.world();
            world.comments.insert(note.id, note.clone());
            ok(&note_json(&call.site, &world, &pull, &note))
        }
        ("DELETE", [id]) => {
            let note = own(call, project, &pull, id)?;
            call.site.world().comments.remove(&note.id);
            done()
        }
        _ => Err(unknown()),
    }
}

fn text(call: &Call) -> Result<String, Refusal> {
    let text = call.body.text("body").or_else(|| call.query.get("body")).filter(|it| !it.is_empty());
    text.map(str::to_owned).ok_or_else(|| Refusal::parameter("body is missing"))
}

fn note(call: &Call, pull: &Pull, id: &str) -> Result<Comment, Refusal> {
    let missing = || Refusal::new(StatusCode::NOT_FOUND, "404 Not found");
    let id: u64 = id.parse().map_err(|_| missing())?;
    let world = call.site.world();
    let found = world.comments.get(&id).filter(|it| it.repository == pull.repository && it.pull == pull.number);
    found.cloned().ok_or_else(missing)
}

/// Returns a note that the user may change: the own ones, and all for who keeps the project.
fn own(call: &Call, project: &Repository, pull: &Pull, id: &str) -> Result<Comment, Refusal> {
    let note = note(call, pull, id)?;
    if note.author != call.user()?.id {
        call.require_role(project, Role::Maintainer)?;
    }
    Ok(note)
}
