use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};

use super::*;
use crate::store::StoreError;

/// Runs SQL on the file, past the store.
async fn sql(dir: &Path, statement: &str) {
    let options = SqliteConnectOptions::new().filename(dir.join("state.db")).create_if_missing(true);
    let mut connection = options.connect().await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

async fn refusal(dir: &Path) -> StoreError {
    let error = SqliteStore::open(dir).await.unwrap_err();
    assert!(!error.remedy().is_empty() && error.to_string().contains("state.db"), "{error}");
    error
}

#[tokio::test]
async fn nobody_else_may_read_it() {
    let dir = tempfile::tempdir().unwrap();
    let state = dir.path().join("new/state");
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let store = SqliteStore::open(&state).await.unwrap();
    record(&store, "alpha", &Baseline::default()).await;
    assert_eq!(mode(&state), 0o700);
    for name in ["state.db", "state.db-wal", "state.db-shm"] {
        assert_eq!(mode(&state.join(name)), 0o600, "{name}");
    }
    store.close().await;
    std::fs::set_permissions(state.join("state.db"), PermissionsExt::from_mode(0o644)).unwrap();
    SqliteStore::open(&state).await.unwrap();
    assert_eq!(mode(&state.join("state.db")), 0o600);
}

#[tokio::test]
async fn a_newer_format_is_refused_and_left_alone() {
    let (dir, store) = open().await;
    record(&store, "alpha", &Baseline::default()).await;
    store.close().await;
    sql(dir.path(), "PRAGMA user_version = 99").await;
    let before = std::fs::read(dir.path().join("state.db")).unwrap();
    assert!(matches!(refusal(dir.path()).await, StoreError::Newer { found: 99, .. }));
    assert_eq!(std::fs::read(dir.path().join("state.db")).unwrap(), before);
}

#[tokio::test]
async fn another_programs_database_is_refused_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    sql(dir.path(), "CREATE TABLE songs (title TEXT)").await;
    let before = std::fs::read(dir.path().join("state.db")).unwrap();
    assert!(matches!(refusal(dir.path()).await, StoreError::Foreign { .. }));
    assert_eq!(std::fs::read(dir.path().join("state.db")).unwrap(), before);
}

#[tokio::test]
async fn what_is_no_database_is_called_damaged() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::File::create(dir.path().join("state.db")).unwrap().write_all(&[b'x'; 8192]).unwrap();
    assert!(matches!(refusal(dir.path()).await, StoreError::Damaged { .. }));

    let (dir, store) = open().await;
    record(&store, "alpha", &Baseline::default()).await;
    let page = sqlx::query_scalar::<_, i64>("SELECT rootpage FROM sqlite_schema WHERE name = 'repository'");
    let page = usize::try_from(page.fetch_one(&store.pool).await.unwrap()).unwrap();
    store.close().await;
    let path = dir.path().join("state.db");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[(page - 1) * 4096..page * 4096].fill(0xff);
    std::fs::File::create(&path).unwrap().write_all(&bytes).unwrap();
    let store = SqliteStore::open(dir.path()).await.unwrap();
    let error = store.group_state(&group()).await.unwrap_err();
    assert!(matches!(error, StoreError::Damaged { .. }), "{error:?}");
}

#[tokio::test]
async fn strange_values_are_named() {
    let (dir, store) = open().await;
    record(&store, "alpha", &baseline(&[("refs/heads/main", 1)])).await;
    sql(dir.path(), "UPDATE agreed_ref SET oid = x'00'; UPDATE repository SET status = 'odd'").await;
    let error = store.baseline(&group(), "alpha").await.unwrap_err();
    assert!(matches!(error, StoreError::Value { what: "object id", .. }), "{error:?}");
    let error = store.group_state(&group()).await.unwrap_err();
    assert!(matches!(error, StoreError::Value { what: "status", .. }), "{error:?}");
}

#[tokio::test]
async fn a_full_disk_is_named_and_nothing_is_half_written() {
    let (_dir, store) = open().await;
    record(&store, "alpha", &baseline(&[("refs/heads/main", 1)])).await;
    let mut all = Vec::new();
    for _ in 0..4 {
        let mut connection = store.pool.acquire().await.unwrap();
        // SQLite answers a file that may not grow as it does a disk that is full.
        sqlx::raw_sql("PRAGMA max_page_count = 40").execute(&mut *connection).await.unwrap();
        all.push(connection);
    }
    drop(all);
    let names: Vec<String> = (0..5000).map(|number| format!("refs/heads/topic/{number}")).collect();
    let refs: Vec<(&str, u32)> = names.iter().map(String::as_str).zip(1..).collect();
    let (group, name, copies, agreed) = (group(), repo("alpha"), copies("alpha"), baseline(&refs));
    let update = RepoRecordUpdate { status: RepoStatus::Failed, ..update(&group, &name, &copies, &agreed) };
    let error = store.record(update).await.unwrap_err();
    assert!(matches!(error, StoreError::Full { .. }), "{error:?}");
    assert_eq!(store.baseline(&group, "alpha").await.unwrap(), baseline(&[("refs/heads/main", 1)]));
    assert_eq!(store.repository(&group, "alpha").await.unwrap().unwrap().status, RepoStatus::Synced);
    // And it goes on when there is room.
    assert_eq!(record(&store, "alpha", &baseline(&[("refs/heads/main", 2)])).await, 1);
}

#[tokio::test]
async fn what_can_only_be_read_is_named() {
    let (_dir, store) = open().await;
    let mut all = Vec::new();
    for _ in 0..4 {
        let mut connection = store.pool.acquire().await.unwrap();
        sqlx::raw_sql("PRAGMA query_only = 1").execute(&mut *connection).await.unwrap();
        all.push(connection);
    }
    drop(all);
    let error = store.start_run("1", at(0), "sync").await.unwrap_err();
    assert!(matches!(error, StoreError::ReadOnly { .. }), "{error:?}");
    assert!(store.runs(1).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_directory_that_cannot_be_made_is_named() {
    let dir = tempfile::tempdir().unwrap();
    drop(std::fs::File::create(dir.path().join("file")).unwrap());
    let error = SqliteStore::open(&dir.path().join("file/state")).await.unwrap_err();
    assert!(matches!(error, StoreError::Folder { .. }), "{error:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_may_open_a_new_one_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let stores = futures_util::future::join_all((0..6).map(|_| SqliteStore::open(dir.path()))).await;
    for (store, number) in stores.iter().zip(0..) {
        record(store.as_ref().unwrap(), &format!("repo-{number}"), &Baseline::default()).await;
    }
    assert_eq!(stores[0].as_ref().unwrap().group_state(&group()).await.unwrap().len(), 6);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_write_to_one_file() {
    let (dir, here) = open().await;
    let there = SqliteStore::open(dir.path()).await.unwrap();
    let (here, there) = (std::sync::Arc::new(here), std::sync::Arc::new(there));
    let tasks = (0..24_u32).map(|number| {
        let store = if number % 2 == 0 { here.clone() } else { there.clone() };
        tokio::spawn(async move {
            let agreed = baseline(&[("refs/heads/main", number + 1), ("refs/tags/v1", 1)]);
            record(&store, &format!("repo-{}", number / 2), &agreed).await;
            record(&store, &format!("own-{number}"), &agreed).await;
        })
    });
    for task in futures_util::future::join_all(tasks).await {
        task.unwrap();
    }
    assert_eq!(here.group_state(&group()).await.unwrap(), there.group_state(&group()).await.unwrap());
    for number in 0..24 {
        let agreed = there.baseline(&group(), &format!("own-{number}")).await.unwrap();
        assert_eq!(agreed, baseline(&[("refs/heads/main", number + 1), ("refs/tags/v1", 1)]));
    }
}

#[tokio::test]
async fn what_is_not_committed_has_not_happened() {
    let (dir, store) = open().await;
    record(&store, "alpha", &Baseline::default()).await;
    let mut writing = store.begin().await.unwrap();
    sqlx::query("DELETE FROM repository").execute(&mut *writing.transaction).await.unwrap();
    // Others read on, and see nothing of it.
    let other = SqliteStore::open(dir.path()).await.unwrap();
    assert_eq!(other.group_state(&group()).await.unwrap().len(), 1);
    drop(writing);
    assert_eq!(store.group_state(&group()).await.unwrap().len(), 1);
    record(&store, "beta", &Baseline::default()).await;
    assert_eq!(other.group_state(&group()).await.unwrap().len(), 2);
}

/// However much of the log reached the disk before the power failed, the store opens and is as it was after one of the
/// transactions.
#[tokio::test]
async fn a_log_cut_off_anywhere_leaves_the_state_after_some_transaction() {
    let (dir, store) = open().await;
    store.start_run("1", at(0), "sync").await.unwrap();
    let mut states = vec![Baseline::default()];
    for number in 1..=4 {
        let names: Vec<String> = (0..60).map(|name| format!("refs/heads/{name}")).collect();
        let refs: Vec<(&str, u32)> = names.iter().map(String::as_str).zip(number * 1000..).collect();
        states.push(baseline(&refs));
        record(&store, "alpha", &states[states.len() - 1]).await;
    }
    let read = |name: &str| std::fs::read(dir.path().join(name)).unwrap();
    let (file, log) = (read("state.db"), read("state.db-wal"));
    let mut seen = Vec::new();
    for length in (0..log.len()).step_by(2900).chain([log.len()]) {
        let crashed = tempfile::tempdir().unwrap();
        let put = |name: &str, bytes: &[u8]| {
            std::fs::File::create(crashed.path().join(name)).unwrap().write_all(bytes).unwrap();
        };
        put("state.db", &file);
        put("state.db-wal", &log[..length]);
        let store = SqliteStore::open(crashed.path()).await.unwrap();
        let found = store.baseline(&group(), "alpha").await.unwrap();
        let state = states.iter().position(|state| *state == found);
        seen.push(state.unwrap_or_else(|| panic!("half a transaction at {length}")));
        record(&store, "alpha", &states[1]).await;
    }
    assert!(seen.is_sorted() && seen.first() == Some(&0) && seen.last() == Some(&4), "{seen:?}");
}
