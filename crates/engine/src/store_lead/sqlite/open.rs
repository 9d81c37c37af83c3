//! Opening the file, and bringing an older one up to date.

use std::fs::{DirBuilder, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

use super::{Endpoints, SqliteStore};
use crate::store::StoreError;

/// Every step from an empty file to today's format. Steps are only ever appended.
const MIGRATIONS: &[&str] = &[include_str!("../0001_ground.sql")];

impl SqliteStore {
    /// Opens `state.db` in the state directory, both made if they are missing.
    ///
    /// # Errors
    /// The folder cannot be made, the file is not a sound database, or a newer refray wrote it.
    pub async fn open(state_dir: &Path) -> Result<Self, StoreError> {
        let folder = |source| StoreError::Folder { path: state_dir.to_owned(), source };
        DirBuilder::new().recursive(true).mode(0o700).create(state_dir).map_err(folder)?;
        let path = state_dir.join("state.db");
        // SQLite would make it with the rights that the umask leaves; what is beside it later gets the rights of this one.
        OpenOptions::new().append(true).create(true).mode(0o600).open(&path).map_err(folder)?;
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .journal_mode(SqliteJournalMode::Wal)
            // A power cut may lose the last runs' records, never the file's soundness; the next run converges again.
            .synchronous(SqliteSynchronous::Normal)
            .busy_timeout(Duration::from_secs(30))
            .foreign_keys(true);
        let opened = |source| StoreError::Database { path: path.clone(), doing: "opened", source };
        let pool = SqlitePoolOptions::new().max_connections(4).connect_with(options).await.map_err(opened)?;
        let store = Self { pool, path: path.clone(), endpoints: Mutex::new(Endpoints::default()) };
        store.migrate().await?;
        store.load_endpoints().await?;
        Ok(store)
    }

    async fn migrate(&self) -> Result<(), StoreError> {
        let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
        let failed = self.error("opened");
        if self.version().await? == known {
            return Ok(());
        }
        let mut transaction = self.pool.begin_with("BEGIN EXCLUSIVE").await.map_err(&failed)?;
        // Another process may have been faster.
        let found: i64 =
            sqlx::query_scalar("PRAGMA user_version").fetch_one(&mut *transaction).await.map_err(&failed)?;
        if found > known {
            return Err(StoreError::Newer { path: self.path.clone(), found, known });
        }
        let done = usize::try_from(found).unwrap_or(0);
        for migration in &MIGRATIONS[done..] {
            sqlx::raw_sql(*migration).execute(&mut *transaction).await.map_err(&failed)?;
        }
        let set = sqlx::AssertSqlSafe(format!("PRAGMA user_version = {known}"));
        sqlx::raw_sql(set).execute(&mut *transaction).await.map_err(&failed)?;
        transaction.commit().await.map_err(&failed)
    }

    async fn version(&self) -> Result<i64, StoreError> {
        sqlx::query_scalar("PRAGMA user_version").fetch_one(&self.pool).await.map_err(self.error("opened"))
    }
}
