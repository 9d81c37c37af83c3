//! Baselines: a row per reference and distinct value, with the set of endpoints that agreed to it.
//!
//! Nearly always that is one row per reference, however many endpoints there are, and a reference that moves is one row
//! changed.

use std::collections::{BTreeMap, HashMap};

use refray_core::baseline::Baseline;
use refray_core::name::{BranchName, EndpointId, GroupName, RefName};
use refray_core::oid::Oid;
use sqlx::{QueryBuilder, SqliteConnection};

use super::endpoint::{Endpoints, Sets};
use super::{Fault, SqliteStore, value};

/// Rows per statement: SQLite takes at most 32,766 parameters.
const CHUNK: usize = 2000;

/// The prefix of every reference, which is not stored.
const PREFIX: &str = "refs/";

fn stored_name(name: &RefName) -> String {
    name.full().split_off(PREFIX.len())
}

pub(super) async fn load(store: &SqliteStore, group: &GroupName, key: &str) -> Result<Baseline, Fault> {
    // One transaction, so that references and default branch are of the same moment.
    let mut reading = store.pool.begin().await?;
    let found =
        sqlx::query_scalar("SELECT id FROM repository WHERE group_name = ? AND key = ?").bind(group.as_str()).bind(key);
    let Some(repository) = found.fetch_optional(&mut *reading).await? else {
        return Ok(Baseline::default());
    };
    let stored = Stored::load(&mut reading, repository).await?;
    let endpoints = Endpoints::load(&mut reading).await?;
    let sets = Sets::load(&mut reading).await?;
    reading.commit().await?;

    let mut members: HashMap<i64, Vec<EndpointId>> = HashMap::new();
    let mut baseline = Baseline::default();
    for (name, set, oid) in stored.refs {
        let agreed = baseline.refs.entry(value::name("reference", &format!("{PREFIX}{name}"))?).or_default();
        let oid = value::oid(&oid)?;
        for endpoint in members_of(&mut members, &endpoints, &sets, set)? {
            agreed.insert(endpoint.clone(), oid);
        }
    }
    for (branch, set) in stored.defaults {
        let branch: BranchName = value::name("branch", &branch)?;
        for endpoint in members_of(&mut members, &endpoints, &sets, set)? {
            baseline.default_branch.insert(endpoint.clone(), branch.clone());
        }
    }
    Ok(baseline)
}

/// Returns the endpoints of a set, resolved only once.
fn members_of<'a>(
    known: &'a mut HashMap<i64, Vec<EndpointId>>,
    endpoints: &Endpoints,
    sets: &Sets,
    set: i64,
) -> Result<&'a [EndpointId], Fault> {
    if let std::collections::hash_map::Entry::Vacant(entry) = known.entry(set) {
        let ids: Result<_, Fault> = sets.members(set)?.iter().map(|number| endpoints.id(*number).cloned()).collect();
        entry.insert(ids?);
    }
    Ok(known.get(&set).map_or(&[], Vec::as_slice))
}

pub(super) async fn agreed(
    store: &SqliteStore,
    group: &GroupName,
    key: &str,
    endpoint: &EndpointId,
    name: &RefName,
) -> Result<Option<Oid>, Fault> {
    let query = sqlx::query_scalar::<_, Vec<u8>>(
        "SELECT agreed_ref.oid FROM repository
         JOIN agreed_ref ON agreed_ref.repository = repository.id
         JOIN endpoint_set ON endpoint_set.id = agreed_ref.members
         JOIN json_each(endpoint_set.members) AS member
         JOIN endpoint ON endpoint.id = member.value
         WHERE repository.group_name = ? AND repository.key = ? AND agreed_ref.name = ? AND endpoint.name = ?",
    );
    let query = query.bind(group.as_str()).bind(key).bind(stored_name(name)).bind(endpoint.as_str());
    query.fetch_optional(&store.pool).await?.map(|oid| value::oid(&oid)).transpose()
}

/// The rows of one repository.
struct Stored {
    refs: Vec<(String, i64, Vec<u8>)>,
    defaults: Vec<(String, i64)>,
}

impl Stored {
    async fn load(connection: &mut SqliteConnection, repository: i64) -> Result<Self, Fault> {
        let refs = sqlx::query_as("SELECT name, members, oid FROM agreed_ref WHERE repository = ?").bind(repository);
        let refs = refs.fetch_all(&mut *connection).await?;
        let defaults =
            sqlx::query_as("SELECT branch, members FROM agreed_default WHERE repository = ?").bind(repository);
        Ok(Self { refs, defaults: defaults.fetch_all(&mut *connection).await? })
    }
}

/// Writes what differs between a repository's stored baseline and this one. Returns how many rows that were.
pub(super) async fn write(
    connection: &mut SqliteConnection,
    repository: i64,
    baseline: &Baseline,
    endpoints: &mut Endpoints,
) -> Result<u64, Fault> {
    let stored = Stored::load(connection, repository).await?;
    let mut sets = Sets::load(connection).await?;

    let mut gone: HashMap<(String, i64), Vec<u8>> =
        stored.refs.into_iter().map(|(name, set, oid)| ((name, set), oid)).collect();
    let mut put = Vec::new();
    for (name, values) in &baseline.refs {
        for (oid, members) in by_value(values, connection, endpoints).await? {
            let row = (stored_name(name), sets.number(connection, &members).await?);
            if gone.remove(&row).is_none_or(|stored| stored != oid.as_bytes()) {
                put.push((row, *oid));
            }
        }
    }
    let mut rows = put.len() + gone.len();
    delete_refs(connection, repository, gone.into_keys().collect()).await?;
    put_refs(connection, repository, &put).await?;

    let mut gone: BTreeMap<String, i64> = stored.defaults.into_iter().collect();
    for (branch, members) in by_value(&baseline.default_branch, connection, endpoints).await? {
        let set = sets.number(connection, &members).await?;
        if gone.remove(branch.as_str()) == Some(set) {
            continue;
        }
        rows += 1;
        sqlx::query(
            "INSERT INTO agreed_default (repository, branch, members) VALUES (?, ?, ?)
             ON CONFLICT DO UPDATE SET members = excluded.members",
        )
        .bind(repository)
        .bind(branch.as_str())
        .bind(set)
        .execute(&mut *connection)
        .await?;
    }
    for branch in gone.into_keys() {
        rows += 1;
        let query = sqlx::query("DELETE FROM agreed_default WHERE repository = ? AND branch = ?");
        query.bind(repository).bind(branch).execute(&mut *connection).await?;
    }
    Ok(u64::try_from(rows).unwrap_or(u64::MAX))
}

/// Returns the distinct values, each with the sorted numbers of the endpoints that agreed to it.
async fn by_value<'a, V: PartialEq>(
    values: &'a BTreeMap<EndpointId, V>,
    connection: &mut SqliteConnection,
    endpoints: &mut Endpoints,
) -> Result<Vec<(&'a V, Vec<i64>)>, Fault> {
    let mut found: Vec<(&V, Vec<i64>)> = Vec::with_capacity(1);
    for (endpoint, value) in values {
        let number = endpoints.number(connection, endpoint).await?;
        match found.iter_mut().find(|(other, _)| *other == value) {
            Some((_, members)) => members.push(number),
            None => found.push((value, vec![number])),
        }
    }
    for (_, members) in &mut found {
        members.sort_unstable();
    }
    Ok(found)
}

async fn put_refs(
    connection: &mut SqliteConnection,
    repository: i64,
    rows: &[((String, i64), Oid)],
) -> Result<(), Fault> {
    for rows in rows.chunks(CHUNK) {
        let mut query = QueryBuilder::new("INSERT INTO agreed_ref (repository, name, members, oid) ");
        query.push_values(rows, |mut row, ((name, set), oid)| {
            row.push_bind(repository).push_bind(name.as_str()).push_bind(*set).push_bind(oid.as_bytes());
        });
        query.push(" ON CONFLICT DO UPDATE SET oid = excluded.oid");
        query.build().persistent(false).execute(&mut *connection).await?;
    }
    Ok(())
}

async fn delete_refs(
    connection: &mut SqliteConnection,
    repository: i64,
    rows: Vec<(String, i64)>,
) -> Result<(), Fault> {
    for rows in rows.chunks(CHUNK) {
        let mut query = QueryBuilder::new("DELETE FROM agreed_ref WHERE repository = ");
        query.push_bind(repository).push(" AND (name, members) IN (");
        query.push_values(rows, |mut row, (name, set)| {
            row.push_bind(name.as_str()).push_bind(*set);
        });
        query.push(")");
        query.build().persistent(false).execute(&mut *connection).await?;
    }
    Ok(())
}
