//! A receiver whose wake-ups are written down, and deliveries to send to it.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use http::{Request, StatusCode};
use jiff::Timestamp;
use refray_core::secret::Secret;
use refray_server::hint::{Hint, WakeError, Waker, Woken};
use refray_server::webhook::{Counters, ReceiverOptions, router};
use sha2::Sha256;
use tower::ServiceExt;

pub(crate) const SECRET: &str = "It's a Secret to Everybody";
pub(crate) const SIGNING_TOKEN: &str = "whsec_cmVmcmF5IHdlYmhvb2sgc2lnbmluZyB0ZXN0IGtleSE=";
/// The time that the samples of GitLab were signed at.
pub(crate) const NOW: i64 = 1_763_798_400;

/// Writes down what it is told.
pub(crate) struct Recorder {
    hints: Mutex<Vec<Hint>>,
    answer: Mutex<Result<Woken, WakeError>>,
}

#[async_trait]
impl Waker for Recorder {
    async fn wake(&self, hint: &Hint) -> Result<Woken, WakeError> {
        self.hints.lock().unwrap().push(hint.clone());
        self.answer.lock().unwrap().clone()
    }
}

impl Recorder {
    pub(crate) fn answer(&self, answer: Result<Woken, WakeError>) {
        *self.answer.lock().unwrap() = answer;
    }

    /// Returns what was told since the last time.
    pub(crate) fn take(&self) -> Vec<Hint> {
        std::mem::take(&mut self.hints.lock().unwrap())
    }
}

pub(crate) struct World {
    pub(crate) router: Router,
    pub(crate) recorder: Arc<Recorder>,
    pub(crate) counters: Arc<Counters>,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    pub(crate) fn with(change: impl FnOnce(&mut ReceiverOptions)) -> Self {
        let mut options = ReceiverOptions::new(Secret::new(SECRET.to_owned()));
        options.signing_token = Some(Secret::new(SIGNING_TOKEN.to_owned()));
        options.clock = || Timestamp::from_second(NOW).unwrap();
        change(&mut options);
        let counters = Arc::clone(&options.counters);
        let recorder = Arc::new(Recorder { hints: Mutex::default(), answer: Mutex::new(Ok(Woken::Queued(1))) });
        let router = router(options, Arc::<Recorder>::clone(&recorder));
        Self { router, recorder, counters }
    }

    pub(crate) async fn send(&self, post: &Post) -> StatusCode {
        self.request(post.request()).await
    }

    pub(crate) async fn request(&self, request: Request<Body>) -> StatusCode {
        self.router.clone().oneshot(request).await.unwrap().status()
    }
}

/// A delivery.
#[derive(Debug, Clone)]
pub(crate) struct Post {
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Post {
    pub(crate) fn new(body: impl Into<Vec<u8>>) -> Self {
        Self { headers: Vec::new(), body: body.into() }.set("content-type", "application/json")
    }

    pub(crate) fn github(event: &str, body: &str) -> Self {
        let digest = digest(SECRET, body.as_bytes());
        Self::new(body).set("x-github-event", event).set("x-hub-signature-256", &format!("sha256={digest}"))
    }

    /// What Gitea sends, with all the headers of others.
    pub(crate) fn gitea(event: &str, body: &str) -> Self {
        let bare = digest(SECRET, body.as_bytes());
        let post = Self::github(event, body).set("x-hub-signature", "sha1=00");
        ["gitea", "gogs"].iter().fold(post, |post, family| {
            post.set(&format!("x-{family}-event"), event).set(&format!("x-{family}-signature"), &bare)
        })
    }

    pub(crate) fn forgejo(event: &str, body: &str) -> Self {
        let bare = digest(SECRET, body.as_bytes());
        Self::gitea(event, body).set("x-forgejo-event", event).set("x-forgejo-signature", &bare)
    }

    pub(crate) fn gitlab(event: &str, body: &str) -> Self {
        Self::new(body).set("x-gitlab-event", event).set("x-gitlab-token", SECRET)
    }

    /// What GitLab sends for a hook with a signing token.
    pub(crate) fn signed(event: &str, body: &str, id: &str, time: i64) -> Self {
        let key = STANDARD.decode(&SIGNING_TOKEN["whsec_".len()..]).unwrap();
        let signature = STANDARD.encode(hmac(&key, format!("{id}.{time}.{body}").as_bytes()));
        Self::new(body)
            .set("x-gitlab-event", event)
            .set("webhook-id", id)
            .set("webhook-timestamp", &time.to_string())
            .set("webhook-signature", &format!("v1,{signature}"))
    }

    /// Sets a header, in place of what it was.
    pub(crate) fn set(self, name: &str, value: &str) -> Self {
        self.without(name).and(name, value)
    }

    /// Adds a header, beside others of its name.
    pub(crate) fn and(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(other, _)| other != name);
        self
    }

    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    pub(crate) fn request(&self) -> Request<Body> {
        self.request_with(Body::from(self.body.clone()))
    }

    pub(crate) fn request_with(&self, body: Body) -> Request<Body> {
        let request = Request::post("/webhook");
        let request = self.headers.iter().fold(request, |request, (name, value)| request.header(name, value));
        request.body(body).unwrap()
    }
}

pub(crate) fn digest(secret: &str, body: &[u8]) -> String {
    hmac(secret.as_bytes(), body).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn hmac(key: &[u8], text: &[u8]) -> Vec<u8> {
    let mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.chain_update(text).finalize().into_bytes().to_vec()
}

/// A push to `main` as GitHub, Gitea and Forgejo tell it, with no more than they have to.
pub(crate) fn push() -> String {
    let repository = r#"{"id":7,"full_name":"ada/harbour","clone_url":"https://git.example.org/ada/harbour.git"}"#;
    format!(
        r#"{{"ref":"refs/heads/main","before":"{}","after":"{}","repository":{repository}}}"#,
        "1".repeat(40),
        "2".repeat(40)
    )
}

/// The same as GitLab tells it.
pub(crate) fn gitlab_push() -> String {
    let project = r#"{"id":7,"path_with_namespace":"ada/harbour","web_url":"https://gitlab.example.org/ada/harbour"}"#;
    format!(
        r#"{{"object_kind":"push","event_name":"push","ref":"refs/heads/main","after":"{}","project_id":7,"project":{project}}}"#,
        "2".repeat(40)
    )
}
