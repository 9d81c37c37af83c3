//! Opening the file and bringing it to the present format.

use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions, SqliteConnection, SqlitePool};

use super::fault::Fault;
use crate::store::StoreError;

/// The steps from an empty file to the present format. A step that was ever released is never changed; new ones are
/// added at the end. The file's `user_version` says how many it has been through.
const MIGRATIONS: &[&str] = &[
    include_str!("../../../migrations/0001_initial.sql"),
    include_str!("../../../migrations/0002_doubt.sql"),
    include_str!("../../../migrations/0003_hook_secret.sql"),
];

/// Marks the file as refray's: `rfry`.
const APPLICATION_ID: i64 = 0x7266_7279;

/// How long another process's transaction is waited for. The longest are those that record a very large repository.
const PATIENCE: Duration = Duration::from_secs(30);

/// Makes the directory and an empty file, which nobody else may read, if they are not there.
pub(super) fn prepare(state_dir: &Path) -> Result<PathBuf, StoreError> {
    let at = |path: &Path, source| StoreError::Folder { path: path.to_owned(), source };
    let folder = std::path::absolute(state_dir).map_err(|source| at(state_dir, source))?;
    DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(|source| at(&folder, source))?;
    let path = folder.join("state.db");
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
        // The directory's entry for the file must last as long as what SQLite makes sure of.
        Ok(_) => File::open(&folder).and_then(|folder| folder.sync_all()).map_err(|source| at(&folder, source))?,
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            narrow(&path).map_err(|source| at(&path, source))?;
        }
        Err(source) => return Err(at(&path, source)),
    }
    Ok(path)
}

/// Takes others' rights to the file away, as after it was copied back by hand. SQLite makes its companions alike.
fn narrow(path: &Path) -> std::io::Result<()> {
    if std::fs::metadata(path)?.permissions().mode() & 0o077 != 0 {
        std::fs::set_permissions(path, Permissions::from_mode(0o600))?;
    }
    Ok(())
}

/// Opens the file and brings it to the present format.
pub(super) async fn connect(path: &Path) -> Result<SqlitePool, Fault> {
    let pool = pool(options(path)).await?;
    let prepared = async {
        let mut connection = pool.acquire().await?;
        let format = check(&mut connection).await?;
        use_log(&mut connection).await?;
        if format < supported() {
            drop(connection);
            migrate(&pool).await?;
        }
        Ok(())
    }
    .await;
    match prepared {
        Ok(()) => Ok(pool),
        Err(fault) => {
            pool.close().await;
            Err(fault)
        }
    }
}

/// Opens the file to read only; nothing if there is none.
pub(super) async fn look(path: &Path) -> Result<Option<SqlitePool>, Fault> {
    if !path.exists() {
        return Ok(None);
    }
    // The file itself is opened for writing: SQLite tidies up the log's index only then.
    match glance(options(path).pragma("query_only", "on")).await {
        Err(fault) if fault.is_read_only() => glance_where_nothing_is_written(path).await.map_err(|_| fault),
        seen => seen,
    }
    .map(Some)
}

/// Opens the file where its companions cannot be made. Without a log beside it, nobody writes it and it holds all there
/// is; with one, SQLite itself says whether the two can be read together.
async fn glance_where_nothing_is_written(path: &Path) -> Result<SqlitePool, Fault> {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    let alone = std::fs::metadata(log).map_or(true, |log| log.len() == 0);
    glance(options(path).read_only(true).immutable(alone)).await
}

async fn glance(options: SqliteConnectOptions) -> Result<SqlitePool, Fault> {
    let pool = pool(options).await?;
    let checked = async {
        let format = check(&mut *pool.acquire().await?).await?;
        if format < supported() { Err(Fault::Older) } else { Ok(()) }
    }
    .await;
    match checked {
        Ok(()) => Ok(pool),
        Err(fault) => {
            pool.close().await;
            Err(fault)
        }
    }
}

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .busy_timeout(PATIENCE)
        .foreign_keys(true)
        .synchronous(SqliteSynchronous::Full)
        // A log that one large transaction has blown up is cut back.
        .pragma("journal_size_limit", "67108864")
        .row_buffer_size(1024)
        .disable_statement_logging()
}

async fn pool(options: SqliteConnectOptions) -> Result<SqlitePool, Fault> {
    let pool = SqlitePoolOptions::new()
        .max_connections(4)
        .acquire_timeout(PATIENCE * 4)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .connect_with(options)
        .await?;
    Ok(pool)
}

fn supported() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}

/// Returns the file's format. Refuses one that is not ours to write to, before anything is written.
async fn check(connection: &mut SqliteConnection) -> Result<i64, Fault> {
    // The mark is read last: another process may be making the tables right now, and it sets the mark along with them.
    let tables: i64 = sqlx::query_scalar("SELECT count(*) FROM sqlite_schema").fetch_one(&mut *connection).await?;
    let format: i64 = sqlx::query_scalar("PRAGMA user_version").fetch_one(&mut *connection).await?;
    let application: i64 = sqlx::query_scalar("PRAGMA application_id").fetch_one(&mut *connection).await?;
    if application != APPLICATION_ID && (application != 0 || format != 0 || tables != 0) {
        return Err(Fault::Foreign);
    }
    if !(0..=supported()).contains(&format) {
        return Err(Fault::Newer { found: format, supported: supported() });
    }
    Ok(format)
}

/// Switches to the write-ahead log, for which SQLite does not wait by itself when others are at the file.
async fn use_log(connection: &mut SqliteConnection) -> Result<(), Fault> {
    let pause = Duration::from_millis(50);
    let mut left = PATIENCE;
    loop {
        let switched = async {
            let mode: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut *connection).await?;
            if mode == "wal" {
                return Ok(mode);
            }
            Ok(sqlx::query_scalar("PRAGMA journal_mode = WAL").fetch_one(&mut *connection).await?)
        }
        .await;
        match switched {
            Ok(mode) => {
                if mode != "wal" {
                    // Just as safe, only slower: as on file systems without shared memory.
                    tracing::warn!(mode, "the state file's disk does not allow a write-ahead log");
                }
                return Ok(());
            }
            Err(fault) => {
                let fault: Fault = fault;
                if !fault.is_busy() || left.is_zero() {
                    return Err(fault);
                }
                tokio::time::sleep(pause).await;
                left = left.saturating_sub(pause);
            }
        }
    }
}

/// Takes the steps that the file has not been through, all or none.
async fn migrate(pool: &SqlitePool) -> Result<(), Fault> {
    let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
    // Another process may have been faster.
    let format = check(&mut transaction).await?;
    let done = usize::try_from(format).unwrap_or(usize::MAX);
    for step in MIGRATIONS.iter().skip(done) {
        sqlx::raw_sql(*step).execute(&mut *transaction).await?;
    }
    let mark = format!("PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {};", supported());
    sqlx::raw_sql(AssertSqlSafe(mark)).execute(&mut *transaction).await?;
    Ok(transaction.commit().await?)
}
