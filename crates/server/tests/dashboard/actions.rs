//! What buttons do to an engine.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use refray_engine::lock::Locks;
use refray_engine::store::Store;
use refray_engine::webhooks::Webhooks;
use refray_engine::{Dirs, Engine, LazyGit, Surveys};
use refray_forge::Environment;
use refray_server::Live;
use refray_server::dashboard::{Actions, EngineActions};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::world::{RUN, Scene, group};

/// An environment in which nothing is set.
struct Nothing;

#[async_trait]
impl Environment for Nothing {
    fn var(&self, _name: &str) -> Option<String> {
        None
    }

    async fn run(&self, command: &str) -> Result<String, String> {
        Err(format!("`{command}` is not run in tests"))
    }

    fn warn(&self, _text: &str) {}
}

#[tokio::test]
async fn wake_ups_are_queued_and_releases_are_runs() {
    let scene = Scene::new().await;
    let before = scene.store.runs(9).await.unwrap().len();
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine {
        config: scene.config(),
        // No forge can be reached: runs end, and say so.
        forges: BTreeMap::new(),
        store: scene.store.clone(),
        git: LazyGit::default(),
        dirs: Dirs { work: dir.path().join("work"), state: dir.path().to_owned() },
        locks: Locks::new(dir.path()).unwrap(),
        events: Arc::new(scene.broadcast.clone()),
        clock: jiff::Timestamp::now,
        stop: CancellationToken::new(),
        surveys: Surveys::default(),
        webhooks: Webhooks::new(Arc::new(Nothing)),
        writing: Arc::default(),
    };
    let (live, running) = (Arc::new(Live::new(engine, Arc::default())), TaskTracker::new());
    let actions = EngineActions::new(live, running.clone(), scene.broadcast.clone());
    let (personal, one) = (group("personal"), "One".parse().unwrap());

    actions.sync_now(&personal, &one).await.unwrap();
    let entry = scene.store.queued(&personal, "one").await.unwrap().unwrap();
    assert!(entry.urgent && entry.holder.is_none());

    // Twice in a row is once.
    actions.confirm_deletions(&personal, &one).await.unwrap();
    actions.confirm_deletions(&personal, &one).await.unwrap();
    running.close();
    running.wait().await;
    running.reopen();
    let runs = scene.store.runs(9).await.unwrap();
    assert_eq!(runs.len(), before + 1);
    assert_eq!(runs[0].summary.unwrap().endpoints_failed, 2, "only the one group was looked at");
    assert!(actions.can_undo());
    // What changed nothing is nothing to undo.
    for (run, expected) in [(runs[0].id.as_str(), before + 1), (RUN, before + 2)] {
        actions.undo(run, None).await.unwrap();
        running.close();
        running.wait().await;
        running.reopen();
        assert_eq!(scene.store.runs(9).await.unwrap().len(), expected, "undoing is a run of its own: {run}");
    }
}
