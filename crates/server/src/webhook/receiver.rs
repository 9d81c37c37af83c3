//! The receiver itself.

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::extract::{ConnectInfo, Request, State};
use axum::routing::{get, post};
use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_LENGTH;

use super::body::{self, Memory};
use super::headers::{BodyType, Origin, single};
use super::limits::{Overall, Sources};
use super::payload;
use super::proof::{Keys, Proof};
use super::recent::{DeliveryKey, Recent};
use super::{Outcome, ReceiverOptions};
use crate::hint::{Hint, HintKind, Waker, Woken};

/// Larger bodies are checked and parsed where they keep nobody waiting.
const LARGE: usize = 256 << 10;

/// Returns the routes of a receiver: deliveries are posted to `/` or `/webhook`, and `/` answers whoever wants to know
/// whether it can be reached.
pub fn router(options: ReceiverOptions, waker: Arc<dyn Waker>) -> Router {
    let receiver = Receiver {
        keys: Arc::new(Keys::new(&options.secret, options.signing_token.as_ref())),
        sources: Sources::new(options.refused_per_minute),
        overall: Overall::new(options.per_second, Instant::now()),
        memory: Memory::new(options.memory),
        recent: Recent::default(),
        options,
        waker,
    };
    Router::new()
        .route("/", get(async || "refray takes webhooks here\n").post(deliver))
        .route("/webhook", post(deliver))
        .with_state(Arc::new(receiver))
}

struct Receiver {
    options: ReceiverOptions,
    keys: Arc<Keys>,
    sources: Sources,
    overall: Overall,
    memory: Memory,
    recent: Recent,
    waker: Arc<dyn Waker>,
}

async fn deliver(State(receiver): State<Arc<Receiver>>, request: Request) -> Outcome {
    let source = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    let outcome = match receiver.take(source, request).await {
        Ok(outcome) | Err(outcome) => outcome,
    };
    if outcome.blames_sender() {
        receiver.sources.blame(source, Instant::now());
    }
    receiver.options.counters.add(outcome);
    outcome
}

/// What is known of a delivery before its body is read.
struct Announced {
    origin: Origin,
    proof: Proof,
    body: BodyType,
    length: Option<u64>,
}

/// A delivery that was proved to come from a forge.
struct Proved {
    hint: Hint,
    key: Option<DeliveryKey>,
}

impl Receiver {
    async fn take(&self, source: Option<IpAddr>, request: Request) -> Result<Outcome, Outcome> {
        if self.sources.shut_out(source, Instant::now()) {
            return Err(Outcome::Limited);
        }
        let announced = self.announced(request.headers())?;
        if self.overall.exceeded(Instant::now()) {
            return Err(Outcome::Limited);
        }
        let Proved { hint, key } = self.proved(announced, request).await?;
        match &hint.kind {
            HintKind::Refs(_) | HintKind::Repository => {}
            HintKind::Ping | HintKind::Other(_) => return Ok(Outcome::Ignored),
        }
        if key.as_ref().is_some_and(|key| self.recent.contains(key)) {
            return Ok(Outcome::Repeated);
        }
        match self.waker.wake(&hint).await {
            Ok(Woken::Queued(_)) => {
                if let Some(key) = key {
                    self.recent.remember(key);
                }
                Ok(Outcome::Accepted)
            }
            Ok(Woken::Known) => Ok(Outcome::Known),
            Ok(Woken::Unknown) => Ok(Outcome::Unknown),
            Err(error) => {
                tracing::warn!(%error, forge = hint.provider.as_str(), "a webhook could not be taken");
                Err(Outcome::Failed)
            }
        }
    }

    /// Looks at the headers. What they already show to be wrong is refused without reading the body.
    fn announced(&self, headers: &HeaderMap) -> Result<Announced, Outcome> {
        let origin = Origin::of(headers)?;
        let now = (self.options.clock)();
        let proof = Proof::of(headers, origin.forge, &self.keys, now).map_err(|_| Outcome::Unauthorized)?;
        let body = BodyType::of(headers, origin.forge)?;
        let length = single(headers, CONTENT_LENGTH.as_str()).map_err(|_| Outcome::Malformed)?;
        let length = length.and_then(|length| std::str::from_utf8(length).ok()?.parse().ok());
        Ok(Announced { origin, proof, body, length })
    }

    /// Reads the body, and believes it once the proof fits.
    async fn proved(&self, announced: Announced, request: Request) -> Result<Proved, Outcome> {
        let mut room = self.memory.room();
        let body = body::read(request.into_body(), &self.options, &mut room, announced.length).await?;
        if announced.body == BodyType::Form {
            // What is decoded lies beside it.
            room.grow(body.len() * 2)?;
        }
        if body.len() <= LARGE {
            return check(&announced, &self.keys, &body);
        }
        let keys = Arc::clone(&self.keys);
        let checking = tokio::task::spawn_blocking(move || check(&announced, &keys, &body));
        checking.await.map_err(|_| Outcome::Failed)?
    }
}

/// Checks the proof. Nothing but the encoding of a form is undone before it fits: some forges sign what is inside.
fn check(announced: &Announced, keys: &Keys, body: &Bytes) -> Result<Proved, Outcome> {
    let Announced { origin, proof, .. } = announced;
    let json = match announced.body {
        BodyType::Json => Some(Cow::Borrowed(&body[..])),
        BodyType::Form => field(body),
    };
    let covered = if proof.covers_json() { json.as_deref() } else { Some(&body[..]) };
    if !covered.is_some_and(|covered| proof.fits(keys, covered)) {
        return Err(Outcome::Unauthorized);
    }
    let json = json.ok_or(Outcome::Malformed)?;
    let hint = payload::parse(origin, &json).map_err(|error| {
        tracing::debug!(%error, forge = origin.forge.as_str(), event = origin.event, "a webhook cannot be understood");
        Outcome::Malformed
    })?;
    let key = origin.delivery.as_deref().map(|id| DeliveryKey::new(origin.forge, id, body));
    Ok(Proved { hint, key })
}

/// Returns the JSON in a form. With several fields of that name there is no telling which is meant.
fn field(form: &[u8]) -> Option<Cow<'_, [u8]>> {
    let mut fields = url::form_urlencoded::parse(form).filter(|(name, _)| name == "payload");
    let (_, json) = fields.next()?;
    if fields.next().is_some() {
        return None;
    }
    Some(match json {
        Cow::Borrowed(json) => Cow::Borrowed(json.as_bytes()),
        Cow::Owned(json) => Cow::Owned(json.into_bytes()),
    })
}
