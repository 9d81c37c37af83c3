//! What is undone, what is left, and that what is undone stays so.

use std::collections::{BTreeMap, BTreeSet};

use super::notation::{Case, case, commit, endpoint, reference, repo, show};
use crate::name::{BranchName, EndpointId};
use crate::oid::Oid;
use crate::outcome::Action;
use crate::plan::group::Copy;
use crate::plan::undo::{Former, Kept, Past, plan, plan_restore};
use crate::plan::{Cause, CreateRepository, DefaultSwitch, DeleteRepository, RefUpdate, RepoPlan, View};
use crate::repository::{ForgeId, Repository, Visibility};

/// Reads what a run did: `e2 topic A->B` writes a reference, `e2 HEAD main->trunk` switches the default branch,
/// `e2 created` and `e2 deleted main=A` are about repositories. A `?` at the end says that nobody knows whether it was
/// done.
fn past(text: &str) -> Vec<Past> {
    text.split(',').map(str::trim).filter(|line| !line.is_empty()).map(one).collect()
}

fn one(line: &str) -> Past {
    let (line, certain) = match line.strip_suffix('?') {
        Some(line) => (line.trim(), false),
        None => (line, true),
    };
    let words: Vec<&str> = line.split_whitespace().collect();
    let at = endpoint(words[0]);
    let branch = |name: &str| BranchName::new(name).unwrap();
    let (mut made, mut former) = (None, None);
    let action = match &words[1..] {
        ["created"] => {
            made = certain.then(|| ForgeId(format!("id-{at}")));
            let (visibility, description, former) = (Visibility::Private, String::new(), None);
            Action::CreateRepository(CreateRepository {
                endpoint: at,
                name: repo(),
                called: None,
                visibility,
                description,
                former,
            })
        }
        ["deleted", rest @ ..] => {
            let mut known = Former { visibility: Some(Visibility::Public), ..Former::default() };
            for word in rest {
                match word.split_once('=') {
                    Some((name, value)) => {
                        if let Some(default) = name.strip_prefix('*') {
                            known.default_branch = Some(branch(default));
                        }
                        known.refs.insert(reference(name.trim_start_matches('*')), commit(value));
                    }
                    None => drop(known.gone_on.insert(endpoint(word))),
                }
            }
            former = certain.then_some(known);
            let (path, id) = (format!("{at}/alpha"), ForgeId("before".into()));
            Action::DeleteRepository(DeleteRepository { endpoint: at, path, id })
        }
        ["HEAD", change] => {
            let (old, new) = change.split_once("->").unwrap();
            let old = (!old.is_empty()).then(|| branch(old));
            Action::SwitchDefaultBranch(DefaultSwitch { endpoint: at, old, new: branch(new) })
        }
        [name, change] => {
            let value = |text: &str| -> Option<Oid> { (!text.is_empty()).then(|| commit(text)) };
            let (old, new) = change.split_once("->").unwrap();
            let (old, new, cause) = (value(old), value(new), Cause::FastForward);
            Action::UpdateRef(RefUpdate { endpoint: at, name: reference(name), old, new, cause })
        }
        _ => panic!("{line}"),
    };
    Past { action, certain, made, former }
}

fn copies(case: &Case) -> BTreeMap<EndpointId, Copy> {
    let copy = |(at, view): (&EndpointId, &View)| {
        let copy = match view {
            View::Present { .. } => {
                let repository = Repository {
                    id: ForgeId(format!("id-{at}")),
                    name: repo(),
                    path: format!("{at}/alpha"),
                    visibility: None,
                    description: String::new(),
                    default_branch: None,
                    archived: false,
                    mirror: false,
                    disabled: false,
                    fork: false,
                    web_url: None,
                    access: None,
                    updated: None,
                };
                Copy::Present { repository, recreated: false }
            }
            View::Unreadable(why) => Copy::Unreadable(why.clone()),
            _ => Copy::Absent,
        };
        (at.clone(), copy)
    };
    case.views.iter().map(copy).collect()
}

fn undo(case: &Case, did: &str) -> (RepoPlan, BTreeSet<String>) {
    let undo = plan(&repo(), &past(did), &copies(case), &case.views);
    (undo.plan, undo.forget.iter().map(|name| name.short().to_owned()).collect())
}

#[track_caller]
fn check(sides: &str, did: &str, expected: &str) {
    assert_eq!(show(&undo(&case("A-B-C-D", sides), did).0), expected, "{did}");
}

#[test]
fn references_go_back_where_the_run_wrote_and_where_it_took_from() {
    for (sides, did, expected) in [
        // A deletion that was followed: e1 is where it was deleted.
        ("e1: *main=A | e2: *main=A", "e2 topic B->", "e1 topic ->B restore, e2 topic ->B restore"),
        // A rewrite, and a fast-forward.
        (
            "e1: topic=C | e2: topic=C | e3: topic=C",
            "e2 topic B->C, e3 topic B->C",
            "e1 topic C->B restore, e2 topic C->B restore, e3 topic C->B restore",
        ),
        // What the run created goes; where it came from it stays, and its absence elsewhere is held.
        ("e1: *main=A topic=B | e2: *main=A topic=B", "e2 topic ->B", "e2 topic B-> restore, kept topic"),
        ("e1: *main=A #v1=B | e2: *main=A #v1=B", "e2 #v1 ->B", "e2 #v1 B-> restore, kept #v1"),
        // Everywhere created by the run: nothing is left anywhere.
        ("e1: topic=B | e2: topic=B", "e1 topic ->B, e2 topic ->B", "e1 topic B-> restore, e2 topic B-> restore"),
        // The run wrote twice, and somebody else in between.
        ("e1: topic=C | e2: topic=C", "e2 topic A->B, e2 topic B->C", "e1 topic C->A restore, e2 topic C->A restore"),
        ("e1: topic=D | e2: topic=D", "e2 topic A->B, e2 topic C->D", "e1 topic D->C restore, e2 topic D->C restore"),
        // They did not agree before: each gets its own back, and the source is nobody's to change.
        (
            "e1: topic=C | e2: topic=C | e3: topic=C",
            "e2 topic A->C, e3 topic B->C",
            "e2 topic C->A restore, e3 topic C->B restore",
        ),
        // A second time there is nothing to do.
        ("e1: topic=B | e2: topic=B", "e2 topic B->C", ""),
        ("e1: *main=A topic=B | e2: *main=A", "e2 topic ->B", "kept topic"),
    ] {
        check(sides, did, expected);
    }
}

#[test]
fn what_moved_since_is_left_everywhere_and_the_rest_goes_on() {
    for (sides, did, expected) in [
        ("e1: topic=C | e2: topic=D", "e2 topic B->C", "moved_since topic"),
        ("e1: topic=D | e2: topic=C", "e2 topic B->C", "moved_since topic"),
        ("e1: *main=A | e2: *main=A topic=D", "e2 topic B->", "moved_since topic"),
        (
            "e1: topic=C other=B | e2: topic=D other=B",
            "e2 topic B->C, e2 other A->B",
            "e1 other B->A restore, e2 other B->A restore, moved_since topic",
        ),
    ] {
        check(sides, did, expected);
    }
}

#[test]
fn what_may_have_been_done_is_undone_if_it_was() {
    for (sides, did, expected) in [
        ("e1: topic=C | e2: topic=C", "e2 topic B->C?", "e1 topic C->B restore, e2 topic C->B restore"),
        ("e1: topic=C | e2: topic=B", "e2 topic B->C?", "e1 topic C->B restore"),
        // The second write did not happen.
        ("e1: topic=A | e2: topic=B", "e2 topic A->B, e2 topic B->C?", "e2 topic B->A restore"),
    ] {
        check(sides, did, expected);
    }
}

#[test]
fn what_cannot_be_reached_is_named() {
    check(
        "e1: topic=C | e2: ? | e3: topic=C",
        "e2 topic B->C, e3 topic B->C",
        "e1 topic C->B restore, e3 topic C->B restore, unreadable",
    );
    check(
        "e1: topic=C | e2: !topic=C | e3: topic=C",
        "e2 topic B->C, e3 topic B->C",
        "e1 topic C->B restore, e3 topic C->B restore, read_only",
    );
    check(
        "e1: topic=C | e2: topic=C",
        "e9 topic B->C, e2 topic B->C",
        "e1 topic C->B restore, e2 topic C->B restore, not_restored",
    );
    check(
        "e1: topic=C | e2: - | e3: topic=C",
        "e2 topic B->C, e3 topic B->C",
        "e1 topic C->B restore, e3 topic C->B restore, not_restored",
    );
}

#[test]
fn default_branches_go_back() {
    for (sides, did, expected) in [
        (
            "e1: main=A *trunk=A | e2: main=A *trunk=A",
            "e2 HEAD main->trunk",
            "e1 HEAD trunk->main, e2 HEAD trunk->main",
        ),
        ("e1: main=A *trunk=A | e2: *main=A trunk=A other=A", "e2 HEAD other->trunk", "moved_since"),
        (
            "e1: *trunk=A | e2: *trunk=A",
            "e2 HEAD main->trunk, e2 main A->",
            "e1 main ->A restore, e2 main ->A restore, e1 HEAD trunk->main, e2 HEAD trunk->main",
        ),
        ("e1: *trunk=A | e2: *trunk=A", "e2 HEAD main->trunk", "not_restored, not_restored"),
        // The first branch of an empty repository cannot go: it is the default one.
        ("e1: *main=A | e2: *main=A", "e2 main ->A, e2 HEAD ->main", "kept main, not_restored main"),
    ] {
        check(sides, did, expected);
    }
}

#[test]
fn repositories_come_back_and_go_again() {
    for (sides, did, expected) in [
        // Deleted because it was gone on e1: made anew everywhere.
        (
            "e1: - | e2: -",
            "e2 deleted *main=A topic=B e1",
            "e2 created, e1 created, e1 main ->A restore, e1 topic ->B restore, e2 main ->A restore, \
             e2 topic ->B restore, e2 HEAD ->main, e1 HEAD ->main",
        ),
        // e1 never had it.
        ("e1: - | e2: -", "e2 deleted *main=A", "e2 created, e2 main ->A restore, e2 HEAD ->main"),
        // Half of it was put back before.
        ("e1: *main=A topic=B | e2: *main=A", "e2 deleted *main=A topic=B e1", "e2 topic ->B restore"),
        ("e1: *main=A | e2: *main=C", "e2 deleted *main=A e1", "moved_since main"),
        ("e1: - | e2: -", "e2 deleted main=A?", "not_restored"),
        // What the run created goes while it holds only that.
        ("e1: *main=A | e2: *main=A", "e2 created, e2 main ->A, e2 HEAD ->main", "e2 deleted"),
        ("e1: *main=A | e2: *main=B", "e2 created, e2 main ->A", "not_restored"),
        ("e1: *main=A | e2: *main=A mine=B", "e2 created, e2 main ->A", "not_restored"),
        ("e1: *main=A | e2: *main=A", "e2 created?, e2 main ->A", "not_restored"),
        ("e1: *main=A | e2: -", "e2 created, e2 main ->A", ""),
    ] {
        check(sides, did, expected);
    }
}

#[test]
fn a_forge_that_still_has_the_repository_may_give_it_back() {
    let (plan, _) = undo(&case("A-B", "e1: - | e2: -"), "e2 deleted *main=A e1");
    let former: Vec<_> = plan.creates.iter().map(|create| create.former.clone()).collect();
    assert_eq!(former, [Some(ForgeId("before".into())), None], "nobody knows which one it was on e1");
}

#[test]
fn a_repository_that_is_there_again_by_its_id_was_not_deleted() {
    let case = case("A-B", "e1: *main=A");
    let mut past = past("e1 deleted *main=A topic=B");
    if let Action::DeleteRepository(delete) = &mut past[0].action {
        delete.id = ForgeId("id-e1".into());
    }
    assert_eq!(show(&plan(&repo(), &past, &copies(&case), &case.views).plan), "");
}

#[test]
fn the_next_run_leaves_what_was_undone() {
    for (sides, did, then) in [
        ("e1: *main=A | e2: *main=A | base: *main=A", "e2 topic B->", ""),
        ("e1: *main=A topic=C | e2: *main=A topic=C | base: *main=A topic=C", "e2 topic B->C", ""),
        (
            "e1: *main=A topic=B | e2: *main=A topic=B | e3: *main=A topic=B | base: *main=A topic=B",
            "e2 topic ->B, e3 topic ->B",
            "deletion_held topic",
        ),
        ("e1: *main=A topic=B | e2: *main=A topic=B | base: *main=A topic=B", "e1 topic ->B, e2 topic ->B", ""),
    ] {
        let mut case = case("A-B-C", sides);
        let (plan, forget) = undo(&case, did);
        case.baseline.refs.retain(|name, _| !forget.contains(name.short()));
        case.apply(&plan);
        assert_eq!(case.sync(), then, "after {}", show(&plan));
        assert_eq!(case.sync(), then, "a second time");
    }
}

#[test]
fn a_backup_overwrites_nothing_unless_forced() {
    let to: BTreeSet<EndpointId> = ["e1", "e2", "e3", "e4"].map(endpoint).into();
    let refs = BTreeMap::from([(reference("main"), commit("A")), (reference("topic"), commit("B"))]);
    let default_branch = Some(BranchName::new("main").unwrap());
    let former = Former { default_branch, visibility: Some(Visibility::Public), ..Former::default() };
    let mut kept = Kept { refs, former, force: false };
    let case = case("A-B-C", "e1: *main=A | e2: *main=C topic=B | e3: - | e4: ?");
    let plan = plan_restore(&repo(), &kept, &to, &case.views);
    assert_eq!(
        show(&plan),
        "e3 created, e1 topic ->B restore, e3 main ->A restore, e3 topic ->B restore, e3 HEAD ->main, \
         not_restored main, not_restored"
    );
    assert_eq!(plan.creates[0].visibility, Visibility::Public);
    kept.force = true;
    let forced = show(&plan_restore(&repo(), &kept, &to, &case.views));
    assert!(forced.contains("e2 main C->A restore") && !forced.contains("not_restored main"), "{forced}");
}

#[test]
fn what_was_taken_from_a_conflict_branch_is_not_put_over_what_it_shows_by_now() {
    let refs = BTreeMap::from([(reference("refray/conflicts/main/e2"), commit("A"))]);
    let mut kept = Kept { refs, former: Former::default(), force: false };
    let case = case("A-B-C", "e1: main=B ~main/e2=C | e2: main=C");
    let plan = |kept: &Kept| show(&plan_restore(&repo(), kept, &[endpoint("e1")].into(), &case.views));
    assert_eq!(plan(&kept), "not_restored ~main/e2");
    kept.force = true;
    assert_eq!(plan(&kept), "e1 ~main/e2 C->A restore");
}
