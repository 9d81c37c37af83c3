//! The queue.

use jiff::Timestamp;
use refray_core::name::GroupName;

use super::{Fault, SqliteStore, value};
use crate::store::{Claim, Completion, Enqueued, QueueEntry, Ticket, Wake};

/// How many milliseconds what is not urgent lets itself be overtaken.
const LONG_ENOUGH: i64 = 5 * 60 * 1000;

pub(super) async fn enqueue(store: &SqliteStore, wakes: &[Wake]) -> Result<Vec<Enqueued>, Fault> {
    let mut writing = store.begin().await?;
    let mut results = Vec::with_capacity(wakes.len());
    for wake in wakes {
        // While somebody works on it, what is due is the next turn.
        let query = sqlx::query_as::<_, (bool, i64)>(
            "INSERT INTO queue (group_name, key, name, urgent, queued, due) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT DO UPDATE SET
                 name = excluded.name,
                 urgent = max(urgent, excluded.urgent),
                 due = CASE WHEN holder IS NULL THEN min(due, excluded.due) ELSE due END,
                 again = again + 1,
                 again_due = CASE WHEN holder IS NULL THEN NULL ELSE min(coalesce(again_due, excluded.due), excluded.due) END
             RETURNING holder IS NOT NULL, again",
        );
        let query = query.bind(wake.group.as_str()).bind(wake.name.key()).bind(wake.name.as_str()).bind(wake.urgent);
        let query = query.bind(wake.at.as_millisecond()).bind(wake.due.as_millisecond());
        let (held, merged) = query.fetch_one(&mut *writing.transaction).await?;
        results.push(match (held, merged) {
            (true, _) => Enqueued::Again,
            (false, 0) => Enqueued::New,
            (false, _) => Enqueued::Merged,
        });
    }
    writing.commit().await?;
    Ok(results)
}

pub(super) async fn claim(
    store: &SqliteStore,
    holder: &str,
    now: Timestamp,
    until: Timestamp,
) -> Result<Option<Claim>, Fault> {
    let mut writing = store.begin().await?;
    // A lease that ran out is a failure: what ended its holder may end the next one too. What waits without urgency is
    // not put off for ever by what is urgent, nor one group by another's many.
    let query = sqlx::query_as::<_, (String, String, i64, i64)>(
        "UPDATE queue SET
             attempts = attempts + (holder IS NOT NULL),
             holder = ?1, expires = ?3, claim = claim + 1, again = 0, again_due = NULL
         WHERE (group_name, key) = (
             SELECT group_name, key FROM queue LEFT JOIN (
                 SELECT group_name AS busy, count(*) AS held FROM queue
                 WHERE holder IS NOT NULL AND expires > ?2 GROUP BY group_name) ON busy = group_name
             WHERE CASE WHEN holder IS NULL THEN due ELSE expires END <= ?2
             ORDER BY (urgent OR due < ?4) DESC, coalesce(held, 0), due, group_name, key LIMIT 1)
         RETURNING group_name, name, attempts, claim",
    );
    let query = query.bind(holder).bind(now.as_millisecond()).bind(until.as_millisecond());
    let query = query.bind(now.as_millisecond() - LONG_ENOUGH);
    let Some((group, name, attempts, number)) = query.fetch_optional(&mut *writing.transaction).await? else {
        return Ok(None);
    };
    let claim = Claim {
        group: value::name("group name", &group)?,
        name: value::name("repository name", &name)?,
        attempts: value::count("count", attempts)?,
        number,
    };
    writing.commit().await?;
    Ok(Some(claim))
}

pub(super) async fn renew(store: &SqliteStore, claim: &Claim, until: Timestamp) -> Result<bool, Fault> {
    let mut writing = store.begin().await?;
    let query = sqlx::query(
        "UPDATE queue SET expires = ? WHERE group_name = ? AND key = ? AND claim = ? AND holder IS NOT NULL",
    );
    let query = query.bind(until.as_millisecond()).bind(claim.group.as_str()).bind(claim.name.key()).bind(claim.number);
    let renewed = query.execute(&mut *writing.transaction).await?.rows_affected() == 1;
    writing.commit().await?;
    Ok(renewed)
}

pub(super) async fn complete(store: &SqliteStore, claim: &Claim, now: Timestamp) -> Result<Completion, Fault> {
    let mut writing = store.begin().await?;
    let query = sqlx::query(
        "UPDATE queue SET holder = NULL, expires = NULL, attempts = 0, queued = ?, due = coalesce(again_due, due),
             again = 0, again_due = NULL
         WHERE group_name = ? AND key = ? AND claim = ? AND holder IS NOT NULL AND again > 0",
    );
    let query = query.bind(now.as_millisecond()).bind(claim.group.as_str()).bind(claim.name.key()).bind(claim.number);
    let waits = query.execute(&mut *writing.transaction).await?.rows_affected() == 1;
    let query = sqlx::query("DELETE FROM queue WHERE group_name = ? AND key = ? AND claim = ? AND holder IS NOT NULL");
    let query = query.bind(claim.group.as_str()).bind(claim.name.key()).bind(claim.number);
    let removed = !waits && query.execute(&mut *writing.transaction).await?.rows_affected() == 1;
    writing.commit().await?;
    Ok(match (waits, removed) {
        (true, _) => Completion::Waiting,
        (false, true) => Completion::Removed,
        (false, false) => Completion::Lost,
    })
}

/// Puts an entry back: after a failure, or because its holder has to go.
pub(super) async fn give_up(
    store: &SqliteStore,
    claim: &Claim,
    due: Timestamp,
    failed: bool,
) -> Result<Completion, Fault> {
    let mut writing = store.begin().await?;
    let query = sqlx::query(
        "UPDATE queue SET holder = NULL, expires = NULL, attempts = attempts + ?,
             due = min(?, coalesce(again_due, 9223372036854775807)), again = 0, again_due = NULL
         WHERE group_name = ? AND key = ? AND claim = ? AND holder IS NOT NULL",
    );
    let query = query.bind(failed).bind(due.as_millisecond());
    let query = query.bind(claim.group.as_str()).bind(claim.name.key()).bind(claim.number);
    let waits = query.execute(&mut *writing.transaction).await?.rows_affected() == 1;
    writing.commit().await?;
    Ok(if waits { Completion::Waiting } else { Completion::Lost })
}

pub(super) async fn take_back(store: &SqliteStore, now: Timestamp) -> Result<u64, Fault> {
    let mut writing = store.begin().await?;
    let query = sqlx::query(
        "UPDATE queue SET holder = NULL, expires = NULL, attempts = attempts + 1, due = ?, again = 0, again_due = NULL
         WHERE holder IS NOT NULL",
    );
    let taken = query.bind(now.as_millisecond()).execute(&mut *writing.transaction).await?.rows_affected();
    writing.commit().await?;
    Ok(taken)
}

pub(super) async fn next_due(store: &SqliteStore) -> Result<Option<Timestamp>, Fault> {
    let query = sqlx::query_scalar::<_, Option<i64>>(
        "SELECT min(CASE WHEN holder IS NULL THEN due ELSE expires END) FROM queue",
    );
    query.fetch_one(&store.pool).await?.map(value::time).transpose()
}

pub(super) async fn tickets(store: &SqliteStore) -> Result<Vec<Ticket>, Fault> {
    let query = sqlx::query_as::<_, (String, String, i64, i64, i64)>(
        "SELECT group_name, key, queued, again, claim FROM queue WHERE holder IS NULL",
    );
    let rows = query.fetch_all(&store.pool).await?.into_iter();
    rows.map(|(group, key, queued, again, claim)| {
        Ok(Ticket { group: value::name("group name", &group)?, key, seen: (queued, again, claim) })
    })
    .collect()
}

pub(super) async fn settle(store: &SqliteStore, tickets: &[Ticket]) -> Result<(), Fault> {
    if tickets.is_empty() {
        return Ok(());
    }
    let mut writing = store.begin().await?;
    for Ticket { group, key, seen: (queued, again, claim) } in tickets {
        let query = sqlx::query(
            "DELETE FROM queue WHERE group_name = ? AND key = ? AND queued = ? AND again = ? AND claim = ?
             AND holder IS NULL",
        );
        let query = query.bind(group.as_str()).bind(key).bind(queued).bind(again).bind(claim);
        query.execute(&mut *writing.transaction).await?;
    }
    writing.commit().await
}

type EntryRow = (String, String, bool, i64, i64, i64, i64, Option<String>, Option<i64>);

pub(super) async fn list(store: &SqliteStore) -> Result<Vec<QueueEntry>, Fault> {
    let query = sqlx::query_as::<_, EntryRow>(
        "SELECT group_name, name, urgent, queued, due, attempts, again, holder, expires FROM queue
         ORDER BY holder IS NULL, urgent DESC, due, group_name, key",
    );
    query.fetch_all(&store.pool).await?.into_iter().map(entry).collect()
}

pub(super) async fn one(store: &SqliteStore, group: &GroupName, key: &str) -> Result<Option<QueueEntry>, Fault> {
    let query = sqlx::query_as::<_, EntryRow>(
        "SELECT group_name, name, urgent, queued, due, attempts, again, holder, expires FROM queue
         WHERE group_name = ? AND key = ?",
    );
    query.bind(group.as_str()).bind(key).fetch_optional(&store.pool).await?.map(entry).transpose()
}

fn entry((group, name, urgent, queued, due, attempts, again, holder, expires): EntryRow) -> Result<QueueEntry, Fault> {
    let holder = match (holder, expires) {
        (Some(holder), Some(expires)) => Some((holder, value::time(expires)?)),
        _ => None,
    };
    Ok(QueueEntry {
        group: value::name("group name", &group)?,
        name: value::name("repository name", &name)?,
        urgent,
        queued: value::time(queued)?,
        due: value::time(due)?,
        attempts: value::count("count", attempts)?,
        again: holder.is_some() && again > 0,
        holder,
    })
}
