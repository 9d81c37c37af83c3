use super::*;
use crate::config::MirrorGroup;
use crate::config::edit::Editor;
use crate::name::{EndpointId, GroupName, RepoName};

fn with_names(names: &str) -> String {
    with_endpoint(&format!("site = \"disk\"\nnamespace = \"a\"\n{names}")) + "\n"
}

#[test]
fn names_can_be_a_table_of_their_own() {
    for names in [
        "names = { files = \"files-repo\" }",
        "names.files = \"files-repo\"",
        "[mirrors.endpoints.names]\nfiles = \"files-repo\"",
    ] {
        let config = config(&with_names(names));
        let files = RepoName::new("files").unwrap();
        assert_eq!(config.mirrors[0].endpoints[0].path_of(&files).as_deref(), Some("a/files-repo"), "{names}");
        assert_eq!(config.mirrors[0].endpoints[1].path_of(&files).as_deref(), Some("z/files"), "{names}");
    }
}

#[test]
fn names_that_could_mean_two_repositories() {
    insta::assert_snapshot!(refused(&with_names("names = { a = \"A\" }")), @r#"
    bad_value: `a` is given the name that it has
      "A" <- this is the same name: case makes no difference
      = leave it out: what is not named here has one name everywhere
    "#);
    insta::assert_snapshot!(refused(&with_names("names = { a = \"x\", A = \"y\" }")), @"
    duplicate: `a` is given two names at one endpoint
      A <- the second
      a <- the first
      = remove one of them: case makes no difference
    ");
    insta::assert_snapshot!(refused(&with_names("names = { a = \"x\", b = \"X\" }")), @r#"
    duplicate: two repositories are given one name at an endpoint
      "X" <- the second
      "x" <- the first
      = give one of them another name
    "#);
    insta::assert_snapshot!(refused(&with_names("names = { a = \"b\", b = \"c\" }")), @"
    duplicate: `b` is both a repository of the group and what another one is called there
      b <- which repository this is could not be told
      = give the other repository a name that no repository of the group has
    ");
    insta::assert_snapshot!(refused(&with_names("names = { b = \"c\", a = \"b\" }")), @r#"
    duplicate: `b` is both a repository of the group and what another one is called there
      "b" <- which repository this is could not be told
      = give the other repository a name that no repository of the group has
    "#);
}

#[test]
fn a_namespace_has_one_set_of_names() {
    let group = |name: &str, names: &str| {
        format!(
            "[[mirrors]]\nname = \"{name}\"\n[[mirrors.endpoints]]\nsite = \"disk\"\nnamespace = \"a\"\n{names}\n\
             [[mirrors.endpoints]]\nsite = \"disk\"\nnamespace = \"{name}\"\n"
        )
    };
    let names = "names = { a = \"b\" }";
    config(&with_sites(&(group("x", names) + &group("y", "names.a = \"b\""))));
    insta::assert_snapshot!(refused(&with_sites(&(group("x", names) + &group("y", "names.a = \"c\"")))), @"
    duplicate: `disk/a` has other `names` in another group
      names <- the second
      names <- the first
      = write the same `names` for it in each group
    ");
    insta::assert_snapshot!(refused(&with_sites(&(group("x", names) + &group("y", "")))), @"
    duplicate: `disk/a` has other `names` in another group
      [[mirrors.endpoints]] <- the second
      names <- the first
      = write the same `names` for it in each group
    ");
}

#[test]
fn names_that_are_none() {
    insta::assert_snapshot!(refused(&with_names("names = { a = \"b/c\", \"..\" = \"d\" }")), @r#"
    bad_value: `b/c` cannot be the name of a repository
      "b/c" <- it holds a separator or control character
      = write the last part of the repository's path, without `.git`
    bad_value: `..` cannot be the name of a repository
      ".." <- it means a folder
      = write the last part of the repository's path, without `.git`
    "#);
    insta::assert_snapshot!(refused(&with_names("names = { a = 1 }")), @"
    wrong_type: `a` has the wrong type
      1 <- expected a text, found a whole number
      = write the name there, in quotes
    ");
    insta::assert_snapshot!(refused(&with_names("names = [\"a\"]")), @r#"
    wrong_type: `names` has the wrong type
      ["a"] <- expected a table, found a list
      = write it as `names = { files = "files-repo" }`
    "#);
    insta::assert_snapshot!(refused(&with_names("nmaes = { a = \"b\" }")), @"
    unknown_key: unknown key `nmaes`
      nmaes <- not a key of an endpoint
      = did you mean `names`?
    ");
}

#[test]
fn an_edited_group_keeps_its_names() {
    let group = GroupName::new("all").unwrap();
    for names in ["names = { files = 'files-repo' } # taken", "[mirrors.endpoints.names] # taken\nfiles = 'files-repo'"]
    {
        let text = with_names(names);
        let mut edited = MirrorGroup::clone(&config(&text).mirrors[0]);
        let mut editor = Editor::new(&text, "config.toml").unwrap();
        editor.replace_group(&group, &edited).unwrap();
        assert_eq!(editor.to_string(), text);

        let mut third = edited.endpoints[1].clone();
        third.namespace = "y".to_owned();
        third.id = EndpointId::of(&third.site.name, "y");
        edited.endpoints.insert(0, third);
        editor.replace_group(&group, &edited).unwrap();
        let text = editor.to_string();
        assert!(text.contains(names), "{text}");
        assert_eq!(format!("{:?}", *config(&text).mirrors[0]), format!("{edited:?}"), "{text}");

        let name = |text| RepoName::new(text).unwrap();
        edited.endpoints[1].names.add(name("new"), name("newer")).unwrap();
        editor.replace_group(&group, &edited).unwrap();
        let text = editor.to_string();
        assert_eq!(format!("{:?}", *config(&text).mirrors[0]), format!("{edited:?}"), "{text}");
    }
}
