//! Sites.

use refray_core::name::SiteName;
use refray_core::repository::AccountId;

use super::{Fault, SqliteStore};

pub(super) async fn account(store: &SqliteStore, site: &SiteName) -> Result<Option<AccountId>, Fault> {
    let account = sqlx::query_scalar("SELECT account FROM site WHERE name = ?").bind(site.as_str());
    Ok(account.fetch_optional(&store.pool).await?.map(AccountId))
}

pub(super) async fn set_account(
    store: &SqliteStore,
    site: &SiteName,
    account: Option<&AccountId>,
) -> Result<(), Fault> {
    let mut writing = store.begin().await?;
    let query = match account {
        Some(account) => sqlx::query(
            "INSERT INTO site (name, account) VALUES (?, ?) ON CONFLICT DO UPDATE SET account = excluded.account",
        )
        .bind(site.as_str())
        .bind(account.0.as_str()),
        None => sqlx::query("DELETE FROM site WHERE name = ?").bind(site.as_str()),
    };
    query.execute(&mut *writing.transaction).await?;
    writing.commit().await
}
