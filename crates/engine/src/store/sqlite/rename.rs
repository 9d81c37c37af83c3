//! Repositories that get another name, or are forgotten.

use refray_core::name::GroupName;
use refray_core::plan::group::Renamed;
use sqlx::SqliteConnection;

use super::{Fault, SqliteStore};

pub(super) async fn rename_all(store: &SqliteStore, group: &GroupName, renamed: &[Renamed]) -> Result<(), Fault> {
    let mut writing = store.begin().await?;
    let connection = &mut *writing.transaction;
    // First out of the way of one another, so that names can be passed on and exchanged. No repository's name holds a
    // line break.
    let mut moved = Vec::new();
    for (rename, number) in renamed.iter().zip(0..) {
        let query = sqlx::query_scalar::<_, i64>("SELECT id FROM repository WHERE group_name = ? AND key = ?");
        if query.bind(group.as_str()).bind(&rename.from).fetch_optional(&mut *connection).await?.is_some() {
            let aside = format!("\n{number}");
            move_to(connection, group, &rename.from, &aside, None).await?;
            moved.push((aside, &rename.to));
        }
    }
    for (aside, to) in moved {
        remove(connection, group, &to.key()).await?;
        move_to(connection, group, &aside, &to.key(), Some(to.as_str())).await?;
    }
    writing.commit().await
}

/// Moves what is remembered under one key to another. An entry of the queue that somebody holds stays: its holder knows
/// it by that key.
async fn move_to(
    connection: &mut SqliteConnection,
    group: &GroupName,
    from: &str,
    to: &str,
    name: Option<&str>,
) -> Result<(), Fault> {
    for statement in [
        // Before the repository itself, by whose copies its webhooks are known.
        "UPDATE OR REPLACE hook SET key = ?1, name = coalesce(?2, name) WHERE key = ?4 AND endpoint IN
            (SELECT c.endpoint FROM copy AS c JOIN repository AS r ON r.id = c.repository WHERE r.group_name = ?3 AND r.key = ?4)",
        "UPDATE repository SET key = ?1, name = coalesce(?2, name) WHERE group_name = ?3 AND key = ?4",
        "UPDATE OR REPLACE pull SET key = ?1, name = coalesce(?2, name) WHERE group_name = ?3 AND key = ?4",
        "UPDATE OR REPLACE queue SET key = ?1, name = coalesce(?2, name) WHERE group_name = ?3 AND key = ?4 AND holder IS NULL",
    ] {
        sqlx::query(statement).bind(to).bind(name).bind(group.as_str()).bind(from).execute(&mut *connection).await?;
    }
    Ok(())
}

async fn remove(connection: &mut SqliteConnection, group: &GroupName, key: &str) -> Result<(), Fault> {
    for statement in
        ["DELETE FROM repository WHERE group_name = ? AND key = ?", "DELETE FROM pull WHERE group_name = ? AND key = ?"]
    {
        sqlx::query(statement).bind(group.as_str()).bind(key).execute(&mut *connection).await?;
    }
    Ok(())
}

pub(super) async fn forget(store: &SqliteStore, group: &GroupName, key: &str) -> Result<(), Fault> {
    let mut writing = store.begin().await?;
    let connection = &mut *writing.transaction;
    remove(connection, group, key).await?;
    let query = sqlx::query("DELETE FROM queue WHERE group_name = ? AND key = ? AND holder IS NULL");
    query.bind(group.as_str()).bind(key).execute(&mut *connection).await?;
    writing.commit().await
}
