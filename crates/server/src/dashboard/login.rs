//! Showing the token.

use axum::Form;
use axum::extract::{Query, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Extension, RequestExt};
use maud::html;
use serde::Deserialize;

use super::error::Failure;
use super::guard::{Viewer, peer, set_cookie, token_is_right, too_many};
use super::pages::layout::{Page, hidden, page};
use super::session::Session;
use super::state::Shared;

#[derive(Debug, Default, Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    next: String,
}

#[derive(Debug, Deserialize)]
struct Login {
    token: String,
    #[serde(default)]
    next: String,
}

pub(super) async fn show(
    State(shared): State<Shared>,
    Extension(viewer): Extension<Viewer>,
    Query(wanted): Query<Wanted>,
) -> Response {
    if shared.access.token().is_none() || viewer.known {
        return Redirect::to(own_path(&wanted.next)).into_response();
    }
    form(&viewer, &wanted.next, None).into_response()
}

fn form(viewer: &Viewer, next: &str, complaint: Option<&str>) -> Response {
    let body = html! {
        form.login method="post" action="/login" {
            (hidden(viewer))
            input type="hidden" name="next" value=(own_path(next));
            label for="token" { "Token" }
            input #token type="password" name="token" autocomplete="current-password" required
                aria-describedby=[complaint.map(|_| "complaint")] aria-invalid=[complaint.map(|_| "true")];
            @if let Some(complaint) = complaint { p #complaint.bad role="alert" { (complaint) } }
            p.quiet { "It is the value of " code { "[dashboard].token" } " in the configuration." }
            button type="submit" { "Log in" }
        }
    };
    page(&Page { title: "Log in", nav: "", viewer, scope: None, summary: "" }, &body)
}

pub(super) async fn submit(
    State(shared): State<Shared>,
    Extension(viewer): Extension<Viewer>,
    request: Request,
) -> Response {
    let (from, headers) = (peer(&request), request.headers().clone());
    let Ok(Form(login)) = request.extract::<Form<Login>, _>().await else {
        let (message, remedy) = ("the form is not complete".to_owned(), "Go back and try again.".to_owned());
        return Failure::Refused { status: StatusCode::BAD_REQUEST, message, remedy }.into_response();
    };
    match token_is_right(&shared, &login.token, from) {
        Err(wait) => *too_many(wait),
        Ok(false) => {
            (StatusCode::UNAUTHORIZED, form(&viewer, &login.next, Some("This is not the token."))).into_response()
        }
        Ok(true) => {
            // A new session: whoever knew the old one's id has nothing of it.
            let Ok(session) = Session::new(shared.now(), true) else {
                return StatusCode::INTERNAL_SERVER_ERROR.into_response();
            };
            let mut response = Redirect::to(own_path(&login.next)).into_response();
            set_cookie(&mut response, &shared.cookie(&session, &headers));
            response
        }
    }
}

pub(super) async fn leave(State(shared): State<Shared>, Extension(viewer): Extension<Viewer>) -> Response {
    if let (Some(session), Ok(mut ended)) = (viewer.session, shared.ended.lock()) {
        let now = shared.now();
        ended.retain(|_, ends| *ends > now);
        ended.insert(session.id, session.ends);
    }
    Redirect::to("/").into_response()
}

/// Returns a path of ours; never a way to another host.
fn own_path(next: &str) -> &str {
    let own = next.starts_with('/') && !next.starts_with("//") && !next.contains(['\\', '\r', '\n', '\t']);
    if own { next } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::own_path;

    #[test]
    fn after_login_one_stays_here() {
        for next in ["/", "/groups/a?q=b", "/runs"] {
            assert_eq!(own_path(next), next);
        }
        for next in ["", "//evil.example", "https://evil.example", "/\\evil.example", "/\t/evil.example", "runs"] {
            assert_eq!(own_path(next), "/");
        }
    }
}
