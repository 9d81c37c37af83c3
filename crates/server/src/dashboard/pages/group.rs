//! One group: its repositories, by status and name.

use axum::Extension;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use maud::{Markup, html};
use refray_core::config::Config;
use refray_engine::standing::{GroupStanding, RepoStanding, Stand, Standing};
use serde::Deserialize;

use super::super::error::Failure;
use super::super::guard::Viewer;
use super::super::state::Shared;
use super::super::time::ago;
use super::layout::{Page, Scope, page};
use super::{links, overview, parts};

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Filter {
    #[serde(default)]
    status: String,
    #[serde(default)]
    q: String,
    #[serde(default)]
    page: String,
}

impl Filter {
    fn matches(&self, repository: &RepoStanding, wanted: Option<Stand>, words: &str) -> bool {
        wanted.is_none_or(|wanted| repository.status == wanted) && repository.repository.key().contains(words)
    }

    fn address(&self, group: &GroupStanding, page: usize) -> String {
        let mut address = links::group(&group.name);
        let mut separator = '?';
        for (key, value) in [("status", &self.status), ("q", &self.q), ("page", &page.to_string())] {
            if !value.is_empty() && (key != "page" || page > 1) {
                address.push(separator);
                address.push_str(key);
                address.push('=');
                address.push_str(&links::part(value));
                separator = '&';
            }
        }
        address
    }
}

pub(crate) async fn show(
    State(shared): State<Shared>,
    Extension(viewer): Extension<Viewer>,
    Path(name): Path<String>,
    Query(filter): Query<Filter>,
) -> Result<Response, Failure> {
    let _permit = shared.pages.acquire().await;
    let config: std::sync::Arc<Config> = shared.config();
    let group = shared.group(&name).ok_or_else(|| Failure::NotFound(format!("group `{name}`")))?;
    let standing = Standing::read(&*shared.store, &config, Some(&group.name)).await?;
    let Some(group) = standing.groups.first() else { return Err(Failure::NotFound(format!("group `{name}`"))) };
    let (wanted, words) = (Stand::parse(&filter.status), filter.q.trim().to_lowercase());
    let found: Vec<_> =
        group.repositories.iter().filter(|repository| filter.matches(repository, wanted, &words)).collect();
    let pages = found.len().div_ceil(parts::LONG).max(1);
    let number = filter.page.parse::<usize>().unwrap_or(1).clamp(1, pages);
    let mut shown: Vec<RepoStanding> = found
        .iter()
        .skip((number - 1) * parts::LONG)
        .take(parts::LONG)
        .map(|repository| (*repository).clone())
        .collect();
    for repository in &mut shown {
        repository.tell_failures(&*shared.store).await?;
    }
    let summary = overview::summary(group.counts);
    let now = shared.now();
    let body = html! {
        div #summary data-live {
            p.lead { (summary) }
            p.quiet { "On " (parts::words(&parts::join(&group.endpoints))) }
        }
        (form(group, &filter, wanted))
        section #repositories data-live {
            p.quiet {
                @match found.len() {
                    0 if group.counts.total() == 0 => "Nothing was synced yet.",
                    0 => "No repository matches.",
                    1 => "1 repository",
                    count => { (count) " repositories" },
                }
            }
            @if !shown.is_empty() { (table(&shown, now)) }
            (parts::pager(number, pages, |page| filter.address(group, page)))
        }
    };
    let scope = Some(Scope::Group(&group.name));
    Ok(page(&Page { title: group.name.as_str(), nav: "Overview", viewer: &viewer, scope, summary: &summary }, &body))
}

fn form(group: &GroupStanding, filter: &Filter, wanted: Option<Stand>) -> Markup {
    html! {
        form.filter method="get" action=(links::group(&group.name)) role="search" {
            div {
                label for="status" { "Status" }
                select #status name="status" {
                    option value="" { "all (" (group.counts.total()) ")" }
                    @for stand in Stand::ALL {
                        option value=(stand.as_str()) selected[wanted == Some(stand)] {
                            (stand.as_str()) " (" (group.counts.of(stand)) ")"
                        }
                    }
                }
            }
            div.grow {
                label for="q" { "Name contains" }
                input #q type="search" name="q" value=(filter.q) autocomplete="off" spellcheck="false";
            }
            button type="submit" { "Show" }
        }
    }
}

fn table(repositories: &[RepoStanding], now: jiff::Timestamp) -> Markup {
    html! {
        table.repositories {
            caption.unseen { "Repositories and how they stand" }
            thead {
                tr {
                    th scope="col" { "Repository" }
                    th scope="col" { "Status" }
                    th.wide scope="col" { "Since" }
                    th.why scope="col" { "Why" }
                }
            }
            tbody {
                @for repository in repositories {
                    tr {
                        th scope="row" {
                            a href=(links::repository(&repository.group, &repository.repository)) { (parts::words(repository.repository.as_str())) }
                        }
                        td { (parts::stand(repository.status)) }
                        td.wide.nowrap.quiet { (ago(repository.since, now)) }
                        td.why { (parts::why(repository)) }
                    }
                }
            }
        }
    }
}
