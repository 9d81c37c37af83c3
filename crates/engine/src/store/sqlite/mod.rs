//! The store in a file.
//!
//! One pool of connections; any number read at a time. A transaction that writes first takes its turn among those of
//! this process, so that they queue up fairly rather than poll for SQLite's lock, and then that lock, at once rather
//! than at its first write, so that what it reads cannot change under it. Other processes are waited for.
//!
//! Every commit is synchronised to the disk (WAL with `synchronous = FULL`). A weaker setting could lose the last
//! transactions with the power: the journal's word of what was about to be overwritten, a wake-up that a forge was
//! told is safe, and agreements, without which a later deletion is taken for something that was never there. A run in
//! which nothing changed writes nothing but its beginning and end, so the price is only paid where something was done.

mod baseline;
mod doubt;
mod endpoint;
mod fault;
mod glance;
mod history;
mod journal;
mod open;
mod queue;
mod remote;
mod rename;
mod repository;
mod site;
#[cfg(test)]
mod tests;
mod value;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use jiff::Timestamp;
use refray_core::baseline::Baseline;
use refray_core::name::{EndpointId, GroupName, RefName, RepoName, SiteName};
use refray_core::oid::Oid;
use refray_core::outcome::{Action, RepoStatus, Summary};
use refray_core::plan::group::{Doubted, Renamed};
use refray_core::repository::{AccountId, ForgeId};
use sqlx::{Sqlite, SqlitePool, Transaction};
use tokio::sync::{Mutex, MutexGuard};

use self::fault::Fault;
use super::{
    Claim, Completion, Enqueued, Glance, Hook, Intended, JournalAction, Problem, Pull, QueueEntry, RepoRecord,
    RepoRecordUpdate, Run, Store, StoreError, Ticket, Wake,
};

/// The store in `state.db`.
#[derive(Debug)]
pub struct SqliteStore {
    path: PathBuf,
    pool: SqlitePool,
    turn: Mutex<()>,
}

impl SqliteStore {
    /// Opens the store in a state directory, and makes both if they are not there.
    ///
    /// # Errors
    /// The directory or the file cannot be made, read or written, or the file is not a store of a known format.
    pub async fn open(state_dir: &Path) -> Result<Self, StoreError> {
        let path = open::prepare(state_dir)?;
        match open::connect(&path).await {
            Ok(pool) => Ok(Self { path, pool, turn: Mutex::new(()) }),
            Err(fault) => Err(fault.at(&path)),
        }
    }

    /// Opens the store in a state directory only to read, and changes nothing there. Returns nothing if there is none.
    ///
    /// # Errors
    /// The file cannot be read, or is not a store of the present format.
    pub async fn look(state_dir: &Path) -> Result<Option<Self>, StoreError> {
        let path = state_dir.join("state.db");
        match open::look(&path).await {
            Ok(pool) => Ok(pool.map(|pool| Self { path, pool, turn: Mutex::new(()) })),
            Err(fault) => Err(fault.at(&path)),
        }
    }

    /// Reads all of the file, and checks that its pages and indexes fit together.
    ///
    /// # Errors
    /// It cannot be read, or is damaged.
    pub async fn is_sound(&self) -> Result<(), StoreError> {
        let said: Result<String, sqlx::Error> = sqlx::query_scalar("PRAGMA quick_check(1)").fetch_one(&self.pool).await;
        match said {
            Ok(said) if said == "ok" => Ok(()),
            Ok(said) => Err(StoreError::Damaged { path: self.path.clone(), source: sqlx::Error::Protocol(said) }),
            Err(error) => Err(Fault::from(error).at(&self.path)),
        }
    }

    /// Begins a transaction that writes. Unless it is committed, nothing has happened.
    async fn begin(&self) -> Result<Writing<'_>, Fault> {
        let turn = self.turn.lock().await;
        let transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        Ok(Writing { transaction, _turn: turn })
    }
}

/// A transaction that writes.
struct Writing<'a> {
    transaction: Transaction<'static, Sqlite>,
    _turn: MutexGuard<'a, ()>,
}

impl Writing<'_> {
    async fn commit(self) -> Result<(), Fault> {
        Ok(self.transaction.commit().await?)
    }
}

/// Adds the path of the file to what went wrong.
macro_rules! located {
    ($store:ident, $call:expr) => {
        $call.await.map_err(|fault: Fault| fault.at(&$store.path))
    };
}

#[async_trait]
impl Store for SqliteStore {
    async fn account(&self, site: &SiteName) -> Result<Option<AccountId>, StoreError> {
        located!(self, site::account(self, site))
    }

    async fn set_account(&self, site: &SiteName, account: Option<&AccountId>) -> Result<(), StoreError> {
        located!(self, site::set_account(self, site, account))
    }

    async fn group_state(&self, group: &GroupName) -> Result<BTreeMap<String, RepoRecord>, StoreError> {
        located!(self, repository::load(self, group, None))
    }

    async fn standing(&self) -> Result<Vec<(GroupName, RepoStatus, u64)>, StoreError> {
        located!(self, repository::standing(self))
    }

    async fn glances(&self, group: &GroupName) -> Result<Vec<Glance>, StoreError> {
        located!(self, glance::load(self, group))
    }

    async fn repository(&self, group: &GroupName, key: &str) -> Result<Option<RepoRecord>, StoreError> {
        let mut records = located!(self, repository::load(self, group, Some(key)))?;
        Ok(records.remove(key))
    }

    async fn find_copy(&self, endpoint: &EndpointId, id: &ForgeId) -> Result<Vec<(GroupName, String)>, StoreError> {
        located!(self, repository::find_copy(self, endpoint, id))
    }

    async fn failed(&self, group: &GroupName) -> Result<Vec<String>, StoreError> {
        located!(self, repository::failed(self, group))
    }

    async fn baseline(&self, group: &GroupName, key: &str) -> Result<Baseline, StoreError> {
        located!(self, baseline::load(self, group, key))
    }

    async fn agreed(
        &self,
        group: &GroupName,
        key: &str,
        endpoint: &EndpointId,
        name: &RefName,
    ) -> Result<Option<Oid>, StoreError> {
        located!(self, baseline::agreed(self, group, key, endpoint, name))
    }

    async fn record(&self, update: RepoRecordUpdate<'_>) -> Result<u64, StoreError> {
        located!(self, repository::record(self, &update))
    }

    async fn record_problem(
        &self,
        group: &GroupName,
        name: &RepoName,
        at: Timestamp,
        problem: &Problem,
    ) -> Result<(), StoreError> {
        located!(self, repository::record_problem(self, group, name, at, problem))
    }

    async fn rename_all(&self, group: &GroupName, renamed: &[Renamed]) -> Result<(), StoreError> {
        located!(self, rename::rename_all(self, group, renamed))
    }

    async fn forget(&self, group: &GroupName, key: &str) -> Result<(), StoreError> {
        located!(self, rename::forget(self, group, key))
    }

    async fn doubt_site(&self, site: &SiteName, reason: &str) -> Result<(), StoreError> {
        located!(self, doubt::doubt_site(self, site, reason))
    }

    async fn remember_doubts(
        &self,
        group: &GroupName,
        doubted: &[Doubted],
        cleared: &[(String, EndpointId)],
    ) -> Result<(), StoreError> {
        located!(self, doubt::remember(self, group, doubted, cleared))
    }

    async fn start_run(&self, run: &str, at: Timestamp, command: &str) -> Result<(), StoreError> {
        located!(self, journal::start_run(self, run, at, command))
    }

    async fn finish_run(&self, run: &str, at: Timestamp, summary: &Summary) -> Result<(), StoreError> {
        located!(self, journal::finish_run(self, run, at, summary))
    }

    async fn begin_actions(
        &self,
        run: &str,
        group: &GroupName,
        name: &RepoName,
        at: Timestamp,
        actions: Vec<Action>,
    ) -> Result<Intended, StoreError> {
        located!(self, journal::begin_actions(self, run, group, name, at, actions))
    }

    async fn runs(&self, limit: usize) -> Result<Vec<Run>, StoreError> {
        located!(self, journal::runs(self, limit))
    }

    async fn run(&self, run: &str) -> Result<Option<Run>, StoreError> {
        located!(self, journal::run(self, run))
    }

    async fn actions(&self, run: &str, repo: Option<&str>) -> Result<Vec<JournalAction>, StoreError> {
        located!(self, journal::actions(self, run, repo))
    }

    async fn some_actions(&self, run: &str, skip: usize, limit: usize) -> Result<Vec<JournalAction>, StoreError> {
        located!(self, history::some_actions(self, run, skip, limit))
    }

    async fn count_actions(&self, run: &str) -> Result<usize, StoreError> {
        located!(self, history::count_actions(self, run))
    }

    async fn history(&self, group: &GroupName, key: &str, limit: usize) -> Result<Vec<JournalAction>, StoreError> {
        located!(self, history::of_repository(self, group, key, limit))
    }

    async fn runs_before(&self, before: &str, limit: usize) -> Result<Vec<Run>, StoreError> {
        located!(self, history::runs_before(self, before, limit))
    }

    async fn prune_runs(&self, before: Timestamp) -> Result<u64, StoreError> {
        located!(self, journal::prune_runs(self, before))
    }

    async fn enqueue(&self, wakes: &[Wake]) -> Result<Vec<Enqueued>, StoreError> {
        located!(self, queue::enqueue(self, wakes))
    }

    async fn claim(&self, holder: &str, now: Timestamp, until: Timestamp) -> Result<Option<Claim>, StoreError> {
        located!(self, queue::claim(self, holder, now, until))
    }

    async fn renew(&self, claim: &Claim, until: Timestamp) -> Result<bool, StoreError> {
        located!(self, queue::renew(self, claim, until))
    }

    async fn complete(&self, claim: &Claim, now: Timestamp) -> Result<Completion, StoreError> {
        located!(self, queue::complete(self, claim, now))
    }

    async fn retry(&self, claim: &Claim, due: Timestamp) -> Result<Completion, StoreError> {
        located!(self, queue::give_up(self, claim, due, true))
    }

    async fn release(&self, claim: &Claim, now: Timestamp) -> Result<Completion, StoreError> {
        located!(self, queue::give_up(self, claim, now, false))
    }

    async fn take_back(&self, now: Timestamp) -> Result<u64, StoreError> {
        located!(self, queue::take_back(self, now))
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        located!(self, queue::next_due(self))
    }

    async fn queue(&self) -> Result<Vec<QueueEntry>, StoreError> {
        located!(self, queue::list(self))
    }

    async fn tickets(&self) -> Result<Vec<Ticket>, StoreError> {
        located!(self, queue::tickets(self))
    }

    async fn settle(&self, tickets: &[Ticket]) -> Result<(), StoreError> {
        located!(self, queue::settle(self, tickets))
    }

    async fn queued(&self, group: &GroupName, key: &str) -> Result<Option<QueueEntry>, StoreError> {
        located!(self, queue::one(self, group, key))
    }

    async fn put_hook(&self, hook: &Hook) -> Result<(), StoreError> {
        located!(self, remote::put_hook(self, hook))
    }

    async fn remove_hook(&self, endpoint: &EndpointId, key: &str, url: &str) -> Result<(), StoreError> {
        located!(self, remote::remove_hook(self, endpoint, key, url))
    }

    async fn hooks(&self, endpoint: &EndpointId) -> Result<Vec<Hook>, StoreError> {
        located!(self, remote::hooks(self, endpoint))
    }

    async fn hooks_of(&self, key: &str) -> Result<Vec<Hook>, StoreError> {
        located!(self, remote::hooks_of(self, key))
    }

    async fn hook_key(&self) -> Result<Vec<u8>, StoreError> {
        located!(self, remote::hook_key(self))
    }

    async fn put_pull(&self, pull: &Pull) -> Result<(), StoreError> {
        located!(self, remote::put_pull(self, pull))
    }

    async fn pulls(&self, group: &GroupName, key: &str) -> Result<Vec<Pull>, StoreError> {
        located!(self, remote::pulls(self, group, key))
    }

    async fn open_pulls(&self, group: &GroupName) -> Result<Vec<Pull>, StoreError> {
        located!(self, remote::open_pulls(self, group))
    }

    async fn close(&self) {
        self.pool.close().await;
    }
}
