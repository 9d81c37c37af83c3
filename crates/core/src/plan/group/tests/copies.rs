//! What is there, what is made, and for whom it is visible.

use crate::plan::group::tests::notation::{case, check, check_case, show};
use crate::plan::group::{Copy, looks_needed};

#[test]
fn what_is_missing_is_created_like_the_one_it_comes_from() {
    let seen = "e1: Alpha#1+public | e2: ";
    check("", seen, &["Alpha: e1=new e2=create(public)"]);
    check("create_missing = false", seen, &["Alpha: e1=new e2=absent"]);
    check_case(&case("", seen).selecting(|selection| selection.no_create = true), &["Alpha: e1=new e2=absent"]);
    let mut described = case("", "e1: alpha#1 | e2: alpha#2 | e3: ");
    let listing = described.sights.values_mut().nth(1).unwrap().listing.as_mut().unwrap();
    listing[0].description = "Letters".into();
    let plan = described.plan();
    let Copy::Create(create) = plan.tasks[0].copies.values().next_back().unwrap() else { panic!("{plan:#?}") };
    assert_eq!((create.description.as_str(), create.name.as_str()), ("Letters", "alpha"));
}

#[test]
fn visibility_is_never_widened() {
    check("", "e1: a#1+public | e2: a#2+private | e3: ", &["a: e1=new e2=new e3=create(private)"]);
    check("", "e1: a#1+public | e2: a#2+internal | e3: ", &["a: e1=new e2=new e3=create(internal)"]);
    // What is configured is for what is not known, and does not widen either.
    check("visibility = \"public\"", "e1: a#1+private | e2: ", &["a: e1=new e2=create(private)"]);
    check("visibility = \"public\"", "e1: a#1 | e2: ", &["a: e1=new e2=create(public)"]);
    check("", "e1: a#1 | e2: ", &["a: e1=new e2=create(private)"]);
}

#[test]
fn names_match_without_regard_to_case() {
    check("", "e1: Alpha#1 | e2: ALPHA#2", &["Alpha: e1=new e2=new"]);
}

#[test]
fn a_copy_that_is_not_the_one_remembered_is_new() {
    check("", "e1: a#1 | e2: a#9 | known a: e1#1 e2#2", &["a: e1=here e2=new"]);
    // An endpoint that was added later.
    check("", "e1: a#1 | e2: a#2 | e3: a#3 | known a: e1#1 e2#2", &["a: e1=here e2=here e3=new"]);
    check("", "e1: a#1 | e2: | known a: e1#1", &["a: e1=here e2=create(private)"]);
}

#[test]
fn what_cannot_be_read_is_not_absent() {
    check("", "e1: a#1 | e2: ? | known a: e1#1 e2#2", &["a: e1=here e2=unreadable"]);
    check("", "e1: a#1 | e2: ? | e3: ", &["a: e1=new e2=unreadable e3=create(private)"]);
    check("", "e1: a#1 | e2: a#2!", &["a: e1=new e2=unreadable"]);
    check("", "e1: ? | e2: ? | known a: e1#1 e2#2", &["a: e1=unreadable e2=unreadable"]);
    check("delete_missing = true", "e1: ? | e2: a#2 | known a: e1#1 e2#2", &["a: e1=unreadable e2=here"]);
}

#[test]
fn who_is_remembered_and_not_listed_is_looked_for() {
    let seen = "e1: b#2 | e2: a#3 | e3: ? | known a: e1#1 e2#3 e3#4 gone#5 | known b: e1#2";
    let case = case("", seen);
    let needed: Vec<_> =
        looks_needed(&case.world()).into_iter().map(|(at, key, path)| format!("{at} {key} {path}")).collect();
    assert_eq!(needed, ["e1 a me/a"]);
}

#[test]
fn two_of_one_name_at_one_endpoint_are_held() {
    check(
        "",
        "e1: a#1=me/x/a a#2=me/y/a | e2: a#3 | e3: ",
        &["a: e1=absent e2=new e3=create(private) [name_clash e1]"],
    );
    check(
        "delete_missing = true",
        "e1: a#1=me/x/a A#2=me/y/a | e2: | known a: e1#1 e2#2",
        &["a: e1=absent e2=absent [name_clash e1]"],
    );
}

#[test]
fn an_endpoint_that_was_removed_from_the_configuration_has_no_say() {
    let table = [
        ("e1: a#1 | e2: a#2 | known a: e1#1 e2#2 gone#3", "a: e1=here e2=here"),
        ("e1: b#1 | e2: b#2 | known a: e1#1 e2#2 gone#3", "a->b\nb: e1=here e2=here"),
        ("e1: | e2: | known a: e1#1 e2#2 gone#3", "a gone"),
        ("e1: | e2: | known a: gone#3", "a gone"),
    ];
    for (seen, expected) in table {
        assert_eq!(show(&case("", seen).plan()), expected, "{seen}");
    }
}
