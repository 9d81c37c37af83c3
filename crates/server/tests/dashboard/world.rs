//! A store with something of everything in it, and a browser of few words.

#[path = "../common/scene.rs"]
mod scene;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::header::{ACCEPT, COOKIE, HOST, LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use tower::ServiceExt;

pub(crate) use scene::{RUN, Scene, at, endpoint, group, repo};

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    #[track_caller]
    pub(crate) fn has(&self, words: &[&str]) -> &Self {
        for word in words {
            assert!(self.text.contains(word), "`{word}` is not in:\n{}", self.text);
        }
        self
    }

    pub(crate) fn location(&self) -> &str {
        self.headers.get(LOCATION).map_or("", |location| location.to_str().unwrap())
    }

    /// What the page's forms carry.
    pub(crate) fn form_token(&self) -> String {
        let (_, rest) = self.text.split_once("name=\"form_token\" value=\"").unwrap();
        rest.split_once('"').unwrap().0.to_owned()
    }
}

/// A browser at the dashboard: it keeps its cookie.
pub(crate) struct World {
    pub(crate) scene: Scene,
    router: Router,
    pub(crate) cookie: std::sync::Mutex<Option<String>>,
}

impl World {
    pub(crate) async fn new(token: Option<&str>) -> Self {
        let scene = Scene::new().await;
        Self::of(scene, token)
    }

    pub(crate) fn of(scene: Scene, token: Option<&str>) -> Self {
        let router = scene.router(token);
        Self { scene, router, cookie: std::sync::Mutex::default() }
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let text = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
        if let Some(cookie) = parts.headers.get(SET_COOKIE) {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap().to_owned();
            *self.cookie.lock().unwrap() = Some(pair);
        }
        Answer { status: parts.status, headers: parts.headers, text }
    }

    pub(crate) fn request(&self, method: &str, path: &str) -> axum::http::request::Builder {
        let builder =
            Request::builder().method(method).uri(path).header(HOST, "localhost:8788").header(ACCEPT, "text/html");
        match &*self.cookie.lock().unwrap() {
            Some(cookie) => builder.header(COOKIE, cookie),
            None => builder,
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(self.request("GET", path).body(Body::empty()).unwrap()).await
    }

    /// Sends a form as a browser does from a page of the dashboard.
    pub(crate) async fn post(&self, path: &str, form: &str) -> Answer {
        let request = self.request("POST", path).header("origin", "http://localhost:8788");
        let request = request.header("sec-fetch-site", "same-origin");
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(form.to_owned())).unwrap()).await
    }

    pub(crate) fn done(&self) -> Vec<String> {
        Arc::clone(&self.scene.actions).done()
    }
}
