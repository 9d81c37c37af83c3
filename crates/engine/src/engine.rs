//! What every step of a run works with.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use jiff::Timestamp;
use refray_core::config::{Config, Endpoint};
use refray_core::event::{Event, EventSink};
use refray_core::name::SiteName;
use refray_forge::Forge;
use refray_git::Git;
use tokio_util::sync::CancellationToken;

use crate::lock::Locks;
use crate::named;
use crate::store::Store;
use crate::wake::Surveys;
use crate::webhooks::Webhooks;
use crate::writing::Writing;

/// Where refray keeps things.
#[derive(Debug, Clone)]
pub struct Dirs {
    /// Bare mirrors; can be thrown away.
    pub work: PathBuf,
    /// The database, backups and locks; cannot.
    pub state: PathBuf,
}

/// The git binary, which is looked for when it is first asked for.
#[derive(Debug, Default)]
pub struct LazyGit(OnceLock<Git>);

impl LazyGit {
    /// Returns the binary.
    ///
    /// # Errors
    /// There is none, or too old a one: why, and the remedy.
    pub(crate) fn get(&self) -> Result<&Git, (String, String)> {
        if let Some(git) = self.0.get() {
            return Ok(git);
        }
        let found = Git::discover().map_err(|error| {
            (error.to_string(), "Install git 2.39 or newer, and see that it is in `PATH`.".to_owned())
        })?;
        Ok(self.0.get_or_init(|| found))
    }
}

/// Brings repositories into agreement.
pub struct Engine {
    /// The configuration.
    pub config: Arc<Config>,
    /// The sites that can be reached with it.
    pub forges: BTreeMap<SiteName, Arc<dyn Forge>>,
    /// What is remembered.
    pub store: Arc<dyn Store>,
    /// The git binary, found when it is first needed: a run in which nothing changed starts no process.
    pub git: LazyGit,
    /// Where things are kept.
    pub dirs: Dirs,
    /// One lock a repository.
    pub locks: Locks,
    /// Who listens.
    pub events: Arc<dyn EventSink>,
    /// Tells the time.
    pub clock: fn() -> Timestamp,
    /// What installing webhooks takes.
    pub webhooks: Webhooks,
    /// Set when a run is to end: nothing new is begun.
    pub stop: CancellationToken,
    /// What the runs in hand are making true.
    pub writing: Arc<Writing>,
    /// Looks at whole groups that several visits share.
    pub surveys: Surveys,
}

impl Engine {
    /// Returns the forge of an endpoint's site, which knows repositories by the names that the group has for them.
    pub fn forge(&self, endpoint: &Endpoint) -> Result<Arc<dyn Forge>, String> {
        self.forges
            .get(&endpoint.site.name)
            .map(|forge| named::at(forge, endpoint))
            .ok_or_else(|| format!("the site `{}` is not connected", endpoint.site.name))
    }

    pub(crate) fn emit(&self, event: Event) {
        self.events.emit(event);
    }

    /// Returns a time as text that sorts and can be part of a file's or reference's name: `20260102T030405Z`.
    pub(crate) fn stamp(&self) -> String {
        (self.clock)().strftime("%Y%m%dT%H%M%SZ").to_string()
    }
}
