//! A small HTTP client for the tests of the dialects, which follows nothing and hides nothing.

use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper_util::client::legacy::Client as HyperClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

use crate::Site;

/// Somebody who calls a site's API.
#[derive(Clone)]
pub(crate) struct Client {
    http: HyperClient<HttpConnector, Full<Bytes>>,
    base: String,
    api: String,
    headers: Vec<(String, String)>,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
    pub(crate) body: Value,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|it| it.to_str().unwrap()).unwrap_or_default()
    }

    /// Returns the URL of a relation in the `Link` header.
    pub(crate) fn link(&self, relation: &str) -> Option<String> {
        let wanted = format!("rel=\"{relation}\"");
        let link = self.header("link").split(',').find(|it| it.contains(&wanted))?;
        Some(link.split_once('<')?.1.split_once('>')?.0.to_owned())
    }

    pub(crate) fn items(&self) -> &[Value] {
        self.body.as_array().unwrap()
    }

    /// Returns one field of every item.
    pub(crate) fn all(&self, field: &str) -> Vec<&str> {
        self.items().iter().map(|it| it[field].as_str().unwrap()).collect()
    }
}

impl Client {
    /// Returns a client that brings this token along, or none if it is empty.
    pub(crate) fn new(site: &Site, token: &str) -> Self {
        let mut headers = vec![("user-agent".to_owned(), "test".to_owned())];
        if !token.is_empty() {
            headers.push(("authorization".to_owned(), format!("Bearer {token}")));
        }
        let http = HyperClient::builder(TokioExecutor::new()).build_http();
        Self { http, base: site.base_url().to_owned(), api: site.api_url(), headers }
    }

    pub(crate) fn without(mut self, header: &str) -> Self {
        self.headers.retain(|(name, _)| name != header);
        self
    }

    pub(crate) fn with(mut self, header: &str, value: &str) -> Self {
        self.headers.push((header.to_owned(), value.to_owned()));
        self
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send(Method::GET, path, Value::Null).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Reply {
        self.send(Method::POST, path, body).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Reply {
        self.send(Method::PUT, path, body).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Reply {
        self.send(Method::PATCH, path, body).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Reply {
        self.send(Method::DELETE, path, Value::Null).await
    }

    /// Sends a request to a path of the API, a path of the host after `!`, or a whole URL.
    pub(crate) async fn send(&self, method: Method, path: &str, body: Value) -> Reply {
        let url = match path.strip_prefix('!') {
            Some(path) => format!("{}{path}", self.base),
            None if path.starts_with("http") => path.to_owned(),
            None => format!("{}{path}", self.api),
        };
        let mut request = Request::builder().method(method).uri(url);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let body = if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) };
        if !body.is_empty() && !self.headers.iter().any(|(name, _)| name == "content-type") {
            request = request.header("content-type", "application/json");
        }
        let response = self.http.request(request.body(Full::new(body)).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let body = serde_json::from_str(&text).unwrap_or_default();
        Reply { status: parts.status, headers: parts.headers, text, body }
    }

    /// Follows a list through all its pages and returns one field of every item.
    pub(crate) async fn follow(&self, path: &str, field: &str) -> (Vec<String>, usize) {
        let (mut found, mut pages, mut next) = (Vec::new(), 0, Some(path.to_owned()));
        while let Some(path) = next {
            let reply = self.get(&path).await;
            assert_eq!(reply.status, 200, "{path}: {}", reply.text);
            found.extend(reply.all(field).into_iter().map(str::to_owned));
            pages += 1;
            next = reply.link("next");
        }
        (found, pages)
    }
}
