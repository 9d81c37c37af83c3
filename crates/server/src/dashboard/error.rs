//! Pages for what did not work.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::html;
use refray_engine::store::StoreError;

use super::ActionError;
use super::guard::Viewer;
use super::pages::layout::{Page, page};

/// No page, for this reason.
#[derive(Debug)]
pub(super) enum Failure {
    /// There is no such thing.
    NotFound(String),
    /// It was refused.
    Refused { status: StatusCode, message: String, remedy: String },
    /// The store cannot be used.
    Store(StoreError),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<ActionError> for Failure {
    fn from(error: ActionError) -> Self {
        match error {
            ActionError::Store(error) => Self::Store(error),
            ActionError::Refused { message, remedy } => Self::Refused { status: StatusCode::CONFLICT, message, remedy },
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let (status, title, message, remedy) = match self {
            Self::NotFound(what) => (
                StatusCode::NOT_FOUND,
                "Not found",
                format!("There is no {what}."),
                "It may have been renamed or forgotten.".to_owned(),
            ),
            Self::Refused { status, message, remedy } => (status, "Refused", sentence(&message), remedy),
            Self::Store(error) => {
                tracing::warn!(%error, "a page could not be made");
                (StatusCode::INTERNAL_SERVER_ERROR, "Not available", sentence(&error.to_string()), error.remedy())
            }
        };
        let body = html! {
            p { (message) }
            p { (remedy) }
            p { a href="/" { "To the overview" } }
        };
        let viewer = Viewer::default();
        (status, page(&Page { title, nav: "", viewer: &viewer, scope: None, summary: "" }, &body)).into_response()
    }
}

fn sentence(message: &str) -> String {
    let mut chars = message.chars();
    let first = chars.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    let end = if message.ends_with('.') { "" } else { "." };
    format!("{first}{}{end}", chars.as_str())
}
