//! What the headers of a delivery say.

use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue};
use refray_core::config::Provider;

use super::Outcome;

/// The longest name of an event, several times that of any real one.
const LONGEST_EVENT: usize = 128;

/// The headers that hold signatures and tokens.
const PROOFS: [&str; 7] = [
    "x-forgejo-signature",
    "x-gitea-signature",
    "x-gogs-signature",
    "x-gitlab-token",
    "webhook-signature",
    "x-hub-signature-256",
    "x-hub-signature",
];

/// What sent a delivery and why, in its own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Origin {
    pub(super) forge: Provider,
    pub(super) event: String,
    /// What tells this delivery from others, also when it is sent again.
    pub(super) delivery: Option<String>,
    /// The address that GitLab gives as its own; some of its payloads have no other.
    pub(super) instance: Option<String>,
}

/// The type of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BodyType {
    Json,
    /// An encoded form with the JSON in the field `payload`.
    Form,
}

impl Origin {
    /// Tells the forges apart. Gitea also sends what GitHub and Gogs send, and Forgejo what Gitea sends, so the order
    /// matters.
    pub(super) fn of(headers: &HeaderMap) -> Result<Self, Outcome> {
        let (forge, event, delivery) = if headers.contains_key("x-forgejo-event") {
            (Provider::Forgejo, "x-forgejo-event", &["x-forgejo-delivery"][..])
        } else if headers.contains_key("x-gitea-event") {
            (Provider::Gitea, "x-gitea-event", &["x-gitea-delivery"][..])
        } else if headers.contains_key("x-gogs-event") {
            // Gogs itself is none of the forges that refray knows.
            return Err(Outcome::Malformed);
        } else if headers.contains_key("x-gitlab-event") {
            // Deliveries to other hooks, and of what hooks set off, have the same `X-Gitlab-Event-UUID`; it only serves
            // where GitLab is too old for the other two, and together with the body.
            let ids = &["idempotency-key", "webhook-id", "x-gitlab-event-uuid"][..];
            (Provider::Gitlab, "x-gitlab-event", ids)
        } else if headers.contains_key("x-github-event") {
            (Provider::Github, "x-github-event", &["x-github-delivery"][..])
        } else if PROOFS.iter().any(|name| headers.contains_key(*name)) {
            return Err(Outcome::Malformed);
        } else {
            return Err(Outcome::Unauthorized);
        };
        let event = text(headers, event)?.unwrap_or_default();
        if event.is_empty() || event.len() > LONGEST_EVENT {
            return Err(Outcome::Malformed);
        }
        let mut id = None;
        for name in delivery {
            id = id.or(text(headers, name)?.filter(|id| !id.is_empty()));
        }
        let instance = if forge == Provider::Gitlab { text(headers, "x-gitlab-instance")? } else { None };
        let own = |text: &str| text.to_owned();
        Ok(Self { forge, event: own(event), delivery: id.map(own), instance: instance.map(own) })
    }
}

impl BodyType {
    /// Reads the type of a body from `forge`.
    pub(super) fn of(headers: &HeaderMap, forge: Provider) -> Result<Self, Outcome> {
        // A few bytes could become gigabytes; no forge sends such a thing.
        if headers.get_all(CONTENT_ENCODING).iter().any(|value| !value.as_bytes().eq_ignore_ascii_case(b"identity")) {
            return Err(Outcome::Unsupported);
        }
        let value = single(headers, CONTENT_TYPE.as_str()).map_err(|_| Outcome::Unsupported)?;
        let value = value.and_then(|value| std::str::from_utf8(value).ok()).unwrap_or_default();
        let essence = value.split(';').next().unwrap_or_default().trim();
        if essence.eq_ignore_ascii_case("application/json") {
            Ok(Self::Json)
        } else if essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") && forge != Provider::Gitlab {
            Ok(Self::Form)
        } else {
            Err(Outcome::Unsupported)
        }
    }
}

/// There are several headers of one name: what one reader takes for the value, another might not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Several;

/// Returns the value of a header that must not be there more than once.
pub(super) fn single<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a [u8]>, Several> {
    let mut values = headers.get_all(name).iter();
    let first = values.next();
    if values.next().is_some() { Err(Several) } else { Ok(first.map(HeaderValue::as_bytes)) }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, Outcome> {
    let value = single(headers, name).map_err(|_| Outcome::Malformed)?;
    value.map(|value| std::str::from_utf8(value).map_err(|_| Outcome::Malformed)).transpose()
}
