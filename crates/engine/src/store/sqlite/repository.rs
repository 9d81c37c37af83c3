//! Repositories and their copies.

use std::collections::BTreeMap;

use jiff::Timestamp;
use refray_core::name::{EndpointId, GroupName, RepoName};
use refray_core::outcome::RepoStatus;
use refray_core::plan::group::Known;
use refray_core::repository::{AccountId, ForgeId};
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row, SqliteConnection};

use super::endpoint::Endpoints;
use super::{Fault, SqliteStore, baseline, journal, value};
use crate::store::repository::is_good;
use crate::store::{Problem, RepoRecord, RepoRecordUpdate};

/// Loads the records of a group, or of one of its repositories.
pub(super) async fn load(
    store: &SqliteStore,
    group: &GroupName,
    key: Option<&str>,
) -> Result<BTreeMap<String, RepoRecord>, Fault> {
    let mut reading = store.pool.begin().await?;
    let mut query = QueryBuilder::new(
        "SELECT r.key, r.name, r.fingerprint, r.status, r.since, r.recorded, r.unfinished, r.error, r.remedy, r.findings,
                c.endpoint, c.name, c.forge_id, c.path, c.account, c.agreed, c.doubt
         FROM repository AS r LEFT JOIN copy AS c ON c.repository = r.id WHERE r.group_name = ",
    );
    query.push_bind(group.as_str());
    if let Some(key) = key {
        query.push(" AND r.key = ").push_bind(key);
    }
    let rows = query.build().fetch_all(&mut *reading).await?;
    let endpoints = Endpoints::load(&mut reading).await?;
    reading.commit().await?;

    let mut records: BTreeMap<String, RepoRecord> = BTreeMap::new();
    for row in &rows {
        let key: &str = row.try_get(0)?;
        if !records.contains_key(key) {
            records.insert(key.to_owned(), record_of(row)?);
        }
        let Some(number) = row.try_get::<Option<i64>, _>(10)? else { continue };
        if let Some(record) = records.get_mut(key) {
            record.copies.insert(endpoints.id(number)?.clone(), known_of(row)?);
        }
    }
    Ok(records)
}

fn record_of(row: &SqliteRow) -> Result<RepoRecord, Fault> {
    let fingerprint: Option<Vec<u8>> = row.try_get(2)?;
    let findings: Option<&str> = row.try_get(9)?;
    let problem = match (row.try_get(7)?, row.try_get::<Option<String>, _>(8)?) {
        (Some(message), remedy) => Some(Problem { message, remedy: remedy.unwrap_or_default() }),
        (None, _) => None,
    };
    Ok(RepoRecord {
        name: value::name("repository name", row.try_get(1)?)?,
        copies: BTreeMap::new(),
        fingerprint: fingerprint.map(value::fingerprint).transpose()?,
        status: value::word("status", row.try_get(3)?)?,
        since: value::time(row.try_get(4)?)?,
        recorded: value::time(row.try_get(5)?)?,
        unfinished: row.try_get(6)?,
        problem,
        findings: findings.map_or_else(|| Ok(Vec::new()), |text| value::json("list of findings", text))?,
    })
}

fn known_of(row: &SqliteRow) -> Result<Known, Fault> {
    Ok(Known {
        name: value::name("repository name", row.try_get(11)?)?,
        id: ForgeId(row.try_get(12)?),
        path: row.try_get(13)?,
        account: row.try_get::<Option<String>, _>(14)?.map(AccountId),
        agreed: row.try_get(15)?,
        doubt: row.try_get(16)?,
    })
}

pub(super) async fn find_copy(
    store: &SqliteStore,
    endpoint: &EndpointId,
    id: &ForgeId,
) -> Result<Vec<(GroupName, String)>, Fault> {
    let query = sqlx::query_as::<_, (String, String)>(
        "SELECT r.group_name, r.key FROM copy AS c
         JOIN endpoint AS e ON e.id = c.endpoint
         JOIN repository AS r ON r.id = c.repository
         WHERE e.name = ? AND c.forge_id = ? ORDER BY r.group_name, r.key",
    );
    let rows = query.bind(endpoint.as_str()).bind(id.0.as_str()).fetch_all(&store.pool).await?;
    rows.into_iter().map(|(group, key)| Ok((value::name("group name", &group)?, key))).collect()
}

pub(super) async fn failed(store: &SqliteStore, group: &GroupName) -> Result<Vec<String>, Fault> {
    let query = sqlx::query_scalar(
        "SELECT key FROM repository WHERE group_name = ? AND (unfinished OR status NOT IN (?, ?)) ORDER BY key",
    );
    let query = query.bind(group.as_str()).bind(RepoStatus::Agreed.as_str()).bind(RepoStatus::Synced.as_str());
    Ok(query.fetch_all(&store.pool).await?)
}

pub(super) async fn standing(store: &SqliteStore) -> Result<Vec<(GroupName, RepoStatus, u64)>, Fault> {
    let query = sqlx::query_as::<_, (String, String, i64)>(
        "SELECT group_name, status, count(*) FROM repository GROUP BY group_name, status ORDER BY group_name, status",
    );
    let rows = query.fetch_all(&store.pool).await?.into_iter().map(|(group, status, count)| {
        Ok((value::name("group name", &group)?, value::word("status", &status)?, value::count("count", count)?))
    });
    rows.collect()
}

pub(super) async fn record(store: &SqliteStore, update: &RepoRecordUpdate<'_>) -> Result<u64, Fault> {
    let findings = match update.findings {
        [] => None,
        findings => Some(value::to_json("list of findings", &findings)?),
    };
    let mut writing = store.begin().await?;
    let connection = &mut *writing.transaction;
    let since = since(connection, update.group, update.name, update.status, update.at).await?;
    let id: i64 = sqlx::query_scalar(
        "INSERT INTO repository (group_name, key, name, fingerprint, status, since, recorded, error, remedy, findings)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET name = excluded.name, fingerprint = excluded.fingerprint, status = excluded.status,
             since = excluded.since, recorded = excluded.recorded, unfinished = 0, error = excluded.error,
             remedy = excluded.remedy, findings = excluded.findings
         RETURNING id",
    )
    .bind(update.group.as_str())
    .bind(update.name.key())
    .bind(update.name.as_str())
    .bind(update.fingerprint.as_ref().map(|fingerprint| fingerprint.0.as_slice()))
    .bind(update.status.as_str())
    .bind(since)
    .bind(update.at.as_millisecond())
    .bind(update.problem.map(|problem| problem.message.as_str()))
    .bind(update.problem.map(|problem| problem.remedy.as_str()))
    .bind(findings)
    .fetch_one(&mut *connection)
    .await?;
    let mut endpoints = Endpoints::load(connection).await?;
    write_copies(connection, id, update.copies, &mut endpoints).await?;
    let rows = baseline::write(connection, id, update.baseline, &mut endpoints).await?;
    if let Some(settled) = update.settled {
        journal::settle(connection, settled).await?;
    }
    writing.commit().await?;
    Ok(rows)
}

/// Returns since when a repository stands as it does now.
async fn since(
    connection: &mut SqliteConnection,
    group: &GroupName,
    name: &RepoName,
    status: RepoStatus,
    at: Timestamp,
) -> Result<i64, Fault> {
    let query =
        sqlx::query_as::<_, (String, i64)>("SELECT status, since FROM repository WHERE group_name = ? AND key = ?");
    let before = query.bind(group.as_str()).bind(name.key()).fetch_optional(connection).await?;
    if let Some((word, since)) = before {
        let before = value::word("status", &word)?;
        if before == status || (is_good(before) && is_good(status)) {
            return Ok(since);
        }
    }
    Ok(at.as_millisecond())
}

async fn write_copies(
    connection: &mut SqliteConnection,
    repository: i64,
    copies: &BTreeMap<EndpointId, Known>,
    endpoints: &mut Endpoints,
) -> Result<(), Fault> {
    let stored = sqlx::query_scalar("SELECT endpoint FROM copy WHERE repository = ?").bind(repository);
    let mut gone: Vec<i64> = stored.fetch_all(&mut *connection).await?;
    for (endpoint, known) in copies {
        let number = endpoints.number(connection, endpoint).await?;
        gone.retain(|other| *other != number);
        sqlx::query(
            "INSERT INTO copy (repository, endpoint, name, forge_id, path, account, agreed) VALUES (?, ?, ?, ?, ?, ?, ?)
             ON CONFLICT DO UPDATE SET name = excluded.name, forge_id = excluded.forge_id, path = excluded.path,
                 account = excluded.account, agreed = excluded.agreed",
        )
        .bind(repository)
        .bind(number)
        .bind(known.name.as_str())
        .bind(known.id.0.as_str())
        .bind(known.path.as_str())
        .bind(known.account.as_ref().map(|account| account.0.as_str()))
        .bind(known.agreed)
        .execute(&mut *connection)
        .await?;
    }
    for number in gone {
        let query = sqlx::query("DELETE FROM copy WHERE repository = ? AND endpoint = ?").bind(repository).bind(number);
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

pub(super) async fn record_problem(
    store: &SqliteStore,
    group: &GroupName,
    name: &RepoName,
    at: Timestamp,
    problem: &Problem,
) -> Result<(), Fault> {
    let mut writing = store.begin().await?;
    let connection = &mut *writing.transaction;
    let since = since(connection, group, name, RepoStatus::Failed, at).await?;
    sqlx::query(
        "INSERT INTO repository (group_name, key, name, status, since, recorded, error, remedy) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET fingerprint = NULL, status = excluded.status, since = excluded.since,
             recorded = excluded.recorded, error = excluded.error, remedy = excluded.remedy, findings = NULL",
    )
    .bind(group.as_str())
    .bind(name.key())
    .bind(name.as_str())
    .bind(RepoStatus::Failed.as_str())
    .bind(since)
    .bind(at.as_millisecond())
    .bind(problem.message.as_str())
    .bind(problem.remedy.as_str())
    .execute(&mut *connection)
    .await?;
    writing.commit().await
}
