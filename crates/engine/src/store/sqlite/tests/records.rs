use refray_core::name::SiteName;
use refray_core::plan::group::{Doubted, Renamed};
use refray_core::plan::{Finding, FindingKind};

use super::*;
use crate::store::{Problem, Wake};

#[tokio::test]
async fn records_come_back_as_they_were() {
    let (dir, store) = open().await;
    let (group, name, copies, agreed) = (group(), repo("Alpha"), copies("Alpha"), baseline(&[("refs/heads/main", 1)]));
    let findings = [Finding::new(FindingKind::Diverged, "two tips", "Merge them.")
        .at(&reference("refs/heads/main"))
        .side(&endpoint("github/me"), oid(4))];
    let problem = Problem { message: "it is too big".into(), remedy: "Make it smaller.".into() };
    let update = RepoRecordUpdate {
        status: RepoStatus::Failed,
        problem: Some(&problem),
        findings: &findings,
        fingerprint: None,
        ..update(&group, &name, &copies, &agreed)
    };
    store.record(update).await.unwrap();
    store.close().await;

    let store = SqliteStore::open(dir.path()).await.unwrap();
    let records = store.group_state(&group).await.unwrap();
    assert_eq!(records.keys().collect::<Vec<_>>(), ["alpha"]);
    let record = &records["alpha"];
    assert_eq!((&record.name, &record.copies), (&name, &copies));
    assert_eq!((record.status, record.since, record.recorded), (RepoStatus::Failed, at(0), at(0)));
    assert_eq!((record.problem.as_ref(), record.findings.as_slice()), (Some(&problem), &findings[..]));
    assert_eq!((record.fingerprint, record.unfinished), (None, false));
    assert!(record.needs_retry());
    assert_eq!(store.repository(&group, "alpha").await.unwrap().as_ref(), Some(record));
    assert_eq!(store.repository(&group, "beta").await.unwrap(), None);
    assert!(store.group_state(&GroupName::new("other").unwrap()).await.unwrap().is_empty());
}

#[tokio::test]
async fn copies_that_are_not_named_are_forgotten() {
    let (_dir, store) = open().await;
    let (group, name, mut copies, agreed) = (group(), repo("alpha"), copies("alpha"), Baseline::default());
    store.record(update(&group, &name, &copies, &agreed)).await.unwrap();
    let at_gitlab = (endpoint("gitlab/me"), ForgeId("2".into()));
    assert_eq!(store.find_copy(&at_gitlab.0, &at_gitlab.1).await.unwrap(), [(group.clone(), "alpha".to_owned())]);
    copies.remove(&endpoint("gitlab/me"));
    copies.insert(endpoint("github/me"), known("alpha", 5, false));
    store.record(update(&group, &name, &copies, &agreed)).await.unwrap();
    assert_eq!(store.repository(&group, "alpha").await.unwrap().unwrap().copies, copies);
    assert!(store.find_copy(&at_gitlab.0, &at_gitlab.1).await.unwrap().is_empty());
}

#[tokio::test]
async fn since_moves_only_when_the_state_does() {
    let (_dir, store) = open().await;
    let (group, name, copies, agreed) = (group(), repo("alpha"), copies("alpha"), Baseline::default());
    let mut since = Vec::new();
    for (second, status) in
        [RepoStatus::Synced, RepoStatus::Agreed, RepoStatus::Held, RepoStatus::Held, RepoStatus::Failed]
            .into_iter()
            .enumerate()
    {
        let at = at(i64::try_from(second).unwrap());
        store.record(RepoRecordUpdate { status, at, ..update(&group, &name, &copies, &agreed) }).await.unwrap();
        let record = store.repository(&group, "alpha").await.unwrap().unwrap();
        assert_eq!((record.status, record.recorded), (status, at));
        since.push(record.since);
    }
    assert_eq!(since, [0, 0, 2, 2, 4].map(at));
}

#[tokio::test]
async fn problems_are_retried_and_keep_what_is_known() {
    let (_dir, store) = open().await;
    let agreed = baseline(&[("refs/heads/main", 1)]);
    record(&store, "alpha", &agreed).await;
    record(&store, "beta", &agreed).await;
    let problem = Problem { message: "no route".into(), remedy: "Wait.".into() };
    store.record_problem(&group(), &repo("Alpha"), at(5), &problem).await.unwrap();
    store.record_problem(&group(), &repo("gamma"), at(5), &problem).await.unwrap();
    assert_eq!(store.failed(&group()).await.unwrap(), ["alpha", "gamma"]);
    let records = store.group_state(&group()).await.unwrap();
    let alpha = &records["alpha"];
    assert_eq!((alpha.copies.len(), alpha.fingerprint, alpha.problem.as_ref()), (3, None, Some(&problem)));
    assert_eq!(store.baseline(&group(), "alpha").await.unwrap(), agreed);
    assert!(records["gamma"].copies.is_empty());
    record(&store, "alpha", &agreed).await;
    assert_eq!(store.failed(&group()).await.unwrap(), ["gamma"]);
    assert_eq!(store.repository(&group(), "alpha").await.unwrap().unwrap().problem, None);
}

#[tokio::test]
async fn names_are_passed_on_and_exchanged() {
    let (_dir, store) = open().await;
    for (name, number) in ["a", "b", "c", "d"].into_iter().zip(1..) {
        record(&store, name, &baseline(&[("refs/heads/main", number)])).await;
    }
    let wake = Wake { group: group(), name: repo("a"), urgent: true, at: at(0), due: at(0) };
    store.enqueue(&[wake]).await.unwrap();
    // a becomes b, b becomes a, c takes the name of d, which is gone; nothing is known of e.
    let renamed = [("a", "B"), ("b", "a"), ("c", "d"), ("e", "f")];
    let renamed = renamed.map(|(from, to)| Renamed { from: from.into(), to: repo(to) });
    store.rename_all(&group(), &renamed).await.unwrap();
    let records = store.group_state(&group()).await.unwrap();
    assert_eq!(records.values().map(|record| record.name.as_str()).collect::<Vec<_>>(), ["a", "B", "d"]);
    for (key, number) in [("a", 2), ("b", 1), ("d", 3)] {
        assert_eq!(store.baseline(&group(), key).await.unwrap(), baseline(&[("refs/heads/main", number)]), "{key}");
    }
    assert_eq!(store.queue().await.unwrap()[0].name, repo("B"));
    // A change of case alone.
    store.rename(&group(), "a", &repo("A")).await.unwrap();
    assert_eq!(store.repository(&group(), "a").await.unwrap().unwrap().name, repo("A"));
    store.forget(&group(), "a").await.unwrap();
    assert_eq!(store.repository(&group(), "a").await.unwrap(), None);
    assert_eq!(store.baseline(&group(), "a").await.unwrap(), Baseline::default());
}

#[tokio::test]
async fn accounts_are_remembered_by_site() {
    let (_dir, store) = open().await;
    let (site, other) = (SiteName::new("github").unwrap(), SiteName::new("gitlab").unwrap());
    for account in [Some(AccountId("1".into())), Some(AccountId("2".into())), None] {
        store.set_account(&site, account.as_ref()).await.unwrap();
        assert_eq!(store.account(&site).await.unwrap(), account);
        assert_eq!(store.account(&other).await.unwrap(), None);
    }
}

#[tokio::test]
async fn ten_thousand_repositories_are_loaded_at_once() {
    let (_dir, store) = open().await;
    // Written in one transaction, as ten thousand synchronised ones would only measure the disk.
    let mut writing = store.begin().await.unwrap();
    for statement in [
        "INSERT INTO endpoint (id, name) VALUES (1, 'github/me'), (2, 'gitlab/me'), (3, 'gitea/me')",
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
         INSERT INTO repository (id, group_name, key, name, fingerprint, status, since, recorded)
         SELECT i, 'personal', 'repo-' || i, 'Repo-' || i, zeroblob(32), 'agreed', 1000, 1000 FROM n",
        "INSERT INTO copy (repository, endpoint, name, forge_id, path, account, agreed)
         SELECT r.id, e.id, r.name, r.id, 'me/' || r.name, '17', 1 FROM repository AS r, endpoint AS e",
    ] {
        sqlx::query(statement).execute(&mut *writing.transaction).await.unwrap();
    }
    writing.commit().await.unwrap();
    let records = store.group_state(&group()).await.unwrap();
    assert_eq!(records.len(), 10_000);
    assert!(records.values().all(|record| record.copies.len() == 3 && !record.needs_retry()));
    assert_eq!(records["repo-4711"].copies[&endpoint("gitea/me")].path, "me/Repo-4711");
}

#[tokio::test]
async fn doubts_are_remembered_until_they_are_cleared() {
    let (_dir, store) = open().await;
    for name in ["alpha", "beta"] {
        record(&store, name, &Baseline::default()).await;
    }
    let doubts = async || {
        let records = store.group_state(&group()).await.unwrap();
        let copies = records
            .into_iter()
            .flat_map(|(key, record)| record.copies.into_iter().map(move |copy| (key.clone(), copy)));
        let doubted = copies.filter_map(|(key, (at, known))| Some(format!("{key} {at} {}", known.doubt?)));
        doubted.collect::<Vec<_>>()
    };
    assert!(doubts().await.is_empty());
    let held = |key: &str| Doubted { key: key.into(), endpoint: endpoint("gitea/me"), reason: "gone".into() };
    store.remember_doubts(&group(), &[held("beta"), held("unknown")], &[]).await.unwrap();
    assert_eq!(doubts().await, ["beta gitea/me gone"]);
    // A first reason is kept, and other sites whose names start alike are let be.
    store.doubt_site(&SiteName::new("gitea").unwrap(), "restored").await.unwrap();
    store.doubt_site(&SiteName::new("git").unwrap(), "another").await.unwrap();
    assert_eq!(doubts().await, ["alpha gitea/me restored", "beta gitea/me gone"]);
    // Recording anything else does not take it away; only that it is seen again does.
    record(&store, "alpha", &Baseline::default()).await;
    store.remember_doubts(&group(), &[], &[("beta".into(), endpoint("gitea/me"))]).await.unwrap();
    assert_eq!(doubts().await, ["alpha gitea/me restored"]);
}

#[tokio::test]
async fn a_glance_is_the_record_in_short() {
    let (dir, store) = open().await;
    let agreed = Baseline::default();
    record(&store, "beta", &agreed).await;
    record(&store, "Alpha", &agreed).await;
    let problem = Problem { message: "no route".into(), remedy: "Wait.".into() };
    store.record_problem(&group(), &repo("gamma"), at(5), &problem).await.unwrap();
    let glances = store.glances(&group()).await.unwrap();
    let records = store.group_state(&group()).await.unwrap();
    assert_eq!(glances, records.values().map(crate::store::Glance::from).collect::<Vec<_>>());
    assert_eq!(glances.iter().map(|glance| glance.copies.len()).collect::<Vec<_>>(), [3, 3, 0]);

    // Another process may look meanwhile, and can change nothing.
    let looking = SqliteStore::look(dir.path()).await.unwrap().unwrap();
    assert_eq!(looking.glances(&group()).await.unwrap(), glances);
    assert!(looking.forget(&group(), "beta").await.is_err());
    looking.close().await;
    let nowhere = dir.path().join("nowhere");
    assert!(SqliteStore::look(&nowhere).await.unwrap().is_none());
    assert!(!nowhere.exists());
}
