use axum::response::Response;
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use serde_json::{Map, Value};

use super::refusal::{Answer, Refusal};
use crate::dialect::{Page, Query, Shared, json};
use crate::world::{Account, Found, Repository, Role, Viewer, World};

/// Beyond this many records, GitLab stops counting.
const COUNTED: u64 = 10_000;

/// The last record that can be reached by the number of its page.
const MOST_BY_OFFSET: u64 = 50_000;

/// A request, and everything that answering it takes.
pub(super) struct Call {
    pub(super) site: Shared,
    pub(super) method: Method,
    /// The path as it came.
    pub(super) path: String,
    /// The path behind the API's, in decoded parts.
    pub(super) parts: Vec<String>,
    /// The same as it came.
    pub(super) raw_parts: Vec<String>,
    pub(super) query: Query,
    pub(super) viewer: Viewer,
    pub(super) body: Map<String, Value>,
}

impl Call {
    /// Returns the method as a word to match on. HEAD is a GET whose body is dropped on the way.
    pub(super) fn verb(&self) -> &str {
        if self.method == Method::HEAD { "GET" } else { self.method.as_str() }
    }

    /// Requires what a method takes: `api` to write, `read_api` to read. Who brings no token is let through.
    pub(super) fn require_scope(&self, also: &[&str]) -> Result<(), Refusal> {
        let Some(token) = &self.viewer.token else { return Ok(()) };
        let read = self.verb() == "GET";
        let enough = token.has("api") || (read && (token.has("read_api") || token.has_any(also)));
        if enough {
            return Ok(());
        }
        let wanted = if !read {
            "api"
        } else if also.is_empty() {
            "api read_api"
        } else {
            "api read_api read_user"
        };
        Err(Refusal::insufficient_scope(wanted))
    }

    /// Returns the user who calls.
    pub(super) fn user(&self) -> Result<Account, Refusal> {
        self.site.world().user_of(&self.viewer).cloned().ok_or_else(Refusal::unauthorized)
    }

    /// Tells whether a project may be read.
    pub(super) fn can_read(&self, world: &World, project: &Repository) -> bool {
        world.access(&self.viewer, project).read
    }

    /// Returns the project of this id or path, a redirect when it has another path now, or 404.
    pub(super) fn project(&self, id: &str) -> Result<Repository, Refusal> {
        let missing = || Refusal::not_found("Project");
        let world = self.site.world();
        if id.bytes().all(|byte| byte.is_ascii_digit()) {
            let found = id.parse().ok().and_then(|id: u64| world.repositories.get(&id));
            return found.filter(|it| self.can_read(&world, it)).cloned().ok_or_else(missing);
        }
        match world.find_repository(id) {
            Found::Here(it) if self.can_read(&world, it) => Ok(it.clone()),
            Found::Moved(it) if self.can_read(&world, it) => {
                if self.verb() != "GET" {
                    let message = "Non GET methods are not allowed for moved projects";
                    return Err(Refusal::new(StatusCode::METHOD_NOT_ALLOWED, message));
                }
                let mut location = format!("{}/projects/{}", self.site.api_url(), it.id);
                for part in self.raw_parts.iter().skip(2) {
                    location.push('/');
                    location.push_str(part);
                }
                let query = self.query.with(&[]);
                if !query.is_empty() {
                    location.push('?');
                    location.push_str(&query);
                }
                Err(Refusal::moved(location))
            }
            _ => Err(missing()),
        }
    }

    /// Returns the user's role in a project, or 401 for nobody.
    pub(super) fn role(&self, project: &Repository) -> Result<Role, Refusal> {
        let user = self.user()?;
        let world = self.site.world();
        Ok(world.role(user.id, project).unwrap_or(Role::Guest))
    }

    /// Requires at least a role in a project and returns the user.
    pub(super) fn require_role(&self, project: &Repository, least: Role) -> Result<Account, Refusal> {
        if self.role(project)? < least {
            return Err(Refusal::forbidden());
        }
        self.user()
    }

    /// Requires at least a role in a project that is not archived, and returns the user.
    pub(super) fn require_writable(&self, project: &Repository, least: Role) -> Result<Account, Refusal> {
        let user = self.require_role(project, least)?;
        if project.archived { Err(Refusal::forbidden()) } else { Ok(user) }
    }

    /// Returns the group of this id or path that the viewer sees.
    pub(super) fn group(&self, id: &str) -> Result<Account, Refusal> {
        let world = self.site.world();
        let found = match id.parse::<u64>() {
            Ok(id) => world.accounts.get(&id),
            Err(_) => world.account(id),
        };
        let seen = found.filter(|it| !it.is_user() && world.can_see_account(&self.viewer, it));
        seen.cloned().ok_or_else(|| Refusal::not_found("Group"))
    }

    /// Answers with the page of a list that was asked for.
    pub(super) fn list<T>(&self, items: Vec<T>, view: impl Fn(&T) -> Value) -> Answer {
        let page = Page::read(&self.query, "per_page", 20, 100);
        if page.number.saturating_mul(page.size) > MOST_BY_OFFSET {
            let error = format!(
                "Offset pagination has a maximum allowed offset of {MOST_BY_OFFSET} for requests that return objects of this type. \
                 Remaining records can be retrieved using keyset pagination."
            );
            return Err(Refusal::parameter(error).with_status(StatusCode::METHOD_NOT_ALLOWED));
        }
        let total = items.len() as u64;
        let last = page.last(total);
        let shown: Vec<Value> = page.cut(items).iter().map(view).collect();
        let mut response = json(StatusCode::OK, &Value::Array(shown));
        let next = (page.number < last).then_some(page.number + 1);
        let previous = (page.number > 1).then(|| page.number - 1);
        let counted = total <= COUNTED;
        let text = |number: Option<u64>| number.map(|it| it.to_string()).unwrap_or_default();
        let mut headers = vec![
            ("x-page", page.number.to_string()),
            ("x-per-page", page.size.to_string()),
            ("x-next-page", text(next)),
            ("x-prev-page", text(previous)),
        ];
        if counted {
            headers.extend([("x-total", total.to_string()), ("x-total-pages", last.to_string())]);
        }
        for (name, value) in headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().insert(HeaderName::from_static(name), value);
            }
        }
        let relations = [("prev", previous), ("next", next), ("first", Some(1)), ("last", counted.then_some(last))];
        if let Some(link) = page.link(&self.site, &self.path, &self.query, "per_page", &relations, ", ") {
            response.headers_mut().insert(header::LINK, link);
        }
        Ok(response)
    }
}

/// Answers 200 with a body.
pub(super) fn ok(body: &Value) -> Answer {
    Ok(json(StatusCode::OK, body))
}

/// Answers 201 with a body.
pub(super) fn created(body: &Value) -> Answer {
    Ok(json(StatusCode::CREATED, body))
}

/// Answers 202 with the words for it.
pub(super) fn accepted() -> Response {
    json(StatusCode::ACCEPTED, &serde_json::json!({ "message": "202 Accepted" }))
}

/// Answers 204.
pub(super) fn done() -> Answer {
    Ok(crate::dialect::empty(StatusCode::NO_CONTENT))
}
