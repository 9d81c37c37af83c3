use std::sync::Arc;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures_util::stream;
use http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use refray_core::config::Provider;
use refray_core::secret::Secret;
use refray_git::transport::{
    Body, ByteStream, ProtocolMemory, ProtocolVersion, Remote, Service, TransportError, TransportErrorKind,
};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;
use url::Url;

use super::activity::{Activity, WatchedBody};
use super::failure;
use crate::http::{Client, Limit, Lost, Patience, Said, basic, clean, git_url, join};

/// Of a failure's text, no more than this is read.
const LONGEST_FAILURE: usize = 16 << 10;

/// The git side of a repository on a forge.
pub struct HttpRemote {
    pub(super) client: Client,
    url: Url,
}

/// One request, which can be made again as long as its body was not a stream.
struct Ask {
    method: Method,
    url: Url,
    headers: HeaderMap,
    expected: String,
    /// It changes nothing on the server.
    harmless: bool,
}

/// What is sent along.
enum Payload {
    Nothing,
    Bytes(Bytes),
    Stream(Option<ByteStream>),
}

impl HttpRemote {
    /// Names the repository at `path` of a site. Nothing is sent yet.
    pub fn new(client: Client, path: &str) -> Self {
        let url = git_url(&client.site().base_url, path);
        Self { client, url }
    }

    /// Returns its address.
    pub fn url(&self) -> &Url {
        &self.url
    }

    fn error(&self, kind: TransportErrorKind, message: impl Into<String>) -> TransportError {
        TransportError::new(kind, self.describe(), message)
    }

    /// Returns the user name that goes with the token. Only GitLab's OAuth tokens and GitHub's installation tokens ask
    /// for a certain one; everything else takes any.
    fn user(&self) -> &str {
        let site = self.client.site();
        site.git_username.as_deref().unwrap_or(match site.provider {
            Provider::Github => "x-access-token",
            Provider::Gitlab => "oauth2",
            Provider::Gitea | Provider::Forgejo | Provider::Directory => "refray",
        })
    }

    async fn run(&self, ask: &Ask, mut payload: Payload) -> Result<ByteStream, TransportError> {
        let inner = &*self.client.inner;
        let options = &inner.options;
        let mut patience = Patience::new(options.patience, options.attempts, options.backoff);
        let mut renewed = false;
        let credential = |error: &dyn std::fmt::Display| {
            self.error(TransportErrorKind::Unauthorized, clean(&error.to_string(), None))
        };
        let mut limited = None;
        loop {
            if let Some(closed) = inner.git_gate.closed_for(Instant::now()) {
                let Some(wait) = patience.next(Some(closed), fastrand::f64()) else {
                    let kind = TransportErrorKind::RateLimited { retry_after: Some(closed) };
                    return Err(limited.unwrap_or_else(|| self.error(kind, "")));
                };
                tokio::time::sleep(wait).await;
                continue;
            }
            let token = inner.token.get().await.map_err(|error| credential(&error))?;
            let slot = Arc::clone(&inner.git_slots).acquire_owned().await;
            let slot = slot.map_err(|error| self.error(TransportErrorKind::Other, error.to_string()))?;
            let activity = Activity::start();
            // A stream can be sent once only.
            let repeatable = !matches!(payload, Payload::Stream(_));
            let sent = self.exchange(ask, &mut payload, token.as_ref(), &activity).await;
            let (error, again) = match sent {
                Ok(response) if response.status() == StatusCode::OK => {
                    self.client.note_time(response.headers());
                    return self.accept(ask, response, slot, activity, token);
                }
                Ok(response) => {
                    let (status, headers) = (response.status(), response.headers().clone());
                    if status == StatusCode::UNAUTHORIZED && !renewed && repeatable {
                        renewed = true;
                        if inner.token.renew(token.as_ref()).await.map_err(|error| credential(&error))? {
                            continue;
                        }
                    }
                    let said = Said::of(status, &self.failure_text(response, &activity).await);
                    let limit = Limit::read(status, &headers, &said);
                    let kind = failure::kind(status, &headers, &ask.url, limit);
                    let error = self.error(kind, clean(&said.full(), token.as_ref()));
                    if limit.limited
                        && let Some(wait) = limit.wait.filter(|wait| !wait.is_zero())
                    {
                        // What one repository was told holds for all.
                        inner.git_gate.close(Instant::now(), wait);
                        if repeatable {
                            limited = Some(error);
                            continue;
                        }
                    }
                    (error, failure::again(status, limit, ask.harmless))
                }
                Err(lost) => {
                    // What broke the connection was our own half of the conversation.
                    if let Some(error) = activity.body_failure() {
                        return Err(error);
                    }
                    let kind = failure::lost(&lost);
                    let again = match kind {
                        TransportErrorKind::Connect => Some(None),
                        TransportErrorKind::Broken | TransportErrorKind::Timeout if ask.harmless => Some(None),
                        _ => None,
                    };
                    (self.error(kind, clean(&lost.why, token.as_ref())), again)
                }
            };
            drop(slot);
            let wait = match again {
                Some(asked) if repeatable => patience.next(asked, fastrand::f64()),
                _ => None,
            };
            let Some(wait) = wait else { return Err(error) };
            tracing::debug!(%error, "trying again");
            tokio::time::sleep(wait).await;
        }
    }

    async fn exchange(
        &self,
        ask: &Ask,
        payload: &mut Payload,
        token: Option<&Secret>,
        activity: &Arc<Activity>,
    ) -> Result<reqwest::Response, Lost> {
        let inner = &*self.client.inner;
        let mut request = inner.http.request(ask.method.clone(), ask.url.clone()).headers(ask.headers.clone());
        if let Some(token) = token {
            request = request.headers(basic(self.user(), token));
        }
        request = match payload {
            Payload::Nothing => request,
            Payload::Bytes(bytes) => request.body(bytes.clone()),
            Payload::Stream(stream) => match stream.take() {
                Some(stream) => {
                    request.body(reqwest::Body::wrap_stream(WatchedBody::new(stream, Arc::clone(activity))))
                }
                None => return Err(Lost { phase: crate::http::Phase::Broken, why: "the body was used up".into() }),
            },
        };
        let idle = inner.options.idle_timeout;
        match activity.watch(idle, request.send()).await {
            Some(response) => Ok(response?),
            None => Err(Lost::timeout(format!("nothing moved for {} s", idle.as_secs()))),
        }
    }

    /// Hands the answer on, if it is one of git's.
    fn accept(
        &self,
        ask: &Ask,
        response: reqwest::Response,
        slot: OwnedSemaphorePermit,
        activity: Arc<Activity>,
        token: Option<Secret>,
    ) -> Result<ByteStream, TransportError> {
        let found = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let found = found.split(';').next().unwrap_or_default().trim();
        if !found.eq_ignore_ascii_case(&ask.expected) {
            let why = format!("no git server answered: `{}` came instead of `{}`", clean(found, None), ask.expected);
            return Err(self.error(TransportErrorKind::Other, why));
        }
        let idle = self.client.inner.options.idle_timeout;
        let remote = self.describe();
        // The slot is held until the stream is done or dropped.
        let state = Some((response, slot));
        Ok(Box::pin(stream::unfold(state, move |state| {
            let (activity, remote, token) = (Arc::clone(&activity), remote.clone(), token.clone());
            async move {
                let (mut response, slot) = state?;
                let fail = |kind, why: &str| TransportError::new(kind, remote.clone(), clean(why, token.as_ref()));
                match activity.watch(idle, response.chunk()).await {
                    Some(Ok(Some(piece))) => Some((Ok(piece), Some((response, slot)))),
                    Some(Ok(None)) => None,
                    Some(Err(error)) => {
                        let lost = Lost::from(error);
                        let error =
                            activity.body_failure().unwrap_or_else(|| fail(TransportErrorKind::Broken, &lost.why));
                        Some((Err(error), None))
                    }
                    None => {
                        let why = format!("nothing moved for {} s", idle.as_secs());
                        Some((Err(fail(TransportErrorKind::Timeout, &why)), None))
                    }
                }
            }
        })))
    }

    async fn failure_text(&self, mut response: reqwest::Response, activity: &Activity) -> Bytes {
        let mut text = BytesMut::new();
        let idle = self.client.inner.options.idle_timeout;
        // The text is an extra: when it cannot be read, the status says enough.
        while let Some(Ok(Some(piece))) = activity.watch(idle, response.chunk()).await {
            text.extend_from_slice(&piece);
            if text.len() > LONGEST_FAILURE {
                break;
            }
        }
        text.freeze()
    }
}

fn headers(version: ProtocolVersion) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if let Some(version) = version.header() {
        headers.insert("git-protocol", HeaderValue::from_static(version));
    }
    headers
}

/// Returns the media type of one of a service's messages.
fn media_type(service: Service, message: &str) -> String {
    format!("application/x-{service}-{message}")
}

#[async_trait]
impl Remote for HttpRemote {
    async fn advertise(&self, service: Service, version: ProtocolVersion) -> Result<ByteStream, TransportError> {
        let mut url = join(&self.url, ["info", "refs"]);
        url.query_pairs_mut().append_pair("service", service.as_str());
        let mut headers = headers(version);
        headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        let ask =
            Ask { method: Method::GET, url, headers, expected: media_type(service, "advertisement"), harmless: true };
        self.run(&ask, Payload::Nothing).await
    }

    async fn request(
        &self,
        service: Service,
        version: ProtocolVersion,
        body: Body,
    ) -> Result<ByteStream, TransportError> {
        let url = join(&self.url, [service.as_str()]);
        let mut headers = headers(version);
        let (request, result) = match service {
            Service::UploadPack => ("application/x-git-upload-pack-request", "application/x-git-upload-pack-result"),
            Service::ReceivePack => ("application/x-git-receive-pack-request", "application/x-git-receive-pack-result"),
        };
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(request));
        headers.insert(ACCEPT, HeaderValue::from_static(result));
        let harmless = service == Service::UploadPack;
        let ask = Ask { method: Method::POST, url, headers, expected: media_type(service, "result"), harmless };
        let payload = match body {
            Body::Bytes(bytes) => Payload::Bytes(bytes),
            Body::Stream(stream) => Payload::Stream(Some(stream)),
        };
        self.run(&ask, payload).await
    }

    fn describe(&self) -> String {
        // The address was built from a site's and a path: neither holds a secret, and user information is dropped here.
        clean(self.url.as_str(), None)
    }

    fn memory(&self) -> &ProtocolMemory {
        &self.client.inner.git_memory
    }
}
