//! The journal a part at a time, for pages.

use std::collections::HashMap;

use refray_core::name::GroupName;
use sqlx::Row;

use super::endpoint::Endpoints;
use super::journal::{RunRow, action_of, run_of};
use super::{Fault, SqliteStore};
use crate::store::{JournalAction, Run};

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

pub(super) async fn some_actions(
    store: &SqliteStore,
    run: &str,
    skip: usize,
    limit: usize,
) -> Result<Vec<JournalAction>, Fault> {
    let query = sqlx::query(
        "SELECT ?2 + row_number() OVER (ORDER BY visit, seq), group_name, key, name, begun,
                endpoint, kind, ref, old, new, cause, spec, outcome, report, detail
         FROM (SELECT v.group_name, v.key, v.name, v.begun, a.*
               FROM visit AS v JOIN action AS a ON a.visit = v.id
               WHERE v.run = ?1 ORDER BY v.id, a.seq LIMIT ?3 OFFSET ?2)
         ORDER BY 1",
    );
    let mut reading = store.pool.begin().await?;
    let rows = query.bind(run).bind(number(skip)).bind(number(limit)).fetch_all(&mut *reading).await?;
    let endpoints = Endpoints::load(&mut reading).await?;
    reading.commit().await?;
    let mut names = HashMap::new();
    rows.iter().map(|row| action_of(run, row, &endpoints, &mut names)).collect()
}

pub(super) async fn count_actions(store: &SqliteStore, run: &str) -> Result<usize, Fault> {
    let query = sqlx::query_scalar::<_, i64>(
        "SELECT count(*) FROM visit AS v JOIN action AS a ON a.visit = v.id WHERE v.run = ?",
    );
    super::value::count("count", query.bind(run).fetch_one(&store.pool).await?)
}

pub(super) async fn of_repository(
    store: &SqliteStore,
    group: &GroupName,
    key: &str,
    limit: usize,
) -> Result<Vec<JournalAction>, Fault> {
    // What came before a visit in its run is counted once a visit, not once an action.
    let query = sqlx::query(
        "WITH mine AS MATERIALIZED (
             SELECT v.*, (SELECT count(*) FROM visit AS w JOIN action AS b ON b.visit = w.id
                          WHERE w.run = v.run AND w.id < v.id) AS before
             FROM visit AS v WHERE v.group_name = ?1 AND v.key = ?2 ORDER BY v.id DESC LIMIT ?3)
         SELECT m.before + a.seq + 1, m.group_name, m.key, m.name, m.begun,
                a.endpoint, a.kind, a.ref, a.old, a.new, a.cause, a.spec, a.outcome, a.report, a.detail, m.run
         FROM mine AS m JOIN action AS a ON a.visit = m.id ORDER BY m.id DESC, a.seq DESC LIMIT ?3",
    );
    let mut reading = store.pool.begin().await?;
    let rows = query.bind(group.as_str()).bind(key).bind(number(limit)).fetch_all(&mut *reading).await?;
    let endpoints = Endpoints::load(&mut reading).await?;
    reading.commit().await?;
    let mut names = HashMap::new();
    rows.iter().map(|row| action_of(row.try_get(15)?, row, &endpoints, &mut names)).collect()
}

pub(super) async fn runs_before(store: &SqliteStore, before: &str, limit: usize) -> Result<Vec<Run>, Fault> {
    let query = sqlx::query_as::<_, RunRow>(
        "SELECT id, command, started, finished, summary FROM run WHERE id < ? ORDER BY id DESC LIMIT ?",
    );
    let rows = query.bind(before).bind(number(limit)).fetch_all(&store.pool).await?;
    rows.into_iter().map(run_of).collect()
}
