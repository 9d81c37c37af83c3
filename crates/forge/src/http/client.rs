use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_TYPE, ETAG, IF_NONE_MATCH, LINK, LOCATION};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use jiff::Timestamp;
use refray_core::config::{GitTransport, Provider, Site};
use refray_core::secret::Secret;
use refray_git::transport::{ProtocolMemory, Remote, Ssh};
use serde::de::DeserializeOwned;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use url::Url;

use super::again::{self, Again};
use super::answer::Answer;
use super::cache::Cached;
use super::call::Call;
use super::gate::{Entry, Gate, Pass};
use super::limits::{Left, Limit, date};
use super::lost::{Lost, Phase};
use super::once::Once;
use super::options::Options;
use super::pace::Pace;
use super::patience::Patience;
use super::redact::{clean, clean_of};
use super::redirect::{Target, judge};
use super::status::{self, Said};
use super::token::Token;
use super::{address, auth, connection};
use crate::credentials::{CredentialError, Environment};
use crate::error::{ErrorKind, ForgeError};
use crate::git_http::HttpRemote;
use crate::git_ssh::{self, Origin, SshGit};

/// No answer of an API is read beyond this.
const LARGEST_ANSWER: usize = 64 << 20;
/// Renames of renames are followed this far.
const MOST_HOPS: u32 = 4;
/// How often it is looked whether a forge has finished what it does behind an answer. The waits add up to half a minute.
const SETTLING_TRIES: u32 = 9;

/// The HTTP client of one site: its connections, credential, limits and retries. Clones share all of it.
#[derive(Clone)]
pub struct Client {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) site: Arc<Site>,
    pub(crate) http: reqwest::Client,
    pub(crate) api: Url,
    pub(crate) token: Token,
    pub(crate) options: Options,
    pub(crate) git_slots: Arc<Semaphore>,
    pub(crate) git_memory: ProtocolMemory,
    /// How git's side is reached, where that is not HTTP.
    ssh: Option<Ssh>,
    pub(crate) ssh_origin: Origin,
    api_slots: Semaphore,
    gate: Gate,
    /// The same for git's requests, which forges count by themselves.
    pub(crate) git_gate: Gate,
    pub(crate) once: Once,
    pace: Option<Pace>,
    clock: Mutex<Option<Timestamp>>,
    /// How many requests in a row found no connection.
    unreachable: AtomicU32,
}

/// An answer of any status.
struct Raw {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Client {
    /// Builds the client of a site. Nothing is sent, and the token is not read yet.
    ///
    /// # Errors
    /// An address that may not be used, or a `ca_file` or proxy that cannot be.
    pub fn new(site: Arc<Site>, environment: Arc<dyn Environment>, options: Options) -> Result<Self, ForgeError> {
        let api = site.api_url.clone().unwrap_or_else(|| address::default_api(&site));
        let http = connection::build(&site, &api, &*environment, &options).map_err(|(kind, message)| ForgeError {
            site: site.name.to_string(),
            doing: "prepare connections".into(),
            kind,
            message,
        })?;
        // Only github.com has the limit on creating content; an Enterprise Server has none unless it is switched on.
        let ssh = (site.transport == GitTransport::Ssh).then(|| git_ssh::ssh(&*environment, &options));
        let paced = site.provider == Provider::Github && api.host_str() == Some("api.github.com");
        Ok(Self {
            inner: Arc::new(Inner {
                http,
                api,
                token: Token::new(site.token.clone(), environment),
                git_slots: Arc::new(Semaphore::new(options.git_concurrency.max(1))),
                git_memory: ProtocolMemory::new(),
                ssh,
                ssh_origin: Origin::default(),
                api_slots: Semaphore::new(options.api_concurrency.max(1)),
                gate: Gate::default(),
                git_gate: Gate::default(),
                once: Once::default(),
                pace: paced.then(Pace::default),
                clock: Mutex::default(),
                unreachable: AtomicU32::new(0),
                options,
                site,
            }),
        })
    }

    /// Returns the site.
    pub fn site(&self) -> &Arc<Site> {
        &self.inner.site
    }

    /// Returns the address of an API operation. Each segment is encoded, slashes in it too.
    pub fn api_url<S: AsRef<str>>(&self, segments: impl IntoIterator<Item = S>) -> Url {
        address::join(&self.inner.api, segments)
    }

    /// Returns when the forge's clock last said a time.
    pub fn server_time(&self) -> Option<Timestamp> {
        *self.inner.clock.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the patience of one call.
    pub(crate) fn patience(&self) -> Patience {
        let options = &self.inner.options;
        Patience::new(options.patience, options.attempts, options.backoff)
    }

    /// Returns the patience to wait with until the forge has finished what it does behind an answer.
    pub(crate) fn settling(&self) -> Patience {
        let options = &self.inner.options;
        Patience::new(options.patience, SETTLING_TRIES, options.backoff / 4)
    }

    /// Returns the git side of a repository, over what the configuration says.
    pub fn remote(&self, path: &str) -> Arc<dyn Remote> {
        match &self.inner.ssh {
            Some(ssh) => Arc::new(SshGit::new(self.clone(), ssh.clone(), path)),
            None => Arc::new(HttpRemote::new(self.clone(), path)),
        }
    }

    /// Builds an error of this site.
    pub fn error(&self, doing: impl Into<String>, kind: ErrorKind, message: impl Into<String>) -> ForgeError {
        ForgeError { site: self.inner.site.name.to_string(), doing: doing.into(), kind, message: message.into() }
    }

    /// Sends a request and reads the answer as JSON.
    ///
    /// # Errors
    /// As [`Client::send`], and an answer that is something else.
    pub async fn json<T: DeserializeOwned>(&self, call: &Call) -> Result<T, ForgeError> {
        self.send(call).await?.json()
    }

    /// Sends a request, with all the manners: limits are kept to, passing failures are retried where that is safe, the
    /// token is read anew when it is refused, redirects on the same host are followed.
    ///
    /// A request that changes something is repeated only when it is certain that the forge did not carry it out. When
    /// such a one fails as [`ErrorKind::Connect`], [`ErrorKind::Timeout`] or [`ErrorKind::Server`], it may have been:
    /// look first.
    ///
    /// # Errors
    /// Anything but a 2xx answer, in the end.
    pub async fn send(&self, call: &Call) -> Result<Answer, ForgeError> {
        let inner = &*self.inner;
        let mut patience = self.patience();
        let mut target = call.url.clone();
        let (mut hops, mut moved, mut renewed) = (0, false, false);
        let mut limited = None;
        loop {
            let mut pass = match inner.gate.enter(Instant::now()) {
                Entry::Open(pass) => pass,
                Entry::Full(back) => {
                    back.await;
                    continue;
                }
                Entry::Closed(closed) => {
                    let Some(wait) = patience.next(Some(closed), fastrand::f64()) else {
                        let kind = ErrorKind::RateLimited { retry_after: Some(closed) };
                        return Err(limited.unwrap_or_else(|| self.error(&call.doing, kind, "")));
                    };
                    tokio::time::sleep(wait).await;
                    continue;
                }
            };
            let token = inner.token.get().await.map_err(|error| self.credential_error(&call.doing, &error))?;
            let (error, again) = match self.exchange(call, &target, token.as_ref(), &mut pass).await {
                Ok(raw) if raw.status.is_success() => {
                    pass.served();
                    return Ok(Answer {
                        status: raw.status,
                        headers: raw.headers,
                        body: raw.body,
                        url: target,
                        moved,
                        site: inner.site.name.to_string(),
                        doing: call.doing.clone(),
                    });
                }
                Ok(raw) if raw.status.is_redirection() => {
                    let location = raw.headers.get(LOCATION).and_then(|value| value.to_str().ok());
                    target = self.redirected(call, &target, raw.status, location, hops)?;
                    hops += 1;
                    moved |= !matches!(raw.status, StatusCode::FOUND | StatusCode::SEE_OTHER);
                    continue;
                }
                Ok(raw) => {
                    if raw.status == StatusCode::UNAUTHORIZED && !renewed {
                        renewed = true;
                        let fresh = inner.token.renew(token.as_ref()).await;
                        if fresh.map_err(|error| self.credential_error(&call.doing, &error))? {
                            continue;
                        }
                    }
                    let said = Said::of(raw.status, &raw.body);
                    let limit = Limit::read(raw.status, &raw.headers, &said);
                    let kind = status::kind(raw.status, &raw.headers, &said, limit);
                    // Whoever only asks has sent nothing that could be changed: what answers is not what was expected.
                    let asks = matches!(call.method, Method::GET | Method::HEAD);
                    let kind = if asks && kind == ErrorKind::Invalid { ErrorKind::Protocol } else { kind };
                    let error = self.error(&call.doing, kind, clean_of(&said.full(), secrets(call, token.as_ref())));
                    (error, again::after_status(call.safe, raw.status, limit))
                }
                Err(lost) => {
                    let error =
                        self.error(&call.doing, lost.kind(), clean_of(&lost.why, secrets(call, token.as_ref())));
                    (error, self.again_after_loss(call.safe, &lost))
                }
            };
            let Some(again) = again else { return Err(error) };
            tracing::debug!(site = %inner.site.name, %error, "trying again");
            if let Again::Limited(limit) = again {
                // A forge that says `now` and refuses again is not asked for ever.
                let asked = limit.wait.filter(|wait| !wait.is_zero());
                let Some(wait) = asked.or_else(|| patience.next(None, fastrand::f64())) else { return Err(error) };
                // The wait itself, and whether there is patience for it, is the gate's matter.
                if limit.guessed {
                    inner.gate.close_longer(Instant::now(), wait);
                } else {
                    inner.gate.close(Instant::now(), wait);
                }
                limited = Some(error);
                continue;
            }
            drop(pass);
            let asked = if let Again::After(wait) = again { Some(wait) } else { None };
            let Some(wait) = patience.next(asked, fastrand::f64()) else { return Err(error) };
            tokio::time::sleep(wait).await;
        }
    }

    pub(crate) fn credential_error(&self, doing: &str, error: &CredentialError) -> ForgeError {
        self.error(doing, ErrorKind::Credential, clean(&error.to_string(), None))
    }

    /// Judges a redirect: reading follows it on the same host, writing never does.
    fn redirected(
        &self,
        call: &Call,
        from: &Url,
        status: StatusCode,
        location: Option<&str>,
        hops: u32,
    ) -> Result<Url, ForgeError> {
        let broken = |why: String| self.error(&call.doing, ErrorKind::Protocol, why);
        match judge(from, location) {
            Target::Same(to) if !call.safe => {
                Err(self.error(&call.doing, ErrorKind::Moved { to: clean(to.as_str(), None) }, ""))
            }
            Target::Same(to) if hops < MOST_HOPS && call.method == Method::GET => Ok(to),
            Target::Same(_) => Err(broken("the forge redirects in circles".into())),
            Target::Foreign(host) => {
                Err(broken(format!("the forge redirects to `{host}`, which must not get the token")))
            }
            Target::Nowhere => Err(broken(format!("the forge redirects ({status}) without saying where to"))),
        }
    }

    fn again_after_loss(&self, safe: bool, lost: &Lost) -> Option<Again> {
        let inner = &*self.inner;
        // A forge that nobody reaches is not tried over and over by every repository.
        if matches!(lost.phase, Phase::Connect | Phase::Timeout) {
            let streak = inner.unreachable.fetch_add(1, Ordering::Relaxed);
            if streak >= inner.options.attempts.saturating_mul(2) {
                return None;
            }
        }
        match lost.phase {
            Phase::Connect => Some(Again::Soon),
            Phase::Timeout | Phase::Broken if safe => Some(Again::Soon),
            Phase::Timeout | Phase::Broken | Phase::Tls => None,
        }
    }

    /// Sends once and reads the whole answer.
    async fn exchange(
        &self,
        call: &Call,
        target: &Url,
        token: Option<&Secret>,
        pass: &mut Pass<'_>,
    ) -> Result<Raw, Lost> {
        let inner = &*self.inner;
        if let Some(pace) = &inner.pace
            && !call.safe
        {
            tokio::time::sleep_until(pace.book(Instant::now())).await;
        }
        // The semaphore is never closed.
        let _slot = inner.api_slots.acquire().await.map_err(|error| Lost::timeout(error.to_string()))?;
        let mut request = inner.http.request(call.method.clone(), target.clone());
        request = request.headers(auth::api_headers(inner.site.provider, token));
        if let Some(body) = &call.body {
            request = request.header(CONTENT_TYPE, HeaderValue::from_static("application/json")).body(body.clone());
        } else if call.method != Method::GET && call.method != Method::HEAD {
            request = request.body(Bytes::new());
        }
        let key = self.cache_key(call, target);
        let cached = key.as_deref().and_then(|key| inner.options.validators.load(key));
        if let Some(cached) = &cached {
            request = request.header(IF_NONE_MATCH, &cached.etag);
        }
        let timeout = inner.options.api_timeout;
        let read = async {
            let mut response = request.send().await?;
            let (status, headers) = (response.status(), response.headers().clone());
            let mut body = BytesMut::new();
            while let Some(piece) = response.chunk().await? {
                body.extend_from_slice(&piece);
                if body.len() > LARGEST_ANSWER {
                    return Err(Lost { phase: Phase::Broken, why: "the answer is too large".into() });
                }
            }
            Ok(Raw { status, headers, body: body.freeze() })
        };
        let mut raw = tokio::time::timeout(timeout, read)
            .await
            .unwrap_or_else(|_| Err(Lost::timeout(format!("no complete answer within {} s", timeout.as_secs()))))?;
        inner.unreachable.store(0, Ordering::Relaxed);
        self.note_time(&raw.headers);
        pass.learn(Instant::now(), Left::read(&raw.headers));
        if raw.status == StatusCode::NOT_MODIFIED
            && let Some(cached) = cached
        {
            raw.status = StatusCode::OK;
            raw.body = cached.body;
            if let Some(link) = cached.link.and_then(|link| link.parse().ok()) {
                raw.headers.insert(LINK, link);
            }
        } else if raw.status == StatusCode::OK
            && let (Some(key), Some(etag)) = (key, text(&raw.headers, ETAG.as_str()))
        {
            let answer = Cached { etag, body: raw.body.clone(), link: text(&raw.headers, LINK.as_str()) };
            inner.options.validators.store(&key, answer);
        }
        Ok(raw)
    }

    /// Returns under what an answer is kept. GitHub alone honours validators, and does not count what has not changed.
    fn cache_key(&self, call: &Call, target: &Url) -> Option<String> {
        let kept = call.method == Method::GET && self.inner.site.provider == Provider::Github;
        kept.then(|| format!("{} {target}", self.inner.site.name))
    }

    pub(crate) fn note_time(&self, headers: &HeaderMap) {
        if let Some(now) = date(headers).and_then(|date| Timestamp::try_from(date).ok()) {
            *self.inner.clock.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
        }
    }
}

/// Returns what no error may repeat.
fn secrets<'a>(call: &'a Call, token: Option<&'a Secret>) -> impl Iterator<Item = &'a Secret> {
    token.into_iter().chain(&call.secret)
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}
