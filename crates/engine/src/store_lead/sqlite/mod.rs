//! The store in one SQLite file.

mod baseline;
mod journal;
mod open;
mod repository;

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Mutex;

use async_trait::async_trait;
use jiff::Timestamp;
use refray_core::baseline::Baseline;
use refray_core::name::{EndpointId, GroupName, RepoName};
use refray_core::outcome::Summary;
use refray_core::plan::RepoPlan;
use sqlx::{SqliteConnection, SqlitePool};

use super::{JournalAction, RepoRecord, RepoUpdate, RunRecord, Store, StoreError};

/// A SQLite file in WAL mode, so that readers and one writer do not wait for each other.
pub struct SqliteStore {
    pool: SqlitePool,
    path: PathBuf,
    /// Endpoints and their ids: few, and they never change.
    endpoints: Mutex<Endpoints>,
}

#[derive(Debug, Default)]
struct Endpoints {
    ids: HashMap<EndpointId, i64>,
    names: HashMap<i64, EndpointId>,
}

impl SqliteStore {
    fn error(&self, doing: &'static str) -> impl Fn(sqlx::Error) -> StoreError + '_ {
        move |source| StoreError::Database { path: self.path.clone(), doing, source }
    }

    /// Loads the endpoints that are known.
    async fn load_endpoints(&self) -> Result<(), StoreError> {
        let rows: Vec<(i64, String)> =
            sqlx::query_as("SELECT id, name FROM endpoints").fetch_all(&self.pool).await.map_err(self.error("read"))?;
        for (id, name) in rows {
            let name = EndpointId::new(&name).map_err(|error| damaged("an endpoint", &error))?;
            self.remember(id, name);
        }
        Ok(())
    }

    fn remember(&self, id: i64, name: EndpointId) {
        if let Ok(mut endpoints) = self.endpoints.lock() {
            endpoints.ids.insert(name.clone(), id);
            endpoints.names.insert(id, name);
        }
    }

    fn known_id(&self, name: &EndpointId) -> Option<i64> {
        self.endpoints.lock().ok()?.ids.get(name).copied()
    }

    /// Returns an endpoint's id, made within the caller's transaction when it is new. It is remembered only from the next
    /// look on, because the transaction may yet fail.
    async fn endpoint_id(&self, connection: &mut SqliteConnection, name: &EndpointId) -> Result<i64, StoreError> {
        if let Some(id) = self.known_id(name) {
            return Ok(id);
        }
        let id: i64 = sqlx::query_scalar(
            "INSERT INTO endpoints (name) VALUES (?1) ON CONFLICT (name) DO UPDATE SET name = ?1 RETURNING id",
        )
        .bind(name.as_str())
        .fetch_one(connection)
        .await
        .map_err(self.error("written"))?;
        Ok(id)
    }

    fn endpoint(&self, id: i64) -> Result<EndpointId, StoreError> {
        let found = self.endpoints.lock().ok().and_then(|endpoints| endpoints.names.get(&id).cloned());
        found.ok_or_else(|| damaged("an endpoint", &format_args!("number {id} is not known")))
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn group_state(&self, group: &GroupName) -> Result<BTreeMap<String, RepoRecord>, StoreError> {
        self.load_group(group).await
    }

    async fn baseline(&self, group: &GroupName, key: &str) -> Result<Baseline, StoreError> {
        self.load_baseline(group, key).await
    }

    async fn rename(&self, group: &GroupName, from: &str, to: &RepoName) -> Result<(), StoreError> {
        self.rename_repository(group, from, to).await
    }

    async fn start_run(&self, run: &str, at: Timestamp, command: &str) -> Result<(), StoreError> {
        self.insert_run(run, at, command).await
    }

    async fn finish_run(&self, run: &str, at: Timestamp, summary: &Summary) -> Result<(), StoreError> {
        self.end_run(run, at, summary).await
    }

    async fn intend(&self, run: &str, group: &GroupName, plan: &RepoPlan) -> Result<(), StoreError> {
        self.insert_intent(run, group, plan).await
    }

    async fn record(&self, update: &RepoUpdate<'_>) -> Result<(), StoreError> {
        self.write(update).await
    }

    async fn runs(&self, most: u32) -> Result<Vec<RunRecord>, StoreError> {
        self.load_runs(most).await
    }

    async fn actions(&self, run: &str) -> Result<Vec<JournalAction>, StoreError> {
        self.load_actions(run).await
    }

    async fn unfinished(&self) -> Result<Vec<(String, GroupName, RepoPlan)>, StoreError> {
        self.load_intents().await
    }
}

fn damaged(what: &'static str, why: &dyn std::fmt::Display) -> StoreError {
    StoreError::Damaged { what, why: why.to_string() }
}

fn json<T: serde::Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| damaged("a value", &error))
}

fn time(millis: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_millisecond(millis).map_err(|error| damaged("a time", &error))
}
