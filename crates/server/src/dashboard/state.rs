//! What all pages work with.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::{Arc, Mutex};

use axum::http::HeaderMap;
use jiff::Timestamp;
use refray_core::config::{Config, MirrorGroup};
use refray_engine::store::Store;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::key::Key;
use super::session::Session;
use super::{Access, Actions, Broadcast};

/// Pages that are made at a time: each may hold the list of a whole group.
const PAGES: usize = 4;
/// Pages that are kept up to date at a time.
const STREAMS: usize = 64;

/// What the dashboard shows and does.
pub struct Dashboard {
    /// What is remembered.
    pub store: Arc<dyn Store>,
    /// The configuration as it is at present.
    pub config: Box<dyn Fn() -> Arc<Config> + Send + Sync>,
    /// The engine's events.
    pub broadcast: Broadcast,
    /// What buttons do.
    pub actions: Arc<dyn Actions>,
    /// Who may ask.
    pub access: Access,
    /// Tells the time.
    pub clock: fn() -> Timestamp,
    /// Set when the server is to end: open streams are closed.
    pub stop: CancellationToken,
}

/// The dashboard and what it keeps to itself.
pub(super) struct Inner {
    dashboard: Dashboard,
    pub(super) key: Key,
    pub(super) pages: Semaphore,
    pub(super) streams: Arc<Semaphore>,
    /// Sessions that were ended before their time, until then.
    pub(super) ended: Mutex<HashMap<String, Timestamp>>,
}

impl Deref for Inner {
    type Target = Dashboard;

    fn deref(&self) -> &Dashboard {
        &self.dashboard
    }
}

pub(super) type Shared = Arc<Inner>;

impl Inner {
    pub(super) fn new(dashboard: Dashboard) -> Result<Self, getrandom::Error> {
        Ok(Self {
            dashboard,
            key: Key::new()?,
            pages: Semaphore::new(PAGES),
            streams: Arc::new(Semaphore::new(STREAMS)),
            ended: Mutex::default(),
        })
    }

    pub(super) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// Reads the session that a request carries.
    pub(super) fn session(&self, headers: &HeaderMap) -> Option<Session> {
        Session::of(headers, &self.key, self.access.token().as_ref(), self.now())
    }

    /// Returns the header that gives a session to a browser.
    pub(super) fn cookie(&self, session: &Session, headers: &HeaderMap) -> String {
        session.cookie(headers, &self.key, self.access.token().as_ref())
    }

    pub(super) fn config(&self) -> Arc<Config> {
        (self.dashboard.config)()
    }

    pub(super) fn group(&self, name: &str) -> Option<Arc<MirrorGroup>> {
        self.config().mirrors.iter().find(|group| group.name.as_str() == name).cloned()
    }
}
