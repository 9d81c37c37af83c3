//! The brake on what looks like a deletion.

use crate::plan::tests::notation::{Case, case, check, check_case, endpoint, show};
use crate::plan::{Finding, FindingKind, Severity, recall};

const HISTORY: &str = "A-B-C-D, B-X";

/// Two sides that agreed on `count` branches besides `main`, of which the first has only those from `gone` on.
fn vanished(count: usize, gone: usize) -> Case {
    let branches = |range: std::ops::Range<usize>| range.map(|n| format!(" b{n}=B")).collect::<String>();
    let (left, all) = (branches(gone..count), branches(0..count));
    case(HISTORY, &format!("e1: main=B{left} | e2: main=B{all} | base: main=B{all}"))
}

#[test]
fn up_to_five_branches_or_half_of_them_may_vanish_at_once() {
    for (count, gone, held) in [
        (1, 1, false),
        (5, 5, false),
        (6, 6, true),
        (10, 5, false),
        (10, 6, true),
        (11, 6, false),
        (11, 7, true),
        (12, 6, false),
        (12, 7, true),
        (99, 50, false),
        (99, 51, true),
    ] {
        let case = vanished(count, gone);
        let plan = case.plan();
        let (deleted, findings) = if held { (0, gone) } else { (gone, 0) };
        assert_eq!((plan.updates.len(), plan.findings.len()), (deleted, findings), "{gone} of {count}");
        assert_eq!(plan.held.len(), findings);
        assert_eq!(case.confirmed().plan().updates.len(), gone);
    }
}

#[test]
fn what_vanished_everywhere_is_nobodys_loss() {
    let sides = "e1: main=B | e2: main=B k=B | base: main=B a=B b=B c=B d=B e=B f=B g=B h=B k=B";
    check(HISTORY, sides, "e2 k B-> delete");
}

#[test]
fn an_emptied_endpoint_deletes_nothing() {
    let emptied = case(HISTORY, "e1: | e2: main=B topic=C #v=A | base: main=B topic=C");
    check_case(&emptied, "e1 #v ->A create, deletion_held main, deletion_held topic");
    assert_eq!(emptied.plan().severity(), Some(Severity::Held));
    check_case(&emptied.confirmed(), "e1 #v ->A create, e2 main B-> delete, e2 topic C-> delete");
    // Something new does not count as something left.
    check(HISTORY, "e1: new=D | e2: main=B | base: main=B", "e2 new ->D create, deletion_held main");
}

#[test]
fn an_endpoint_that_looks_restored_deletes_nothing() {
    // Another branch went back.
    check(
        HISTORY,
        "e1: main=A | e2: main=B topic=C | base: main=B topic=C",
        "e1 main A->B fast_forward, deletion_held topic",
    );
    // A tag vanished as well.
    check(
        HISTORY,
        "e1: main=B | e2: main=B topic=C #v=A | base: main=B topic=C #v=A",
        "e1 #v ->A create, deletion_held topic",
    );
    // A branch that went on, or was rewritten, is no such sign.
    check(
        HISTORY,
        "e1: main=C | e2: main=B topic=C | base: main=B topic=C",
        "e2 main B->C fast_forward, e2 topic C-> delete",
    );
    check(
        HISTORY,
        "e1: main=B a=X | e2: main=B a=C topic=C | base: main=B a=C topic=C",
        "e2 a C->X rewrite, e2 topic C-> delete",
    );
    // What all sides went back to is no such sign either, nor is a tag that nobody has any more.
    check(HISTORY, "e1: main=A | e2: main=A topic=C | base: main=B topic=C #v=A", "e2 topic C-> delete");
    // Not knowing is one.
    check("B-C", "e1: main=Q | e2: main=B topic=C | base: main=B topic=C", "history_unknown main, deletion_held topic");
}

#[test]
fn a_rewrite_by_an_endpoint_that_looks_restored_is_held() {
    let restored = case(HISTORY, "e1: main=A topic=X | e2: main=B topic=C | base: main=B topic=C");
    check_case(&restored, "e1 main A->B fast_forward, deletion_held topic");
    assert!(restored.plan().findings[0].message.contains("went back"), "{:?}", restored.plan().findings);
    check_case(&restored.confirmed(), "e1 main A->B fast_forward, e2 topic C->X rewrite");
    check(
        HISTORY,
        "e1: main=B topic=X | e2: main=B topic=C #v=A | base: main=B topic=C #v=A",
        "e1 #v ->A create, deletion_held topic",
    );
}

#[test]
fn what_is_held_stays_held_when_the_signs_are_gone() {
    let mut world = case(HISTORY, "e1: main=A kept=X | e2: main=B kept=C topic=C | base: main=B kept=C topic=C");
    assert_eq!(world.sync(), "e1 main A->B fast_forward, deletion_held kept, deletion_held topic");
    for _ in 0..3 {
        assert_eq!(world.sync(), "deletion_held kept, deletion_held topic");
    }
    // Also across a time in which it cannot be read.
    let seen = world.views[&endpoint("e1")].clone();
    world.set("e1", "?");
    assert_eq!(world.sync(), "unreadable");
    world.views.insert(endpoint("e1"), seen);
    assert_eq!(world.sync(), "deletion_held kept, deletion_held topic");
    let mut confirmed = world.clone().confirmed();
    assert_eq!(confirmed.sync(), "e2 kept C->X rewrite, e2 topic C-> delete");
    assert_eq!(confirmed.sync(), "");
    // Or it is pushed again, and that ends it.
    world.set("e1", "main=B kept=C topic=C");
    assert_eq!(world.sync(), "");
    world.set("e1", "main=B kept=C");
    assert_eq!(world.sync(), "e2 topic C-> delete");
}

#[test]
fn an_emptied_endpoint_stays_held_while_new_branches_come() {
    let mut world = case(HISTORY, "e1: | e2: main=B | base: main=B");
    assert_eq!(world.sync(), "deletion_held main");
    for name in ["x", "y", "z"] {
        let now = show(&world.plan());
        assert_eq!(now, "deletion_held main");
        let mut refs = String::from("main=B");
        for made in ["x", "y", "z"].iter().take_while(|made| **made <= name) {
            refs = format!("{refs} {made}=C");
        }
        world.set("e2", &refs);
        assert_eq!(world.sync(), format!("e1 {name} ->C create, deletion_held main"));
    }
}

#[test]
fn the_others_go_on_without_the_side_that_is_doubted() {
    let mut world = case(HISTORY, "e1: | e2: main=C | e3: main=B | base: main=B");
    assert_eq!(world.sync(), "e3 main B->C fast_forward, deletion_held main");
    world.set("e3", "main=D");
    assert_eq!(world.sync(), "e2 main C->D fast_forward, deletion_held main");
    world.set("e1", "main=B");
    assert_eq!(world.sync(), "e1 main B->D fast_forward");
    assert_eq!(world.sync(), "");
    world.set("e1", "main=D");
    // A deletion elsewhere waits with it, and a divergence is reported with it.
    check(HISTORY, "e1: | e2: b=B | e3: main=B b=B | base: main=B b=B", "deletion_held b, deletion_held main");
    check(HISTORY, "e1: | e2: main=C | e3: main=X | base: main=B", "deletion_held main, diverged main");
}

#[test]
fn what_is_destructive_waits_for_whom_it_concerns() {
    check(HISTORY, "e1: main=B | e2: main=B topic=C | e3: ? | base: main=B topic=C", "unreadable, deletion_held topic");
    check(HISTORY, "e1: main=B t=X | e2: main=B t=C | e3: ? | base: main=B t=C", "unreadable, deletion_held t");
    // It is nobody's business who never had it, or who is configured no more.
    let had = "base: main=B topic=C@e1,e2";
    check(HISTORY, &format!("e1: main=B | e2: main=B topic=C | e3: ? | {had}"), "e2 topic C-> delete, unreadable");
    check(HISTORY, &format!("e1: main=B | e2: main=B topic=C | {had},gone"), "e2 topic C-> delete");
    check(HISTORY, "e1: main=B t=X | e2: main=B t=C | base: main=B t=C@e1,e2,gone", "e2 t C->X rewrite");
    // What is not destructive does not wait.
    check(
        HISTORY,
        "e1: main=C new=D | e2: main=B | e3: ? | base: main=B",
        "e2 main B->C fast_forward, e2 new ->D create, unreadable",
    );
}

#[test]
fn waiting_for_an_endpoint_is_no_hold() {
    let mut world = case(HISTORY, "e1: main=B | e2: main=B topic=C | e3: ? | base: main=B topic=C");
    assert_eq!(world.sync(), "unreadable, deletion_held topic");
    world.set("e3", "main=B topic=C");
    assert_eq!(world.sync(), "e2 topic C-> delete, e3 topic C-> delete");
    assert_eq!(world.sync(), "");
}

#[test]
fn a_newcomer_is_asked_before_its_branch_goes() {
    // A newcomer that has it agreed to nothing, whoever else has deleted it.
    check(HISTORY, "e1: main=B | e2: main=B t=C | base: main=B t=C@e1", "deletion_held t");
    check(HISTORY, "e1: main=B | e2: main=B t=C | e3: main=B t=C | base: main=B t=C@e1,e2", "deletion_held t");
}

#[test]
fn a_held_deletion_says_why_and_where() {
    let plan = vanished(8, 8).plan();
    let finding = &plan.findings[0];
    assert_eq!(finding.kind, FindingKind::DeletionHeld);
    assert!(finding.message.contains("8 of 9 branches vanished from e1"), "{finding:?}");
    assert!(finding.remedy.contains("--confirm-deletions"), "{finding:?}");
    assert_eq!(finding.sides.values().map(String::as_str).filter(|side| *side == "-").count(), 1);
}

#[test]
fn a_hold_that_was_written_down_is_told_with_its_reason() {
    let mut world = vanished(8, 8);
    let first = world.plan().findings;
    world.sync();
    let mut second = world.plan().findings;
    assert!(!second.is_empty() && second.iter().all(|finding| finding.message.contains("it was held before")));
    let why = |findings: &[Finding]| findings.iter().map(|finding| finding.message.clone()).collect::<Vec<_>>();
    recall(&mut second, &first);
    assert_eq!(why(&second), why(&first));
    // What has a reason of its own keeps it, and what was said of something else is not borrowed.
    let mut new = vanished(7, 7).plan().findings;
    recall(&mut new, &first);
    assert!(new[0].message.contains("7 of 8 branches"), "{new:?}");
    let mut second = world.plan().findings;
    recall(&mut second, &case(HISTORY, "e1: main=B | e2: main=B b0=C | e3: ? | base: main=B b0=C").plan().findings);
    assert!(second.iter().all(|finding| finding.message.contains("it was held before")), "{second:?}");
}

#[test]
fn what_looks_like_a_restored_backup_is_a_sign() {
    for (sides, expected) in [
        // What is in order: nothing changed, pushed on one side, on both, created, deleted on both.
        ("e1: main=B | e2: main=B | base: main=B", ""),
        ("e1: main=C | e2: main=B | base: main=B", ""),
        ("e1: main=C | e2: main=X | base: main=B", ""),
        ("e1: main=B t=C #v1=B | e2: main=B | base: main=B", ""),
        ("e1: main=B | e2: main=B | base: main=B t=C #v1=B", ""),
        ("e1: main=A | e2: main=A | base: main=B", ""),
        // A branch that is gone says nothing.
        ("e1: main=B | e2: main=B t=C | base: main=B t=C", ""),
        // A tag that is gone, and a branch that went back: alone, and while the other side went on.
        ("e1: main=B | e2: main=B #v1=B | base: main=B #v1=B", "e1 tag `v1`"),
        ("e1: main=A | e2: main=B | base: main=B", "e1 branch `main` went back"),
        ("e1: main=C | e2: main=A | base: main=B", "e2 branch `main` went back"),
        ("e1: | e2: main=B | base: main=B", "e1 none of the branches"),
        // On both sides, something else each.
        ("e1: main=A #v1=B | e2: main=B | base: main=B #v1=B", "e1 branch `main` went back, e2 tag `v1`"),
        // Where nothing was agreed, or nothing can be read, nothing can have gone back.
        ("e1: | e2: main=B", ""),
        ("e1: ? | e2: main=B | base: main=B", ""),
        // What cannot be compared may have gone back.
        ("e1: main=Z | e2: main=B | base: main=B", "e1 branch `main` went back"),
    ] {
        let signs = case(HISTORY, sides).signs();
        let expected: Vec<_> = expected.split(", ").filter(|words| !words.is_empty()).collect();
        assert_eq!(signs.len(), expected.len(), "{sides}: {signs:?}");
        for ((at, sign), words) in signs.iter().zip(expected) {
            let (who, what) = words.split_once(' ').unwrap();
            assert!(at.as_str() == who && sign.contains(what), "{sides}: {signs:?}");
        }
    }
}

#[test]
fn what_was_pushed_again_on_one_of_several_sides_is_deleted_on_none() {
    let before = "e1: main=A topic=B | e2: main=A | e3: main=A";
    let sides = format!("{before} | base: main=A topic=B@e2,e3");
    // Held on e2 and e3; somebody pushes it to e2 again.
    let mut case = case("A-B", &sides);
    assert_eq!(case.sync(), "deletion_held topic");
    case.set("e2", "main=A topic=B");
    assert_eq!(case.sync(), "deletion_held topic");
    assert_eq!(case.sync(), "deletion_held topic", "e3 alone is held now");
    case.set("e3", "main=A topic=B");
    assert_eq!(case.sync(), "");
    case.set("e1", "main=A");
    assert_eq!(case.sync(), "e2 topic B-> delete, e3 topic B-> delete", "all agreed again, so a deletion counts");
}
