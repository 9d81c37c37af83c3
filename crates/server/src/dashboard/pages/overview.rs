//! The first page: what needs a person, and all groups.

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use maud::{Markup, html};
use refray_engine::standing::{Counts, RepoStanding, Stand, Standing};

use super::super::error::Failure;
use super::super::guard::Viewer;
use super::super::state::Shared;
use super::super::time::ago;
use super::layout::{Page, Scope, page};
use super::{links, parts};

/// How many repositories that need a person are shown before one is sent to the groups.
const SHOWN: usize = 25;

pub(crate) async fn show(
    State(shared): State<Shared>,
    Extension(viewer): Extension<Viewer>,
) -> Result<Response, Failure> {
    let _permit = shared.pages.acquire().await;
    let config = shared.config();
    let standing = Standing::read(&*shared.store, &config, None).await?;
    let waiting = shared.store.queue().await?.len();
    let counts = standing.counts();
    let now = shared.now();
    let mut needed: Vec<RepoStanding> = Vec::new();
    let all = standing.groups.iter().flat_map(|group| &group.repositories);
    let mut urgent: Vec<_> = all.filter(|repository| repository.status.needs_person()).collect();
    urgent.sort_by_key(|repository| (std::cmp::Reverse(repository.status), repository.since));
    for repository in urgent.into_iter().take(SHOWN) {
        let mut repository = repository.clone();
        repository.tell_failures(&*shared.store).await?;
        needed.push(repository);
    }
    let summary = summary(counts);
    let body = html! {
        div #summary data-live {
            p.lead { (summary) }
            p.quiet {
                @match &standing.last_run {
                    Some(run) => { "Last run " a href=(links::run(&run.id)) { (ago(run.started, now)) } },
                    None => { "Nothing was synced yet: run " code { "refray sync" } "." },
                }
                @if waiting > 0 { " · " a href="/queue" { (waiting) " in the queue" } }
            }
        }
        section #needed data-live {
            @if !needed.is_empty() {
                h2 { "Needs you" }
                ul.needed {
                    @for repository in &needed { li { (card(repository, now)) } }
                }
                @if counts.needs_person() > needed.len() {
                    p.quiet { "and " (counts.needs_person() - needed.len()) " more, listed under their groups." }
                }
            }
        }
        section #groups data-live {
            h2 { "Groups" }
            (groups(&standing))
        }
    };
    Ok(page(
        &Page {
            title: "How things stand",
            nav: "Overview",
            viewer: &viewer,
            scope: Some(Scope::All),
            summary: &summary,
        },
        &body,
    ))
}

/// Says it in a sentence.
pub(super) fn summary(counts: Counts) -> String {
    let total = counts.total();
    let (needs, behind) = (counts.needs_person(), counts.behind);
    let plural =
        |count: usize, one: &str, many: &str| if count == 1 { format!("1 {one}") } else { format!("{count} {many}") };
    match (total, needs, behind) {
        (0, ..) => "No repository is known yet.".to_owned(),
        (1, 0, 0) => "The one repository agrees everywhere.".to_owned(),
        (_, 0, 0) => format!("All {total} repositories agree everywhere."),
        (_, 0, _) => {
            format!("{} agree, {behind} still to be done.", plural(counts.agreed, "repository", "repositories"))
        }
        (_, _, 0) => {
            format!("{} you, {} agree.", plural(needs, "repository needs", "repositories need"), counts.agreed)
        }
        _ => format!(
            "{} you, {behind} still to be done, {} agree.",
            plural(needs, "repository needs", "repositories need"),
            counts.agreed
        ),
    }
}

fn card(repository: &RepoStanding, now: jiff::Timestamp) -> Markup {
    html! {
        p.head {
            (parts::stand(repository.status))
            " "
            a.name href=(links::repository(&repository.group, &repository.repository)) { (parts::words(repository.repository.as_str())) }
            " "
            span.quiet { (repository.group) " · " (ago(repository.since, now)) }
        }
        p.why { (parts::why(repository)) }
        @if let Some(first) = repository.first_reason() {
            p.remedy { (parts::sentence(&first.remedy)) }
            (parts::pulls(&first.links))
        }
    }
}

fn groups(standing: &Standing) -> Markup {
    html! {
        @if standing.groups.is_empty() {
            p { "The configuration has no groups." }
        } @else {
            table {
                caption.unseen { "Groups and how many of their repositories stand how" }
                thead {
                    tr {
                        th scope="col" { "Group" }
                        th.wide scope="col" { "Endpoints" }
                        @for stand in Stand::ALL { th.number scope="col" { (stand.as_str()) } }
                        th.wide.number scope="col" { "all" }
                    }
                }
                tbody {
                    @for group in &standing.groups {
                        tr {
                            th scope="row" { a href=(links::group(&group.name)) { (group.name) } }
                            td.wide.quiet { (parts::join(&group.endpoints)) }
                            @for stand in Stand::ALL {
                                td.number {
                                    @match group.counts.of(stand) {
                                        0 => { span.none { "0" } },
                                        count => {
                                            a class={ "count " (stand.as_str()) } href={ (links::group(&group.name)) "?status=" (stand.as_str()) }
                                                aria-label={ (count) " " (stand.as_str()) " in " (group.name) } { (count) }
                                        }
                                    }
                                }
                            }
                            td.wide.number { (group.counts.total()) }
                        }
                    }
                }
            }
        }
    }
}
