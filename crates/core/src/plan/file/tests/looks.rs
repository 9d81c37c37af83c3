//! What counts as moved.

use super::fixture::*;
use crate::plan::file::{doubted, moved};
use crate::plan::group::Copy;
use crate::plan::{Cause, DeleteRepository, FindingKind, RepoPlan, View};
use crate::repository::{ForgeId, Visibility};

/// Plans, changes what is there, and returns what is said of it.
fn said(change: impl FnOnce(&mut Scene)) -> Vec<String> {
    said_of(scene(), change)
}

fn said_of(mut scene: Scene, change: impl FnOnce(&mut Scene)) -> Vec<String> {
    let planned = scene.planned();
    change(&mut scene);
    let found = moved(&planned, Some(&scene.task), &scene.views);
    assert!(found.iter().all(|finding| finding.kind == FindingKind::PlanMoved));
    found.into_iter().map(|finding| finding.message).collect()
}

#[test]
fn nothing_moved_is_nothing_said() {
    assert_eq!(said(|_| {}), Vec::<String>::new());
}

#[test]
fn a_reference_that_the_plan_writes_counts_on_every_side() {
    let (one, two, seven) = (oid(1), oid(2), oid(7));
    let say = |what: &str, planned: &str, found: &str| {
        vec![format!("{what} is not as the plan saw it: planned {planned}, found {found}")]
    };
    // On the side that it comes from, and on the side that it goes to.
    let main = said(|scene| {
        let refs = [("refs/heads/main", 7), ("refs/heads/same", 9), ("refs/tags/v1", 1)];
        scene.views.insert(at("a"), view(&refs));
    });
    assert_eq!(main, say("the branch `main` on disk/a", &two.to_string(), &seven.to_string()));
    let gone = said(|scene| {
        scene.views.insert(at("b"), view(&[("refs/heads/main", 1), ("refs/heads/same", 9)]));
    });
    assert_eq!(gone, say("the branch `old` on disk/b", &one.to_string(), "absent"));
    let new = said(|scene| {
        let refs = [("refs/heads/main", 1), ("refs/heads/old", 1), ("refs/heads/same", 9), ("refs/tags/v1", 7)];
        scene.views.insert(at("b"), view(&refs));
    });
    assert_eq!(new, say("the tag `v1` on disk/b", "absent", &seven.to_string()));
}

#[test]
fn what_the_plan_does_not_touch_may_move() {
    let mut idle = scene();
    idle.plan = RepoPlan::nothing(idle.plan.repository.clone());
    assert!(said_of(idle, |scene| scene.views.clear()).is_empty(), "a plan that does nothing rests on nothing");
    let mut partial = scene();
    partial.plan.updates.retain(|update| update.cause == Cause::FastForward);
    partial.plan.creates.clear();
    partial.plan.default_branches.clear();
    let found = said_of(partial, |scene| {
        scene.views.insert(at("a"), view(&[("refs/heads/main", 2), ("refs/heads/new", 9)]));
        scene.views.insert(at("b"), view(&[("refs/heads/main", 1)]));
    });
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn a_part_that_was_taken_out_of_the_file_counts_no_more() {
    let mut planned = scene().planned();
    let mut scene = scene();
    planned.plan.updates.retain(|update| update.name != branch("old"));
    scene.views.insert(at("b"), view(&[("refs/heads/main", 1), ("refs/heads/old", 7), ("refs/heads/same", 9)]));
    assert!(moved(&planned, Some(&scene.task), &scene.views).is_empty());
}

#[test]
fn repositories_count_by_existence_place_and_identity() {
    type Change = fn(&mut Scene);
    let cases: [(Change, &str); 8] = [
        (
            |scene| {
                scene.task.copies.insert(at("b"), Copy::Absent);
            },
            "the repository on disk/b is not as the plan saw it: planned b/one, found nothing",
        ),
        (
            |scene| {
                let repository = crate::repository::Repository { id: ForgeId("8".into()), ..repository("b") };
                scene.task.copies.insert(at("b"), Copy::Present { repository, recreated: true });
            },
            "the repository on disk/b is not as the plan saw it: planned the one with the id id-b, found one with the id 8",
        ),
        (
            |scene| {
                let repository = crate::repository::Repository { path: "b/uno".into(), ..repository("b") };
                scene.task.copies.insert(at("b"), Copy::Present { repository, recreated: false });
            },
            "the repository on disk/b is not as the plan saw it: planned b/one, found b/uno",
        ),
        (
            |scene| {
                scene.task.copies.insert(at("c"), Copy::Present { repository: repository("c"), recreated: true });
            },
            "the repository on disk/c is not as the plan saw it: planned absent, found c/one",
        ),
        (
            |scene| {
                scene.task.copies.insert(at("c"), Copy::Absent);
            },
            "the repository on disk/c is not as the plan saw it: planned to be created, found not created any more",
        ),
        (
            |scene| {
                scene.task.copies.insert(at("a"), Copy::Unreadable("the token is wrong".into()));
            },
            "disk/a, on which the plan rests, could not be read: the token is wrong",
        ),
        (
            |scene| {
                scene.views.insert(at("a"), View::Unreadable("the connection broke".into()));
            },
            "disk/a, on which the plan rests, could not be read: the connection broke",
        ),
        (
            |scene| {
                let Some(View::Present { read_only, .. }) = scene.views.get_mut(&at("b")) else { panic!() };
                *read_only = Some("archived".into());
            },
            "the repository on disk/b is not as the plan saw it: planned writable, found archived",
        ),
    ];
    for (change, message) in cases {
        assert_eq!(said(change), [message]);
    }
    let planned = scene().planned();
    let gone = moved(&planned, None, &scene().views);
    assert_eq!(gone.len(), 1);
    assert!(gone[0].message.starts_with("no endpoint has the repository any more"));
}

#[test]
fn nobody_sees_more_of_a_new_repository_than_of_the_copies() {
    let mut wide = scene();
    wide.plan.creates[0].visibility = Visibility::Public;
    let message =
        "the visibility of the new repository on disk/c is not as the plan saw it: planned public, found private";
    assert_eq!(said_of(wide, |_| {}), [message]);
}

#[test]
fn the_default_branch_counts_where_something_rests_on_it() {
    let switch = |scene: &mut Scene| {
        let Some(View::Present { snapshot, .. }) = scene.views.get_mut(&at("a")) else { panic!() };
        snapshot.default_branch = crate::name::BranchName::new("same").ok();
    };
    let message = "the default branch on disk/a is not as the plan saw it: planned main, found same";
    assert_eq!(said(switch), [message]);
    let mut forward = scene();
    forward.plan.updates.truncate(1);
    forward.plan.creates.clear();
    forward.plan.default_branches.clear();
    assert!(said_of(forward, switch).is_empty());
}

#[test]
fn a_repository_that_goes_is_to_be_as_it_was_in_everything() {
    let mut scene = scene();
    let (path, id) = ("b/one".to_owned(), ForgeId("id-b".into()));
    let delete = DeleteRepository { endpoint: at("b"), path, id };
    scene.task.copies.insert(at("b"), Copy::Delete(delete.clone()));
    scene.task.copies.insert(at("a"), Copy::Absent);
    scene.task.copies.insert(at("c"), Copy::Absent);
    scene.plan = RepoPlan::nothing(scene.plan.repository.clone());
    scene.plan.deletes = vec![delete];
    let planned = scene.planned();
    assert!(moved(&planned, Some(&scene.task), &scene.views).is_empty());
    assert_eq!(planned.seen[&at("b")].refs.len(), 3);
    let mut more = scene.views.clone();
    more.insert(
        at("b"),
        view(&[("refs/heads/main", 1), ("refs/heads/old", 1), ("refs/heads/same", 9), ("refs/heads/work", 5)]),
    );
    let found = moved(&planned, Some(&scene.task), &more);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].name, Some(branch("work")));
    // The side on which it was deleted has it again.
    scene.task.copies.insert(at("a"), Copy::Present { repository: repository("a"), recreated: false });
    scene.task.copies.insert(at("b"), Copy::Present { repository: repository("b"), recreated: false });
    let found = moved(&planned, Some(&scene.task), &scene.views);
    let messages: Vec<_> = found.iter().map(|finding| finding.message.as_str()).collect();
    assert_eq!(
        messages,
        [
            "the repository on disk/a is not as the plan saw it: planned absent, found a/one",
            "the repository on disk/b is not as the plan saw it: planned to be deleted, found not deleted any more",
        ]
    );
}

#[test]
fn what_a_brake_would_hold_by_now_is_doubted() {
    let plan = scene().plan;
    let mut now = plan.clone();
    assert!(doubted(&plan, &now).is_empty());
    now.held.insert(branch("old"), [at("a")].into());
    now.findings.push(crate::plan::Finding::new(FindingKind::DeletionHeld, "too much went", "").at(&branch("old")));
    // What only goes forward needs no release.
    now.held.insert(branch("main"), [at("a")].into());
    let found = doubted(&plan, &now);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].message, "the branch `old` would not be written to disk/b any more: too much went");
    now.held.clear();
    now.apart.insert(at("b"));
    let found = doubted(&plan, &now);
    assert_eq!(found[0].message, "the repository on disk/b is another one of the same name by now");
    assert_eq!(found.len(), 1, "it is said once");
}

#[test]
fn what_shows_a_conflict_is_shown_as_planned_or_not_at_all() {
    let mut plan = scene().plan;
    plan.requests = vec![request("b")];
    plan.updates.push(update("b", "refs/heads/refray/conflicts/main/x", None, Some(2), Cause::Conflict));
    let mut now = plan.clone();
    assert!(doubted(&plan, &now).is_empty());
    // Somebody opened it meanwhile.
    now.requests.clear();
    now.updates.pop();
    let messages: Vec<_> = doubted(&plan, &now).into_iter().map(|finding| finding.message).collect();
    assert_eq!(
        messages,
        [
            "the branch `refray/conflicts/main/x` would not be written to disk/b any more",
            "the pull request from `refray/conflicts/main/x` into `main` on disk/b would not be opened any more",
        ]
    );
    // The branches that a request is about count, though they are not written.
    let mut scene = scene();
    scene.plan.updates.clear();
    scene.plan.creates.clear();
    scene.plan.default_branches.clear();
    scene.plan.requests = vec![request("b")];
    let found = said_of(scene, |scene| {
        scene.views.insert(at("a"), view(&[("refs/heads/main", 7)]));
    });
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("the branch `main` on disk/a is not as the plan saw it"), "{found:?}");
}
