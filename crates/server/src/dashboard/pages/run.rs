//! One run and what it did.

use axum::Extension;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use maud::html;
use serde::Deserialize;

use super::super::error::Failure;
use super::super::guard::Viewer;
use super::super::state::Shared;
use super::super::time::{ago, took};
use super::layout::{Page, Scope, page};
use super::{links, parts, runs};

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Place {
    #[serde(default)]
    page: String,
    #[serde(default)]
    done: String,
}

pub(crate) async fn show(
    State(shared): State<Shared>,
    Extension(viewer): Extension<Viewer>,
    Path(id): Path<String>,
    Query(place): Query<Place>,
) -> Result<Response, Failure> {
    let run = shared.store.run(&id).await?.ok_or_else(|| Failure::NotFound(format!("run `{id}`")))?;
    let count = shared.store.count_actions(&run.id).await?;
    let pages = count.div_ceil(parts::LONG).max(1);
    let number = place.page.parse::<usize>().unwrap_or(1).clamp(1, pages);
    let actions = shared.store.some_actions(&run.id, (number - 1) * parts::LONG, parts::LONG).await?;
    let now = shared.now();
    let body = html! {
        p.crumbs { a href="/runs" { "Runs" } }
        @if place.done == "undo" { p.done role="status" { "It is being undone, by a run of its own." } }
        div #state data-live {
            p.lead { (runs::result(&run)) }
            dl.facts {
                div { dt { "Command" } dd { (run.command) } }
                div { dt { "Started" } dd { (ago(run.started, now)) } }
                @if let Some(finished) = run.finished { div { dt { "Took" } dd { (took(finished.duration_since(run.started))) } } }
                @if let Some(summary) = &run.summary {
                    div { dt { "Repositories" } dd { (summary.repositories) } }
                    div { dt { "Changes" } dd { (summary.actions) } }
                }
            }
        }
        @if shared.actions.can_undo() && run.finished.is_some() && count > 0 {
            div.buttons { a.button.danger href={ (links::run(&run.id)) "/undo" } { "Undo this run…" } }
        }
        section #actions data-live {
            h2 { "What it did" }
            @if actions.is_empty() { p.quiet { "Nothing had to be changed." } }
            @else { (parts::actions("Changes, in the order in which they were begun", &actions, false, now)) }
            (parts::pager(number, pages, |page| format!("{}?page={page}", links::run(&run.id))))
        }
    };
    let title = format!("Run {}", run.id);
    let scope = run.finished.is_none().then_some(Scope::Runs);
    Ok(page(&Page { title: &title, nav: "Runs", viewer: &viewer, scope, summary: "" }, &body))
}
