//! What several pages show alike.

use jiff::Timestamp;
use maud::{Markup, PreEscaped, html};
use refray_core::name::EndpointId;
use refray_core::outcome::{Action, Outcome};
use refray_core::plan::RequestStep;
use refray_engine::standing::{RepoStanding, Stand};
use refray_engine::store::{ActionState, JournalAction};

use super::super::time::ago;
use super::links;

/// Repositories, actions or entries on one page.
pub(super) const LONG: usize = 200;

/// Renders how a repository stands: a word and a sign, never the colour alone.
pub(super) fn stand(stand: Stand) -> Markup {
    html! { span class={ "stand " (stand.as_str()) } { (stand.as_str()) } }
}

/// Renders words that a forge chose: set apart, so that they cannot turn the text around them.
pub(super) fn words(text: &str) -> Markup {
    // Marks that turn the direction of writing hide what a text says even there.
    let turns = |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let shown = text.chars().map(|c| if turns(c) && !c.is_whitespace() { '\u{fffd}' } else { c });
    html! { bdi { (shown.collect::<String>()) } }
}

/// Renders a sentence of refray's own: what stands between backticks is a command or a name.
pub(super) fn sentence(text: &str) -> Markup {
    html! {
        @for (number, part) in text.split('`').enumerate() {
            @if number % 2 == 1 { code { (words(part)) } } @else { (words(part)) }
        }
    }
}

/// Renders a path, which may be broken after each part.
pub(super) fn path(text: &str) -> Markup {
    html! {
        @for (number, part) in text.split('/').enumerate() {
            @if number > 0 { "/" wbr; }
            (words(part))
        }
    }
}

/// Shortens an object id.
pub(super) fn short(value: &str) -> &str {
    let is_id = value.len() >= 40 && value.bytes().all(|byte| byte.is_ascii_hexdigit());
    match value {
        "-" => "absent",
        _ if is_id => &value[..10],
        _ => value,
    }
}

/// Renders links to pull requests.
pub(super) fn pulls(pulls: &[(EndpointId, String)]) -> Markup {
    let pulls: Vec<_> = pulls.iter().filter_map(|(at, url)| links::foreign(url).map(|url| (at, url))).collect();
    html! {
        @if !pulls.is_empty() {
            ul.links {
                @for (endpoint, url) in pulls {
                    li { a href=(url) rel="noopener noreferrer" { "Pull request at " (words(endpoint.as_str())) } }
                }
            }
        }
    }
}

/// Renders the gravest reason in a line.
pub(super) fn why(standing: &RepoStanding) -> Markup {
    html! {
        @if let Some(first) = standing.first_reason() {
            @if let Some(reference) = &first.reference { code { (words(reference)) } " " }
            (sentence(&first.message))
            @if standing.reasons.len() > 1 { span.quiet { " and " (standing.reasons.len() - 1) " more" } }
        } @else if standing.is_running() {
            span.quiet { "being worked on" }
        } @else if standing.queue.is_some() {
            span.quiet { "waits in the queue" }
        } @else if !standing.missing.is_empty() {
            span.quiet { "not there yet on " (words(&join(&standing.missing))) }
        }
    }
}

/// Joins endpoints to a text.
pub(super) fn join(endpoints: &[EndpointId]) -> String {
    endpoints.iter().map(EndpointId::as_str).collect::<Vec<_>>().join(", ")
}

/// Renders links to the parts before and after.
pub(super) fn pager(page: usize, pages: usize, address: impl Fn(usize) -> String) -> Markup {
    html! {
        @if pages > 1 {
            nav.pager aria-label="Parts of the list" {
                @if page > 1 { a href=(address(page - 1)) rel="prev" { "← Before" } } @else { span {} }
                span { "Page " (page) " of " (pages) }
                @if page < pages { a href=(address(page + 1)) rel="next" { "Next →" } } @else { span {} }
            }
        }
    }
}

/// Says what an action was to do.
fn what(action: &Action) -> (&'static str, String) {
    match action {
        Action::CreateRepository(create) => {
            let called = create.called.as_ref().map_or_else(String::new, |name| format!(" as {name}"));
            ("create repository", format!("{}{called}", create.name))
        }
        Action::UpdateRef(update) => {
            let verb = match (update.old.is_some(), update.new.is_some()) {
                (false, _) => "create",
                (true, false) => "delete",
                (true, true) => update.cause.as_str(),
            };
            (verb, update.name.short().to_owned())
        }
        Action::SwitchDefaultBranch(_) => ("switch default branch", String::new()),
        Action::PullRequest(request) => {
            let verb = match request.step {
                RequestStep::Open => "open pull request",
                RequestStep::Refresh => "refresh pull request",
                RequestStep::Close => "close pull request",
            };
            (verb, request.branch.to_string())
        }
        Action::DeleteRepository(delete) => ("delete repository", delete.path.clone()),
    }
}

/// Renders what became of an action.
fn outcome(state: &ActionState) -> Markup {
    let (class, word) = match state {
        ActionState::Ended(Outcome::Done) => ("agreed", "done"),
        ActionState::Ended(Outcome::Moved) => ("behind", "moved meanwhile"),
        ActionState::Ended(Outcome::Refused { .. }) => ("failing", "refused"),
        ActionState::Ended(Outcome::Failed { .. }) => ("failing", "failed"),
        ActionState::Intended => ("behind", "not known"),
        ActionState::NotTried => ("behind", "not tried"),
    };
    let said = match state {
        ActionState::Ended(Outcome::Refused { message, remedy, .. } | Outcome::Failed { message, remedy }) => {
            Some((message, remedy))
        }
        _ => None,
    };
    html! {
        span class={ "stand " (class) } { (word) }
        @if let Some((message, remedy)) = said {
            p.said { (sentence(message)) }
            p.said.quiet { (sentence(remedy)) }
        }
    }
}

/// Renders a value before or after.
fn value(text: Option<&str>) -> Markup {
    html! { @if let Some(text) = text { code title=(text) { (words(short(text))) } } @else { span.quiet { "–" } } }
}

/// Renders actions as a table; with their repositories, or with their runs.
pub(super) fn actions(caption: &str, actions: &[JournalAction], with_run: bool, now: Timestamp) -> Markup {
    html! {
        div.scroll role="region" aria-label=(caption) tabindex="0" {
            table.broad {
                caption { (caption) }
                thead {
                    tr {
                        @if with_run { th scope="col" { "When" } } @else { th scope="col" { "Repository" } }
                        th scope="col" { "Endpoint" }
                        th scope="col" { "What" }
                        th scope="col" { "Old → new" }
                        th scope="col" { "Outcome" }
                    }
                }
                tbody {
                    @for action in actions {
                        @let (verb, object) = what(&action.action);
                        tr {
                            @if with_run {
                                td.nowrap { a href=(links::run(&action.run)) { (ago(action.begun, now)) } }
                            } @else {
                                td { a href=(links::repository(&action.group, &action.repository)) { (words(action.repository.as_str())) } }
                            }
                            td { (path(action.action.endpoint().as_str())) }
                            td { (verb.replace('_', " ")) @if !object.is_empty() { " " code { (words(&object)) } } }
                            td.nowrap {
                                (value(action.before().as_deref())) (PreEscaped(" → ")) (value(action.after().as_deref()))
                            }
                            td { (outcome(&action.state)) }
                        }
                    }
                }
            }
        }
    }
}
