use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, stream};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use sha2::{Digest, Sha256};
use tower::ServiceExt;

use super::{limit, page};
use crate::dialect::{Caller, Credentials, Query};
use crate::faults::Effect;
use crate::git::{self, Route};
use crate::ids::to_hex;
use crate::requests::Logged;
use crate::{Kind, Site};

/// The largest body of a REST request.
const MOST: usize = 64 << 20;

/// Answers a request with all that a site's faults make of it; `None` when the connection is to break instead.
pub(super) async fn answer(site: Arc<Site>, router: Router, request: Request) -> Option<Response> {
    let (path, query) = (request.uri().path().to_owned(), request.uri().query().map(str::to_owned));
    let whole = query.as_ref().map_or_else(|| path.clone(), |query| format!("{path}?{query}"));
    let effects = site.faults().meet(request.method().as_str(), &whole);
    let mut entry = Logged {
        method: request.method().to_string(),
        path: path.clone(),
        query: query.clone(),
        version: format!("{:?}", request.version()),
        headers: names(request.headers()),
        ..Logged::default()
    };
    let headers = request.headers().clone();
    let credentials = Credentials::read(&headers, &Query::of(query.as_deref()));
    let delay: Duration = effects.iter().map(|it| if let Effect::Delay(by) = it { *by } else { Duration::ZERO }).sum();
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    let status = effects.iter().find_map(|it| match it {
        Effect::Status(status, text) => Some((*status, text.clone())),
        _ => None,
    });
    let route = Route::read(&path, query.as_deref());
    entry.rest = route.is_none();
    let response = if effects.contains(&Effect::Drop) {
        site.requests().add(entry, &credentials.all());
        return None;
    } else if let Some((status, text)) = status {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, text).into_response()
    } else if let Some(route) = route {
        git::handle(Arc::clone(&site), route, request).await
    } else {
        let response = rest(&site, router, request, &effects, &mut entry).await;
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap_or_default();
        entry.answer = Some(String::from_utf8_lossy(&bytes).into_owned());
        Response::from_parts(parts, Body::from(bytes))
    };
    entry.status = response.status().as_u16();
    entry.answer_headers = names(response.headers());
    // What a fault spoiled is no forge's answer.
    if effects.is_empty()
        && entry.answer.is_some()
        && let Some(recording) = site.recording()
    {
        recording.exchange(site.kind(), &headers, &entry);
    }
    site.requests().add(entry, &credentials.all());
    let cut = effects.iter().find_map(|it| if let Effect::Reset(after) = it { Some(*after) } else { None });
    Some(match cut {
        Some(_) if response.status() == StatusCode::NO_CONTENT => return None,
        Some(after) => broken(response, after),
        None => response,
    })
}

async fn rest(site: &Arc<Site>, router: Router, request: Request, effects: &[Effect], entry: &mut Logged) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MOST).await else { return StatusCode::PAYLOAD_TOO_LARGE.into_response() };
    entry.body = (!body.is_empty()).then(|| String::from_utf8_lossy(&body).into_owned());
    let (path, query) = (parts.uri.path().to_owned(), parts.uri.query().map(str::to_owned));
    let api = path.starts_with("/api/");
    let viewer = Caller::find(site, &parts.headers, &Query::of(query.as_deref())).viewer();
    let mut standing = api.then(|| limit::count(site, &path, &viewer));
    let unless = parts.headers.get(header::IF_NONE_MATCH).cloned();
    let reading = parts.method == Method::GET;
    let refusal = standing.as_mut().and_then(|it| it.refusal.take());
    let mut response = match refusal {
        Some(refusal) => refusal,
        None => match router.oneshot(Request::from_parts(parts, Body::from(body))).await {
            Ok(response) => response,
            Err(never) => match never {},
        },
    };
    let spoiled = |it: &Effect| matches!(it, Effect::NoNextPage | Effect::EmptyPage(_) | Effect::LessItems(_));
    if effects.iter().any(spoiled) {
        response = page::spoil(response, effects, query.as_deref()).await;
    }
    if let Some(standing) = &standing {
        standing.tell(site, &path, response.headers_mut());
    }
    // Gitea and Forgejo know no conditional requests.
    if reading && api && matches!(site.kind(), Kind::GitHub | Kind::GitLab) && response.status() == StatusCode::OK {
        response = conditional(response, unless.as_ref()).await;
        if response.status() == StatusCode::NOT_MODIFIED && site.kind() == Kind::GitHub && viewer.user().is_some() {
            site.faults().uncount();
        }
    }
    response
}

/// Marks an answer with the hash of its body, and leaves the body out when the client has it already.
async fn conditional(response: Response, unless: Option<&HeaderValue>) -> Response {
    let (mut parts, body) = response.into_parts();
    let bytes: Bytes = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let mut hash = Sha256::new();
    hash.update(&bytes);
    // The pages that lie around are part of what the client has seen.
    hash.update(parts.headers.get(header::LINK).map(HeaderValue::as_bytes).unwrap_or_default());
    let tag = format!("W/\"{}\"", to_hex(&hash.finalize()));
    let known = unless
        .and_then(|it| it.to_str().ok())
        .is_some_and(|it| it.split(',').map(str::trim).any(|it| it == "*" || it.trim_start_matches("W/") == &tag[2..]));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        parts.headers.insert(header::ETAG, tag);
    }
    if known {
        parts.status = StatusCode::NOT_MODIFIED;
        parts.headers.remove(header::CONTENT_TYPE);
        parts.headers.remove(header::CONTENT_LENGTH);
        return Response::from_parts(parts, Body::empty());
    }
    Response::from_parts(parts, Body::from(bytes))
}

/// Lets the connection break after so many bytes of the body.
fn broken(response: Response, after: usize) -> Response {
    let (parts, body) = response.into_parts();
    let begin = body.into_data_stream().scan(after, |left, chunk| {
        let part = chunk.ok().filter(|_| *left > 0).map(|chunk| chunk.slice(..chunk.len().min(*left)));
        *left -= part.as_ref().map_or(0, Bytes::len);
        std::future::ready(part.map(Ok))
    });
    let end = stream::once(async {
        // What was written is to leave before the connection does.
        tokio::time::sleep(Duration::from_millis(20)).await;
        Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset))
    });
    Response::from_parts(parts, Body::from_stream(begin.chain(end)))
}

fn names(headers: &HeaderMap) -> Vec<String> {
    headers.keys().map(|name| name.as_str().to_owned()).collect()
}
