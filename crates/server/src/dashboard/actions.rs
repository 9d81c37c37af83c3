//! What a person can do from a page.

use std::collections::{BTreeSet, HashSet};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use refray_core::name::{GroupName, RepoName};
use refray_core::plan::group::Selection;
use refray_engine::SyncOptions;
use refray_engine::restore::UndoOptions;
use refray_engine::store::{StoreError, Wake};
use tokio_util::task::TaskTracker;

use super::Broadcast;
use crate::live::Live;

/// An action could not be begun.
#[derive(Debug, thiserror::Error)]
pub enum ActionError {
    /// The store cannot be written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It cannot be done, for this reason.
    #[error("{message}")]
    Refused {
        /// Why.
        message: String,
        /// What the user can do.
        remedy: String,
    },
}

/// What a person can do from a page. All return when the work is certain to be done, not when it is.
#[async_trait]
pub trait Actions: Send + Sync {
    /// Looks at a repository as soon as somebody is free.
    ///
    /// # Errors
    /// It could not be made certain.
    async fn sync_now(&self, group: &GroupName, repository: &RepoName) -> Result<(), ActionError>;

    /// Syncs a repository with its held deletions released.
    ///
    /// # Errors
    /// It could not be begun.
    async fn confirm_deletions(&self, group: &GroupName, repository: &RepoName) -> Result<(), ActionError>;

    /// Says whether runs can be undone.
    fn can_undo(&self) -> bool {
        false
    }

    /// Undoes what a run did, or what it did to one repository.
    ///
    /// # Errors
    /// It could not be begun.
    async fn undo(&self, run: &str, repository: Option<&RepoName>) -> Result<(), ActionError> {
        let what = repository.map_or_else(|| "all".to_owned(), |repository| format!("`{repository}`"));
        Err(ActionError::Refused {
            message: format!("this server cannot undo run {run} ({what})"),
            remedy: "Undo it on the command line.".to_owned(),
        })
    }
}

/// A run, and the repository in it when it is not all of them.
type Undone = (String, Option<String>);

/// Actions on an engine of this process: wake-ups go into its queue, releases are runs of their own.
pub struct EngineActions {
    live: Arc<Live>,
    running: TaskTracker,
    broadcast: Broadcast,
    /// Releases in hand: pressing a button twice is pressing it once.
    releasing: Arc<Mutex<HashSet<(GroupName, String)>>>,
    /// Runs that are being undone.
    undoing: Arc<Mutex<HashSet<Undone>>>,
}

impl EngineActions {
    /// Makes them. `running` is what to wait for before the process ends.
    pub fn new(live: Arc<Live>, running: TaskTracker, broadcast: Broadcast) -> Self {
        Self { live, running, broadcast, releasing: Arc::default(), undoing: Arc::default() }
    }
}

#[async_trait]
impl Actions for EngineActions {
    async fn sync_now(&self, group: &GroupName, repository: &RepoName) -> Result<(), ActionError> {
        let engine = self.live.engine();
        let now = (engine.clock)();
        let wake = Wake { group: group.clone(), name: repository.clone(), urgent: true, at: now, due: now };
        engine.store.enqueue(&[wake]).await?;
        self.broadcast.woken(group, repository);
        self.live.ring();
        Ok(())
    }

    async fn confirm_deletions(&self, group: &GroupName, repository: &RepoName) -> Result<(), ActionError> {
        let subject = (group.clone(), repository.key());
        if !self.releasing.lock().is_ok_and(|mut releasing| releasing.insert(subject.clone())) {
            return Ok(());
        }
        let options = SyncOptions {
            groups: vec![group.clone()],
            selection: Selection {
                names: BTreeSet::from([repository.key()]),
                confirm_deletions: true,
                ..Selection::default()
            },
            ..SyncOptions::default()
        };
        let (engine, releasing) = (self.live.engine(), self.releasing.clone());
        // Not in the request's own future, which ends with the browser's patience.
        self.running.spawn(async move {
            if let Err(error) = engine.sync(&options).await {
                tracing::warn!(%error, "a held deletion could not be released");
            }
            if let Ok(mut releasing) = releasing.lock() {
                releasing.remove(&subject);
            }
        });
        Ok(())
    }

    fn can_undo(&self) -> bool {
        true
    }

    async fn undo(&self, run: &str, repository: Option<&RepoName>) -> Result<(), ActionError> {
        let subject = (run.to_owned(), repository.map(RepoName::key));
        if !self.undoing.lock().is_ok_and(|mut undoing| undoing.insert(subject.clone())) {
            return Ok(());
        }
        let options = UndoOptions {
            run: run.to_owned(),
            repositories: repository.map(RepoName::key).into_iter().collect(),
            ..UndoOptions::default()
        };
        let (engine, undoing) = (self.live.engine(), self.undoing.clone());
        self.running.spawn(async move {
            if let Err(error) = engine.undo(&options).await {
                tracing::warn!(%error, "a run could not be undone");
            }
            if let Ok(mut undoing) = undoing.lock() {
                undoing.remove(&subject);
            }
        });
        Ok(())
    }
}
