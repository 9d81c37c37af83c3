//! Pages that say what a button will do before it is done.

use axum::Extension;
use axum::extract::{Path, State};
use axum::response::Response;
use maud::html;
use refray_core::name::RepoName;
use refray_core::outcome::{Action, Outcome};
use refray_engine::standing::{RepoStanding, Stand};
use refray_engine::store::{ActionState, JournalAction};
use sha2::{Digest, Sha256};

use super::super::error::Failure;
use super::super::guard::Viewer;
use super::super::state::Shared;
use super::layout::{Page, hidden, page};
use super::{links, parts, reasons};

pub(crate) async fn deletions(
    State(shared): State<Shared>,
    Extension(viewer): Extension<Viewer>,
    Path((name, key)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let unknown = || Failure::NotFound(format!("repository `{key}` in a group `{name}`"));
    let group = shared.group(&name).ok_or_else(unknown)?;
    let key = RepoName::new(&key).map_err(|_| unknown())?.key();
    let standing = RepoStanding::read(&*shared.store, &group, &key).await?.ok_or_else(unknown)?;
    let address = links::repository(&standing.group, &standing.repository);
    let held: Vec<_> = standing.reasons.iter().filter(|reason| reason.stand == Stand::Held).cloned().collect();
    let body = html! {
        p.crumbs { a href=(links::group(&group.name)) { (group.name) } " / " a href=(address) { (parts::words(standing.repository.as_str())) } }
        @if standing.holds_deletion() {
            p.lead { "A run for this repository will carry the deletion out on the other endpoints. A backup is made first." }
            (reasons::all(&held, &group, Some("the button below")))
            form.buttons method="post" action={ (address) "/confirm" } {
                (hidden(&viewer))
                input type="hidden" name="held" value=(mark(&standing));
                button.danger type="submit" { "Release the deletion" }
                a.button href=(address) { "Leave it held" }
            }
        } @else {
            p.lead { "No deletion is held here any more." }
        }
    };
    let title = format!("Release the deletion in {}", standing.repository);
    Ok(page(&Page { title: &title, nav: "Overview", viewer: &viewer, scope: None, summary: "" }, &body))
}

/// Returns a mark of what a person can release: who presses the button releases what the page showed, and not what came
/// to be held since.
pub(crate) fn mark(standing: &RepoStanding) -> String {
    let held = standing.reasons.iter().filter(|reason| reason.releases_deletion());
    let hash = held.fold(Sha256::new(), |hash, reason| {
        let sides = reason.sides.iter().map(|(endpoint, value)| format!("{endpoint}\0{value}\0"));
        let (kind, reference) = (&reason.kind, reason.reference.as_deref().unwrap_or_default());
        hash.chain_update(format!("{kind}\0{reference}\0{}\0{}\n", reason.message, sides.collect::<String>()))
    });
    hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) async fn undo(
    State(shared): State<Shared>,
    Extension(viewer): Extension<Viewer>,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let unknown = || Failure::NotFound(format!("run `{id}` that can be undone"));
    let run = shared.store.run(&id).await?.filter(|_| shared.actions.can_undo()).ok_or_else(unknown)?;
    let count = shared.store.count_actions(&run.id).await?;
    let actions = shared.store.some_actions(&run.id, 0, parts::LONG).await?;
    let done: Vec<_> =
        actions.iter().filter(|action| action.state == ActionState::Ended(Outcome::Done)).rev().collect();
    let body = html! {
        p.crumbs { a href="/runs" { "Runs" } " / " a href=(links::run(&run.id)) { (run.id) } }
        @if done.is_empty() && count <= actions.len() {
            p.lead { "This run changed nothing that could be undone." }
        } @else {
            p.lead { "What was done is taken back, where nobody has changed it since:" }
            ol.steps { @for action in &done { li { (backwards(action)) } } }
            @if count > actions.len() { p.quiet { "and what the other " (count - actions.len()) " changes of the run amount to." } }
            form.buttons method="post" action={ (links::run(&run.id)) "/undo" } {
                (hidden(&viewer))
                button.danger type="submit" { "Undo the run" }
                a.button href=(links::run(&run.id)) { "Leave it" }
            }
        }
    };
    let title = format!("Undo run {}", run.id);
    Ok(page(&Page { title: &title, nav: "Runs", viewer: &viewer, scope: None, summary: "" }, &body))
}

/// Says what taking an action back does.
fn backwards(action: &JournalAction) -> maud::Markup {
    let (old, new) = (action.before(), action.after());
    let (old, new) = (old.as_deref().map(parts::short), new.as_deref().map(parts::short));
    let what = match &action.action {
        Action::CreateRepository(create) => {
            format!("delete the created repository {}", create.called.as_ref().unwrap_or(&create.name))
        }
        Action::DeleteRepository(delete) => format!("put the deleted repository {} back from its backup", delete.path),
        Action::PullRequest(request) => format!("leave the pull request for {} as it is", request.branch),
        Action::SwitchDefaultBranch(_) => match old {
            Some(old) => format!("switch the default branch back to {old}"),
            None => "leave the default branch as it is".to_owned(),
        },
        Action::UpdateRef(update) => match (old, new) {
            (Some(old), None) => format!("create {} again at {old}", update.name.short()),
            (None, _) => format!("delete {} again", update.name.short()),
            (Some(old), Some(new)) => format!("put {} back from {new} to {old}", update.name.short()),
        },
    };
    html! { (parts::words(action.repository.as_str())) " at " (parts::words(action.action.endpoint().as_str())) ": " (parts::words(&what)) }
}
