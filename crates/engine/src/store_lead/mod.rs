//! What is remembered between runs: copies and their identity, baselines, the journal.

mod error;
mod model;
mod sqlite;

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::Timestamp;
use refray_core::baseline::Baseline;
use refray_core::name::{GroupName, RepoName};
use refray_core::outcome::Summary;
use refray_core::plan::RepoPlan;

pub use error::StoreError;
pub use model::{ActionDetail, JournalAction, RepoRecord, RepoUpdate, RunRecord};
pub use sqlite::SqliteStore;

/// Remembers. A second backend implements this; all that a repository's run changes is written as one.
#[async_trait]
pub trait Store: Send + Sync {
    /// Returns everything that is remembered of a group's repositories but their baselines, by key.
    async fn group_state(&self, group: &GroupName) -> Result<BTreeMap<String, RepoRecord>, StoreError>;

    /// Returns a repository's baseline; an empty one when nothing was ever agreed.
    async fn baseline(&self, group: &GroupName, key: &str) -> Result<Baseline, StoreError>;

    /// Lets what is remembered under the key `from` be remembered under a new name.
    async fn rename(&self, group: &GroupName, from: &str, to: &RepoName) -> Result<(), StoreError>;

    /// Notes that a run began.
    async fn start_run(&self, run: &str, at: Timestamp, command: &str) -> Result<(), StoreError>;

    /// Notes that a run ended.
    async fn finish_run(&self, run: &str, at: Timestamp, summary: &Summary) -> Result<(), StoreError>;

    /// Notes what is about to be done, before anything is.
    async fn intend(&self, run: &str, group: &GroupName, plan: &RepoPlan) -> Result<(), StoreError>;

    /// Writes everything that a run found out and did about one repository, as one transaction.
    async fn record(&self, update: &RepoUpdate<'_>) -> Result<(), StoreError>;

    /// Returns the newest runs, newest first.
    async fn runs(&self, most: u32) -> Result<Vec<RunRecord>, StoreError>;

    /// Returns what a run did, in order.
    async fn actions(&self, run: &str) -> Result<Vec<JournalAction>, StoreError>;

    /// Returns what runs that were cut off were about to do: run, group and plan.
    async fn unfinished(&self) -> Result<Vec<(String, GroupName, RepoPlan)>, StoreError>;
}
