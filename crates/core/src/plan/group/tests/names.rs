//! Repositories that have another name at one endpoint. Listings hold the group's names, as the engine translates them.

use crate::name::RepoName;
use crate::plan::group::tests::notation::{Case, case, check_case, repository};
use crate::plan::group::{Copy, Look};

/// `files` is called `files-repo` at the second endpoint.
fn named(settings: &str, seen: &str) -> Case {
    let mut case = case(settings, seen);
    let name = |text| RepoName::new(text).unwrap();
    case.group.endpoints[1].names.add(name("files"), name("files-repo")).unwrap();
    case
}

#[test]
fn it_is_created_under_its_name_there() {
    let case = named("", "e1: Files#1 other#2 | e2: | e3: ");
    check_case(
        &case,
        &["Files: e1=new e2=create(private) e3=create(private)", "other: e1=new e2=create(private) e3=create(private)"],
    );
    let plan = case.plan();
    let creates = plan.tasks.iter().flat_map(|task| task.copies.values()).filter_map(|copy| match copy {
        Copy::Create(create) => Some((create.name.as_str(), create.called.as_ref().map(RepoName::as_str))),
        _ => None,
    });
    let expected = [("Files", Some("files-repo")), ("Files", None), ("other", None), ("other", None)];
    assert_eq!(creates.collect::<Vec<_>>(), expected);
}

#[test]
fn a_name_that_is_given_away_is_not_used_for_another() {
    check_case(
        &named("", "e1: files#1 files-repo#2 | e2: files#3=me/files-repo"),
        &["files: e1=new e2=new", "files-repo: e1=new e2=absent [name_clash e2]"],
    );
    check_case(&named("create_missing = false", "e1: files-repo#2 | e2: "), &["files-repo: e1=new e2=absent"]);
}

#[test]
fn two_under_one_name_are_held() {
    for settings in ["", "delete_missing = true"] {
        let seen = "e1: files#1 files-repo#2 | e2: files#3 files#4=me/files-repo";
        check_case(
            &named(settings, seen),
            &["files: e1=new e2=absent [name_clash e2]", "files-repo: e1=new e2=absent [name_clash e2]"],
        );
        // Both were in sync before one got the other's name.
        check_case(
            &named(settings, &format!("{seen} | known files: e1#1 e2#3 | known files-repo: e1#2 e2#4")),
            &["files: e1=here e2=absent [name_clash e2]", "files-repo: e1=here e2=absent [renamed e2]"],
        );
    }
}

#[test]
fn a_name_that_is_given_or_taken_back_later_is_held_as_a_rename() {
    for settings in ["", "delete_missing = true"] {
        // Only the other one was in sync before: it is not taken for the one that has its name now.
        check_case(
            &named(settings, "e1: files#1 files-repo#2 | e2: files#4=me/files-repo | known files-repo: e1#2 e2#4"),
            &["files: e1=new e2=absent [renamed e2]", "files-repo: e1=here e2=absent [renamed e2]"],
        );
        // The names were taken out of the configuration.
        check_case(
            &case(settings, "e1: files#1 | e2: files-repo#3 | known files: e1#1 e2#3"),
            &["files: e1=here e2=absent [renamed e2]", "files-repo: e1=absent e2=absent [renamed e2]"],
        );
        // The old path is that of another repository by now.
        let mut taken =
            named(settings, "e1: files#1 files-repo#2 | e2: files#9=me/files-repo | known files-repo: e1#2 e2#4");
        let there = Look::Found(repository("files#9=me/files-repo"));
        taken.sights.values_mut().nth(1).unwrap().looks.insert("files-repo".into(), there);
        check_case(&taken, &["files: e1=new e2=new", "files-repo: e1=here e2=absent [renamed e2]"]);
    }
}
