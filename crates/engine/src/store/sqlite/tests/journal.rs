use refray_core::name::BranchName;
use refray_core::outcome::{Action, Outcome, Summary};
use refray_core::plan::{Cause, CreateRepository, DefaultSwitch, DeleteRepository, RefUpdate};
use refray_core::repository::Visibility;
use serde_json::json;

use super::*;
use crate::store::{ActionState, StoreError};

const RUN: &str = "20260101T000000000-1";

fn push(at: &str, name: &str, old: Option<u32>, new: Option<u32>, cause: Cause) -> Action {
    let (old, new) = (old.map(oid), new.map(oid));
    Action::UpdateRef(RefUpdate { endpoint: endpoint(at), name: reference(name), old, new, cause })
}

fn every_kind() -> Vec<Action> {
    let (github, gitlab) = (endpoint("github/me"), endpoint("gitlab/me"));
    let branch = |name| BranchName::new(name).unwrap();
    vec![
        Action::CreateRepository(CreateRepository {
            endpoint: gitlab.clone(),
            name: repo("Alpha"),
            called: Some(repo("alpha-repo")),
            visibility: Visibility::Private,
            description: "one \"of\" many".into(),
            former: None,
        }),
        push("github/me", "refs/heads/main", Some(1), Some(2), Cause::FastForward),
        push("github/me", "refs/heads/old", Some(3), None, Cause::Delete),
        push("gitlab/me", "refs/tags/v1", None, Some(4), Cause::Create),
        push("gitlab/me", "refs/heads/main", Some(5), Some(2), Cause::Rewrite),
        Action::SwitchDefaultBranch(DefaultSwitch { endpoint: github, old: Some(branch("old")), new: branch("main") }),
        Action::SwitchDefaultBranch(DefaultSwitch { endpoint: gitlab.clone(), old: None, new: branch("main") }),
        Action::DeleteRepository(DeleteRepository {
            endpoint: gitlab,
            path: "me/alpha".into(),
            id: ForgeId("2".into()),
        }),
    ]
}

#[tokio::test]
async fn runs_are_listed_newest_first() {
    let (_dir, store) = open().await;
    for (run, second) in [("1", 1), ("2", 2), ("3", 3)] {
        store.start_run(run, at(second), "sync").await.unwrap();
    }
    let summary = Summary { repositories: 3, agreed: 2, failed: 1, ..Summary::default() };
    store.finish_run("2", at(9), &summary).await.unwrap();
    let runs = store.runs(2).await.unwrap();
    assert_eq!(runs.iter().map(|run| run.id.as_str()).collect::<Vec<_>>(), ["3", "2"]);
    assert_eq!((runs[0].finished, runs[0].summary), (None, None));
    assert_eq!((runs[1].started, runs[1].finished, runs[1].summary), (at(2), Some(at(9)), Some(summary)));
    assert_eq!(store.run("1").await.unwrap().unwrap().command, "sync");
    assert_eq!(store.run("4").await.unwrap(), None);
    assert!(matches!(store.start_run("3", at(4), "sync").await, Err(StoreError::Failed { .. })));
}

#[tokio::test]
async fn actions_are_intended_first_and_settled_with_the_record() {
    let (dir, store) = open().await;
    store.start_run(RUN, at(1), "sync").await.unwrap();
    record(&store, "alpha", &Baseline::default()).await;
    let actions = every_kind();
    let intended = store.begin_actions(RUN, &group(), &repo("Alpha"), at(2), actions.clone()).await.unwrap();

    // What a process that is killed here leaves behind, seen by the next one.
    let next = SqliteStore::open(dir.path()).await.unwrap();
    let found = next.actions(RUN, None).await.unwrap();
    assert_eq!(found.iter().map(|entry| entry.action.clone()).collect::<Vec<_>>(), actions);
    assert!(found.iter().all(|entry| entry.state == ActionState::Intended && entry.begun == at(2)));
    assert_eq!(next.failed(&group()).await.unwrap(), ["alpha"]);
    assert!(next.repository(&group(), "alpha").await.unwrap().unwrap().needs_retry());

    let refused = Outcome::Refused { refusal: "protected_branch".into(), message: "no".into(), remedy: "Ask.".into() };
    let failed = Outcome::Failed { message: "gone".into(), remedy: "Wait.".into() };
    // In another order than begun, and one is missing.
    let outcomes = [
        (actions[4].clone(), Outcome::Moved),
        (actions[0].clone(), Outcome::Done),
        (actions[1].clone(), Outcome::Done),
        (actions[2].clone(), Outcome::Done),
        (actions[3].clone(), refused.clone()),
        (actions[5].clone(), Outcome::Done),
        (actions[7].clone(), failed.clone()),
    ];
    let bundle = json!({ "backup": "backups/alpha.bundle" });
    let settled = intended.settle(&outcomes, &[], |action| match action {
        Action::UpdateRef(update) if update.cause.is_destructive() => Some(bundle.clone()),
        _ => None,
    });
    let (group, name, copies, agreed) = (group(), repo("Alpha"), copies("alpha"), Baseline::default());
    let update = RepoRecordUpdate { settled: Some(&settled), ..update(&group, &name, &copies, &agreed) };
    store.record(update).await.unwrap();

    let found = next.actions(RUN, Some("alpha")).await.unwrap();
    let done = ActionState::Ended(Outcome::Done);
    let states: Vec<_> = found.iter().map(|entry| entry.state.clone()).collect();
    let expected = [
        done.clone(),
        done.clone(),
        done.clone(),
        ActionState::Ended(refused),
        ActionState::Ended(Outcome::Moved),
        done,
        ActionState::NotTried,
        ActionState::Ended(failed),
    ];
    assert_eq!(states, expected);
    assert_eq!(found.iter().map(|entry| entry.seq).collect::<Vec<_>>(), (1..=8).collect::<Vec<_>>());
    let details: Vec<_> =
        found.iter().filter(|entry| entry.detail == Some(bundle.clone())).map(|entry| entry.seq).collect();
    assert_eq!(details, [3, 5]);
    assert_eq!(found[2].reference().as_deref(), Some("refs/heads/old"));
    assert_eq!((found[2].before(), found[2].after()), (Some(oid(3).to_string()), None));
    assert_eq!((found[5].before().as_deref(), found[5].after().as_deref()), (Some("old"), Some("main")));
    assert_eq!((&found[0].group, &found[0].repository, found[0].before()), (&group, &name, None));
    assert!(next.failed(&group).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_run_comes_to_many_repositories_and_may_come_back() {
    let (_dir, store) = open().await;
    store.start_run(RUN, at(1), "sync").await.unwrap();
    for name in ["alpha", "beta", "Alpha"] {
        let actions = vec![push("github/me", "refs/heads/main", None, Some(1), Cause::Create); 2];
        store.begin_actions(RUN, &group(), &repo(name), at(2), actions).await.unwrap();
    }
    let places = |found: Vec<crate::store::JournalAction>| found.iter().map(|entry| entry.seq).collect::<Vec<_>>();
    assert_eq!(places(store.actions(RUN, None).await.unwrap()), [1, 2, 3, 4, 5, 6]);
    assert_eq!(places(store.actions(RUN, Some("alpha")).await.unwrap()), [1, 2, 5, 6]);
    assert!(store.begin_actions(RUN, &group(), &repo("gamma"), at(3), Vec::new()).await.is_ok());
    assert!(store.actions("another", None).await.unwrap().is_empty());
    assert_eq!(store.prune_runs(at(1)).await.unwrap(), 0);
    assert_eq!(store.prune_runs(at(2)).await.unwrap(), 1);
    assert!(store.actions(RUN, None).await.unwrap().is_empty());
}

#[tokio::test]
async fn thousands_of_actions_are_a_few_statements() {
    let (_dir, store) = open().await;
    store.start_run(RUN, at(1), "sync").await.unwrap();
    let names: Vec<String> = (0..5000).map(|number| format!("refs/heads/topic/{number}")).collect();
    let actions: Vec<_> = names.iter().map(|name| push("github/me", name, None, Some(1), Cause::Create)).collect();
    let intended = store.begin_actions(RUN, &group(), &repo("alpha"), at(2), actions.clone()).await.unwrap();
    let outcomes: Vec<_> = actions.into_iter().map(|action| (action, Outcome::Done)).collect();
    let settled = intended.settle(&outcomes, &[], |_| None);
    let (group, name, copies, agreed) = (group(), repo("alpha"), copies("alpha"), Baseline::default());
    store
        .record(RepoRecordUpdate { settled: Some(&settled), ..update(&group, &name, &copies, &agreed) })
        .await
        .unwrap();
    let found = store.actions(RUN, None).await.unwrap();
    assert_eq!(found.len(), 5000);
    assert!(found.iter().all(|entry| entry.state == ActionState::Ended(Outcome::Done)));
}

#[tokio::test]
async fn the_journal_is_read_a_part_at_a_time() {
    let (_dir, store) = open().await;
    for (run, second) in [("1", 1), ("2", 2)] {
        store.start_run(run, at(second), "sync").await.unwrap();
        for name in ["beta", "Alpha", "beta"] {
            store.begin_actions(run, &group(), &repo(name), at(second), every_kind()).await.unwrap();
        }
    }
    let all = store.actions("2", None).await.unwrap();
    assert_eq!(store.count_actions("2").await.unwrap(), all.len());
    assert_eq!(store.some_actions("2", 7, 3).await.unwrap(), all[7..10]);
    assert_eq!(store.some_actions("2", all.len(), 3).await.unwrap(), []);
    let mut backwards = store.actions("1", Some("beta")).await.unwrap();
    backwards.extend(store.actions("2", Some("beta")).await.unwrap());
    backwards.reverse();
    assert_eq!(store.history(&group(), "beta", 20).await.unwrap(), backwards[..20]);
    assert_eq!(store.runs_before("2", 5).await.unwrap().len(), 1);
}
