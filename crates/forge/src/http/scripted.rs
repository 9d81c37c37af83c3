//! A forge for tests that answers as it is told and remembers what it was asked.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use refray_core::config::{Endpoint, Names, NamespaceKind, Provider};
use refray_core::name::EndpointId;
use serde_json::Value;

use super::{Client, testing};

/// A request that came in.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Asked {
    /// `METHOD /path`, the path as it was sent, without the API's own beginning.
    pub(crate) what: String,
    /// The query, as it was sent.
    pub(crate) query: String,
    /// The body, `null` when there is none.
    pub(crate) body: Value,
}

impl Asked {
    /// Returns a query parameter.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        url::form_urlencoded::parse(self.query.as_bytes())
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    }
}

/// An answer to be given.
pub(crate) struct Reply {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Value,
}

impl Reply {
    /// Adds a header.
    pub(crate) fn header(mut self, name: &'static str, value: impl ToString) -> Self {
        self.headers.push((name, value.to_string()));
        self
    }
}

/// Answers with a status and a JSON body; none for `null`.
pub(crate) fn reply(status: u16, body: Value) -> Reply {
    Reply { status, headers: Vec::new(), body }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let body = if self.body.is_null() { Bytes::new() } else { Bytes::from(self.body.to_string()) };
        let mut response = (StatusCode::from_u16(self.status).unwrap(), body).into_response();
        for (name, value) in self.headers {
            response.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_str(&value).unwrap());
        }
        response
    }
}

/// What a scripted forge was asked so far.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<Asked>>>);

impl Log {
    /// Returns all that was asked.
    pub(crate) fn all(&self) -> Vec<Asked> {
        self.0.lock().unwrap().clone()
    }

    /// Returns `METHOD /path` of all that was asked.
    pub(crate) fn what(&self) -> Vec<String> {
        self.all().into_iter().map(|asked| asked.what).collect()
    }

    /// Returns the body of the last request of that kind.
    pub(crate) fn body(&self, what: &str) -> Value {
        let all = self.all();
        all.iter()
            .rev()
            .find(|asked| asked.what == what)
            .unwrap_or_else(|| panic!("{what} was not asked: {all:?}"))
            .body
            .clone()
    }
}

/// Starts a forge that answers by `script`, and returns a client of it.
pub(crate) async fn forge(
    provider: Provider,
    script: impl Fn(&Asked) -> Reply + Send + Sync + 'static,
) -> (Client, Log) {
    let log = Log::default();
    let script = Arc::new(script);
    let kept = log.clone();
    let router = Router::new().fallback(move |request: Request| {
        let (script, log) = (Arc::clone(&script), kept.clone());
        async move {
            let (parts, body) = request.into_parts();
            let body = to_bytes(body, usize::MAX).await.unwrap();
            let path = parts.uri.path();
            let path = path.strip_prefix("/api/v4").or_else(|| path.strip_prefix("/api/v1")).unwrap_or(path);
            let asked = Asked {
                what: format!("{} {path}", parts.method),
                query: parts.uri.query().unwrap_or_default().to_owned(),
                body: serde_json::from_slice(&body).unwrap_or(Value::Null),
            };
            log.0.lock().unwrap().push(asked.clone());
            script(&asked)
        }
    });
    (testing::client(provider, router).await, log)
}

/// Returns an endpoint on a client's site.
pub(crate) fn endpoint(client: &Client, kind: NamespaceKind, namespace: &str) -> Endpoint {
    Endpoint {
        id: EndpointId::of(&client.site().name, namespace),
        site: Arc::clone(client.site()),
        kind,
        namespace: namespace.to_owned(),
        include_subgroups: false,
        names: Names::default(),
    }
}
