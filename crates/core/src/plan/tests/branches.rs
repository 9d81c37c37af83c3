//! The table of the rules for branches, and tags.

use crate::config::Rewrites;
use crate::plan::tests::notation::{case, check, check_case, endpoint, reference, show};
use crate::plan::{FindingKind, Severity};

/// Commits that the tables share: C and X have diverged after B, M contains both.
const HISTORY: &str = "A-B-C-D, B-X-Y, C-M, X-M, R-S";

#[test]
fn what_is_equal_is_left_alone() {
    check(HISTORY, "e1: *main=B #v1=A | e2: *main=B #v1=A", "");
    check(HISTORY, "e1: *main=B | e2: *main=B | base: *main=A", "");
    check(HISTORY, "e1: | e2: | base: topic=A", "");
    check(HISTORY, "e1: *main=B | base: *main=B", "");
}

#[test]
fn what_was_never_agreed_is_created_where_it_is_missing() {
    check(HISTORY, "e1: *main=B | e2: ", "e2 main ->B create, e2 HEAD ->main");
    check(HISTORY, "e1: main=B topic=C | e2: main=B | base: main=B", "e2 topic ->C create");
    check(
        HISTORY,
        "e1: main=B topic=B | e2: main=B | e3: main=B topic=C | base: main=B",
        "e1 topic B->C fast_forward, e2 topic ->C create",
    );
}

#[test]
fn what_was_deleted_on_one_side_is_deleted_on_the_rest() {
    check(HISTORY, "e1: main=B | e2: main=B topic=C | base: main=B topic=C", "e2 topic C-> delete");
    check(
        HISTORY,
        "e1: main=B | e2: main=B topic=C | e3: main=B topic=C | base: main=B topic=C",
        "e2 topic C-> delete, e3 topic C-> delete",
    );
    // Those two agreed at different times.
    check(
        HISTORY,
        "e1: main=B | e2: main=B topic=C | e3: main=B topic=B | base: main=B topic=C@e1,e2 topic=B@e3",
        "e2 topic C-> delete, e3 topic B-> delete",
    );
}

#[test]
fn what_was_deleted_and_changed_is_left_alone() {
    for tip in ["D", "B", "X"] {
        let sides = format!("e1: main=B | e2: main=B topic={tip} | e3: main=B topic=C | base: main=B topic=C");
        check(HISTORY, &sides, "deleted_and_changed topic");
    }
}

#[test]
fn a_tip_that_contains_the_others_wins() {
    check(HISTORY, "e1: main=C | e2: main=B | base: main=B", "e2 main B->C fast_forward");
    check(HISTORY, "e1: main=M | e2: main=C | e3: main=X", "e2 main C->M fast_forward, e3 main X->M fast_forward");
    // Whatever the baseline says: a rewound copy is filled up again.
    check(HISTORY, "e1: main=A | e2: main=C | base: main=C", "e1 main A->C fast_forward");
    check(HISTORY, "e1: main=A | e2: main=D | base: main=C", "e1 main A->D fast_forward");
}

#[test]
fn a_rewrite_is_followed_by_policy() {
    let topic = "e1: *main=B topic=X | e2: *main=B topic=C | e3: *main=B topic=C | base: *main=B topic=C";
    let followed = "e2 topic C->X rewrite, e3 topic C->X rewrite";
    let main = "e1: *main=X | e2: *main=C | base: *main=C";
    let table = [
        (topic, Rewrites::NonDefault, followed),
        (topic, Rewrites::Always, followed),
        (topic, Rewrites::Never, "rewritten topic"),
        (main, Rewrites::NonDefault, "rewritten main"),
        (main, Rewrites::Always, "e2 main C->X rewrite"),
        (main, Rewrites::Never, "rewritten main"),
    ];
    for (sides, rewrites, expected) in table {
        check_case(&case(HISTORY, sides).with(|policy| policy.rewrites = rewrites), expected);
    }
}

#[test]
fn a_branch_is_the_default_one_if_it_is_or_was_anywhere() {
    for sides in [
        "e1: main=X *dev=B | e2: *main=C dev=B | base: main=C *dev=B",
        "e1: main=X *dev=B | e2: main=C *dev=B | base: *main=C dev=B",
    ] {
        let shown = show(&case(HISTORY, sides).plan());
        assert!(shown.ends_with("rewritten main"), "{shown}");
    }
    // An endpoint that is configured no more has no say.
    check(
        HISTORY,
        "e1: main=X *dev=B | e2: main=C *dev=B | base: *main=C@gone main=C *dev=B@e1,e2",
        "e2 main C->X rewrite",
    );
}

#[test]
fn a_rewrite_is_followed_by_sides_at_the_old_value_only() {
    // Two new values.
    check(HISTORY, "e1: t=X | e2: t=D | e3: t=C | base: t=C", "diverged t");
    // Two sides made the same rewrite.
    check(HISTORY, "e1: t=X | e2: t=X | e3: t=C | base: t=C", "e3 t C->X rewrite");
    // Missing where it was never agreed.
    check(HISTORY, "e1: t=X | e2: t=C | e3: | base: t=C@e1,e2 main=B@e3", "e2 t C->X rewrite, e3 t ->X create");
    // A newcomer that stands where the others agreed goes along; what it alone brings is no rewrite.
    check(HISTORY, "e1: t=X | e2: t=C | e3: t=C | base: t=C@e1,e2", "e2 t C->X rewrite, e3 t C->X rewrite");
    check(HISTORY, "e1: t=C | e2: t=C | e3: t=X | base: t=C@e1,e2", "diverged t");
    // Agreed at different times.
    check(HISTORY, "e1: t=X | e2: t=C | base: t=B@e1 t=C@e2", "diverged t");
}

#[test]
fn what_has_diverged_is_left_alone_and_the_rest_is_synced() {
    check(
        HISTORY,
        "e1: main=C topic=B | e2: main=X topic=C | base: main=B topic=B",
        "e1 topic B->C fast_forward, diverged main",
    );
    check(HISTORY, "e1: main=C dev=B | e2: main=X dev=B", "diverged main");
}

#[test]
fn what_cannot_be_known_is_not_guessed() {
    check("A-B", "e1: main=B dev=A | e2: main=Q dev=A | base: main=A dev=A", "history_unknown main");
    check("A-B", "e1: main=B topic=Q | e2: main=A topic=Q | base: main=A topic=Q", "e2 main A->B fast_forward");
}

#[test]
fn tags_are_created_and_never_moved_or_deleted() {
    check(HISTORY, "e1: main=B #v1=A | e2: main=B", "e2 #v1 ->A create");
    check(HISTORY, "e1: main=B | e2: main=B #v1=A | base: main=B #v1=A", "e1 #v1 ->A create");
    check(HISTORY, "e1: m=B #v=A | e2: m=B #v=B | e3: m=B | base: m=B #v=A", "tag_differs #v");
    check(HISTORY, "e1: m=B #v=A | e2: m=B #v=B | base: m=B #v=A@e1", "tag_differs #v");
}

#[test]
fn a_finding_names_what_was_seen_where() {
    let plan = case(HISTORY, "e1: main=C | e2: main=X | e3: main=B | base: main=B").plan();
    let [finding] = plan.findings.as_slice() else { panic!("{plan:#?}") };
    assert_eq!(finding.kind, FindingKind::Diverged);
    assert_eq!(plan.severity(), Some(Severity::Failed));
    assert_eq!(finding.name, Some(reference("main")));
    assert_eq!(finding.sides.len(), 3);
    assert!(finding.sides[&endpoint("e1")].starts_with("43000000"), "{finding:#?}");
}

#[test]
fn conflict_branches_are_none_of_the_branches() {
    let conflict = "refray/conflicts/main/x";
    let sides = format!("e1: main=B {conflict}=C | e2: main=B | base: main=B {conflict}=C");
    check(HISTORY, &sides, "");
}

#[test]
fn updates_are_sorted_by_endpoint_and_name() {
    let plan = case(HISTORY, "e1: a=B c=B | e2: b=B #v=A | e3: a=A").plan();
    assert!(plan.updates.is_sorted(), "{}", show(&plan));
    assert_eq!(plan.actions(), 8);
}
