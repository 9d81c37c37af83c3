use std::cell::Cell;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{FromRequest, Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, post};
use http::{HeaderMap, Method, StatusCode, Uri};
use serde_json::{Map, Value};

use super::call::{Call, check_headers};
use super::refusal::{Answer, Refusal};
use super::{
    accounts, branches, comments, graphql, hooks, listing, meta, protection, pulls, refs, releases, repositories,
    rulesets,
};
use crate::dialect::{Caller, Query, Shared, blocking, decode};
use crate::world::Repository;

/// A request's body as a JSON object, whatever its header calls it: `curl -d` says that it is a form, and GitHub reads JSON.
/// What is none is [`None`].
struct OnlyJson(Option<Map<String, Value>>);

impl FromRequest<Shared> for OnlyJson {
    type Rejection = Response;

    async fn from_request(request: Request, site: &Shared) -> Result<Self, Response> {
        let bytes = Bytes::from_request(request, site).await.map_err(IntoResponse::into_response)?;
        Ok(Self(if bytes.is_empty() { Some(Map::new()) } else { serde_json::from_slice(&bytes).ok() }))
    }
}

/// Returns the routes of the REST API and of GraphQL.
pub(crate) fn router() -> Router<Shared> {
    // One route, and a match over the parts of the path behind it: branch names hold slashes, and one place then decides
    // about credentials, bodies and where the work runs.
    Router::new()
        .route("/api/v3", any(rest))
        .route("/api/v3/", any(rest))
        .route("/api/v3/{*path}", any(rest))
        .route("/api/graphql", post(graphql_post))
}

async fn rest(
    State(site): State<Shared>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    caller: Caller,
    query: Query,
    OnlyJson(body): OnlyJson,
) -> Response {
    if let Err(refused) = check_headers(&headers) {
        return refused;
    }
    let rejected = matches!(caller, Caller::Rejected);
    let path = uri.path().strip_prefix(site.kind().api_path()).unwrap_or_default();
    let raw_parts: Vec<String> = path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect();
    let whole = body.is_some();
    let call = Call {
        parts: raw_parts.iter().map(|part| decode(part)).collect(),
        raw_parts,
        site,
        method,
        query,
        viewer: caller.viewer(),
        body: body.unwrap_or_else(Map::new),
        accepted: Cell::new(""),
    };
    blocking(move || {
        let answer = if rejected {
            Err(Refusal::new(StatusCode::UNAUTHORIZED, "Bad credentials"))
        } else if !whole {
            Err(Refusal::new(StatusCode::BAD_REQUEST, "Problems parsing JSON"))
        } else {
            dispatch(&call)
        };
        let mut response = answer.unwrap_or_else(IntoResponse::into_response);
        call.dress(&mut response);
        response
    })
    .await
}

async fn graphql_post(
    State(site): State<Shared>,
    headers: HeaderMap,
    caller: Caller,
    OnlyJson(body): OnlyJson,
) -> Response {
    if let Err(refused) = check_headers(&headers) {
        return refused;
    }
    match (caller, body) {
        (Caller::Nobody | Caller::Rejected, _) => {
            Refusal::new(StatusCode::UNAUTHORIZED, "Bad credentials").into_response()
        }
        (_, None) => Refusal::new(StatusCode::BAD_REQUEST, "Problems parsing JSON").into_response(),
        (Caller::Known(viewer), Some(body)) => blocking(move || graphql::answer(&site, &viewer, &body)).await,
    }
}

fn dispatch(call: &Call) -> Answer {
    let parts: Vec<&str> = call.parts.iter().map(String::as_str).collect();
    match (call.verb(), parts.as_slice()) {
        ("GET", []) => meta::root(call),
        ("GET", ["meta"]) => meta::meta(call),
        ("GET", ["versions"]) => meta::versions(),
        ("GET", ["rate_limit"]) => meta::rate_limit(call),
        ("GET", ["user"]) => accounts::own(call),
        ("GET", ["user", "orgs"]) => accounts::own_orgs(call),
        ("GET", ["user", "memberships", "orgs"]) => accounts::own_memberships(call),
        ("GET", ["user", "repos"]) => listing::own(call),
        ("POST", ["user", "repos"]) => repositories::create_own(call),
        ("GET", ["user", id]) => accounts::user_by_id(call, id),
        ("GET", ["user", id, "repos"]) => listing::of_user_id(call, id),
        ("GET", ["users", login]) => accounts::user(call, login),
        ("GET", ["users", login, "repos"]) => listing::of_user(call, login),
        ("GET", ["orgs", org]) => accounts::org(call, org),
        ("GET", ["organizations", id]) => accounts::org_by_id(call, id),
        ("GET", ["orgs", org, "repos"]) => listing::of_org(call, org),
        ("GET", ["organizations", id, "repos"]) => listing::of_org_id(call, id),
        ("POST", ["orgs", org, "repos"]) => repositories::create_in_org(call, org),
        (_, ["orgs", org, "hooks", rest @ ..]) => hooks::of_org(call, org, rest),
        ("GET", ["orgs", org, "rulesets", rest @ ..]) => rulesets::of_org(call, org, rest),
        (_, ["repos", owner, name, rest @ ..]) => {
            let raw: Vec<&str> = call.raw_parts.iter().skip(3).map(String::as_str).collect();
            let repository = call.named_repository(owner, name, &raw)?;
            in_repository(call, &repository, rest)
        }
        (_, ["repositories", id, rest @ ..]) => {
            let repository = call.numbered_repository(id)?;
            in_repository(call, &repository, rest)
        }
        _ => Err(Refusal::not_found()),
    }
}

fn in_repository(call: &Call, repository: &Repository, rest: &[&str]) -> Answer {
    match (call.verb(), rest) {
        ("GET", []) => repositories::get(call, repository),
        ("PATCH", []) => repositories::update(call, repository),
        ("DELETE", []) => repositories::delete(call, repository),
        ("POST", ["transfer"]) => repositories::transfer(call, repository),
        ("GET", ["topics"]) => repositories::topics(repository),
        ("PUT", ["topics"]) => repositories::set_topics(call, repository),
        ("GET", ["collaborators", login, "permission"]) => accounts::permission(call, repository, login),
        ("GET", ["branches"]) => branches::list(call, repository),
        (_, ["branches", branch @ .., "protection", "enforce_admins"]) => {
            protection::enforce_admins(call, repository, &branch.join("/"))
        }
        (_, ["branches", branch @ .., "protection"]) => protection::protection(call, repository, &branch.join("/")),
        ("POST", ["branches", branch @ .., "rename"]) => branches::rename(call, repository, &branch.join("/")),
        ("GET", ["branches", branch @ ..]) => branches::get(call, repository, &branch.join("/")),
        ("GET", ["rules", "branches", branch @ ..]) => rulesets::of_branch(call, repository, &branch.join("/")),
        (_, ["rulesets", rest @ ..]) => rulesets::of_repository(call, repository, rest),
        ("GET", ["tags"]) => refs::tags(call, repository),
        ("GET", ["git", "matching-refs", name @ ..]) => refs::matching(call, repository, &name.join("/")),
        ("GET", ["git", "ref", name @ ..]) => refs::get(call, repository, &name.join("/")),
        ("POST", ["git", "refs"]) => refs::create(call, repository),
        ("PATCH", ["git", "refs", name @ ..]) => refs::update(call, repository, &name.join("/")),
        ("DELETE", ["git", "refs", name @ ..]) => refs::delete(call, repository, &name.join("/")),
        (_, ["hooks", rest @ ..]) => hooks::of_repository(call, repository, rest),
        (_, ["pulls", rest @ ..]) => pulls::pulls(call, repository, rest),
        (_, ["issues", "comments", id]) => comments::one(call, repository, id),
        (_, ["issues", number, "comments"]) => comments::below(call, repository, number),
        (_, ["releases", rest @ ..]) => releases::releases(call, repository, rest),
        _ => Err(Refusal::not_found()),
    }
}
