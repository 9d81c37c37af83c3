//! The journal: what was about to be done, and what was.

use jiff::Timestamp;
use refray_core::name::{GroupName, RepoName};
use refray_core::outcome::{Action, Summary};
use refray_core::plan::RepoPlan;
use sqlx::{QueryBuilder, SqliteConnection};

use super::{SqliteStore, damaged, json, time};
use crate::store::{ActionDetail, JournalAction, RepoUpdate, RunRecord, StoreError};

/// How many rows go into one statement.
const BATCH: usize = 1000;

type RunRow = (String, String, i64, Option<i64>, Option<String>);

impl SqliteStore {
    pub(super) async fn insert_run(&self, run: &str, at: Timestamp, command: &str) -> Result<(), StoreError> {
        sqlx::query("INSERT INTO runs (id, command, started) VALUES (?1, ?2, ?3)")
            .bind(run)
            .bind(command)
            .bind(at.as_millisecond())
            .execute(&self.pool)
            .await
            .map_err(self.error("written"))?;
        Ok(())
    }

    pub(super) async fn end_run(&self, run: &str, at: Timestamp, summary: &Summary) -> Result<(), StoreError> {
        sqlx::query("UPDATE runs SET finished = ?2, summary = ?3 WHERE id = ?1")
            .bind(run)
            .bind(at.as_millisecond())
            .bind(json(summary)?)
            .execute(&self.pool)
            .await
            .map_err(self.error("written"))?;
        Ok(())
    }

    pub(super) async fn insert_intent(&self, run: &str, group: &GroupName, plan: &RepoPlan) -> Result<(), StoreError> {
        sqlx::query("INSERT OR REPLACE INTO intents (run, group_name, key, plan) VALUES (?1, ?2, ?3, ?4)")
            .bind(run)
            .bind(group.as_str())
            .bind(plan.repository.key())
            .bind(json(plan)?)
            .execute(&self.pool)
            .await
            .map_err(self.error("written"))?;
        Ok(())
    }

    /// Writes what was done, in place of what was intended, within the caller's transaction.
    pub(super) async fn write_actions(
        &self,
        connection: &mut SqliteConnection,
        update: &RepoUpdate<'_>,
    ) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM intents WHERE run = ?1 AND group_name = ?2 AND key = ?3")
            .bind(update.run)
            .bind(update.group.as_str())
            .bind(update.name.key())
            .execute(&mut *connection)
            .await
            .map_err(self.error("written"))?;
        for batch in update.outcomes.chunks(BATCH) {
            let mut rows = Vec::with_capacity(batch.len());
            for (action, outcome) in batch {
                let detail =
                    ActionDetail { action: action.clone(), outcome: outcome.clone(), backup: update.backup.cloned() };
                rows.push((action, outcome.as_str(), json(&detail)?));
            }
            let mut insert = QueryBuilder::new(
                "INSERT INTO actions (run, group_name, repository, endpoint, kind, ref, old, new, outcome, detail) ",
            );
            insert.push_values(rows, |mut row, (action, outcome, detail)| {
                let (name, old, new) = values(action);
                row.push_bind(update.run)
                    .push_bind(update.group.as_str())
                    .push_bind(update.name.as_str())
                    .push_bind(action.endpoint().as_str())
                    .push_bind(action.kind())
                    .push_bind(name)
                    .push_bind(old)
                    .push_bind(new)
                    .push_bind(outcome)
                    .push_bind(detail);
            });
            insert.build().execute(&mut *connection).await.map_err(self.error("written"))?;
        }
        Ok(())
    }

    pub(super) async fn load_runs(&self, most: u32) -> Result<Vec<RunRecord>, StoreError> {
        let rows: Vec<RunRow> =
            sqlx::query_as("SELECT id, command, started, finished, summary FROM runs ORDER BY id DESC LIMIT ?1")
                .bind(most)
                .fetch_all(&self.pool)
                .await
                .map_err(self.error("read"))?;
        let run = |(id, command, started, finished, summary): RunRow| {
            let summary = summary.map(|text| serde_json::from_str(&text).map_err(|error| damaged("a summary", &error)));
            Ok(RunRecord {
                id,
                command,
                started: time(started)?,
                finished: finished.map(time).transpose()?,
                summary: summary.transpose()?,
            })
        };
        rows.into_iter().map(run).collect()
    }

    pub(super) async fn load_actions(&self, run: &str) -> Result<Vec<JournalAction>, StoreError> {
        let rows: Vec<(String, String, String)> =
            sqlx::query_as("SELECT group_name, repository, detail FROM actions WHERE run = ?1 ORDER BY id")
                .bind(run)
                .fetch_all(&self.pool)
                .await
                .map_err(self.error("read"))?;
        let action = |(group, repository, detail): (String, String, String)| {
            Ok(JournalAction {
                group: GroupName::new(&group).map_err(|error| damaged("a group", &error))?,
                repository: RepoName::new(&repository).map_err(|error| damaged("a repository's name", &error))?,
                detail: serde_json::from_str(&detail).map_err(|error| damaged("an action", &error))?,
            })
        };
        rows.into_iter().map(action).collect()
    }

    pub(super) async fn load_intents(&self) -> Result<Vec<(String, GroupName, RepoPlan)>, StoreError> {
        let rows: Vec<(String, String, String)> =
            sqlx::query_as("SELECT run, group_name, plan FROM intents ORDER BY run")
                .fetch_all(&self.pool)
                .await
                .map_err(self.error("read"))?;
        let intent = |(run, group, plan): (String, String, String)| {
            let group = GroupName::new(&group).map_err(|error| damaged("a group", &error))?;
            Ok((run, group, serde_json::from_str(&plan).map_err(|error| damaged("a plan", &error))?))
        };
        rows.into_iter().map(intent).collect()
    }
}

/// Returns what an action is about: reference, old and new value.
fn values(action: &Action) -> (Option<String>, Option<String>, Option<String>) {
    match action {
        Action::UpdateRef(update) => {
            (Some(update.name.full()), update.old.map(|oid| oid.to_string()), update.new.map(|oid| oid.to_string()))
        }
        Action::SwitchDefaultBranch(switch) => {
            (None, switch.old.as_ref().map(ToString::to_string), Some(switch.new.to_string()))
        }
        Action::CreateRepository(create) => (None, None, Some(create.name.to_string())),
        Action::DeleteRepository(delete) => (None, Some(delete.path.clone()), None),
    }
}
