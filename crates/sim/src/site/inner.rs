use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tokio::sync::mpsc::UnboundedSender;

use super::event::Emitted;
use super::{Event, RepositoryAction};
use crate::Kind;
use crate::faults::Faults;
use crate::git::Children;
use crate::hooks::DeliveryLog;
use crate::recording::Recording;
use crate::requests::RequestLog;
use crate::world::{Bare, Clock, Hook, HookTarget, Repository, World, WorldError};

/// One simulated forge. All its methods may be called while it is being used by clients.
#[derive(Debug)]
pub struct Site {
    name: String,
    kind: Kind,
    base_url: String,
    dir: PathBuf,
    ca_file: Option<PathBuf>,
    clock: Clock,
    world: Mutex<World>,
    faults: Faults,
    requests: RequestLog,
    deliveries: DeliveryLog,
    events: UnboundedSender<Emitted>,
    recording: Option<Arc<Recording>>,
    children: Children,
    ssh: OnceLock<String>,
}

/// What a site is made of.
#[derive(Debug)]
pub(crate) struct SiteParts {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) base_url: String,
    pub(crate) dir: PathBuf,
    pub(crate) ca_file: Option<PathBuf>,
    pub(crate) clock: Clock,
    pub(crate) events: UnboundedSender<Emitted>,
    pub(crate) recording: Option<Arc<Recording>>,
}

impl Site {
    pub(crate) fn new(parts: SiteParts) -> Self {
        Self {
            name: parts.name,
            kind: parts.kind,
            base_url: parts.base_url,
            dir: parts.dir,
            ca_file: parts.ca_file,
            clock: parts.clock,
            world: Mutex::default(),
            faults: Faults::default(),
            requests: RequestLog::default(),
            deliveries: DeliveryLog::default(),
            events: parts.events,
            recording: parts.recording,
            children: Children::default(),
            ssh: OnceLock::new(),
        }
    }

    /// Returns the name under which the site was made.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns which forge it plays.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Returns `http://host:port` or `https://host:port`, without a slash at the end.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Returns the URL below which its REST API lies, without a slash at the end.
    #[must_use]
    pub fn api_url(&self) -> String {
        format!("{}{}", self.base_url, self.kind.api_path())
    }

    /// Returns the host and port as they stand in its URLs.
    #[must_use]
    pub fn authority(&self) -> &str {
        self.base_url.split_once("://").map_or(self.base_url.as_str(), |(_, rest)| rest)
    }

    /// Returns the file with the certificate authority to trust, when the site speaks TLS.
    #[must_use]
    pub fn ca_file(&self) -> Option<&Path> {
        self.ca_file.as_deref()
    }

    /// Returns the folder that holds everything of the site.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Returns the clock it goes by.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Returns the switches for its misbehaviour.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// Returns the log of the requests it answered.
    #[must_use]
    pub fn requests(&self) -> &RequestLog {
        &self.requests
    }

    /// Returns the log of the webhook deliveries it made.
    #[must_use]
    pub fn deliveries(&self) -> &DeliveryLog {
        &self.deliveries
    }

    pub(crate) fn recording(&self) -> Option<&Recording> {
        self.recording.as_deref()
    }

    pub(crate) fn children(&self) -> &Children {
        &self.children
    }

    /// Returns the state, which nobody else can read or change until the guard is dropped.
    pub fn world(&self) -> MutexGuard<'_, World> {
        // A panic in a test's closure leaves data that is still whole enough to look at.
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the folder of a repository's objects and refs.
    #[must_use]
    pub fn repository_dir(&self, id: u64) -> PathBuf {
        self.dir.join("repositories").join(format!("{id}.git"))
    }

    /// Returns a repository's objects and refs.
    #[must_use]
    pub fn bare(&self, id: u64) -> Bare {
        Bare::at(self.repository_dir(id))
    }

    /// Returns the folder of the repository that has this owner and name.
    ///
    /// # Errors
    ///
    /// Fails when there is no such repository.
    pub fn bare_path(&self, owner: &str, name: &str) -> Result<PathBuf, WorldError> {
        Ok(self.repository_dir(self.repository(owner, name)?.id))
    }

    /// Returns the repository that has this owner and name.
    ///
    /// # Errors
    ///
    /// Fails when there is no such repository.
    pub fn repository(&self, owner: &str, name: &str) -> Result<Repository, WorldError> {
        let full_path = format!("{owner}/{name}");
        self.world().repository(&full_path).cloned().ok_or(WorldError::NoRepository(full_path))
    }

    /// Returns the URL from which the repository is cloned.
    #[must_use]
    pub fn clone_url(&self, full_path: &str) -> String {
        format!("{}/{full_path}.git", self.base_url)
    }

    /// Says where an ssh server is that serves this site's repositories, `ssh://user@host:port` with or without a folder;
    /// to be said once, before anybody asks. The simulator has none of its own.
    pub fn set_ssh(&self, base: impl Into<String>) {
        // What was said first has been told already.
        drop(self.ssh.set(base.into()));
    }

    /// Returns the URL to clone from over ssh.
    #[must_use]
    pub fn ssh_url(&self, full_path: &str) -> String {
        match self.ssh.get() {
            Some(base) => format!("{base}/{full_path}.git"),
            None => format!("git@{}:{full_path}.git", self.authority().split(':').next().unwrap_or_default()),
        }
    }

    /// Tells the hooks that are there now what happened.
    pub(crate) fn emit(&self, world: &World, repository: &Repository, actor: u64, event: Event) {
        let mut owners = vec![repository.owner];
        while let Some(parent) = world.accounts.get(&owners[owners.len() - 1]).and_then(|it| it.parent) {
            owners.push(parent);
        }
        let gone = matches!(event, Event::Repository(RepositoryAction::Deleted));
        let concerns = |hook: &Hook| match hook.target {
            // GitHub's own hooks go down with their repository.
            HookTarget::Repository(id) => id == repository.id && !(gone && self.kind == Kind::GitHub),
            HookTarget::Account(id) => owners.contains(&id),
            HookTarget::System => true,
        };
        let hooks = world.hooks.values().filter(|hook| hook.active && concerns(hook)).cloned().collect();
        self.send(Emitted { event, repository: repository.clone(), actor, hooks });
    }

    /// Tells one hook that it is there.
    pub fn ping(&self, hook: &Hook, repository: u64, actor: u64) {
        let repository = self.world().repositories.get(&repository).cloned();
        if let Some(repository) = repository {
            self.send(Emitted { event: Event::Ping, repository, actor, hooks: vec![hook.clone()] });
        }
    }

    fn send(&self, emitted: Emitted) {
        if !emitted.hooks.is_empty() {
            // Nobody listens any more only while the simulator is being dropped.
            drop(self.events.send(emitted));
        }
    }
}
