//! The journal.

use std::collections::HashMap;

use jiff::Timestamp;
use refray_core::name::{EndpointId, GroupName, RefName, RepoName};
use refray_core::outcome::{Action, Outcome, Summary};
use refray_core::plan::{DefaultSwitch, RefUpdate};
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row, SqliteConnection};

use super::endpoint::Endpoints;
use super::{Fault, SqliteStore, value};
use crate::store::journal::ActionResult;
use crate::store::{ActionState, Intended, JournalAction, Run, Settled};

/// Rows per statement: SQLite takes at most 32,766 parameters.
const CHUNK: usize = 1000;

pub(super) async fn start_run(store: &SqliteStore, run: &str, at: Timestamp, command: &str) -> Result<(), Fault> {
    let mut writing = store.begin().await?;
    let query = sqlx::query("INSERT INTO run (id, command, started) VALUES (?, ?, ?)");
    query.bind(run).bind(command).bind(at.as_millisecond()).execute(&mut *writing.transaction).await?;
    writing.commit().await
}

pub(super) async fn finish_run(store: &SqliteStore, run: &str, at: Timestamp, summary: &Summary) -> Result<(), Fault> {
    let summary = value::to_json("summary", summary)?;
    let mut writing = store.begin().await?;
    let query = sqlx::query("UPDATE run SET finished = ?, summary = ? WHERE id = ?");
    query.bind(at.as_millisecond()).bind(summary).bind(run).execute(&mut *writing.transaction).await?;
    writing.commit().await
}

pub(super) type RunRow = (String, String, i64, Option<i64>, Option<String>);

pub(super) fn run_of((id, command, started, finished, summary): RunRow) -> Result<Run, Fault> {
    Ok(Run {
        id,
        command,
        started: value::time(started)?,
        finished: finished.map(value::time).transpose()?,
        summary: summary.map(|text| value::json("summary", &text)).transpose()?,
    })
}

pub(super) async fn runs(store: &SqliteStore, limit: usize) -> Result<Vec<Run>, Fault> {
    let query =
        sqlx::query_as::<_, RunRow>("SELECT id, command, started, finished, summary FROM run ORDER BY id DESC LIMIT ?");
    let rows = query.bind(i64::try_from(limit).unwrap_or(i64::MAX)).fetch_all(&store.pool).await?;
    rows.into_iter().map(run_of).collect()
}

pub(super) async fn run(store: &SqliteStore, run: &str) -> Result<Option<Run>, Fault> {
    let query = sqlx::query_as::<_, RunRow>("SELECT id, command, started, finished, summary FROM run WHERE id = ?");
    query.bind(run).fetch_optional(&store.pool).await?.map(run_of).transpose()
}

pub(super) async fn prune_runs(store: &SqliteStore, before: Timestamp) -> Result<u64, Fault> {
    let mut writing = store.begin().await?;
    let query = sqlx::query("DELETE FROM run WHERE started < ?").bind(before.as_millisecond());
    let removed = query.execute(&mut *writing.transaction).await?.rows_affected();
    writing.commit().await?;
    Ok(removed)
}

pub(super) async fn begin_actions(
    store: &SqliteStore,
    run: &str,
    group: &GroupName,
    name: &RepoName,
    at: Timestamp,
    actions: Vec<Action>,
) -> Result<Intended, Fault> {
    if actions.is_empty() {
        return Ok(Intended { visit: 0, actions });
    }
    let mut writing = store.begin().await?;
    let connection = &mut *writing.transaction;
    // A daemon's run that does nothing is seldom worth a line, so that it has none before.
    let query = sqlx::query("INSERT INTO run (id, command, started) VALUES (?, 'serve', ?) ON CONFLICT DO NOTHING");
    query.bind(run).bind(at.as_millisecond()).execute(&mut *connection).await?;
    let query =
        sqlx::query_scalar("INSERT INTO visit (run, group_name, key, name, begun) VALUES (?, ?, ?, ?, ?) RETURNING id");
    let query = query.bind(run).bind(group.as_str()).bind(name.key()).bind(name.as_str()).bind(at.as_millisecond());
    let visit: i64 = query.fetch_one(&mut *connection).await?;
    let mut endpoints = Endpoints::load(connection).await?;
    let mut rows = Vec::with_capacity(actions.len());
    for (action, seq) in actions.iter().zip(0_i64..) {
        rows.push(ActionRow::new(seq, endpoints.number(connection, action.endpoint()).await?, action)?);
    }
    for rows in rows.chunks(CHUNK) {
        let mut query =
            QueryBuilder::new("INSERT INTO action (visit, seq, endpoint, kind, ref, old, new, cause, spec, outcome) ");
        query.push_values(rows, |mut columns, row| {
            columns.push_bind(visit).push_bind(row.seq).push_bind(row.endpoint).push_bind(row.kind);
            columns.push_bind(row.name.as_deref()).push_bind(row.old).push_bind(row.new).push_bind(row.cause);
            columns.push_bind(row.spec.as_deref()).push_bind(ActionState::Intended.as_str());
        });
        query.build().persistent(false).execute(&mut *connection).await?;
    }
    let query = sqlx::query("UPDATE repository SET unfinished = 1 WHERE group_name = ? AND key = ?");
    query.bind(group.as_str()).bind(name.key()).execute(&mut *connection).await?;
    writing.commit().await?;
    Ok(Intended { visit, actions })
}

/// An action in columns: those that are many in compact ones, the others as JSON.
struct ActionRow<'a> {
    seq: i64,
    endpoint: i64,
    kind: &'static str,
    name: Option<String>,
    old: Option<&'a [u8]>,
    new: Option<&'a [u8]>,
    cause: Option<&'static str>,
    spec: Option<String>,
}

const UPDATE_REF: &str = "update_ref";
const SWITCH_DEFAULT_BRANCH: &str = "switch_default_branch";

impl<'a> ActionRow<'a> {
    fn new(seq: i64, endpoint: i64, action: &'a Action) -> Result<Self, Fault> {
        let row =
            Self { seq, endpoint, kind: action.kind(), name: None, old: None, new: None, cause: None, spec: None };
        Ok(match action {
            Action::UpdateRef(update) => Self {
                kind: UPDATE_REF,
                name: Some(update.name.full()),
                old: update.old.as_ref().map(|oid| oid.as_bytes()),
                new: update.new.as_ref().map(|oid| oid.as_bytes()),
                cause: Some(update.cause.as_str()),
                ..row
            },
            Action::SwitchDefaultBranch(switch) => Self {
                kind: SWITCH_DEFAULT_BRANCH,
                old: switch.old.as_ref().map(|branch| branch.as_str().as_bytes()),
                new: Some(switch.new.as_str().as_bytes()),
                ..row
            },
            other => Self { spec: Some(value::to_json("action", other)?), ..row },
        })
    }
}

/// Writes down what became of actions. Neighbours that went alike are written together, so that thousands that went
/// well are one statement.
pub(super) async fn settle(connection: &mut SqliteConnection, settled: &Settled) -> Result<(), Fault> {
    let alike = settled.results.chunk_by(|a, b| a.state == b.state && a.detail == b.detail && a.seq + 1 == b.seq);
    for chunk in alike {
        let ([first, .., last] | [first @ last]) = chunk else { continue };
        let ActionResult { state, detail, .. } = first;
        let report = match state {
            ActionState::Ended(outcome @ (Outcome::Refused { .. } | Outcome::Failed { .. })) => {
                Some(value::to_json("outcome", outcome)?)
            }
            _ => None,
        };
        let detail = detail.as_ref().map(|detail| value::to_json("detail", detail)).transpose()?;
        let query = sqlx::query(
            "UPDATE action SET outcome = ?, report = ?, detail = ? WHERE visit = ? AND seq BETWEEN ? AND ?",
        );
        let query = query.bind(state.as_str()).bind(report).bind(detail);
        query.bind(settled.visit).bind(first.seq).bind(last.seq).execute(&mut *connection).await?;
    }
    Ok(())
}

pub(super) async fn actions(store: &SqliteStore, run: &str, repo: Option<&str>) -> Result<Vec<JournalAction>, Fault> {
    let query = sqlx::query(
        "SELECT * FROM (
             SELECT row_number() OVER (ORDER BY v.id, a.seq) AS place, v.group_name, v.key, v.name, v.begun,
                    a.endpoint, a.kind, a.ref, a.old, a.new, a.cause, a.spec, a.outcome, a.report, a.detail
             FROM visit AS v JOIN action AS a ON a.visit = v.id WHERE v.run = ?1)
         WHERE ?2 IS NULL OR key = ?2 ORDER BY place",
    );
    let mut reading = store.pool.begin().await?;
    let rows = query.bind(run).bind(repo).fetch_all(&mut *reading).await?;
    let endpoints = Endpoints::load(&mut reading).await?;
    reading.commit().await?;
    let mut names = HashMap::new();
    rows.iter().map(|row| action_of(run, row, &endpoints, &mut names)).collect()
}

pub(super) fn action_of(
    run: &str,
    row: &SqliteRow,
    endpoints: &Endpoints,
    names: &mut HashMap<(String, String), (GroupName, RepoName)>,
) -> Result<JournalAction, Fault> {
    let of = (row.try_get::<String, _>(1)?, row.try_get::<String, _>(3)?);
    let (group, repository) = match names.get(&of) {
        Some(names) => names.clone(),
        None => {
            let found = (value::name("group name", &of.0)?, value::name("repository name", &of.1)?);
            names.insert(of, found.clone());
            found
        }
    };
    let report: Option<&str> = row.try_get(13)?;
    let state = match (row.try_get(12)?, report) {
        ("intended", _) => ActionState::Intended,
        ("not_tried", _) => ActionState::NotTried,
        ("done", _) => ActionState::Ended(Outcome::Done),
        ("moved", _) => ActionState::Ended(Outcome::Moved),
        (_, Some(report)) => ActionState::Ended(value::json("outcome", report)?),
        (word, None) => return Err(Fault::Value { what: "outcome", text: word.to_owned() }),
    };
    let detail: Option<&str> = row.try_get(14)?;
    Ok(JournalAction {
        run: run.to_owned(),
        seq: value::count("place", row.try_get(0)?)?,
        begun: value::time(row.try_get(4)?)?,
        group,
        repository,
        action: read_action(row, endpoints.id(row.try_get(5)?)?)?,
        state,
        detail: detail.map(|text| value::json("detail", text)).transpose()?,
    })
}

fn read_action(row: &SqliteRow, endpoint: &EndpointId) -> Result<Action, Fault> {
    let (old, new): (Option<Vec<u8>>, Option<Vec<u8>>) = (row.try_get(8)?, row.try_get(9)?);
    let missing = |what| Fault::Value { what, text: String::new() };
    match row.try_get(6)? {
        UPDATE_REF => {
            let name: RefName = value::name("reference", row.try_get(7)?)?;
            let oid = |bytes: Option<Vec<u8>>| bytes.map(|bytes| value::oid(&bytes)).transpose();
            let cause = value::word("cause", row.try_get(10)?)?;
            Ok(Action::UpdateRef(RefUpdate { endpoint: endpoint.clone(), name, old: oid(old)?, new: oid(new)?, cause }))
        }
        SWITCH_DEFAULT_BRANCH => {
            let branch = |bytes| value::name("branch", &value::text(bytes)?);
            Ok(Action::SwitchDefaultBranch(DefaultSwitch {
                endpoint: endpoint.clone(),
                old: old.map(branch).transpose()?,
                new: branch(new.ok_or_else(|| missing("branch"))?)?,
            }))
        }
        _ => value::json("action", row.try_get::<Option<&str>, _>(11)?.ok_or_else(|| missing("action"))?),
    }
}
