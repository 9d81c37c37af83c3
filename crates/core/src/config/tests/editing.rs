use std::sync::Arc;

use url::Url;

use super::*;
use crate::config::edit::{EditError, Editor};
use crate::config::{MirrorGroup, SecretSource, Site};
use crate::name::{GroupName, SiteName};
use crate::secret::Secret;

/// A file as a person keeps it.
const KEPT: &str = r#"# My mirrors.

jobs = 2 # the line is slow

[[sites]]
name = "github" # the big one
provider = "github"
token = { env = "GITHUB_TOKEN" }

[[sites]]
name = "disk"
provider = "directory"
path = "/srv/git"

# ---- groups ----

# The first one.
[[mirrors]]
name = "first"
create_missing = true # yes
repo_whitelist = "^a" # just these

# where I work
[[mirrors.endpoints]]
site = "github"
kind = "user"
namespace = "me"

[[mirrors.endpoints]]
site = "disk"
namespace = "first"

# The second one.
[[mirrors]]
name = "second"
endpoints = [{ site = "disk", namespace = "a" }, { site = "disk", namespace = "b" }]

[webhook]
url = "https://old.example.com/webhook" # changes at times
"#;

fn editor(text: &str) -> Editor {
    Editor::new(text, "config.toml").unwrap()
}

fn group(name: &str) -> GroupName {
    GroupName::new(name).unwrap()
}

/// Returns the lines that went and came, and checks that the result can be read.
fn changes(old: &str, new: &Editor) -> String {
    let new = new.to_string();
    config(&new);
    let (old, new): (Vec<_>, Vec<_>) = (old.lines().collect(), new.lines().collect());
    let same = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
    let rest = old.len().min(new.len()) - same;
    let tail = old.iter().rev().zip(new.iter().rev()).take(rest).take_while(|(old, new)| old == new).count();
    let went = old[same..old.len() - tail].iter().map(|line| format!("-{line}"));
    let came = new[same..new.len() - tail].iter().map(|line| format!("+{line}"));
    went.chain(came).collect::<Vec<_>>().join("\n")
}

#[test]
fn nothing_changes_by_itself() {
    assert_eq!(editor(KEPT).to_string(), KEPT);
}

#[test]
fn an_address_changes_and_its_comment_stays() {
    let mut editor = editor(KEPT);
    editor.set_webhook_url(&Url::parse("https://new.example.com/").unwrap()).unwrap();
    insta::assert_snapshot!(changes(KEPT, &editor), @r#"
    -url = "https://old.example.com/webhook" # changes at times
    +url = "https://new.example.com" # changes at times
    "#);
}

#[test]
fn tables_are_made_on_the_way() {
    let mut editor = editor("# Just a comment.\n");
    editor.set_webhook_url(&Url::parse("https://new.example.com/hook").unwrap()).unwrap();
    editor.set_webhook_secret(SecretSource::Env("HOOK_SECRET".into())).unwrap();
    editor.set(&["jobs"], 3).unwrap();
    insta::assert_snapshot!(editor.to_string(), @r#"
    # Just a comment.
    jobs = 3

    [webhook]
    url = "https://new.example.com/hook"
    secret = { env = "HOOK_SECRET" }
    "#);
    let error = editor.set(&["jobs", "x"], 3).unwrap_err();
    assert!(matches!(error, EditError::NotATable { key } if key == "jobs"));
}

fn new_site(token: SecretSource) -> Site {
    let mut site = Site::clone(&config(KEPT).sites[0]);
    site.name = SiteName::new("work").unwrap();
    site.token = Some(token);
    site
}

#[test]
fn a_site_is_appended() {
    let mut editor = editor(KEPT);
    editor.add_site(&new_site(SecretSource::Value(Secret::new("a \"b\"".to_owned())))).unwrap();
    insta::assert_snapshot!(changes(KEPT, &editor), @r#"
    +[[sites]]
    +name = "work"
    +provider = "github"
    +token = { value = 'a "b"' }
    +
    "#);
    let again = editor.add_site(&new_site(SecretSource::Env("X".to_owned()))).unwrap_err();
    assert_eq!(again.to_string(), "there is already a site called `work`");
    assert_eq!(format!("{editor:?}"), "Editor(…)");
}

#[test]
fn the_first_site_and_group_make_a_file() {
    let mut editor = editor("");
    let old = config(KEPT);
    for site in &old.sites {
        editor.add_site(site).unwrap();
    }
    editor.add_group(&old.mirrors[0]).unwrap();
    insta::assert_snapshot!(editor.to_string(), @r#"
    [[sites]]
    name = "github"
    provider = "github"
    token = { env = "GITHUB_TOKEN" }

    [[sites]]
    name = "disk"
    provider = "directory"
    path = "/srv/git"

    [[mirrors]]
    name = "first"
    repo_whitelist = ["^a"]

    [[mirrors.endpoints]]
    site = "github"
    kind = "user"
    namespace = "me"

    [[mirrors.endpoints]]
    site = "disk"
    namespace = "first"
    "#);
    assert_eq!(format!("{:?}", config(&editor.to_string()).mirrors[0]), format!("{:?}", old.mirrors[0]));
}

#[test]
fn a_group_is_appended_and_removed() {
    let mut new = MirrorGroup::clone(&config(KEPT).mirrors[0]);
    new.name = group("third");
    new.delete_missing = true;
    let mut editor = editor(KEPT);
    editor.add_group(&new).unwrap();
    insta::assert_snapshot!(changes(KEPT, &editor), @r#"
    +[[mirrors]]
    +name = "third"
    +repo_whitelist = ["^a"]
    +delete_missing = true
    +
    +[[mirrors.endpoints]]
    +site = "github"
    +kind = "user"
    +namespace = "me"
    +
    +[[mirrors.endpoints]]
    +site = "disk"
    +namespace = "first"
    +
    "#);
    editor.remove_group(&group("third")).unwrap();
    assert_eq!(editor.to_string(), KEPT);
}

#[test]
fn the_comments_above_a_removed_group_go_with_it_and_no_others() {
    let mut editor = editor(KEPT);
    editor.remove_group(&group("first")).unwrap();
    insta::assert_snapshot!(changes(KEPT, &editor), @r#"
    -# The first one.
    -[[mirrors]]
    -name = "first"
    -create_missing = true # yes
    -repo_whitelist = "^a" # just these
    -
    -# where I work
    -[[mirrors.endpoints]]
    -site = "github"
    -kind = "user"
    -namespace = "me"
    -
    -[[mirrors.endpoints]]
    -site = "disk"
    -namespace = "first"
    -
    "#);
    editor.remove_group(&group("second")).unwrap();
    assert!(!editor.to_string().contains("mirrors]]"));
    assert!(editor.to_string().contains("# ---- groups ----"));
    config(&editor.to_string());
}

#[test]
fn an_unknown_group_is_not_removed() {
    let error = editor(KEPT).remove_group(&group("frist")).unwrap_err();
    insta::assert_snapshot!(drawn(&error), @"
    refray::config::unknown_group

      × there is no mirror group `frist`
      help: did you mean `first`?
    ");
}

#[test]
fn a_group_is_changed_where_it_differs() {
    let mut group_ = MirrorGroup::clone(&config(KEPT).mirrors[0]);
    let mut editor = editor(KEPT);
    editor.replace_group(&group("first"), &group_).unwrap();
    assert_eq!(editor.to_string(), KEPT);

    group_.name = group("prime");
    group_.create_missing = false;
    group_.delete_missing = true;
    group_.endpoints.reverse();
    editor.replace_group(&group("first"), &group_).unwrap();
    insta::assert_snapshot!(changes(KEPT, &editor), @r#"
    -name = "first"
    -create_missing = true # yes
    -repo_whitelist = "^a" # just these
    -
    -# where I work
    -[[mirrors.endpoints]]
    -site = "github"
    -kind = "user"
    -namespace = "me"
    -
    -[[mirrors.endpoints]]
    -site = "disk"
    -namespace = "first"
    +name = "prime"
    +create_missing = false # yes
    +repo_whitelist = "^a" # just these
    +delete_missing = true
    +
    +[[mirrors.endpoints]]
    +site = "disk"
    +namespace = "first"
    +
    +# where I work
    +[[mirrors.endpoints]]
    +site = "github"
    +kind = "user"
    +namespace = "me"
    "#);
    assert_eq!(format!("{:?}", config(&editor.to_string()).mirrors[0]), format!("{group_:?}"));

    group_.name = group("second");
    assert!(matches!(editor.replace_group(&group("prime"), &group_), Err(EditError::AlreadyThere { .. })));
}

#[test]
fn lists_are_appended_to_as_they_are_written() {
    let text = "sites = [{ name = \"disk\", provider = \"directory\", path = \"/srv\" }]\nmirrors = [{ name = \"a\", endpoints = [{ site = \"disk\" }] }]\n";
    let config = config(text);
    let mut editor = editor(text);
    let mut site = Site::clone(&config.sites[0]);
    site.name = SiteName::new("other").unwrap();
    editor.add_site(&site).unwrap();
    let mut new = MirrorGroup::clone(&config.mirrors[0]);
    new.name = group("b");
    new.endpoints[0].site = Arc::new(site);
    editor.add_group(&new).unwrap();
    new.allow_force = true;
    editor.replace_group(&group("b"), &new).unwrap();
    editor.remove_group(&group("a")).unwrap();
    insta::assert_snapshot!(editor.to_string(), @r#"
    sites = [{ name = "disk", provider = "directory", path = "/srv" }, { name = "other", provider = "directory", path = "/srv" }]
    mirrors = [{ name = "b", allow_force = true, endpoints = [{ site = "other" }] }]
    "#);
}

#[test]
fn a_file_that_is_not_toml_is_not_edited() {
    let error = Editor::new("token = { value = hunter2", "config.toml").unwrap_err();
    assert!(matches!(error, EditError::Unreadable(_)));
    assert!(!format!("{error:?}{}", drawn(&error)).contains("hunter2"));
}

#[test]
fn a_site_is_removed_with_its_comments_and_its_token_is_replaced() {
    let mut changed = editor(KEPT);
    let mut site = Site::clone(&config(KEPT).sites[0]);
    site.token = Some(SecretSource::Command("pass show x".to_owned()));
    changed.replace_token(&site).unwrap();
    insta::assert_snapshot!(changes(KEPT, &changed), @r#"
    -token = { env = "GITHUB_TOKEN" }
    +token = { command = "pass show x" }
    "#);
    let inline = "sites = [{ name = \"github\", provider = \"github\", token = { env = \"A\" } }]\n";
    let mut changed = editor(inline);
    changed.replace_token(&site).unwrap();
    let written = "sites = [{ name = \"github\", provider = \"github\", token = { command = \"pass show x\" } }]\n";
    assert_eq!(changed.to_string(), written);
    changed.remove_site(&site.name).unwrap();
    assert_eq!(changed.to_string(), "sites = []\n");
    let alone = "# mine\njobs = 2\n\n# the only one\n[[sites]]\nname = \"github\"\nprovider = \"github\"\n";
    let mut changed = editor(alone);
    changed.remove_site(&SiteName::new("none").unwrap()).unwrap();
    assert_eq!(changed.to_string(), alone);
    changed.remove_site(&site.name).unwrap();
    assert_eq!(changed.to_string(), "# mine\njobs = 2\n");
}

#[test]
fn webhooks_are_set_where_they_are() {
    let mut webhook = config(KEPT).webhook.unwrap();
    webhook.url = Some(Url::parse("https://new.example.com/").unwrap());
    webhook.install = true;
    webhook.secret = Some(SecretSource::Env("HOOK".to_owned()));
    let mut changed = editor(KEPT);
    changed.set_webhook(&webhook).unwrap();
    insta::assert_snapshot!(changes(KEPT, &changed), @r#"
    -url = "https://old.example.com/webhook" # changes at times
    +url = "https://new.example.com" # changes at times
    +install = true
    +secret = { env = "HOOK" }
    "#);
    let mut changed = editor("jobs = 2\n");
    changed.set_webhook(&webhook).unwrap();
    insta::assert_snapshot!(changed.to_string(), @r#"
    jobs = 2

    [webhook]
    install = true
    url = "https://new.example.com"
    secret = { env = "HOOK" }
    "#);
}

#[test]
fn endpoints_in_a_list_keep_their_comments() {
    const LISTED: &str = r#"[[sites]]
name = "disk"
provider = "directory"
path = "/srv/git"

[[mirrors]]
name = "all"
endpoints = [
    { site = "disk", namespace = "a" }, # where I work
    # for the others
    { site = "disk", namespace = "b" },
]
"#;
    let parsed = super::super::parse(LISTED, "c", std::path::Path::new("/"), None).unwrap();
    let group = MirrorGroup { create_missing: false, ..MirrorGroup::clone(&parsed.config.mirrors[0]) };
    let mut editor = editor(LISTED);
    editor.replace_group(&group.name.clone(), &group).unwrap();
    assert_eq!(editor.to_string(), format!("{LISTED}create_missing = false\n"));
    // One goes, and one comes.
    let mut endpoints = group.endpoints.clone();
    let mut other = endpoints.remove(0);
    "c".clone_into(&mut other.namespace);
    endpoints.push(other);
    let one = MirrorGroup { endpoints, ..group };
    editor.replace_group(&one.name.clone(), &one).unwrap();
    insta::assert_snapshot!(editor.to_string().split_once("[[mirrors]]\n").unwrap().1, @r#"
    name = "all"
    endpoints = [ # where I work
        # for the others
        { site = "disk", namespace = "b" },
        { site = "disk", namespace = "c" },
    ]
    create_missing = false
    "#);
}
