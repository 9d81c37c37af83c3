//! The brake on repositories that are not there any more.

use crate::plan::FindingKind;
use crate::plan::group::RepoTask;
use crate::plan::group::tests::notation::{Case, case, check, check_case, endpoint, show};

const DELETE: &str = "delete_missing = true";
const KEEP: &str = "create_missing = false";

/// `count` repositories on two endpoints, of which the first does not have the first `gone`.
fn vanished(settings: &str, count: usize, gone: usize) -> Case {
    let listing =
        |range: std::ops::Range<usize>, side: usize| range.map(|n| format!(" r{n}#{side}{n}")).collect::<String>();
    let known: String = (0..count).map(|n| format!(" | known r{n}: e1#1{n} e2#2{n}")).collect();
    case(settings, &format!("e1: {} | e2: {}{known}", listing(gone..count, 1), listing(0..count, 2)))
}

#[test]
fn a_deletion_is_followed_if_that_is_wanted() {
    let seen = "e1: b#9 | e2: a#2 | e3: a#3 | known a: e1#1 e2#2 e3#3";
    let b = "b: e1=new e2=create(private) e3=create(private)";
    check(DELETE, seen, &["a: e1=absent e2=delete(#2) e3=delete(#3)", b]);
    // Else it is made anew, or left as it is and told of.
    check("", seen, &["a: e1=create(private) e2=here e3=here [deleted e1]", b]);
    check(KEEP, seen, &["a: e1=absent e2=here e3=here [deleted e1]", "b: e1=new e2=absent e3=absent"]);
    check(&format!("{DELETE}\n{KEEP}"), "e1: | e2: a#2 | known a: e1#1 e2#2", &["a: e1=absent e2=delete(#2)"]);
}

#[test]
fn the_only_repository_may_be_deleted() {
    check(DELETE, "e1: | e2: a#2 | known a: e1#1 e2#2", &["a: e1=absent e2=delete(#2)"]);
    let seen = "e1: | e2: a#2 b#4 | known a: e1#1 e2#2 | known b: e1#3 e2#4";
    let held = ["a: e1=absent e2=here [absence_held e1]", "b: e1=absent e2=here [absence_held e1]"];
    check(DELETE, seen, &held);
    check("", seen, &held);
    // What was deleted everywhere long ago does not make it more than one.
    check(
        DELETE,
        "e1: | e2: a#2 | known a: e1#1 e2#2 | known old: e1#5 e2#6",
        &["a: e1=absent e2=delete(#2)", "old gone"],
    );
    // What is filtered out bears witness as well: something else is visible.
    let filtered = format!("{DELETE}\nrepo_blacklist = \"^b\"");
    let seen = "e1: b#3 | e2: a#2 b#4 | known a: e1#1 e2#2 | known b: e1#3 e2#4";
    check(&filtered, seen, &["a: e1=absent e2=delete(#2)"]);
}

#[test]
fn an_absence_is_held_that_may_be_none() {
    let held = ["a: e1=absent e2=here [absence_held e1]"];
    // Another account is behind the token, or none that is known.
    check(DELETE, "e1@8: | e2: a#2 | known a: e1#1@7 e2#2", &held);
    check(DELETE, "e1: | e2: a#2 | known a: e1#1~ e2#2~", &held);
    let mut unknown = case(DELETE, "e1: | e2: a#2 | known a: e1#1 e2#2");
    unknown.sights.values_mut().next().unwrap().account = None;
    check_case(&unknown, &held);
    // Released by a person.
    let confirmed = |settings, seen| case(settings, seen).selecting(|selection| selection.confirm_deletions = true);
    let seen = "e1@8: | e2: a#2 | known a: e1#1@7 e2#2";
    check_case(&confirmed(DELETE, seen), &["a: e1=absent e2=delete(#2)"]);
    check_case(&confirmed("", seen), &["a: e1=create(private) e2=here [deleted e1]"]);
    check_case(&confirmed(KEEP, seen), &["a: e1=absent e2=here [deleted e1]"]);
}

#[test]
fn a_token_that_may_be_limited_is_trusted_with_what_is_public_elsewhere() {
    let limited = |seen: &str| {
        let mut limited = case(DELETE, seen);
        limited.sights.get_mut(&endpoint("e1")).unwrap().may_be_limited = true;
        limited
    };
    let known = "known a: e1#1 e2#2 e3#3";
    check_case(
        &limited(&format!("e1: | e2: a#2+public | e3: a#3 | {known}")),
        &["a: e1=absent e2=delete(#2) e3=delete(#3)"],
    );
    // A folder does not know who may see what.
    for (e2, e3) in [("", ""), ("+private", ""), ("+private", "+public")] {
        check_case(
            &limited(&format!("e1: | e2: a#2{e2} | e3: a#3{e3} | {known}")),
            &["a: e1=absent e2=here e3=here [absence_held e1]"],
        );
    }
}

#[test]
fn a_direct_look_decides() {
    let seen =
        |look: &str| format!("e1: b#9 | e2: a#2 b#8 | known a: e1#1 e2#2 | known b: e1#9 e2#8 | look e1 a: {look}");
    let b = "b: e1=here e2=here";
    check(DELETE, &seen("found#1"), &["a: e1=here e2=here", b]);
    check(DELETE, &seen("found#7"), &["a: e1=new e2=here", b]);
    check(DELETE, &seen("403"), &["a: e1=unreadable e2=here", b]);
    check(DELETE, &seen("moved#1=other/a"), &["a: e1=absent e2=here [renamed e1]", b]);
    // Sent on to the very same place is no clear answer.
    check(DELETE, &seen("moved#1=me/a"), &["a: e1=unreadable e2=here", b]);
    let mut unanswered = case(DELETE, &seen("403"));
    unanswered.sights.values_mut().next().unwrap().looks.clear();
    check_case(&unanswered, &["a: e1=unreadable e2=here", b]);
}

#[test]
fn up_to_three_repositories_or_a_fifth_may_vanish_at_once() {
    for (count, gone, held) in [
        (4, 3, false),
        (5, 4, true),
        (15, 3, false),
        (19, 4, true),
        (20, 4, false),
        (20, 5, true),
        (50, 10, false),
        (50, 11, true),
    ] {
        for settings in [DELETE, ""] {
            let plan = vanished(settings, count, gone).plan();
            let is_held = |task: &&RepoTask| task.findings.iter().any(|it| it.kind != FindingKind::Deleted);
            let reported = plan.tasks.iter().filter(is_held).count();
            assert_eq!(reported, if held { gone } else { 0 }, "{gone} of {count}: {}", show(&plan));
        }
        let confirmed = vanished(DELETE, count, gone).selecting(|selection| selection.confirm_deletions = true);
        assert!(!show(&confirmed.plan()).contains("held"));
    }
}

#[test]
fn what_was_left_standing_does_not_add_up_where_nothing_follows() {
    let plan = vanished(KEEP, 9, 8).plan();
    assert_eq!(
        plan.tasks.iter().filter(|task| show(&plan).contains("deleted") && !task.findings.is_empty()).count(),
        8
    );
    assert!(!show(&plan).contains("held"), "{}", show(&plan));
}

#[test]
fn what_was_deleted_everywhere_does_not_add_up() {
    let old: String = (0..9).map(|n| format!(" | known old{n}: e1#1{n} e2#2{n}")).collect();
    let plan = case(DELETE, &format!("e1: b#8 | e2: b#9 a#2 | known a: e1#1 e2#2 | known b: e1#8 e2#9{old}")).plan();
    assert_eq!(plan.gone.len(), 9);
    assert!(show(&plan).starts_with("a: e1=absent e2=delete(#2)\nb: e1=here e2=here\n"), "{}", show(&plan));
}

#[test]
fn what_is_gone_everywhere_is_forgotten_if_that_is_certain() {
    check(DELETE, "e1: b#8 | e2: b#9 | known a: e1#1 e2#2", &["b: e1=new e2=new", "a gone"]);
    // It may still be where nothing could be listed.
    check(DELETE, "e1: b#8 | e2: ? | known a: e1#1 e2#2", &["a: e1=absent e2=unreadable", "b: e1=new e2=unreadable"]);
    check(DELETE, "e1: b#8 | e2: ? | known a: e1#1", &["a: e1=absent e2=unreadable", "b: e1=new e2=unreadable"]);
    // It may not have been deleted at all.
    check(
        DELETE,
        "e1@8: b#8 | e2: b#9 | known a: e1#1@7 e2#2",
        &["a: e1=absent e2=absent [absence_held e1]", "b: e1=new e2=new"],
    );
}

#[test]
fn a_deletion_waits_for_whatever_else_is_to_be_said() {
    check(
        DELETE,
        "e1: c#9 | e2: a#2 | e3: b#3 | known a: e1#1 e2#2 e3#3",
        &[
            "a: e1=absent e2=here e3=absent [renamed e3] [deleted e1]",
            "b: e1=absent e2=absent e3=absent [renamed e3]",
            "c: e1=new e2=create(private) e3=create(private)",
        ],
    );
}

#[test]
fn an_absence_that_was_held_stays_held() {
    let b = "b: e1=here e2=here";
    let seen = |copy: &str| format!("e1: b#9 | e2: a#2 b#8 | known a: e1#1{copy} e2#2 | known b: e1#9 e2#8");
    check(DELETE, &seen(""), &["a: e1=absent e2=delete(#2)", b]);
    let doubted = seen("?");
    check(DELETE, &doubted, &["a: e1=absent e2=here [absence_held e1]", b]);
    check("", &doubted, &["a: e1=absent e2=here [absence_held e1]", b]);
    let plan = case(DELETE, &doubted).plan();
    assert!(plan.tasks[0].findings[0].message.ends_with("it was held before"), "{:?}", plan.tasks[0].findings);
    assert!(plan.doubted.is_empty() && plan.cleared.is_empty());
    let confirmed = case(DELETE, &doubted).selecting(|selection| selection.confirm_deletions = true);
    check_case(&confirmed, &["a: e1=absent e2=delete(#2)", b]);
    // Another one that is there elsewhere is no reason to doubt it.
    let elsewhere = "e1: b#9 | e2: a#2 b#8 | known a: e1#1 e2#2? | known b: e1#9 e2#8";
    check(DELETE, elsewhere, &["a: e1=absent e2=delete(#2)", b]);
}

#[test]
fn what_is_held_and_what_is_seen_again_is_to_be_remembered() {
    let plan = case(DELETE, "e1@8: b#9 | e2: a#2 b#8 | known a: e1#1@7 e2#2 | known b: e1#9? e2#8").plan();
    let doubted: Vec<_> =
        plan.doubted.iter().map(|doubted| (doubted.key.as_str(), doubted.endpoint.as_str())).collect();
    assert_eq!(doubted, [("a", "e1")]);
    assert!(plan.doubted[0].reason.contains("another account"));
    assert_eq!(plan.cleared, [("b".to_owned(), crate::plan::group::tests::notation::endpoint("e1"))]);
    // Found by a direct look, or under another name, is seen again as well.
    for seen in ["e1: | e2: a#2 | known a: e1#1? e2#2 | look e1 a: found#1", "e1: c#1 | e2: a#2 | known a: e1#1? e2#2"]
    {
        assert_eq!(case(DELETE, seen).plan().cleared.len(), 1, "{seen}");
    }
    // Where nothing is left there is nothing to hold.
    check(DELETE, "e1: b#8 | e2: b#9 | known a: e1#1? e2#2", &["b: e1=new e2=new", "a gone"]);
}

#[test]
fn a_path_that_leads_to_another_repository_is_an_absence_in_doubt() {
    let seen = "e1: c#7 | e2: a#2 | known a: e1#1 e2#2 | look e1 a: moved#7=me/c";
    check(DELETE, seen, &["a: e1=absent e2=here [absence_held e1]", "c: e1=new e2=create(private)"]);
}

#[test]
fn a_private_one_is_not_deleted_because_only_public_ones_are_visible() {
    let seen = |b: &str, a: &str| format!("e1: b#9{b} | e2: a#2{a} b#8 | known a: e1#1 e2#2 | known b: e1#9 e2#8");
    let b = "b: e1=here e2=here";
    for (other, own, held) in [
        ("+public", "+private", true),
        ("+public", "+internal", true),
        ("+public", "+public", false),
        ("+private", "+private", false),
        ("+public", "", false),
        ("", "+private", false),
    ] {
        let a = if held { "a: e1=absent e2=here [absence_held e1]" } else { "a: e1=absent e2=delete(#2)" };
        check(DELETE, &seen(other, own), &[a, b]);
    }
}
