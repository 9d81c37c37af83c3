use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::{FromRequestParts, OriginalUri};
use axum::response::Response;
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode, header};
use serde_json::{Map, Value, json};

use crate::dialect::{self, Caller, JsonBody, Query, Shared, empty};
use crate::world::{Access, Account, Found, Lock, Repository, Viewer, WorldError};
use crate::{Kind, Site};

/// An answer, or one that is about a failure.
pub(super) type Answer = Result<Response, Response>;

/// A call and who makes it, with the checks that all handlers begin with.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) site: Arc<Site>,
    pub(super) viewer: Viewer,
    pub(super) query: Query,
    pub(super) path: String,
    method: Method,
    rejected: bool,
}

impl FromRequestParts<Shared> for Call {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, site: &Shared) -> Result<Self, Infallible> {
        let query = Query::of(parts.uri.query());
        let caller = Caller::find(site, &parts.headers, &query);
        let rejected = matches!(caller, Caller::Rejected);
        let mut viewer = caller.viewer();
        if let Some(token) = &mut viewer.token
            && token.scopes.contains("public-only")
        {
            token.private_hidden = true;
        }
        // A nested router sees the path without what comes before it.
        let whole = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |whole| &whole.0);
        let (path, method) = (whole.path().to_owned(), parts.method.clone());
        Ok(Self { site: Arc::clone(site), viewer, query, path, method, rejected })
    }
}

impl Call {
    /// Returns an answer about a failure in the forges' common form.
    pub(super) fn fail(&self, status: StatusCode, message: &str) -> Response {
        let url = format!("{}/api/swagger", self.site.base_url());
        dialect::json(status, &json!({ "message": message, "url": url }))
    }

    pub(super) fn not_found(&self) -> Response {
        let url = format!("{}/api/swagger", self.site.base_url());
        let body = json!({ "errors": null, "message": "The target couldn't be found.", "url": url });
        dialect::json(StatusCode::NOT_FOUND, &body)
    }

    pub(super) fn forbidden(&self, message: &str) -> Response {
        self.fail(StatusCode::FORBIDDEN, message)
    }

    pub(super) fn invalid(&self, message: &str) -> Response {
        self.fail(StatusCode::UNPROCESSABLE_ENTITY, message)
    }

    /// Checks that the token has a scope of each of these categories: to read for GET, to write for the rest. Nobody in
    /// particular needs none.
    pub(super) fn scopes(&self, categories: &[&str]) -> Result<(), Response> {
        if self.rejected {
            return Err(self.fail(StatusCode::UNAUTHORIZED, "invalid username, password or token"));
        }
        let Some(token) = &self.viewer.token else { return Ok(()) };
        if let Some(lock) = self.site.world().user_of(&self.viewer).and_then(|user| user.lock) {
            return Err(self.locked_out(lock));
        }
        let level = if self.method == Method::GET || self.method == Method::HEAD { "read" } else { "write" };
        for category in categories {
            let (needed, write) = (format!("{level}:{category}"), format!("write:{category}"));
            if !token.has_any(&["all", &needed, &write]) {
                let has: Vec<&str> = token.scopes.iter().map(String::as_str).collect();
                let said = if self.forgejo() {
                    format!(": [{needed}]")
                } else {
                    format!(", required=[{needed}], token scope={}", has.join(","))
                };
                return Err(self.forbidden(&format!("token does not have at least one of required scope(s){said}")));
            }
        }
        Ok(())
    }

    /// Answers somebody who is kept out.
    fn locked_out(&self, lock: Lock) -> Response {
        let message = match lock {
            Lock::SignInProhibited => {
                "This account is prohibited from signing in, please contact your site administrator.".to_owned()
            }
            Lock::PasswordExpired => {
                format!("You must change your password. Change it at: {}/user/change_password", self.site.base_url())
            }
        };
        dialect::json(StatusCode::FORBIDDEN, &json!({ "message": message }))
    }

    /// The same, and somebody has to be there.
    pub(super) fn signed(&self, categories: &[&str]) -> Result<u64, Response> {
        self.scopes(categories)?;
        self.viewer.user().ok_or_else(|| self.fail(StatusCode::UNAUTHORIZED, "token is required"))
    }

    /// Returns the repository, if the caller may see it, and what the caller may do with it.
    pub(super) fn repository(&self, owner: &str, name: &str) -> Result<(Repository, Access), Response> {
        self.scopes(&["repository"])?;
        self.visible_repository(owner, name)
    }

    pub(super) fn visible_repository(&self, owner: &str, name: &str) -> Result<(Repository, Access), Response> {
        let world = self.site.world();
        let full_path = format!("{owner}/{name}");
        match world.find_repository(&full_path) {
            Found::Here(it) => {
                let access = world.access(&self.viewer, it);
                if access.read { Ok((it.clone(), access)) } else { Err(self.not_found()) }
            }
            // Forgejo tells nobody of what they may not see, and has one status for all redirects.
            Found::Moved(it) if self.forgejo() && !world.access(&self.viewer, it).read => Err(self.not_found()),
            Found::Moved(it) => {
                // Gitea tells a renamed owner with another status than a renamed repository.
                let status = if self.forgejo() || world.account(owner).is_none() {
                    StatusCode::TEMPORARY_REDIRECT
                } else {
                    StatusCode::MOVED_PERMANENTLY
                };
                let path = self.path.replacen(&full_path, &world.full_path(it), 1);
                Err(redirect(status, &path))
            }
            Found::Nowhere => Err(self.not_found()),
        }
    }

    /// Returns the repository, if the caller administers it.
    pub(super) fn administered(&self, owner: &str, name: &str) -> Result<(u64, Repository), Response> {
        let user = self.signed(&["repository"])?;
        let (repository, access) = self.repository(owner, name)?;
        if !access.admin {
            let text = "user should be an owner or a collaborator with admin write of a repository";
            return Err(self.forbidden(text));
        }
        Ok((user, repository))
    }

    /// Returns the repository, if the caller may write to it and it is not archived.
    pub(super) fn writable(&self, owner: &str, name: &str) -> Result<(u64, Repository), Response> {
        let user = self.signed(&["repository"])?;
        let (repository, access) = self.repository(owner, name)?;
        if !access.write {
            return Err(self.forbidden("user should have a permission to write to a repo"));
        }
        self.not_archived(&repository)?;
        Ok((user, repository))
    }

    pub(super) fn not_archived(&self, repository: &Repository) -> Result<(), Response> {
        if repository.archived {
            let path = self.site.world().full_path(repository);
            let text = format!("{path} is archived");
            return Err(self.fail(StatusCode::LOCKED, &text));
        }
        Ok(())
    }

    /// Returns the account, or where it went.
    pub(super) fn account(&self, name: &str) -> Result<Account, Response> {
        let world = self.site.world();
        match world.find_account(name) {
            Found::Here(it) if world.can_see_account(&self.viewer, it) => Ok(it.clone()),
            Found::Moved(it) => {
                let path = self.path.replacen(name, &it.path, 1);
                Err(redirect(StatusCode::TEMPORARY_REDIRECT, &path))
            }
            Found::Here(_) | Found::Nowhere => Err(self.not_found()),
        }
    }

    /// Returns the organisation; a user of that name is none.
    pub(super) fn organization(&self, name: &str) -> Result<Account, Response> {
        let account = self.account(name)?;
        if account.is_user() { Err(self.not_found()) } else { Ok(account) }
    }

    /// Returns the fields of the body.
    pub(super) fn fields(&self, body: JsonBody) -> Result<Map<String, Value>, Response> {
        body.0.ok_or_else(|| self.invalid("the body is not a JSON object"))
    }

    /// Answers for what the world did not do.
    pub(super) fn refuse(&self, error: &WorldError) -> Response {
        match error {
            WorldError::NameTaken { .. } => {
                self.fail(StatusCode::CONFLICT, "The repository with the same name already exists.")
            }
            WorldError::NameInvalid { name, reason } => self.invalid(&format!("[Name]: {name} {reason}")),
            // Forgejo does not expect it, and has no word for it.
            WorldError::LimitReached { .. } if self.forgejo() => self.fail(StatusCode::INTERNAL_SERVER_ERROR, ""),
            WorldError::LimitReached { limit } => {
                self.forbidden(&format!("user has reached maximum limit of repositories [limit: {limit}]"))
            }
            WorldError::NoAccount(_)
            | WorldError::NoRepository(_)
            | WorldError::NoBranch(_)
            | WorldError::NoPull(_) => self.not_found(),
            WorldError::RefExists(_) => self.fail(StatusCode::CONFLICT, "The branch already exists."),
            WorldError::RefMoved(_) | WorldError::HeadMoved(_) => self.fail(StatusCode::CONFLICT, "head out of date"),
            WorldError::PullExists { number } => {
                let text = format!("pull request already exists for these targets [issue_id: {number}]");
                self.fail(StatusCode::CONFLICT, &text)
            }
            WorldError::NothingToMerge { .. } | WorldError::NoCommonHistory { .. } => {
                self.invalid("There are no changes between the head and the base")
            }
            WorldError::NotOpen(_) => empty(StatusCode::METHOD_NOT_ALLOWED),
            WorldError::MergeConflict(_) => self.fail(StatusCode::CONFLICT, "Merge conflict"),
            WorldError::Git(error) => self.fail(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
        }
    }

    pub(super) fn forgejo(&self) -> bool {
        self.site.kind() == Kind::Forgejo
    }
}

/// Sends the caller to a path of the same host, which both forges name without it.
fn redirect(status: StatusCode, path: &str) -> Response {
    let mut response = empty(status);
    if let Ok(path) = HeaderValue::from_str(path) {
        response.headers_mut().insert(header::LOCATION, path);
    }
    response
}

pub(super) fn ok(body: &Value) -> Response {
    dialect::json(StatusCode::OK, body)
}

pub(super) fn created(body: &Value) -> Response {
    dialect::json(StatusCode::CREATED, body)
}

pub(super) fn done() -> Response {
    empty(StatusCode::NO_CONTENT)
}
