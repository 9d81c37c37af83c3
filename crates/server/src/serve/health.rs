//! What an operator's tools ask: `/healthz`, `/readyz` and `/metrics`, on the dashboard's address.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use jiff::Timestamp;
use subtle::ConstantTimeEq;

use super::metrics;
use crate::dashboard::Access;
use crate::live::Live;
use crate::worker::Pulse;

/// The workers look at the queue every few seconds; without that for so long, they are stuck.
pub(super) const STUCK: Duration = Duration::from_secs(30);

/// What these pages know.
#[derive(Clone)]
pub(super) struct Health {
    pub(super) live: Arc<Live>,
    pub(super) pulse: Arc<Pulse>,
    pub(super) started: Timestamp,
    /// What `/metrics` wants to be shown, when the dashboard has a token.
    pub(super) access: Access,
}

/// Why the metrics are not shown.
enum Closed {
    /// No token was shown, or a wrong one.
    NoToken,
    /// There were too many wrong ones; in so many seconds they are looked at again.
    Wait(i64),
}

impl Health {
    pub(super) fn router(self) -> Router {
        Router::new()
            .route("/healthz", get(healthz))
            .route("/readyz", get(readyz))
            .route("/metrics", get(write_metrics))
            .with_state(self)
    }

    pub(super) fn is_alive(&self) -> bool {
        self.pulse.age((self.live.engine().clock)()) < STUCK
    }

    fn admits(&self, headers: &HeaderMap, from: Option<IpAddr>) -> Result<(), Closed> {
        let Some(token) = self.access.token() else { return Ok(()) };
        let shown = headers.get(header::AUTHORIZATION).map(|value| value.as_bytes());
        let shown = shown.and_then(|value| value.strip_prefix(b"Bearer ")).ok_or(Closed::NoToken)?;
        // The token opens the dashboard as well: whoever guesses must not do it here instead.
        let (tries, now) = (self.access.tries(), (self.live.engine().clock)());
        if let Some(wait) = tries.wait(from, now) {
            return Err(Closed::Wait(wait.as_secs().max(1)));
        }
        if shown.ct_eq(token.expose().as_bytes()).into() {
            tries.right(from);
            Ok(())
        } else {
            tries.wrong(from, now);
            Err(Closed::NoToken)
        }
    }
}

/// The process does its work.
async fn healthz(State(health): State<Health>) -> Response {
    // Once the end has begun, nobody looks at the queue any more, and that is well.
    if health.is_alive() || health.live.stop.is_cancelled() {
        "ok\n".into_response()
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "the workers do not look at the queue\n").into_response()
    }
}

/// Deliveries can be taken, and will be worked on.
async fn readyz(State(health): State<Health>) -> Response {
    if health.live.stop.is_cancelled() {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopping\n").into_response();
    }
    match health.live.engine().store.next_due().await {
        Ok(_) => "ready\n".into_response(),
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, format!("{error}\n")).into_response(),
    }
}

async fn write_metrics(State(health): State<Health>, request: Request) -> Response {
    let from = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    match health.admits(request.headers(), from) {
        Ok(()) => {}
        Err(Closed::NoToken) => {
            let challenge = [(header::WWW_AUTHENTICATE, "Bearer")];
            let hint = "show the token of `[dashboard]`: `Authorization: Bearer …`\n";
            return (StatusCode::UNAUTHORIZED, challenge, hint).into_response();
        }
        Err(Closed::Wait(seconds)) => {
            let wait = [(header::RETRY_AFTER, seconds.to_string())];
            return (StatusCode::TOO_MANY_REQUESTS, wait, "there were too many wrong tokens\n").into_response();
        }
    }
    match metrics::write(&health.live, health.started).await {
        Ok(text) => ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response(),
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, format!("{error}\n")).into_response(),
    }
}
