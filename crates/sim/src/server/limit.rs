//! Limits on the number of API requests, and the headers that tell of them.

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde_json::json;

use crate::dialect::json;
use crate::faults::Limit;
use crate::world::Viewer;
use crate::{Kind, Site};

/// What GitHub allows when no limit is set.
const USUAL: u64 = 5000;

/// How a request stands with the limits.
pub(super) struct Standing {
    limit: Option<Limit>,
    /// The answer for a request that is beyond a limit.
    pub(super) refusal: Option<Response>,
}

/// Counts a request to the API.
pub(super) fn count(site: &Site, path: &str, viewer: &Viewer) -> Standing {
    let kind = site.kind();
    if let Some(seconds) = site.faults().secondary() {
        let refusal = match kind {
            Kind::GitHub => json(
                StatusCode::FORBIDDEN,
                &json!({
                    "documentation_url": "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits",
                    "message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
                }),
            ),
            Kind::GitLab => (StatusCode::TOO_MANY_REQUESTS, "Retry later\n").into_response(),
            Kind::Gitea | Kind::Forgejo => (StatusCode::TOO_MANY_REQUESTS, "Too Many Requests\n").into_response(),
        };
        return Standing { limit: None, refusal: Some(with_retry(refusal, seconds)) };
    }
    if kind == Kind::GitHub && path.ends_with("/rate_limit") {
        return Standing { limit: site.faults().standing(), refusal: None };
    }
    let Some((limit, beyond)) = site.faults().count() else { return Standing { limit: None, refusal: None } };
    let refusal = beyond.then(|| {
        let seconds = u64::try_from(limit.reset - jiff::Timestamp::now().as_second()).unwrap_or_default().max(1);
        match kind {
            Kind::GitHub if path.ends_with("/graphql") => {
                let message = "API rate limit exceeded";
                json(StatusCode::OK, &json!({ "errors": [{ "type": "RATE_LIMITED", "message": message }] }))
            }
            Kind::GitHub => {
                let user = viewer.user().map_or_else(|| "127.0.0.1".to_owned(), |id| format!("user ID {id}"));
                json(
                    StatusCode::FORBIDDEN,
                    &json!({
                        "message": format!("API rate limit exceeded for {user}."),
                        "documentation_url": "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api",
                    }),
                )
            }
            Kind::GitLab => {
                let refusal = (StatusCode::TOO_MANY_REQUESTS, "Retry later\n").into_response();
                let mut refusal = with_retry(refusal, seconds);
                let date = jiff::Timestamp::from_second(limit.reset).unwrap_or_default();
                let date = date.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
                set(refusal.headers_mut(), "ratelimit-resettime", &date);
                refusal
            }
            Kind::Gitea | Kind::Forgejo => {
                with_retry((StatusCode::TOO_MANY_REQUESTS, "Too Many Requests\n").into_response(), seconds)
            }
        }
    });
    Standing { limit: Some(limit), refusal }
}

impl Standing {
    /// Tells the client how it stands.
    pub(super) fn tell(&self, site: &Site, path: &str, headers: &mut HeaderMap) {
        let remaining = self.limit.map(|it| it.limit.saturating_sub(it.used));
        match site.kind() {
            Kind::GitHub => {
                let now = jiff::Timestamp::now().as_second();
                let usual = Limit::fresh(USUAL, now + 3600);
                let limit = self.limit.unwrap_or(usual);
                set(headers, "x-ratelimit-limit", &limit.limit.to_string());
                set(headers, "x-ratelimit-remaining", &remaining.unwrap_or(USUAL).to_string());
                set(headers, "x-ratelimit-used", &limit.used.to_string());
                set(headers, "x-ratelimit-reset", &limit.reset.to_string());
                set(headers, "x-ratelimit-resource", if path.ends_with("/graphql") { "graphql" } else { "core" });
            }
            Kind::GitLab => {
                let Some(limit) = self.limit else { return };
                set(headers, "ratelimit-limit", &limit.limit.to_string());
                set(headers, "ratelimit-name", "throttle_authenticated_api");
                set(headers, "ratelimit-observed", &limit.used.to_string());
                set(headers, "ratelimit-remaining", &remaining.unwrap_or_default().to_string());
                set(headers, "ratelimit-reset", &limit.reset.to_string());
            }
            Kind::Gitea | Kind::Forgejo => {}
        }
    }
}

fn with_retry(mut response: Response, seconds: u64) -> Response {
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response
}

fn set(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(HeaderName::from_static(name), value);
    }
}
