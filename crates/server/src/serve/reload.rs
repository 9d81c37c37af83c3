//! The configuration, read anew while everything runs.

use std::collections::BTreeMap;
use std::sync::Arc;

use refray_core::config::Config;
use refray_core::name::SiteName;
use refray_engine::{Engine, LazyGit, Surveys};
use refray_forge::Forge;

use crate::live::Live;

/// A configuration and the sites that can be reached with it.
pub struct Fresh {
    /// The configuration.
    pub config: Arc<Config>,
    /// Its sites.
    pub forges: BTreeMap<SiteName, Arc<dyn Forge>>,
}

/// Reads the configuration again.
pub trait Reload: Send + Sync {
    /// Reads and checks it.
    ///
    /// # Errors
    /// What is wrong with it, with the place marked.
    fn load(&self) -> Result<Fresh, String>;
}

/// Puts a fresh configuration in place. The queue, the locks and what is in hand stay.
pub(super) fn replace(live: &Live, fresh: Fresh) {
    let old = live.engine();
    live.replace(Engine {
        config: fresh.config,
        forges: fresh.forges,
        store: old.store.clone(),
        git: LazyGit::default(),
        dirs: old.dirs.clone(),
        locks: old.locks.clone(),
        events: old.events.clone(),
        clock: old.clock,
        webhooks: old.webhooks.renewed(),
        stop: old.stop.clone(),
        writing: old.writing.clone(),
        surveys: Surveys::default(),
    });
    live.ring();
}
