use std::cell::Cell;

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use serde_json::{Map, Value};

use super::refusal::{Answer, Refusal};
use super::scope::{ALL_CLASSIC, Need, can_read};
use crate::dialect::{Page, Query, Shared, json};
use crate::world::{Access, Account, Found, Repository, Viewer, World};

/// The one version of the REST API that is spoken.
const VERSION: &str = "2022-11-28";

/// A request, and everything that answering it takes.
pub(super) struct Call {
    pub(super) site: Shared,
    pub(super) method: Method,
    /// The path behind the API's, in decoded parts.
    pub(super) parts: Vec<String>,
    /// The same as it came.
    pub(super) raw_parts: Vec<String>,
    pub(super) query: Query,
    pub(super) viewer: Viewer,
    pub(super) body: Map<String, Value>,
    /// What the answer names as the classic scopes that would do.
    pub(super) accepted: Cell<&'static str>,
}

impl Call {
    /// Tells whether the request is of this method; HEAD is a GET whose body is dropped on the way.
    pub(super) fn is(&self, method: &Method) -> bool {
        self.method == *method || (*method == Method::GET && self.method == Method::HEAD)
    }

    /// Returns the method as a word to match on.
    pub(super) fn verb(&self) -> &str {
        if self.method == Method::HEAD { "GET" } else { self.method.as_str() }
    }

    /// Returns the user who calls.
    pub(super) fn user(&self) -> Result<Account, Refusal> {
        self.site.world().user_of(&self.viewer).cloned().ok_or_else(Refusal::unauthenticated)
    }

    /// Tells whether the token sees a repository: by role, and private ones by its scopes as well.
    pub(super) fn can_read(&self, world: &World, repository: &Repository) -> bool {
        can_read(world, &self.viewer, repository)
    }

    /// Returns what the user may do with a repository.
    pub(super) fn access(&self, repository: &Repository) -> Access {
        self.site.world().access(&self.viewer, repository)
    }

    /// Returns the repository of this owner and name, a redirect when it has another name now, or 404.
    pub(super) fn named_repository(&self, owner: &str, name: &str, rest: &[&str]) -> Result<Repository, Refusal> {
        let world = self.site.world();
        match world.find_repository(&format!("{owner}/{name}")) {
            Found::Here(repository) if self.can_read(&world, repository) => Ok(repository.clone()),
            Found::Moved(repository) if self.can_read(&world, repository) => {
                let mut location = format!("{}/repositories/{}", self.site.api_url(), repository.id);
                for part in rest {
                    location.push('/');
                    location.push_str(part);
                }
                let query = self.query.with(&[]);
                if !query.is_empty() {
                    location.push('?');
                    location.push_str(&query);
                }
                Err(Refusal::moved(self.is(&Method::GET), location))
            }
            _ => Err(Refusal::not_found()),
        }
    }

    /// Returns the repository of this id, or 404.
    pub(super) fn numbered_repository(&self, id: &str) -> Result<Repository, Refusal> {
        let world = self.site.world();
        let found = id.parse().ok().and_then(|id: u64| world.repositories.get(&id));
        found.filter(|it| self.can_read(&world, it)).cloned().ok_or_else(Refusal::not_found)
    }

    /// Requires a scope or permission, and says by 404 or 403 what GitHub says without it.
    pub(super) fn require(&self, need: Need, repository: Option<&Repository>) -> Result<(), Refusal> {
        self.accepted.set(need.accepted);
        let Some(token) = &self.viewer.token else { return Err(Refusal::unauthenticated()) };
        if need.met(&self.viewer, repository) {
            Ok(())
        } else if Need::is_fine_grained(token) {
            Err(Refusal::no_permission(need.permission()))
        } else {
            Err(Refusal::not_found())
        }
    }

    /// Requires the right to push, and that the repository is not archived.
    pub(super) fn require_push(&self, need: Need, repository: &Repository) -> Result<(), Refusal> {
        self.require(need, Some(repository))?;
        if !self.access(repository).write {
            return Err(Refusal::not_found());
        }
        writable(repository)
    }

    /// Requires the right to administer. Where GitHub hides what only administrators see, it answers 404.
    pub(super) fn require_admin(&self, need: Need, repository: &Repository, hidden: bool) -> Result<(), Refusal> {
        self.require(need, Some(repository))?;
        if self.access(repository).admin {
            Ok(())
        } else if hidden {
            Err(Refusal::not_found())
        } else {
            Err(Refusal::no_admin())
        }
    }

    /// Answers with the page of a list that was asked for. `path` is where its pages are found, behind the API's path.
    pub(super) fn list<T>(&self, path: &str, items: Vec<T>, view: impl Fn(&T) -> Value) -> Answer {
        let page = Page::read(&self.query, "per_page", 30, 100);
        let last = page.last(items.len() as u64);
        let shown: Vec<Value> = page.cut(items).iter().map(view).collect();
        let mut response = json(StatusCode::OK, &Value::Array(shown));
        if let Some(link) = self.link(path, page, last) {
            response.headers_mut().insert(header::LINK, link);
        }
        Ok(response)
    }

    /// Answers with a page of what belongs to a repository. Its further pages are found under the repository's id.
    pub(super) fn repository_list<T>(&self, of: &Repository, items: Vec<T>, view: impl Fn(&T) -> Value) -> Answer {
        let before = if self.parts.first().is_some_and(|it| it == "repos") { 3 } else { 2 };
        let rest: Vec<&str> = self.raw_parts.iter().skip(before).map(String::as_str).collect();
        self.list(&format!("/repositories/{}/{}", of.id, rest.join("/")), items, view)
    }

    fn link(&self, path: &str, page: Page, last: u64) -> Option<HeaderValue> {
        let before = page.number > 1;
        let after = page.number < last;
        let relations = [
            ("prev", before.then(|| page.number - 1)),
            ("next", after.then(|| page.number + 1)),
            ("last", after.then_some(last)),
            ("first", before.then_some(1)),
        ];
        let path = format!("{}{path}", self.site.kind().api_path());
        page.link(&self.site, &path, &self.query, "per_page", &relations, ", ")
    }

    /// Adds what every answer of the API carries.
    pub(super) fn dress(&self, response: &mut Response) {
        let headers = response.headers_mut();
        headers.insert("x-github-media-type", HeaderValue::from_static("github.v3; format=json"));
        headers.insert("x-github-api-version-selected", HeaderValue::from_static(VERSION));
        headers.insert("x-github-enterprise-version", HeaderValue::from_static(super::meta::INSTALLED));
        if let Ok(id) = HeaderValue::from_str(&crate::ids::hex(16).to_ascii_uppercase()) {
            headers.insert("x-github-request-id", id);
        }
        let Some(token) = self.viewer.token.as_ref().filter(|token| !Need::is_fine_grained(token)) else { return };
        let scopes: Vec<&str> = if token.scopes.contains("*") {
            ALL_CLASSIC.to_vec()
        } else {
            token.scopes.iter().map(String::as_str).collect()
        };
        if let Ok(scopes) = HeaderValue::from_str(&scopes.join(", ")) {
            headers.insert("x-oauth-scopes", scopes);
        }
        headers.insert("x-accepted-oauth-scopes", HeaderValue::from_static(self.accepted.get()));
    }
}

/// Refuses what GitHub refuses before it looks at anything else: a nameless client, an unknown version.
pub(super) fn check_headers(headers: &HeaderMap) -> Result<(), Response> {
    if headers.get(header::USER_AGENT).is_none_or(HeaderValue::is_empty) {
        let text = "\r\nRequest forbidden by administrative rules. Please make sure your request has a User-Agent header \
             (https://docs.github.com/en/rest/overview/resources-in-the-rest-api#user-agent-required). Check \
             https://developer.github.com for other possible causes.\r\n";
        return Err(
            (StatusCode::FORBIDDEN, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response()
        );
    }
    match headers.get("x-github-api-version") {
        Some(version) if version != VERSION => {
            let version = String::from_utf8_lossy(version.as_bytes()).into_owned();
            let message = format!("{version:?} is not a supported version of the API. Try {VERSION}.");
            Err(Refusal::new(StatusCode::BAD_REQUEST, message).into_response())
        }
        _ => Ok(()),
    }
}

/// Refuses changes to an archived repository.
pub(super) fn writable(repository: &Repository) -> Result<(), Refusal> {
    if repository.archived {
        return Err(Refusal::forbidden("Repository was archived so is read-only."));
    }
    Ok(())
}

/// Answers 200 with a body.
pub(super) fn ok(body: &Value) -> Answer {
    Ok(json(StatusCode::OK, body))
}

/// Answers 201 with a body that names its own URL.
pub(super) fn created(body: &Value) -> Answer {
    let mut response = json(StatusCode::CREATED, body);
    if let Some(url) = body["url"].as_str().and_then(|url| HeaderValue::from_str(url).ok()) {
        response.headers_mut().insert(header::LOCATION, url);
    }
    Ok(response)
}

/// Answers 204.
pub(super) fn done() -> Answer {
    Ok(crate::dialect::empty(StatusCode::NO_CONTENT))
}
