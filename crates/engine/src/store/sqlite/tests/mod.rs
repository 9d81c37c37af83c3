mod agreed;
mod faults;
mod journal;
mod queue;
mod records;
mod remote;

use std::collections::BTreeMap;

use jiff::Timestamp;
use refray_core::baseline::Baseline;
use refray_core::name::{EndpointId, GroupName, RefName, RepoName};
use refray_core::oid::Oid;
use refray_core::outcome::RepoStatus;
use refray_core::plan::group::Known;
use refray_core::repository::{AccountId, ForgeId};
use refray_core::snapshot::Fingerprint;
use tempfile::TempDir;

use super::SqliteStore;
use crate::store::{RepoRecordUpdate, Store};

async fn open() -> (TempDir, SqliteStore) {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(dir.path()).await.unwrap();
    (dir, store)
}

fn group() -> GroupName {
    GroupName::new("personal").unwrap()
}

fn repo(name: &str) -> RepoName {
    RepoName::new(name).unwrap()
}

fn endpoint(name: &str) -> EndpointId {
    EndpointId::new(name).unwrap()
}

fn reference(full: &str) -> RefName {
    RefName::from_full(full).unwrap()
}

/// An object id that is told from others by a number.
fn oid(number: u32) -> Oid {
    let mut bytes = [7; 20];
    bytes[..4].copy_from_slice(&number.to_be_bytes());
    Oid::from_bytes(&bytes).unwrap()
}

/// A time some seconds into 2026.
fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_767_225_600 + seconds).unwrap()
}

fn known(name: &str, id: u32, agreed: bool) -> Known {
    Known {
        name: repo(name),
        id: ForgeId(id.to_string()),
        path: format!("me/{name}"),
        account: (id % 2 == 1).then(|| AccountId("17".into())),
        agreed,
        doubt: None,
    }
}

fn copies(name: &str) -> BTreeMap<EndpointId, Known> {
    [("github/me", 1), ("gitlab/me", 2), ("gitea/me", 3)].map(|(at, id)| (endpoint(at), known(name, id, true))).into()
}

/// A baseline in which three endpoints agree on some branches.
fn baseline(refs: &[(&str, u32)]) -> Baseline {
    let everywhere = |value: Oid| ["github/me", "gitlab/me", "gitea/me"].map(|at| (endpoint(at), value)).into();
    let refs = refs.iter().map(|(name, number)| (reference(name), everywhere(oid(*number))));
    Baseline { refs: refs.collect(), default_branch: BTreeMap::new() }
}

fn update<'a>(
    group: &'a GroupName,
    name: &'a RepoName,
    copies: &'a BTreeMap<EndpointId, Known>,
    baseline: &'a Baseline,
) -> RepoRecordUpdate<'a> {
    RepoRecordUpdate {
        group,
        name,
        at: at(0),
        copies,
        baseline,
        fingerprint: Some(Fingerprint([9; 32])),
        status: RepoStatus::Synced,
        problem: None,
        findings: &[],
        settled: None,
    }
}

/// Records a repository whose endpoints agree.
async fn record(store: &SqliteStore, name: &str, baseline: &Baseline) -> u64 {
    store.record(update(&group(), &repo(name), &copies(name), baseline)).await.unwrap()
}
