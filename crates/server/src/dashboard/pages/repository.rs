//! One repository: why it stands as it does, what each endpoint has, and what was done.

use axum::Extension;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use maud::{Markup, html};
use refray_core::baseline::Baseline;
use refray_core::config::{Endpoint, MirrorGroup, Provider};
use refray_core::name::{EndpointId, RepoName};
use refray_engine::standing::{RepoStanding, Stand};
use refray_engine::store::RepoRecord;
use serde::Deserialize;

use super::super::error::Failure;
use super::super::guard::Viewer;
use super::super::state::Shared;
use super::super::time::{ago, relative};
use super::contents::{Content, contents};
use super::layout::{Page, Scope, hidden, page};
use super::{links, parts, reasons};

/// How many actions of the past are shown.
const HISTORY: usize = 50;

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Told {
    #[serde(default)]
    pub(super) done: String,
}

pub(crate) async fn show(
    State(shared): State<Shared>,
    Extension(viewer): Extension<Viewer>,
    Path((name, key)): Path<(String, String)>,
    Query(told): Query<Told>,
) -> Result<Response, Failure> {
    let _permit = shared.pages.acquire().await;
    let unknown = || Failure::NotFound(format!("repository `{key}` in a group `{name}`"));
    let group = shared.group(&name).ok_or_else(unknown)?;
    let key = RepoName::new(&key).map_err(|_| unknown())?.key();
    let standing = RepoStanding::read(&*shared.store, &group, &key).await?.ok_or_else(unknown)?;
    let record = shared.store.repository(&group.name, &key).await?;
    let baseline = shared.store.baseline(&group.name, &key).await?;
    let history = shared.store.history(&group.name, &key, HISTORY).await?;
    let now = shared.now();
    let summary = format!("{} is {}", standing.repository, standing.status.as_str());
    let address = links::repository(&standing.group, &standing.repository);
    let body = html! {
        p.crumbs { a href=(links::group(&group.name)) { (group.name) } }
        @if let Some(message) = message(&told.done) { p.done role="status" { (message) } }
        div #state data-live {
            p.lead {
                (parts::stand(standing.status)) " since " (ago(standing.since, now))
                @if let Some(checked) = standing.checked { span.quiet { " · looked at " (ago(checked, now)) } }
            }
            (queue(&standing, now))
        }
        div.buttons {
            form.plain method="post" action={ (address) "/sync" } {
                (hidden(&viewer))
                button type="submit" { "Sync now" }
            }
            div #release data-live {
                @if standing.holds_deletion() {
                    a.button.danger href={ (address) "/confirm" } { "Release the held deletion…" }
                }
            }
        }
        section #reasons data-live {
            @if !standing.reasons.is_empty() {
                h2 { @if standing.status.needs_person() { "What needs you" } @else { "Worth knowing" } }
                (reasons::all(&standing.reasons, &group, standing.holds_deletion().then_some("the button above")))
            }
        }
        section #endpoints data-live {
            h2 { "Endpoints" }
            (endpoints(&group, record.as_ref(), &baseline, &standing))
        }
        section #history data-live {
            h2 { "History" }
            @if history.is_empty() { p.quiet { "Nothing was done to it yet." } }
            @else { (parts::actions("The newest changes, newest first", &history, true, now)) }
        }
    };
    let scope = Some(Scope::Repository(&standing.group, &standing.repository));
    let title = standing.repository.as_str();
    Ok(page(&Page { title, nav: "Overview", viewer: &viewer, scope, summary: &summary }, &body))
}

fn message(done: &str) -> Option<&'static str> {
    match done {
        "sync" => Some("It will be looked at as soon as a worker is free."),
        "confirm" => Some("The deletion is released; a run for this repository has begun."),
        _ => None,
    }
}

fn queue(standing: &RepoStanding, now: jiff::Timestamp) -> Markup {
    html! {
        @if let Some(waiting) = &standing.queue {
            p.quiet {
                @if waiting.running { "It is being worked on." }
                @else if waiting.due > now { "It is in the queue, due " (relative(waiting.due, now)) "." }
                @else { "It is in the queue since " (relative(waiting.since, now)) "." }
                @if waiting.attempts > 0 { " It failed " (waiting.attempts) " times in a row." }
            }
        }
    }
}

/// Returns the page of a copy on its forge.
fn page_of(endpoint: &Endpoint, path: &str) -> Option<String> {
    if endpoint.site.provider == Provider::Directory {
        return None;
    }
    let mut url = endpoint.site.base_url.clone();
    url.path_segments_mut().ok()?.pop_if_empty().extend(path.split('/'));
    Some(url.into()).filter(|url: &String| links::foreign(url).is_some())
}

fn endpoints(group: &MirrorGroup, record: Option<&RepoRecord>, baseline: &Baseline, standing: &RepoStanding) -> Markup {
    let contents = contents(baseline, record);
    let copy_at = |endpoint: &EndpointId| record.and_then(|record| record.copies.get(endpoint));
    html! {
        div.scroll role="region" aria-label="Endpoints" tabindex="0" {
        table {
            caption { "What each endpoint has of it: as last agreed, and where they differ as last seen" }
            thead {
                tr {
                    th scope="col" { "Endpoint" }
                    th scope="col" { "Copy" }
                    th.number scope="col" { "Branches" }
                    th.number scope="col" { "Tags" }
                    th.wide scope="col" { "Default branch" }
                    th.wide scope="col" { "Status" }
                }
            }
            tbody {
                @for endpoint in &group.endpoints {
                    @let Content { branches, tags } = contents.get(&endpoint.id).copied().unwrap_or_default();
                    tr {
                        th scope="row" { (parts::path(endpoint.id.as_str())) }
                        td {
                            @match copy_at(&endpoint.id) {
                                None => { span.quiet { "none" } },
                                Some(copy) => @match page_of(endpoint, &copy.path) {
                                    Some(url) => { a href=(url) rel="noopener noreferrer" { (parts::path(&copy.path)) } },
                                    None => { (parts::path(&copy.path)) },
                                },
                            }
                        }
                        td.number { (branches) }
                        td.number { (tags) }
                        td.wide {
                            @if let Some(branch) = baseline.default_branch.get(&endpoint.id) { code { (parts::words(branch.as_str())) } }
                        }
                        td.wide { (parts::stand(at(standing, &endpoint.id))) }
                    }
                }
            }
        }
        }
    }
}

/// Says how a repository stands at one endpoint: by the reasons that name it, or that name none.
fn at(standing: &RepoStanding, endpoint: &EndpointId) -> Stand {
    let about = standing.reasons.iter().filter(|reason| reason.sides.is_empty() || reason.sides.contains_key(endpoint));
    let gravest = about.map(|reason| reason.stand).max().unwrap_or(Stand::Agreed);
    if standing.missing.contains(endpoint) { gravest.max(Stand::Behind) } else { gravest }
}
