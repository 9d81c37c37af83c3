//! The runs.

use axum::Extension;
use axum::extract::{Query, State};
use axum::response::Response;
use maud::{Markup, html};
use refray_engine::store::Run;
use serde::Deserialize;

use super::super::error::Failure;
use super::super::guard::Viewer;
use super::super::state::Shared;
use super::super::time::{ago, took};
use super::layout::{Page, Scope, page};
use super::links;

/// Runs on one page.
const SHOWN: usize = 50;

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Place {
    #[serde(default)]
    before: String,
}

pub(crate) async fn show(
    State(shared): State<Shared>,
    Extension(viewer): Extension<Viewer>,
    Query(place): Query<Place>,
) -> Result<Response, Failure> {
    let mut runs = match place.before.as_str() {
        "" => shared.store.runs(SHOWN + 1).await?,
        before => shared.store.runs_before(before, SHOWN + 1).await?,
    };
    let more = runs.len() > SHOWN;
    runs.truncate(SHOWN);
    let now = shared.now();
    let body = html! {
        section #runs data-live {
            @if runs.is_empty() { p { "There was no run yet." } } @else { (table(&runs, now)) }
            @if let (true, Some(last)) = (more, runs.last()) {
                nav.pager aria-label="Parts of the list" {
                    span {}
                    a href={ "/runs?before=" (links::part(&last.id)) } { "Older →" }
                }
            }
        }
    };
    let scope = Some(Scope::Runs);
    Ok(page(&Page { title: "Runs", nav: "Runs", viewer: &viewer, scope, summary: "" }, &body))
}

fn table(runs: &[Run], now: jiff::Timestamp) -> Markup {
    html! {
        table {
            caption.unseen { "Runs, newest first" }
            thead {
                tr {
                    th scope="col" { "Started" }
                    th scope="col" { "Command" }
                    th.wide.number scope="col" { "Took" }
                    th.wide.number scope="col" { "Repositories" }
                    th.number scope="col" { "Changes" }
                    th scope="col" { "Result" }
                }
            }
            tbody {
                @for run in runs {
                    tr {
                        th scope="row" { a href=(links::run(&run.id)) { (ago(run.started, now)) } }
                        td { (run.command) }
                        td.wide.number { @if let Some(finished) = run.finished { (took(finished.duration_since(run.started))) } }
                        td.wide.number { @if let Some(summary) = &run.summary { (summary.repositories) } }
                        td.number { @if let Some(summary) = &run.summary { (summary.actions) } }
                        td { (result(run)) }
                    }
                }
            }
        }
    }
}

/// Renders what a run amounted to.
pub(super) fn result(run: &Run) -> Markup {
    html! {
        @match &run.summary {
            None => { span.stand.behind { "not finished" } },
            Some(summary) if summary.is_good() => { span.stand.agreed { "all agree" } },
            Some(summary) => {
                span.results {
                @if summary.failed > 0 { span.stand.failing { (summary.failed) " failed" } }
                @if summary.held > 0 { span.stand.held { (summary.held) " held" } }
                @if summary.endpoints_failed > 0 {
                    span.stand.failing { (summary.endpoints_failed) " endpoint" @if summary.endpoints_failed > 1 { "s" } " not available" }
                }
                }
            },
        }
    }
}
