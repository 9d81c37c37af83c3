//! What waits.

use axum::Extension;
use axum::extract::{Query, State};
use axum::response::Response;
use maud::{Markup, html};
use refray_engine::store::QueueEntry;
use serde::Deserialize;

use super::super::error::Failure;
use super::super::guard::Viewer;
use super::super::state::Shared;
use super::super::time::{ago, relative};
use super::layout::{Page, Scope, page};
use super::{links, parts};

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Place {
    #[serde(default)]
    page: String,
}

pub(crate) async fn show(
    State(shared): State<Shared>,
    Extension(viewer): Extension<Viewer>,
    Query(place): Query<Place>,
) -> Result<Response, Failure> {
    let _permit = shared.pages.acquire().await;
    let entries = shared.store.queue().await?;
    let pages = entries.len().div_ceil(parts::LONG).max(1);
    let number = place.page.parse::<usize>().unwrap_or(1).clamp(1, pages);
    let shown: Vec<_> = entries.iter().skip((number - 1) * parts::LONG).take(parts::LONG).collect();
    let running = entries.iter().filter(|entry| entry.holder.is_some()).count();
    let summary = match entries.len() {
        0 => "Nothing waits.".to_owned(),
        count => format!("{} waiting, {running} being worked on.", count - running),
    };
    let now = shared.now();
    let body = html! {
        div #summary data-live { p.lead { (summary) } }
        section #entries data-live {
            @if !shown.is_empty() { (table(&shown, now)) }
            (parts::pager(number, pages, |page| format!("/queue?page={page}")))
        }
    };
    let scope = Some(Scope::All);
    Ok(page(&Page { title: "Queue", nav: "Queue", viewer: &viewer, scope, summary: &summary }, &body))
}

fn table(entries: &[&QueueEntry], now: jiff::Timestamp) -> Markup {
    html! {
        table {
            caption.unseen { "Repositories in the order in which they will be worked on" }
            thead {
                tr {
                    th scope="col" { "Repository" }
                    th.wide scope="col" { "Group" }
                    th scope="col" { "State" }
                    th.wide scope="col" { "Queued" }
                    th.number scope="col" { "Failures" }
                }
            }
            tbody {
                @for entry in entries {
                    tr {
                        th scope="row" { a href=(links::repository(&entry.group, &entry.name)) { (parts::words(entry.name.as_str())) } }
                        td.wide { (entry.group) }
                        td {
                            @if entry.holder.is_some() { "being worked on" @if entry.again { ", then once more" } }
                            @else if entry.due > now { "due " (relative(entry.due, now)) }
                            @else if entry.urgent { "next" }
                            @else { "waiting" }
                        }
                        td.wide { (ago(entry.queued, now)) }
                        td.number { (entry.attempts) }
                    }
                }
            }
        }
    }
}
