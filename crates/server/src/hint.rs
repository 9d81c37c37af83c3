//! What a webhook hints at: where to look, never what is there.

use async_trait::async_trait;
use refray_core::config::Provider;
use refray_core::oid::Oid;

/// What one delivery says has happened, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// The kind of forge that sent it, by its headers.
    pub provider: Provider,
    /// The hosts, with a port where one is given, of the addresses that the payload names for its repository.
    pub hosts: Vec<String>,
    /// The repository's full path, such as `ada/harbour`; after a rename or transfer the former one as well.
    pub paths: Vec<String>,
    /// The forge's lasting id of the repository, where the payload names it.
    pub id: Option<String>,
    /// What happened there.
    pub kind: HintKind,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HintKind {
    /// References moved, came or went.
    Refs(Vec<RefHint>),
    /// The repository was created, renamed, transferred, deleted, archived, or changed its visibility.
    Repository,
    /// The forge only tries whether anybody listens.
    Ping,
    /// It is about something that refray does not sync, such as an issue: its name.
    Other(String),
}

/// A reference that is said to have moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefHint {
    /// Its full name, `refs/heads/…` or `refs/tags/…`.
    pub name: String,
    /// The value that it is said to have now; `None` when it was deleted, or when the payload does not say.
    pub new: Option<Oid>,
    /// It is said to have been deleted.
    pub deleted: bool,
}

/// What became of a hint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Woken {
    /// So many repositories will be looked at. This is durable.
    Queued(usize),
    /// What it tells is known already: refray's own push came back.
    Known,
    /// It is about a repository that is in no group, or that the filters leave out.
    Unknown,
}

/// Nothing could be made durable: the sender should try again.
#[derive(Debug, Clone, thiserror::Error)]
#[error("a wake-up could not be stored: {0}")]
pub struct WakeError(pub String);

/// Takes hints.
#[async_trait]
pub trait Waker: Send + Sync {
    /// Puts the repositories that a hint is about into the queue. When this returns, they will be looked at whatever
    /// happens to the process.
    ///
    /// # Errors
    /// The queue cannot be written to.
    async fn wake(&self, hint: &Hint) -> Result<Woken, WakeError>;
}
