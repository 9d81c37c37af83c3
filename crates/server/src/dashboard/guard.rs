//! What every request goes through before a page is made, and what every answer carries.

use std::net::{IpAddr, SocketAddr};

use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::{Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::error::Failure;
use super::session::Session;
use super::state::{Inner, Shared};

/// The largest form that is read.
const FORM: usize = 16 * 1024;

/// Who looks, as pages need to know it.
#[derive(Debug, Clone, Default)]
pub(super) struct Viewer {
    /// What its forms carry.
    pub(super) form_token: String,
    /// It has shown the token, and can end its session.
    pub(super) known: bool,
    /// The session itself.
    pub(super) session: Option<Session>,
}

/// What is said to browsers with every answer.
const HEADERS: [(HeaderName, &str); 8] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; \
         base-uri 'none'; frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    // Not `no-referrer`: browsers would then hide the origin of our own forms from us.
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
    (HeaderName::from_static("x-robots-tag"), "noindex, nofollow"),
];

/// Lets a request through, or not, and adds the headers.
pub(super) async fn guard(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let headers = request.headers().clone();
    let path = request.uri().path().to_owned();
    let mut response = match admit(&shared, request).await {
        Ok((request, fresh)) => {
            let mut response = next.run(request).await;
            if let Some(session) = fresh.filter(|_| !response.headers().contains_key(header::SET_COOKIE)) {
                set_cookie(&mut response, &shared.cookie(&session, &headers));
            }
            response
        }
        Err(response) => *response,
    };
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    // Pages are of the moment, and for whoever asked.
    if !path.starts_with("/assets/") {
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

pub(super) fn set_cookie(response: &mut Response, cookie: &str) {
    if let Ok(value) = HeaderValue::from_str(cookie) {
        response.headers_mut().insert(header::SET_COOKIE, value);
    }
}

type Refused = Box<Response>;

fn refuse(status: StatusCode, message: &str, remedy: &str) -> Refused {
    Box::new(Failure::Refused { status, message: message.to_owned(), remedy: remedy.to_owned() }.into_response())
}

/// Decides. Returns the request with its viewer, and a session that the browser is to be given.
async fn admit(shared: &Inner, mut request: Request) -> Result<(Request, Option<Session>), Refused> {
    let headers = request.headers();
    if !host(headers, request.uri()).is_some_and(|host| shared.access.knows_host(host)) {
        return Err(refuse(
            StatusCode::FORBIDDEN,
            "this address was reached under a name that is not known to belong to it",
            "Open it as `localhost`, or set `[dashboard].token` to use it under any name.",
        ));
    }
    let now = shared.now();
    let public = request.uri().path().starts_with("/assets/") || request.uri().path() == "/login";
    let from = peer(&request);
    let session = shared.session(headers);
    let session = session.filter(|session| !shared.ended.lock().is_ok_and(|ended| ended.contains_key(&session.id)));
    let bearer = bearer(headers).map(|given| check(shared, given, from)).transpose()?;
    let known = bearer.is_some() || session.as_ref().is_some_and(|session| session.known);
    if shared.access.token().is_some() && !known && !public {
        return Err(ask_for_token(&request));
    }
    // A script that shows the token itself is not a browser that somebody else steers.
    let writes = !matches!(*request.method(), Method::GET | Method::HEAD);
    if writes && bearer.is_none() {
        request = check_form(shared, request, session.as_ref()).await?;
    }
    let given = session.is_some() || bearer.is_some() || request.uri().path().starts_with("/assets/");
    let fresh = if given { None } else { Some(Session::new(now, false).map_err(|_| no_random())?) };
    let current = session.or_else(|| fresh.clone());
    let viewer = Viewer {
        form_token: current.as_ref().map(|session| session.form_token(&shared.key)).unwrap_or_default(),
        known: current.as_ref().is_some_and(|session| session.known),
        session: current,
    };
    request.extensions_mut().insert(viewer);
    Ok((request, fresh))
}

fn no_random() -> Refused {
    refuse(StatusCode::INTERNAL_SERVER_ERROR, "the operating system gives no random", "Try again.")
}

fn host<'a>(headers: &'a HeaderMap, uri: &'a Uri) -> Option<&'a str> {
    let named = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    named.or_else(|| uri.authority().map(axum::http::uri::Authority::as_str))
}

pub(super) fn peer(request: &Request) -> Option<IpAddr> {
    request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip())
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn check(shared: &Inner, given: &str, from: Option<IpAddr>) -> Result<(), Refused> {
    match token_is_right(shared, given, from) {
        Ok(true) => Ok(()),
        Ok(false) => {
            Err(refuse(StatusCode::UNAUTHORIZED, "the token is not the right one", "Use `[dashboard].token`."))
        }
        Err(wait) => Err(too_many(wait)),
    }
}

/// Answers that no token is looked at for a while.
pub(super) fn too_many(seconds: i64) -> Refused {
    let mut response =
        refuse(StatusCode::TOO_MANY_REQUESTS, "there were too many wrong tokens", "Wait a minute and try again.");
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
    response
}

/// Compares a token. Fails with the seconds to wait after too many wrong ones.
pub(super) fn token_is_right(shared: &Inner, given: &str, from: Option<IpAddr>) -> Result<bool, i64> {
    let now = shared.now();
    if let Some(wait) = shared.access.tries().wait(from, now) {
        return Err(wait.as_secs());
    }
    let right = shared.access.token().is_some_and(|token| shared.key.same(token.expose(), given));
    if right {
        shared.access.tries().right(from);
    } else {
        shared.access.tries().wrong(from, now);
    }
    Ok(right)
}

fn ask_for_token(request: &Request) -> Refused {
    let accepts_pages = request.headers().get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    if request.method() == Method::GET && accepts_pages.is_some_and(|accept| accept.contains("text/html")) {
        let wanted = request.uri().path_and_query().map_or("/", |path| path.as_str());
        let wanted = utf8_percent_encode(wanted, NON_ALPHANUMERIC);
        return Box::new(Redirect::to(&format!("/login?next={wanted}")).into_response());
    }
    let mut response = refuse(
        StatusCode::UNAUTHORIZED,
        "a token is needed",
        "Log in, or send `[dashboard].token` as `Authorization: Bearer`.",
    );
    response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    response
}

/// Lets only forms of our own pages through: by what the browser says of their origin, and by what they carry.
async fn check_form(shared: &Inner, request: Request, session: Option<&Session>) -> Result<Request, Refused> {
    let foreign = || {
        refuse(
            StatusCode::FORBIDDEN,
            "this form was not sent by a page of this dashboard",
            "Reload the page and try again.",
        )
    };
    if !is_own(request.headers(), request.uri()) {
        return Err(foreign());
    }
    let session = session.ok_or_else(foreign)?;
    let (parts, body) = request.into_parts();
    let bytes = to_bytes(body, FORM).await;
    let bytes = bytes.map_err(|_| refuse(StatusCode::PAYLOAD_TOO_LARGE, "the form is too large", "Send less."))?;
    let carried = url::form_urlencoded::parse(&bytes).find(|(key, _)| key == "form_token");
    if !carried.is_some_and(|(_, token)| shared.key.same(&token, &session.form_token(&shared.key))) {
        return Err(foreign());
    }
    Ok(Request::from_parts(parts, Body::from(bytes)))
}

/// Says whether the browser says that a request comes from our own pages. One that says nothing is not believed.
fn is_own(headers: &HeaderMap, uri: &Uri) -> bool {
    let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let site = text(HeaderName::from_static("sec-fetch-site"));
    let origin = text(header::ORIGIN);
    let same_origin = |origin: &str| {
        let authority = origin.split_once("://").map(|(_, authority)| authority);
        authority.is_some() && authority == host(headers, uri)
    };
    match (site, origin) {
        (None, None) => false,
        (site, origin) => site.is_none_or(|site| site == "same-origin") && origin.is_none_or(same_origin),
    }
}
