use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use crate::dialect::json as json_response;
use crate::world::WorldError;

/// What a handler gives: an answer, or the reason why there is none.
pub(super) type Answer = Result<Response, Refusal>;

/// Why a request was not done, in GitLab's words.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    body: Value,
    location: Option<String>,
}

impl Refusal {
    /// A refusal whose body has a `message`: a text, a list of texts, or an object of lists by field.
    pub(super) fn new(status: StatusCode, message: impl Into<Value>) -> Self {
        Self { status, body: json!({ "message": message.into() }), location: None }
    }

    /// 404 for a thing of this kind: `404 Project Not Found`.
    pub(super) fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, format!("404 {what} Not Found"))
    }

    pub(super) fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "401 Unauthorized")
    }

    pub(super) fn forbidden() -> Self {
        Self::new(StatusCode::FORBIDDEN, "403 Forbidden")
    }

    /// The token's scopes do not go far enough; `scope` is what would.
    pub(super) fn insufficient_scope(scope: &str) -> Self {
        let body = json!({
            "error": "insufficient_scope",
            "error_description": "The request requires higher privileges than provided by the access token.",
            "scope": scope,
        });
        Self { status: StatusCode::FORBIDDEN, body, location: None }
    }

    /// 400 about a parameter, before anything was looked at.
    pub(super) fn parameter(error: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, body: json!({ "error": error.into() }), location: None }
    }

    pub(super) fn with_status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// 400 with a text.
    pub(super) fn bad(message: impl Into<Value>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    /// 400 about one field.
    pub(super) fn field(field: &str, problem: &str) -> Self {
        Self::bad(json!({ field: [problem] }))
    }

    /// 422 with a list of texts.
    pub(super) fn unprocessable(message: &str) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, json!([message]))
    }

    /// The project has another path now.
    pub(super) fn moved(location: String) -> Self {
        let mut refusal = Self::new(StatusCode::MOVED_PERMANENTLY, "This resource has been moved permanently");
        refusal.location = Some(location);
        refusal
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = json_response(self.status, &self.body);
        if let Some(location) = self.location.and_then(|it| HeaderValue::from_str(&it).ok()) {
            response.headers_mut().insert(header::LOCATION, location);
        }
        response
    }
}

impl From<WorldError> for Refusal {
    fn from(error: WorldError) -> Self {
        match error {
            WorldError::NameTaken { .. } => Self::bad(json!({
                "project_namespace.name": ["has already been taken"],
                "name": ["has already been taken"],
                "path": ["has already been taken"],
            })),
            WorldError::NameInvalid { reason, .. } => Self::field("path", reason),
            WorldError::LimitReached { limit } => {
                let text =
                    format!("Your project limit is {limit} projects! Please contact your administrator to increase it");
                Self::bad(json!({ "limit_reached": [text] }))
            }
            WorldError::NoAccount(_) => Self::not_found("Namespace"),
            WorldError::NoRepository(_) => Self::not_found("Project"),
            WorldError::NoPull(_) => Self::new(StatusCode::NOT_FOUND, "404 Not found"),
            WorldError::NoBranch(_) => Self::not_found("Branch"),
            WorldError::RefExists(_) => Self::bad("Branch already exists"),
            WorldError::RefMoved(_) => Self::bad("Reference has moved"),
            WorldError::PullExists { number } => Self::new(
                StatusCode::CONFLICT,
                json!([format!("Another open merge request already exists for this source branch: !{number}")]),
            ),
            WorldError::NotOpen(_) => Self::new(StatusCode::METHOD_NOT_ALLOWED, "405 Method Not Allowed"),
            WorldError::MergeConflict(_) | WorldError::NothingToMerge { .. } | WorldError::NoCommonHistory { .. } => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "Branch cannot be merged")
            }
            WorldError::HeadMoved(_) => Self::new(StatusCode::CONFLICT, "SHA does not match HEAD of source branch"),
            WorldError::Git(error) => {
                tracing::warn!(%error, "git failed behind a request");
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "500 Internal Server Error")
            }
        }
    }
}
