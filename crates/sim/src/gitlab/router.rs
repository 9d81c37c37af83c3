use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use http::{HeaderValue, Method, StatusCode, Uri};
use serde_json::Value;

use super::call::Call;
use super::refusal::{Answer, Refusal};
use super::{
    branches, groups, hooks, listing, merge_requests, meta, namespaces, notes, projects, protected, releases, tags,
    users,
};
use crate::dialect::{Caller, JsonBody, Query, Shared, blocking, decode};

/// Returns the routes of the REST API.
pub(crate) fn router() -> Router<Shared> {
    // One route, and a match over the parts of the path behind it: a project's path comes as one encoded part, and one
    // place then decides about credentials, bodies and where the work runs.
    Router::new().route("/api/v4/{*path}", any(rest))
}

async fn rest(
    State(site): State<Shared>,
    method: Method,
    uri: Uri,
    caller: Caller,
    query: Query,
    JsonBody(body): JsonBody,
) -> Response {
    let Some(body) = body else {
        return Refusal::parameter("The provided content is not valid JSON.").into_response();
    };
    if matches!(caller, Caller::Rejected) {
        return Refusal::unauthorized().into_response();
    }
    let path = uri.path().strip_prefix(site.kind().api_path()).unwrap_or_default();
    let raw_parts: Vec<String> = path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect();
    let call = Call {
        parts: raw_parts.iter().map(|part| decode(part)).collect(),
        raw_parts,
        path: uri.path().to_owned(),
        site,
        method,
        query,
        viewer: caller.viewer(),
        body,
    };
    blocking(move || {
        let mut response = dispatch(&call).unwrap_or_else(IntoResponse::into_response);
        if let Ok(id) = HeaderValue::from_str(&crate::ids::letters(26)) {
            response.headers_mut().insert("x-request-id", id);
        }
        response
    })
    .await
}

fn dispatch(call: &Call) -> Answer {
    let parts: Vec<&str> = call.parts.iter().map(String::as_str).collect();
    match (call.verb(), parts.as_slice()) {
        // Any token may ask about itself.
        ("GET", ["personal_access_tokens", "self"]) => return users::own_token(call),
        (_, ["user" | "users" | "version" | "metadata", ..]) => call.require_scope(&["read_user"])?,
        _ => call.require_scope(&[])?,
    }
    match (call.verb(), parts.as_slice()) {
        ("GET", ["version" | "metadata"]) => meta::version(call),
        ("GET", ["user"]) => users::own(call),
        ("GET", ["users"]) => users::list(call),
        ("GET", ["users", id]) => users::get(call, id),
        ("GET", ["users", id, "projects"]) => listing::of_user(call, id),
        ("GET", ["namespaces"]) => namespaces::list(call),
        ("GET", ["namespaces", id]) => namespaces::get(call, id),
        ("GET", ["namespaces", id, "exists"]) => namespaces::exists(call, id),
        ("GET", ["groups"]) => groups::list(call),
        ("POST", ["groups"]) => groups::create(call),
        ("GET", ["groups", id]) => groups::get(call, id),
        ("GET", ["groups", id, "subgroups"]) => groups::subgroups(call, id),
        ("GET", ["groups", id, "projects"]) => listing::of_group(call, id),
        ("GET", ["groups", id, "members", "all", user]) => groups::member(call, id, user),
        (_, ["groups", id, "hooks", rest @ ..]) => hooks::of_group(call, id, rest),
        (_, ["hooks", rest @ ..]) => hooks::of_system(call, rest),
        ("GET", ["projects"]) => listing::all(call),
        ("POST", ["projects"]) => projects::create(call),
        ("POST", ["projects", "user", id]) => projects::create_for(call, id),
        (_, ["projects", id, rest @ ..]) => in_project(call, id, rest),
        _ => Err(unknown()),
    }
}

fn in_project(call: &Call, id: &str, rest: &[&str]) -> Answer {
    let project = call.project(id)?;
    if call.verb() != "GET" {
        call.user()?;
    }
    match (call.verb(), rest) {
        ("GET", []) => projects::get(call, &project),
        ("PUT", []) => projects::update(call, &project),
        ("DELETE", []) => projects::delete(call, &project),
        ("POST", ["restore"]) => projects::restore(call, &project),
        ("POST", ["archive"]) => projects::archive(call, &project, true),
        ("POST", ["unarchive"]) => projects::archive(call, &project, false),
        ("PUT", ["transfer"]) => projects::transfer(call, &project),
        (_, ["hooks", rest @ ..]) => hooks::of_project(call, &project, rest),
        (_, ["repository", "branches", rest @ ..]) => branches::branches(call, &project, rest),
        (_, ["repository", "tags", rest @ ..]) => tags::tags(call, &project, rest),
        (_, ["protected_branches", rest @ ..]) => protected::branches(call, &project, rest),
        ("GET", ["protected_tags"]) => call.list(Vec::<Value>::new(), Value::clone),
        (_, ["merge_requests", iid, "notes", rest @ ..]) => notes::notes(call, &project, iid, rest),
        (_, ["merge_requests", rest @ ..]) => merge_requests::merge_requests(call, &project, rest),
        (_, ["releases", rest @ ..]) => releases::releases(call, &project, rest),
        _ => Err(unknown()),
    }
}

/// What GitLab says when it knows no such route.
pub(super) fn unknown() -> Refusal {
    Refusal::parameter("404 Not Found").with_status(StatusCode::NOT_FOUND)
}
