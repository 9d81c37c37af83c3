//! One repository: why it stands as it does, what each endpoint has, and what was done.

use std::collections::BTreeMap;

use axum::Extension;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use maud::{Markup, html};
use refray_core::baseline::Baseline;
use refray_core::config::{Endpoint, MirrorGroup, Provider};
use refray_core::name::{EndpointId, RefName, RepoName};
use refray_core::plan::group::Known;
use refray_engine::standing::{RepoStanding, Stand};
use serde::Deserialize;

use super::super::error::Failure;
use super::super::guard::Viewer;
use super::super::state::Shared;
use super::super::time::{ago, relative};
use super::layout::{Page, Scope, hidden, page};
use super::{links, parts};

/// How many actions of the past are shown.
const HISTORY: usize = 50;

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Told {
    #[serde(default)]
    pub(super) done: String,
}

/// What one endpoint has of it, by what was last agreed.
#[derive(Debug, Default)]
struct Content {
    branches: usize,
    tags: usize,
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
    let copies = record.map(|record| record.copies).unwrap_or_default();
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
                @for reason in &standing.reasons { (parts::reason(reason)) }
            }
        }
        section #endpoints data-live {
            h2 { "Endpoints" }
            (endpoints(&group, &copies, &baseline, &standing))
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

fn contents(baseline: &Baseline) -> BTreeMap<&EndpointId, Content> {
    let mut contents: BTreeMap<&EndpointId, Content> = BTreeMap::new();
    for (name, values) in &baseline.refs {
        for endpoint in values.keys() {
            let content = contents.entry(endpoint).or_default();
            match name {
                RefName::Branch(_) => content.branches += 1,
                RefName::Tag(_) => content.tags += 1,
            }
        }
    }
    contents
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

fn endpoints(
    group: &MirrorGroup,
    copies: &BTreeMap<EndpointId, Known>,
    baseline: &Baseline,
    standing: &RepoStanding,
) -> Markup {
    let contents = contents(baseline);
    html! {
        div.scroll role="region" aria-label="Endpoints" tabindex="0" {
        table {
            caption.unseen { "What each endpoint has of it, as last agreed" }
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
                    @let content = contents.get(&endpoint.id);
                    tr {
                        th scope="row" { (parts::path(endpoint.id.as_str())) }
                        td {
                            @match copies.get(&endpoint.id) {
                                None => { span.quiet { "none" } },
                                Some(copy) => @match page_of(endpoint, &copy.path) {
                                    Some(url) => { a href=(url) rel="noopener noreferrer" { (parts::path(&copy.path)) } },
                                    None => { (parts::path(&copy.path)) },
                                },
                            }
                        }
                        td.number { (content.map_or(0, |content| content.branches)) }
                        td.number { (content.map_or(0, |content| content.tags)) }
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
