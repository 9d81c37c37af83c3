//! Repositories and their copies.

use std::collections::BTreeMap;

use refray_core::name::{GroupName, RepoName};
use refray_core::outcome::RepoStatus;
use refray_core::plan::Finding;
use refray_core::plan::group::Known;
use refray_core::repository::{AccountId, ForgeId};
use refray_core::snapshot::Fingerprint;
use sqlx::{FromRow, SqliteConnection};

use super::{SqliteStore, damaged, json, time};
use crate::store::{RepoRecord, RepoUpdate, StoreError};

#[derive(FromRow)]
struct RepositoryRow {
    key: String,
    name: String,
    fingerprint: Option<Vec<u8>>,
    status: String,
    since: i64,
    detail: String,
}

#[derive(FromRow)]
struct CopyRow {
    key: String,
    endpoint: i64,
    name: String,
    forge_id: String,
    path: String,
    account: Option<String>,
    agreed: bool,
}

impl SqliteStore {
    pub(super) async fn load_group(&self, group: &GroupName) -> Result<BTreeMap<String, RepoRecord>, StoreError> {
        // Another process may have met endpoints that are new here.
        self.load_endpoints().await?;
        let rows: Vec<RepositoryRow> = sqlx::query_as(
            "SELECT key, name, fingerprint, status, since, detail FROM repositories WHERE group_name = ?1",
        )
        .bind(group.as_str())
        .fetch_all(&self.pool)
        .await
        .map_err(self.error("read"))?;
        let mut records = BTreeMap::new();
        for row in rows {
            let record = RepoRecord {
                name: repo_name(&row.name)?,
                copies: BTreeMap::new(),
                fingerprint: row.fingerprint.and_then(|bytes| bytes.try_into().ok()).map(Fingerprint),
                status: parse_status(&row.status)?,
                since: time(row.since)?,
                findings: findings(&row.detail)?,
            };
            records.insert(row.key, record);
        }
        let copies: Vec<CopyRow> = sqlx::query_as(
            "SELECT r.key, c.endpoint, c.name, c.forge_id, c.path, c.account, c.agreed
             FROM copies c JOIN repositories r ON r.id = c.repository WHERE r.group_name = ?1",
        )
        .bind(group.as_str())
        .fetch_all(&self.pool)
        .await
        .map_err(self.error("read"))?;
        for row in copies {
            let known = Known {
                name: repo_name(&row.name)?,
                id: ForgeId(row.forge_id),
                path: row.path,
                account: row.account.map(AccountId),
                agreed: row.agreed,
            };
            if let Some(record) = records.get_mut(&row.key) {
                record.copies.insert(self.endpoint(row.endpoint)?, known);
            }
        }
        Ok(records)
    }

    pub(super) async fn rename_repository(
        &self,
        group: &GroupName,
        from: &str,
        to: &RepoName,
    ) -> Result<(), StoreError> {
        // A row of the new name can only be what is left of one that is gone everywhere.
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await.map_err(self.error("written"))?;
        sqlx::query("DELETE FROM repositories WHERE group_name = ?1 AND key = ?2 AND key <> ?3")
            .bind(group.as_str())
            .bind(to.key())
            .bind(from)
            .execute(&mut *transaction)
            .await
            .map_err(self.error("written"))?;
        sqlx::query("UPDATE repositories SET key = ?3, name = ?4 WHERE group_name = ?1 AND key = ?2")
            .bind(group.as_str())
            .bind(from)
            .bind(to.key())
            .bind(to.as_str())
            .execute(&mut *transaction)
            .await
            .map_err(self.error("written"))?;
        transaction.commit().await.map_err(self.error("written"))
    }

    pub(super) async fn write(&self, update: &RepoUpdate<'_>) -> Result<(), StoreError> {
        let failed = self.error("written");
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await.map_err(&failed)?;
        let id = self.write_repository(&mut transaction, update).await?;
        self.write_copies(&mut transaction, id, update).await?;
        self.write_baseline(&mut transaction, id, update.before, update.baseline).await?;
        self.write_actions(&mut transaction, update).await?;
        transaction.commit().await.map_err(&failed)?;
        self.load_endpoints_if_new(update).await
    }

    async fn load_endpoints_if_new(&self, update: &RepoUpdate<'_>) -> Result<(), StoreError> {
        if update.copies.keys().any(|endpoint| self.known_id(endpoint).is_none()) {
            self.load_endpoints().await?;
        }
        Ok(())
    }

    async fn write_repository(
        &self,
        connection: &mut SqliteConnection,
        update: &RepoUpdate<'_>,
    ) -> Result<i64, StoreError> {
        sqlx::query_scalar(
            "INSERT INTO repositories (group_name, key, name, fingerprint, status, since, detail)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT (group_name, key) DO UPDATE SET
                 name = ?3, fingerprint = ?4, detail = ?7,
                 since = CASE status WHEN ?5 THEN since ELSE ?6 END, status = ?5
             RETURNING id",
        )
        .bind(update.group.as_str())
        .bind(update.name.key())
        .bind(update.name.as_str())
        .bind(update.fingerprint.map(|fingerprint| fingerprint.0.to_vec()))
        .bind(update.status.as_str())
        .bind(update.at.as_millisecond())
        .bind(json(&update.findings)?)
        .fetch_one(connection)
        .await
        .map_err(self.error("written"))
    }

    async fn write_copies(
        &self,
        connection: &mut SqliteConnection,
        id: i64,
        update: &RepoUpdate<'_>,
    ) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM copies WHERE repository = ?1")
            .bind(id)
            .execute(&mut *connection)
            .await
            .map_err(self.error("written"))?;
        for (endpoint, known) in update.copies {
            let endpoint = self.endpoint_id(connection, endpoint).await?;
            sqlx::query(
                "INSERT INTO copies (repository, endpoint, name, forge_id, path, account, agreed)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )
            .bind(id)
            .bind(endpoint)
            .bind(known.name.as_str())
            .bind(&known.id.0)
            .bind(&known.path)
            .bind(known.account.as_ref().map(|account| account.0.as_str()))
            .bind(known.agreed)
            .execute(&mut *connection)
            .await
            .map_err(self.error("written"))?;
        }
        Ok(())
    }
}

fn repo_name(text: &str) -> Result<RepoName, StoreError> {
    RepoName::new(text).map_err(|error| damaged("a repository's name", &error))
}

fn findings(text: &str) -> Result<Vec<Finding>, StoreError> {
    serde_json::from_str(text).map_err(|error| damaged("findings", &error))
}

fn parse_status(text: &str) -> Result<RepoStatus, StoreError> {
    use RepoStatus::{Agreed, Failed, Held, Pending, Synced};
    let found = [Agreed, Synced, Pending, Held, Failed].into_iter().find(|status| status.as_str() == text);
    found.ok_or_else(|| damaged("a status", &text))
}
