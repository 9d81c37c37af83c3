use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use crate::dialect::json as json_response;
use crate::world::WorldError;

/// What a handler gives: an answer, or the reason why there is none.
pub(super) type Answer = Result<Response, Refusal>;

/// Why a request was not done, in GitHub's words.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    message: String,
    errors: Vec<Value>,
    location: Option<String>,
    permission: Option<String>,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), errors: Vec::new(), location: None, permission: None }
    }

    pub(super) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "Not Found")
    }

    pub(super) fn unauthenticated() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "Requires authentication")
    }

    pub(super) fn forbidden(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, message)
    }

    pub(super) fn no_admin() -> Self {
        Self::forbidden("Must have admin rights to Repository.")
    }

    /// A fine-grained token lacks a permission; it is named in a header.
    pub(super) fn no_permission(permission: String) -> Self {
        let mut refusal = Self::forbidden("Resource not accessible by personal access token");
        refusal.permission = Some(permission);
        refusal
    }

    /// 422 with a message and nothing else.
    pub(super) fn unprocessable(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, message)
    }

    /// 422 about one field.
    pub(super) fn field(resource: &str, field: &str, code: &str) -> Self {
        let mut refusal = Self::unprocessable("Validation Failed");
        refusal.errors.push(json!({ "resource": resource, "field": field, "code": code }));
        refusal
    }

    /// 422 about one field, in words of its own.
    pub(super) fn custom(resource: &str, field: Option<&str>, message: impl Into<String>) -> Self {
        let mut refusal = Self::unprocessable("Validation Failed");
        let mut error = json!({ "resource": resource, "code": "custom", "message": message.into() });
        if let Some(field) = field {
            error["field"] = field.into();
        }
        refusal.errors.push(error);
        refusal
    }

    pub(super) fn saying(mut self, message: &str) -> Self {
        message.clone_into(&mut self.message);
        self
    }

    /// The repository has another name now. Other methods than GET keep method and body.
    pub(super) fn moved(get: bool, location: String) -> Self {
        let (status, message) = if get {
            (StatusCode::MOVED_PERMANENTLY, "Moved Permanently")
        } else {
            (StatusCode::TEMPORARY_REDIRECT, "Temporary Redirect")
        };
        let mut refusal = Self::new(status, message);
        refusal.location = Some(location);
        refusal
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut body = json!({
            "message": self.message,
            "documentation_url": "https://docs.github.com/rest",
            "status": self.status.as_str(),
        });
        if !self.errors.is_empty() {
            body["errors"] = Value::Array(self.errors);
        }
        if let Some(location) = &self.location {
            body["url"] = location.as_str().into();
        }
        let mut response = json_response(self.status, &body);
        let headers = response.headers_mut();
        if let Some(location) = self.location.and_then(|it| HeaderValue::from_str(&it).ok()) {
            headers.insert(header::LOCATION, location);
        }
        if let Some(permission) = self.permission.and_then(|it| HeaderValue::from_str(&it).ok()) {
            headers.insert("x-accepted-github-permissions", permission);
        }
        response
    }
}

impl From<WorldError> for Refusal {
    fn from(error: WorldError) -> Self {
        match error {
            WorldError::NameTaken { .. } => {
                Self::custom("Repository", Some("name"), "name already exists on this account")
                    .saying("Repository creation failed.")
            }
            WorldError::NameInvalid { reason, .. } => {
                Self::custom("Repository", Some("name"), reason).saying("Repository creation failed.")
            }
            WorldError::LimitReached { limit } => {
                Self::custom("Repository", None, format!("no more than {limit} repositories"))
            }
            WorldError::NoBranch(branch) => Self::custom(
                "Repository",
                Some("default_branch"),
                format!(
                    "The branch {branch} was not found. Please push that ref first or create it via the Git Data API."
                ),
            ),
            WorldError::NoAccount(_) | WorldError::NoRepository(_) | WorldError::NoPull(_) => Self::not_found(),
            WorldError::RefExists(_) => Self::unprocessable("Reference already exists"),
            WorldError::RefMoved(_) => Self::new(StatusCode::CONFLICT, "Reference cannot be updated"),
            WorldError::PullExists { .. } => Self::custom("PullRequest", None, "A pull request already exists."),
            WorldError::NothingToMerge { base, head } => {
                Self::custom("PullRequest", None, format!("No commits between {base} and {head}"))
            }
            WorldError::NoCommonHistory { base, head } => {
                Self::custom("PullRequest", None, format!("The {head} branch has no history in common with {base}"))
            }
            WorldError::NotOpen(_) | WorldError::MergeConflict(_) => {
                Self::new(StatusCode::METHOD_NOT_ALLOWED, "Pull Request is not mergeable")
            }
            WorldError::HeadMoved(_) => {
                Self::new(StatusCode::CONFLICT, "Head branch was modified. Review and try the merge again.")
            }
            WorldError::Git(error) => {
                tracing::warn!(%error, "git failed behind a request");
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "Server Error")
            }
        }
    }
}
