//! Baselines: nearly always one row a reference, and only what differs is written.

use std::collections::{BTreeMap, BTreeSet};

use refray_core::baseline::Baseline;
use refray_core::name::{BranchName, EndpointId, GroupName, RefName};
use refray_core::oid::Oid;
use sqlx::{QueryBuilder, SqliteConnection};

use super::{SqliteStore, damaged};
use crate::store::StoreError;

/// How many rows go into one statement: SQLite takes 32,766 parameters.
const BATCH: usize = 1000;

impl SqliteStore {
    pub(super) async fn load_baseline(&self, group: &GroupName, key: &str) -> Result<Baseline, StoreError> {
        let mut baseline = Baseline::default();
        let id: Option<i64> = sqlx::query_scalar("SELECT id FROM repositories WHERE group_name = ?1 AND key = ?2")
            .bind(group.as_str())
            .bind(key)
            .fetch_optional(&self.pool)
            .await
            .map_err(self.error("read"))?;
        let Some(id) = id else { return Ok(baseline) };
        let rows: Vec<(String, Vec<u8>, String)> =
            sqlx::query_as("SELECT ref, oid, endpoints FROM baseline_refs WHERE repository = ?1")
                .bind(id)
                .fetch_all(&self.pool)
                .await
                .map_err(self.error("read"))?;
        for (name, oid, endpoints) in rows {
            let name = RefName::from_full(&name).map_err(|error| damaged("a reference", &error))?;
            let oid = Oid::from_bytes(&oid).map_err(|error| damaged("an object id", &error))?;
            let values = baseline.refs.entry(name).or_default();
            for number in endpoints.split(',') {
                let number = number.parse().map_err(|error| damaged("an endpoint", &error))?;
                values.insert(self.endpoint(number)?, oid);
            }
        }
        let rows: Vec<(i64, String)> =
            sqlx::query_as("SELECT endpoint, branch FROM baseline_defaults WHERE repository = ?1")
                .bind(id)
                .fetch_all(&self.pool)
                .await
                .map_err(self.error("read"))?;
        for (endpoint, branch) in rows {
            let branch = BranchName::new(&branch).map_err(|error| damaged("a branch", &error))?;
            baseline.default_branch.insert(self.endpoint(endpoint)?, branch);
        }
        Ok(baseline)
    }

    /// Writes what differs between two baselines, within the caller's transaction.
    pub(super) async fn write_baseline(
        &self,
        connection: &mut SqliteConnection,
        id: i64,
        before: &Baseline,
        now: &Baseline,
    ) -> Result<(), StoreError> {
        let ids = self.ids(connection, now).await?;
        let names: BTreeSet<&RefName> = before.refs.keys().chain(now.refs.keys()).collect();
        let changed: Vec<&RefName> =
            names.into_iter().filter(|name| before.refs.get(name) != now.refs.get(name)).collect();
        for batch in changed.chunks(BATCH) {
            let mut delete = QueryBuilder::new("DELETE FROM baseline_refs WHERE repository = ");
            delete.push_bind(id).push(" AND ref IN (");
            let mut list = delete.separated(", ");
            for name in batch {
                list.push_bind(name.full());
            }
            delete.push(")").build().execute(&mut *connection).await.map_err(self.error("written"))?;
            let rows: Vec<(String, Oid, String)> = batch.iter().flat_map(|name| rows(name, now, &ids)).collect();
            if rows.is_empty() {
                continue;
            }
            let mut insert = QueryBuilder::new("INSERT INTO baseline_refs (repository, ref, oid, endpoints) ");
            insert.push_values(rows, |mut row, (name, oid, endpoints)| {
                row.push_bind(id).push_bind(name).push_bind(oid.as_bytes().to_vec()).push_bind(endpoints);
            });
            insert.build().execute(&mut *connection).await.map_err(self.error("written"))?;
        }
        if before.default_branch != now.default_branch {
            sqlx::query("DELETE FROM baseline_defaults WHERE repository = ?1")
                .bind(id)
                .execute(&mut *connection)
                .await
                .map_err(self.error("written"))?;
            for (endpoint, branch) in &now.default_branch {
                sqlx::query("INSERT INTO baseline_defaults (repository, endpoint, branch) VALUES (?1, ?2, ?3)")
                    .bind(id)
                    .bind(ids.get(endpoint))
                    .bind(branch.as_str())
                    .execute(&mut *connection)
                    .await
                    .map_err(self.error("written"))?;
            }
        }
        Ok(())
    }

    async fn ids(
        &self,
        connection: &mut SqliteConnection,
        now: &Baseline,
    ) -> Result<BTreeMap<EndpointId, i64>, StoreError> {
        let mut names: BTreeSet<&EndpointId> = now.default_branch.keys().collect();
        names.extend(now.refs.values().flat_map(BTreeMap::keys));
        let mut ids = BTreeMap::new();
        for name in names {
            ids.insert(name.clone(), self.endpoint_id(connection, name).await?);
        }
        Ok(ids)
    }
}

/// Makes the rows of one reference: one for each value.
fn rows(name: &RefName, now: &Baseline, ids: &BTreeMap<EndpointId, i64>) -> Vec<(String, Oid, String)> {
    let mut by_value: BTreeMap<Oid, Vec<i64>> = BTreeMap::new();
    for (endpoint, oid) in now.refs.get(name).into_iter().flatten() {
        by_value.entry(*oid).or_default().extend(ids.get(endpoint));
    }
    let row = |(oid, mut endpoints): (Oid, Vec<i64>)| {
        endpoints.sort_unstable();
        let endpoints: Vec<String> = endpoints.iter().map(ToString::to_string).collect();
        (name.full(), oid, endpoints.join(","))
    };
    by_value.into_iter().map(row).collect()
}
