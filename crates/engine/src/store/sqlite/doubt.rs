//! Absences that do not count as deletions.

use refray_core::name::{EndpointId, GroupName, SiteName};
use refray_core::plan::group::Doubted;

use super::{Fault, SqliteStore};

pub(super) async fn doubt_site(store: &SqliteStore, site: &SiteName, reason: &str) -> Result<(), Fault> {
    let mut writing = store.begin().await?;
    // Also the endpoints that are not configured at the moment: they may come back.
    let query = sqlx::query(
        "UPDATE copy SET doubt = ?1 WHERE doubt IS NULL AND endpoint IN
            (SELECT id FROM endpoint WHERE name = ?2 OR substr(name, 1, length(?2) + 1) = ?2 || '/')",
    );
    query.bind(reason).bind(site.as_str()).execute(&mut *writing.transaction).await?;
    writing.commit().await
}

pub(super) async fn remember(
    store: &SqliteStore,
    group: &GroupName,
    doubted: &[Doubted],
    cleared: &[(String, EndpointId)],
) -> Result<(), Fault> {
    let mut writing = store.begin().await?;
    let held = doubted.iter().map(|doubted| (&doubted.key, &doubted.endpoint, Some(doubted.reason.as_str())));
    for (key, endpoint, reason) in held.chain(cleared.iter().map(|(key, endpoint)| (key, endpoint, None))) {
        let query = sqlx::query(
            "UPDATE copy SET doubt = ? WHERE repository IN (SELECT id FROM repository WHERE group_name = ? AND key = ?)
                AND endpoint IN (SELECT id FROM endpoint WHERE name = ?)",
        );
        let query = query.bind(reason).bind(group.as_str()).bind(key).bind(endpoint.as_str());
        query.execute(&mut *writing.transaction).await?;
    }
    writing.commit().await
}
