//! How a forge's REST dialect plugs in, and what all dialects share.
//!
//! A dialect is a folder (`github/`, `gitlab/`, `gitea/`) that gives:
//!
//! * `router() -> Router<Shared>`: every REST route with its full path (`/api/v3/...`), GraphQL too. Git, LFS, request
//!   logging, faults, rate limits and their headers, and conditional requests (`ETag`, `If-None-Match`) are done around
//!   it; a dialect does none of them.
//! * `repository_json(&Site, &World, &Repository, &Viewer) -> Value` and `account_json(&Site, &World, &Account) ->
//!   Value`: the objects that webhook payloads hold as well (GitHub and Gitea; GitLab's payloads have a shape of their
//!   own).
//!
//! A handler takes `State<Shared>`, [`Caller`], and the [`Query`] or a [`JsonBody`]; it reads with `site.world()` and
//! changes by the methods of [`Site`]. What runs git is wrapped in [`blocking`]. No lock is held over an await.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use crate::world::Viewer;
use crate::{Kind, Site};

/// What handlers share: the site.
pub(crate) type Shared = Arc<Site>;

/// Returns the routes of a kind of forge.
pub(crate) fn router(kind: Kind) -> Router<Shared> {
    match kind {
        Kind::GitHub => crate::github::router(),
        Kind::GitLab => crate::gitlab::router(),
        Kind::Gitea | Kind::Forgejo => crate::gitea::router(kind),
    }
}

/// The secrets that came along with a request, in the places where forges look for them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Credentials {
    /// After `Authorization: Bearer` or `Authorization: token`.
    pub(crate) bearer: Option<String>,
    /// User name and password of `Authorization: Basic`.
    pub(crate) basic: Option<(String, String)>,
    /// In `PRIVATE-TOKEN`, GitLab's own header.
    pub(crate) private_token: Option<String>,
    /// In `?private_token=`, `?access_token=` or `?token=`.
    pub(crate) query: Option<String>,
}

impl Credentials {
    pub(crate) fn read(headers: &HeaderMap, query: &Query) -> Self {
        let mut found = Self {
            private_token: headers.get("private-token").and_then(|it| it.to_str().ok()).map(str::to_owned),
            query: ["private_token", "access_token", "token"].iter().find_map(|key| query.get(key)).map(str::to_owned),
            ..Self::default()
        };
        let authorization = headers.get(header::AUTHORIZATION).and_then(|it| it.to_str().ok());
        if let Some((scheme, rest)) = authorization.and_then(|it| it.trim().split_once(' ')) {
            let rest = rest.trim();
            match scheme.to_ascii_lowercase().as_str() {
                "bearer" | "token" => found.bearer = Some(rest.to_owned()),
                "basic" => {
                    let pair = STANDARD.decode(rest).ok().and_then(|bytes| String::from_utf8(bytes).ok());
                    found.basic = pair
                        .and_then(|pair| pair.split_once(':').map(|(user, pass)| (user.to_owned(), pass.to_owned())));
                }
                _ => {}
            }
        }
        found
    }

    /// Tells whether nothing came along.
    pub(crate) fn is_empty(&self) -> bool {
        self.bearer.is_none() && self.basic.is_none() && self.private_token.is_none() && self.query.is_none()
    }

    /// Returns the secrets that a REST request to this kind of forge may carry, in the order in which it looks.
    pub(crate) fn for_api(&self, kind: Kind) -> Vec<&str> {
        let basic = self.basic.as_ref();
        let password = basic.map(|(_, password)| password).filter(|it| !it.is_empty() && *it != "x-oauth-basic");
        let user =
            basic.filter(|(_, password)| password.is_empty() || password == "x-oauth-basic").map(|(user, _)| user);
        let secrets: Vec<Option<&String>> = match kind {
            Kind::GitHub => vec![self.bearer.as_ref(), password, user],
            Kind::GitLab => vec![self.private_token.as_ref(), self.bearer.as_ref(), self.query.as_ref()],
            Kind::Gitea | Kind::Forgejo => vec![self.bearer.as_ref(), password, user, self.query.as_ref()],
        };
        secrets.into_iter().flatten().map(String::as_str).collect()
    }
}

impl Credentials {
    /// Returns the secrets that a git request to this kind of forge may carry, in the order in which it looks.
    pub(crate) fn for_git(&self, kind: Kind) -> Vec<&str> {
        let Some((user, password)) = &self.basic else {
            let bearer = matches!(kind, Kind::Gitea | Kind::Forgejo).then_some(self.bearer.as_deref()).flatten();
            return bearer.into_iter().collect();
        };
        let placeholder = password.is_empty() || password == "x-oauth-basic";
        match kind {
            // GitLab wants some user name, whichever it is.
            Kind::GitLab if user.is_empty() => Vec::new(),
            Kind::GitLab => vec![password.as_str()],
            Kind::GitHub | Kind::Gitea | Kind::Forgejo if placeholder => vec![user.as_str()],
            Kind::GitHub | Kind::Gitea | Kind::Forgejo => vec![password.as_str()],
        }
    }

    /// Returns everything that came along and might be a secret.
    pub(crate) fn all(&self) -> Vec<&str> {
        let basic = self.basic.iter().flat_map(|(user, password)| [user, password]);
        let others = [&self.bearer, &self.private_token, &self.query].into_iter().flatten();
        basic.chain(others).map(String::as_str).filter(|it| !it.is_empty()).collect()
    }
}

/// Who calls, as an extractor: [`Caller::Nobody`] without a credential, [`Caller::Rejected`] with an unknown one.
#[derive(Clone, Debug)]
pub(crate) enum Caller {
    /// No credential came along.
    Nobody,
    /// A credential came along that stands for nobody: every forge answers 401, each with its own body.
    Rejected,
    /// Somebody.
    Known(Viewer),
}

impl Caller {
    /// Returns the viewer: nobody in particular unless somebody is known.
    pub(crate) fn viewer(self) -> Viewer {
        match self {
            Self::Known(viewer) => viewer,
            Self::Nobody | Self::Rejected => Viewer::anonymous(),
        }
    }

    pub(crate) fn find(site: &Site, headers: &HeaderMap, query: &Query) -> Self {
        let credentials = Credentials::read(headers, query);
        if credentials.is_empty() {
            return Self::Nobody;
        }
        let world = site.world();
        let found = credentials.for_api(site.kind()).into_iter().find_map(|secret| world.viewer(secret));
        found.map_or(Self::Rejected, Self::Known)
    }
}

impl FromRequestParts<Shared> for Caller {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, site: &Shared) -> Result<Self, Self::Rejection> {
        Ok(Self::find(site, &parts.headers, &Query::of(parts.uri.query())))
    }
}

/// The decoded query, as an extractor that never fails. Of a repeated key the last value counts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Query(BTreeMap<String, String>);

impl Query {
    pub(crate) fn of(query: Option<&str>) -> Self {
        Self(url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned().collect())
    }

    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// Tells whether a key stands for yes.
    pub(crate) fn flag(&self, key: &str) -> Option<bool> {
        self.get(key).map(|value| matches!(value, "true" | "1" | "t" | "yes"))
    }

    pub(crate) fn number(&self, key: &str) -> Option<u64> {
        self.get(key)?.parse().ok()
    }

    /// Returns the query with one key set to another value, encoded.
    pub(crate) fn with(&self, changes: &[(&str, &str)]) -> String {
        let mut pairs = self.0.clone();
        for (key, value) in changes {
            pairs.insert((*key).to_owned(), (*value).to_owned());
        }
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
    }
}

impl FromRequestParts<Shared> for Query {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &Shared) -> Result<Self, Self::Rejection> {
        Ok(Self::of(parts.uri.query()))
    }
}

/// A request's body as a JSON object, as an extractor that never fails: an empty body is an empty object, a form is read
/// as one (as GitLab does), and what is neither is [`None`], for the dialect to answer in its own words.
#[derive(Clone, Debug)]
pub(crate) struct JsonBody(pub(crate) Option<Map<String, Value>>);

impl FromRequest<Shared> for JsonBody {
    type Rejection = Response;

    async fn from_request(request: Request, site: &Shared) -> Result<Self, Response> {
        let form = request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|it| it.to_str().ok())
            .is_some_and(|it| it.starts_with("application/x-www-form-urlencoded"));
        let bytes = Bytes::from_request(request, site).await.map_err(IntoResponse::into_response)?;
        if bytes.is_empty() {
            return Ok(Self(Some(Map::new())));
        }
        if form {
            let pairs = url::form_urlencoded::parse(&bytes).map(|(key, value)| (key.into_owned(), value.into()));
            return Ok(Self(Some(pairs.collect())));
        }
        Ok(Self(serde_json::from_slice(&bytes).ok()))
    }
}

/// Reads fields of a JSON object, taking null for missing.
pub(crate) trait Fields {
    fn text(&self, key: &str) -> Option<&str>;
    fn flag(&self, key: &str) -> Option<bool>;
    fn number(&self, key: &str) -> Option<u64>;
    fn texts(&self, key: &str) -> Option<Vec<String>>;
}

impl Fields for Map<String, Value> {
    fn text(&self, key: &str) -> Option<&str> {
        self.get(key)?.as_str()
    }

    fn flag(&self, key: &str) -> Option<bool> {
        match self.get(key)? {
            Value::Bool(flag) => Some(*flag),
            Value::String(text) => text.parse().ok(),
            _ => None,
        }
    }

    fn number(&self, key: &str) -> Option<u64> {
        match self.get(key)? {
            Value::Number(number) => number.as_u64(),
            Value::String(text) => text.parse().ok(),
            _ => None,
        }
    }

    fn texts(&self, key: &str) -> Option<Vec<String>> {
        let list = self.get(key)?.as_array()?;
        Some(list.iter().filter_map(|it| it.as_str().map(str::to_owned)).collect())
    }
}

/// A part of a longer list: which page of what size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Page {
    /// Counted from 1.
    pub(crate) number: u64,
    /// How many there are on a page.
    pub(crate) size: u64,
}

impl Page {
    /// Reads `page` and the parameter that names the size, which is silently cut to what the forge gives at most.
    pub(crate) fn read(query: &Query, size_parameter: &str, usual: u64, most: u64) -> Self {
        let number = query.number("page").unwrap_or(1).max(1);
        let size = query.number(size_parameter).filter(|size| *size > 0).unwrap_or(usual).min(most);
        Self { number, size }
    }

    /// Returns the items on the page.
    pub(crate) fn cut<T>(self, items: Vec<T>) -> Vec<T> {
        let from = usize::try_from((self.number - 1).saturating_mul(self.size)).unwrap_or(usize::MAX);
        items.into_iter().skip(from).take(usize::try_from(self.size).unwrap_or(usize::MAX)).collect()
    }

    /// Returns the number of the last page of a list of `total` items; 1 for an empty one.
    pub(crate) fn last(self, total: u64) -> u64 {
        total.div_ceil(self.size).max(1)
    }

    /// Returns the URL of another page of the same list.
    pub(crate) fn url(self, site: &Site, path: &str, query: &Query, size_parameter: &str, number: u64) -> String {
        let (number, size) = (number.to_string(), self.size.to_string());
        let query = query.with(&[("page", number.as_str()), (size_parameter, size.as_str())]);
        format!("{}{path}?{query}", site.base_url())
    }

    /// Returns the value of a `Link` header with these relations (each with its page), joined by `separator`.
    pub(crate) fn link(
        self,
        site: &Site,
        path: &str,
        query: &Query,
        size_parameter: &str,
        relations: &[(&str, Option<u64>)],
        separator: &str,
    ) -> Option<HeaderValue> {
        let links: Vec<String> = relations
            .iter()
            .filter_map(|(name, number)| {
                let url = self.url(site, path, query, size_parameter, (*number)?);
                Some(format!("<{url}>; rel=\"{name}\""))
            })
            .collect();
        if links.is_empty() { None } else { HeaderValue::from_str(&links.join(separator)).ok() }
    }
}

/// Returns an answer with a JSON body.
pub(crate) fn json(status: StatusCode, body: &Value) -> Response {
    let mut response = (status, body.to_string()).into_response();
    let kind = HeaderValue::from_static("application/json; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

/// Returns an answer without a body.
pub(crate) fn empty(status: StatusCode) -> Response {
    status.into_response()
}

/// Runs what waits for git or the disk where it holds up nobody else.
///
/// # Panics
///
/// Panics when the work does.
pub(crate) async fn blocking<T, F>(work: F) -> T
where
    T: Send + 'static,
    F: FnOnce() -> T + Send + 'static,
{
    match tokio::task::spawn_blocking(work).await {
        Ok(answer) => answer,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // Cancelled: the runtime is being shut down, and nobody waits for the answer.
            Err(_) => std::future::pending().await,
        },
    }
}

/// Decodes `%2F` and the like in a part of a path.
pub(crate) fn decode(part: &str) -> String {
    percent_decode_str(part).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue};

    use super::{Credentials, Page, Query};
    use crate::Kind;

    #[test]
    fn a_page_is_cut_out() {
        let query = Query::of(Some("page=2&limit=500"));
        let page = Page::read(&query, "limit", 30, 50);
        assert_eq!(page, Page { number: 2, size: 50 });
        assert_eq!(page.cut((0..120).collect()), (50..100).collect::<Vec<_>>());
        assert_eq!(page.last(120), 3);
        assert_eq!(Page { number: 4, size: 50 }.cut((0..120).collect::<Vec<u8>>()), Vec::<u8>::new());
    }

    #[test]
    fn each_forge_looks_for_secrets_in_its_own_places() {
        let mut headers = HeaderMap::new();
        // `user:` with an empty password.
        headers.insert("authorization", HeaderValue::from_static("Basic c2VjcmV0Og=="));
        let found = Credentials::read(&headers, &Query::default());
        assert_eq!(found.for_api(Kind::Gitea), ["secret"]);
        assert!(found.for_api(Kind::GitLab).is_empty());
        headers.clear();
        headers.insert("private-token", HeaderValue::from_static("glpat"));
        let found = Credentials::read(&headers, &Query::default());
        assert_eq!(found.for_api(Kind::GitLab), ["glpat"]);
        assert!(found.for_api(Kind::GitHub).is_empty());
    }
}
