//! Ten thousand repositories.

use refray_core::name::RefName;
use refray_core::outcome::{Action, Outcome, RepoStatus, Summary};
use refray_core::plan::{Cause, RefUpdate};
use refray_engine::store::{Store, Wake};

use crate::world::{Scene, World, at, endpoint, group, repo};

#[tokio::test(flavor = "multi_thread")]
async fn long_lists_come_in_parts() {
    let scene = Scene::empty().await;
    // As entries of the queue, which are made in one go; a handful with a record.
    let wakes: Vec<_> = (0..10_000)
        .map(|number| {
            let name = format!("repository-{number:05}").parse().unwrap();
            Wake { group: group("work"), name, urgent: false, at: at(9), due: at(8) }
        })
        .collect();
    scene.store.enqueue(&wakes).await.unwrap();
    scene.record("work", "repository-00150", RepoStatus::Failed, &[], 77).await;
    let world = World::of(scene, None);
    let rows = |text: &str| text.matches("<th scope=\"row\">").count();
    let page = world.get("/groups/work").await;
    page.has(&["10000 repositories", "Page 1 of 50", "href=\"/groups/work?page=2\"", "repository-00199"]);
    assert_eq!(rows(&page.text), 200);
    assert!(page.text.len() < 200_000, "{}", page.text.len());
    let last = world.get("/groups/work?status=behind&q=repository&page=99").await;
    last.has(&["Page 50 of 50", "repository-09999", "?status=behind&amp;q=repository&amp;page=49"]);
    assert_eq!(rows(&last.text), 199);
    let found = world.get("/groups/work?status=failing").await;
    assert_eq!(rows(&found.text), 1);
    let queue = world.get("/queue?page=2").await;
    queue.has(&["10000 waiting", "Page 2 of 50"]);
    assert_eq!(rows(&queue.text), 200);
    let overview = world.get("/").await;
    overview.has(&["1 repository needs you, 9999 still to be done, 0 agree."]);
    assert!(overview.text.len() < 50_000, "{}", overview.text.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_did_something_late_can_be_undone() {
    const RUN: &str = "20260301T110000000-1";
    let scene = Scene::empty().await;
    scene.store.start_run(RUN, at(60), "sync").await.unwrap();
    let update = |number: usize| {
        Action::UpdateRef(RefUpdate {
            endpoint: endpoint("github/ada"),
            name: RefName::from_full(&format!("refs/heads/topic-{number:03}")).unwrap(),
            old: None,
            new: Some("2".repeat(40).parse().unwrap()),
            cause: Cause::Create,
        })
    };
    let actions: Vec<Action> = (0..=200).map(update).collect();
    let (group, name) = (group("personal"), repo("compiler"));
    let begun = scene.store.begin_actions(RUN, &group, &name, at(59), actions.clone()).await.unwrap();
    let outcome = |number| if number == 200 { Outcome::Done } else { Outcome::Moved };
    let outcomes: Vec<_> = actions.into_iter().enumerate().map(|(number, it)| (it, outcome(number))).collect();
    let settled = begun.settle(&outcomes, &[], |_| None);
    scene.update("personal", "compiler", RepoStatus::Failed, &[], 58, Some(&settled)).await;
    scene.store.finish_run(RUN, at(57), &Summary::default()).await.unwrap();
    let world = World::of(scene, None);
    let page = world.get(&format!("/runs/{RUN}/undo")).await;
    page.has(&["Undo the run", "and what the other 1 changes of the run amount to."]);
}
