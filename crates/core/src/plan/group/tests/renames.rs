//! Repositories that have another name or place than the one remembered.

use crate::plan::group::tests::notation::check;

const DELETE: &str = "delete_missing = true";

#[test]
fn a_rename_on_one_side_is_held() {
    for settings in [DELETE, ""] {
        check(
            settings,
            "e1: beta#1 | e2: alpha#2 | e3: alpha#3 | known alpha: e1#1 e2#2 e3#3",
            &["alpha: e1=absent e2=here e3=here [renamed e1]", "beta: e1=absent e2=absent e3=absent [renamed e1]"],
        );
    }
}

#[test]
fn a_rename_on_every_side_is_followed() {
    check(DELETE, "e1: beta#1 | e2: Beta#2 | known alpha: e1#1 e2#2", &["alpha->beta", "beta: e1=here e2=here"]);
    // Also where it never was.
    check(
        "",
        "e1: beta#1 | e2: beta#2 | e3: | known alpha: e1#1 e2#2",
        &["alpha->beta", "beta: e1=here e2=here e3=create(private)"],
    );
    // But not while one of them cannot be listed, or has another name than the others.
    check(
        "",
        "e1: beta#1 | e2: ? | known alpha: e1#1 e2#2",
        &["alpha: e1=absent e2=unreadable [renamed e1]", "beta: e1=absent e2=unreadable [renamed e1]"],
    );
    check(
        "",
        "e1: beta#1 | e2: gamma#2 | known alpha: e1#1 e2#2",
        &[
            "alpha: e1=absent e2=absent [renamed e1] [renamed e2]",
            "beta: e1=absent e2=absent [renamed e1]",
            "gamma: e1=absent e2=absent [renamed e2]",
        ],
    );
}

#[test]
fn a_change_of_case_is_no_rename() {
    check("", "e1: ALPHA#1 | e2: alpha#2 | known alpha: e1#1 e2#2", &["ALPHA: e1=here e2=here"]);
}

#[test]
fn names_may_be_exchanged() {
    check(
        "",
        "e1: beta#1 alpha#3 | e2: beta#2 alpha#4 | known alpha: e1#1 e2#2 | known beta: e1#3 e2#4",
        &["alpha->beta", "beta->alpha", "alpha: e1=here e2=here", "beta: e1=here e2=here"],
    );
    check(
        "",
        "e1: beta#1 alpha#3 | e2: alpha#2 beta#4 | known alpha: e1#1 e2#2 | known beta: e1#3 e2#4",
        &["alpha: e1=absent e2=here [renamed e1]", "beta: e1=absent e2=here [renamed e1]"],
    );
}

#[test]
fn a_name_may_be_given_to_another() {
    // A new repository under the old name, on one side, is not filled with what the old one held.
    check(
        "",
        "e1: beta#1 alpha#9 | e2: alpha#2 | known alpha: e1#1 e2#2",
        &["alpha: e1=absent e2=here [renamed e1]", "beta: e1=absent e2=absent [renamed e1]"],
    );
    // On every side, it is a repository that nothing is remembered of.
    check(
        "",
        "e1: beta#1 alpha#9 | e2: beta#2 | known alpha: e1#1 e2#2",
        &["alpha->beta", "alpha: e1=new e2=create(private)", "beta: e1=here e2=here"],
    );
    // The name of one that was deleted.
    check(
        DELETE,
        "e1: beta#1 | e2: beta#2 | known alpha: e1#1 e2#2 | known beta: e1#3 e2#4",
        &["alpha->beta", "beta: e1=here e2=here"],
    );
    check(
        "",
        "e1: b#1 c#3 | e2: b#2 c#4 | known a: e1#1 e2#2 | known b: e1#3 e2#4",
        &["a->b", "b->c", "b: e1=here e2=here", "c: e1=here e2=here"],
    );
}

#[test]
fn two_that_become_one_name_are_held() {
    check(
        "",
        "e1: c#1 | e2: c#2 | known a: e1#1 | known b: e2#2",
        &[
            "a: e1=absent e2=absent [renamed e1]",
            "b: e1=absent e2=absent [renamed e2]",
            "c: e1=absent e2=absent [renamed e1] [renamed e2]",
        ],
    );
}

#[test]
fn a_transfer_is_held() {
    let known = "known alpha: e1#1 e2#2";
    check(
        DELETE,
        &format!("e1: | e2: alpha#2 | {known} | look e1 alpha: moved#1=other/alpha"),
        &["alpha: e1=absent e2=here [renamed e1]"],
    );
    // Away from every side, under a new name: nothing is left that could be followed.
    check(
        DELETE,
        &format!("e1: | e2: | {known} | look e1 alpha: moved#1=other/beta | look e2 alpha: moved#2=other/beta"),
        &["alpha: e1=absent e2=absent [renamed e1] [renamed e2]"],
    );
    // Into a subgroup, under the same name, is none.
    check("", &format!("e1: alpha#1=me/sub/alpha | e2: alpha#2 | {known}"), &["alpha: e1=here e2=here"]);
}
