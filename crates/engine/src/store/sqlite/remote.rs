//! Webhooks and pull requests.

use refray_core::name::{EndpointId, GroupName};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::endpoint::Endpoints;
use super::{Fault, SqliteStore, value};
use crate::store::{Hook, Pull, PullState, SecretFingerprint};

pub(super) async fn put_hook(store: &SqliteStore, hook: &Hook) -> Result<(), Fault> {
    let mut writing = store.begin().await?;
    let connection = &mut *writing.transaction;
    let endpoint = Endpoints::load(connection).await?.number(connection, &hook.endpoint).await?;
    sqlx::query(
        "INSERT INTO hook (endpoint, key, name, url, hook_id, secret, changed) VALUES (?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET name = excluded.name, hook_id = excluded.hook_id, secret = excluded.secret,
             changed = excluded.changed",
    )
    .bind(endpoint)
    .bind(hook.repository.key())
    .bind(hook.repository.as_str())
    .bind(hook.url.as_str())
    .bind(hook.id.as_str())
    .bind(hook.secret.as_ref().map(|secret| secret.0.as_slice()))
    .bind(hook.changed.as_millisecond())
    .execute(&mut *connection)
    .await?;
    writing.commit().await
}

pub(super) async fn remove_hook(store: &SqliteStore, endpoint: &EndpointId, key: &str, url: &str) -> Result<(), Fault> {
    let mut writing = store.begin().await?;
    let query = sqlx::query(
        "DELETE FROM hook WHERE endpoint = (SELECT id FROM endpoint WHERE name = ?) AND key = ? AND url = ?",
    );
    query.bind(endpoint.as_str()).bind(key).bind(url).execute(&mut *writing.transaction).await?;
    writing.commit().await
}

pub(super) async fn hooks(store: &SqliteStore, endpoint: &EndpointId) -> Result<Vec<Hook>, Fault> {
    let query = sqlx::query(
        "SELECT e.name, h.name, h.url, h.hook_id, h.secret, h.changed FROM hook AS h
         JOIN endpoint AS e ON e.id = h.endpoint WHERE e.name = ? ORDER BY h.key, h.url",
    );
    query.bind(endpoint.as_str()).fetch_all(&store.pool).await?.iter().map(hook_of).collect()
}

pub(super) async fn hooks_of(store: &SqliteStore, key: &str) -> Result<Vec<Hook>, Fault> {
    let query = sqlx::query(
        "SELECT e.name, h.name, h.url, h.hook_id, h.secret, h.changed FROM endpoint AS e
         JOIN hook AS h ON h.endpoint = e.id WHERE h.key = ? ORDER BY e.name, h.url",
    );
    query.bind(key).fetch_all(&store.pool).await?.iter().map(hook_of).collect()
}

fn hook_of(row: &SqliteRow) -> Result<Hook, Fault> {
    let secret: Option<Vec<u8>> = row.try_get(4)?;
    Ok(Hook {
        endpoint: value::name("endpoint", row.try_get(0)?)?,
        repository: value::name("repository name", row.try_get(1)?)?,
        url: row.try_get(2)?,
        id: row.try_get(3)?,
        secret: secret.map(value::fingerprint).transpose()?.map(|hash| SecretFingerprint(hash.0)),
        changed: value::time(row.try_get(5)?)?,
    })
}

pub(super) async fn hook_key(store: &SqliteStore) -> Result<Vec<u8>, Fault> {
    Ok(sqlx::query_scalar("SELECT key FROM hook_key").fetch_one(&store.pool).await?)
}

pub(super) async fn put_pull(store: &SqliteStore, pull: &Pull) -> Result<(), Fault> {
    let number = i64::try_from(pull.number);
    let number = number.map_err(|_| Fault::Value { what: "request's number", text: pull.number.to_string() })?;
    let mut writing = store.begin().await?;
    let connection = &mut *writing.transaction;
    let endpoint = Endpoints::load(connection).await?.number(connection, &pull.endpoint).await?;
    sqlx::query(
        "INSERT INTO pull (group_name, key, name, endpoint, number, branch, head, own, other, url, state, changed)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET branch = excluded.branch, head = excluded.head, own = excluded.own,
             other = excluded.other, url = excluded.url, state = excluded.state, changed = excluded.changed",
    )
    .bind(pull.group.as_str())
    .bind(pull.repository.key())
    .bind(pull.repository.as_str())
    .bind(endpoint)
    .bind(number)
    .bind(pull.branch.as_str())
    .bind(pull.head.as_str())
    .bind(pull.own.as_bytes())
    .bind(pull.other.as_bytes())
    .bind(pull.url.as_deref())
    .bind(pull.state.as_str())
    .bind(pull.changed.as_millisecond())
    .execute(&mut *connection)
    .await?;
    writing.commit().await
}

pub(super) async fn pulls(store: &SqliteStore, group: &GroupName, key: &str) -> Result<Vec<Pull>, Fault> {
    let query = sqlx::query(
        "SELECT p.name, e.name, p.number, p.branch, p.head, p.own, p.other, p.url, p.state, p.changed
         FROM pull AS p JOIN endpoint AS e ON e.id = p.endpoint
         WHERE p.group_name = ? AND p.key = ? ORDER BY e.name, p.number",
    );
    let rows = query.bind(group.as_str()).bind(key).fetch_all(&store.pool).await?;
    rows.iter().map(|row| pull_of(group, row)).collect()
}

pub(super) async fn open_pulls(store: &SqliteStore, group: &GroupName) -> Result<Vec<Pull>, Fault> {
    let query = sqlx::query(
        "SELECT p.name, e.name, p.number, p.branch, p.head, p.own, p.other, p.url, p.state, p.changed
         FROM pull AS p JOIN endpoint AS e ON e.id = p.endpoint
         WHERE p.group_name = ? AND p.state = ? ORDER BY p.key, e.name, p.number",
    );
    let rows = query.bind(group.as_str()).bind(PullState::Open.as_str()).fetch_all(&store.pool).await?;
    rows.iter().map(|row| pull_of(group, row)).collect()
}

fn pull_of(group: &GroupName, row: &SqliteRow) -> Result<Pull, Fault> {
    let state: &str = row.try_get(8)?;
    Ok(Pull {
        group: group.clone(),
        repository: value::name("repository name", row.try_get(0)?)?,
        endpoint: value::name("endpoint", row.try_get(1)?)?,
        number: value::count("request's number", row.try_get(2)?)?,
        branch: value::name("branch", row.try_get(3)?)?,
        head: value::name("branch", row.try_get(4)?)?,
        own: value::oid(row.try_get(5)?)?,
        other: value::oid(row.try_get(6)?)?,
        url: row.try_get(7)?,
        state: PullState::parse(state).ok_or_else(|| Fault::Value { what: "state", text: state.to_owned() })?,
        changed: value::time(row.try_get(9)?)?,
    })
}
