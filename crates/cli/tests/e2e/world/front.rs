//! A server in front of a forge: another address, a path of its own, or a proxy.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;

/// What leads to a forge by another address, under which the forge then also knows itself.
pub(crate) struct Front {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// The forge's address as seen from outside.
    pub(crate) base: String,
    seen: Arc<Mutex<Vec<String>>>,
}

#[derive(Clone)]
struct Way {
    client: reqwest::Client,
    forge: String,
    base: String,
    path: String,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Front {
    /// Listens on `host`, and leads to `forge` what is asked for below `path` there.
    pub(crate) async fn of(forge: &str, host: &str, path: &str) -> Self {
        let listener = TcpListener::bind(format!("{host}:0")).await.unwrap();
        let base = format!("http://{host}:{}{path}", listener.local_addr().unwrap().port());
        Self::start(listener, forge, base, path)
    }

    /// Listens as a proxy, and leads everybody to `forge`, whose address from outside is `base`.
    pub(crate) async fn proxy(forge: &str, base: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self::start(listener, forge, base.to_owned(), "")
    }

    fn start(listener: TcpListener, forge: &str, base: String, path: &str) -> Self {
        let address = listener.local_addr().unwrap();
        // An error means that there is one already.
        drop(rustls::crypto::ring::default_provider().install_default());
        #[expect(clippy::disallowed_methods, reason = "this one is not refray's")]
        let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let seen = Arc::default();
        let way = Way { client, forge: forge.to_owned(), base, path: path.to_owned(), seen: Arc::clone(&seen) };
        let base = way.base.clone();
        let router = Router::new().fallback(move |request: Request| lead(way.clone(), request));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, base, seen }
    }

    /// What was asked: method, address, and who a proxy was told it is.
    pub(crate) fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

async fn lead(way: Way, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let who = parts.headers.get(header::PROXY_AUTHORIZATION).map(|value| value.to_str().unwrap()).unwrap_or_default();
    way.seen.lock().unwrap().push(format!("{} {} {who}", parts.method, parts.uri));
    let asked = parts.uri.path_and_query().map(|it| it.as_str()).unwrap_or_default();
    let Some(rest) = asked.strip_prefix(&way.path).filter(|rest| rest.starts_with('/')) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let mut headers = parts.headers;
    for name in [header::HOST, header::PROXY_AUTHORIZATION, header::TRANSFER_ENCODING, header::CONTENT_LENGTH] {
        headers.remove(name);
    }
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let sent = way.client.request(parts.method, format!("{}{rest}", way.forge)).headers(headers).body(body).send();
    let Ok(answer) = sent.await else { return StatusCode::BAD_GATEWAY.into_response() };
    let status = answer.status();
    let headers = way.outside(answer.headers());
    let is_json = headers.get(header::CONTENT_TYPE).is_some_and(|it| it.to_str().unwrap().contains("json"));
    let Ok(body) = answer.bytes().await else { return StatusCode::BAD_GATEWAY.into_response() };
    let body = match std::str::from_utf8(&body) {
        Ok(text) if is_json => Body::from(text.replace(&way.forge, &way.base)),
        _ => Body::from(body),
    };
    (status, headers, body).into_response()
}

impl Way {
    /// What a forge says of addresses, as it would if it knew the one that it is reached by.
    fn outside(&self, headers: &HeaderMap) -> HeaderMap {
        let mut outside = headers.clone();
        for name in [header::TRANSFER_ENCODING, header::CONTENT_LENGTH, header::CONNECTION] {
            outside.remove(name);
        }
        for name in [header::LOCATION, header::LINK] {
            let Some(value) = headers.get(&name) else { continue };
            let text = value.to_str().unwrap().replace(&self.forge, &self.base);
            let text = if text.starts_with('/') { format!("{}{text}", self.path) } else { text };
            outside.insert(name, text.parse().unwrap());
        }
        outside
    }
}
