//! Repositories that have another name on one endpoint.

use refray_sim::Kind;
use refray_sim::world::Visibility;

use crate::serve::until;
use crate::world::{OWNER, Place, World, has};

const KINDS: [Kind; 2] = [Kind::GitHub, Kind::GitLab];
const GITLAB: &str = "site = \"gitlab\"\nkind = \"user\"\nnamespace = \"ada\"";

/// GitLab takes no repository named `files`, and one named `tools`.
const NAMES: &str = "names = { files = \"files-repo\", tools = \"tools-repo\" }";

fn name(world: &mut World) {
    world.config.replace(GITLAB, &format!("{GITLAB}\n{NAMES}"));
}

fn unname(world: &mut World) {
    world.config.replace(&format!("{NAMES}\n"), "");
}

async fn world() -> World {
    let mut world = World::of_forges(&KINDS).await;
    name(&mut world);
    world.seed(Kind::GitHub, "files", Visibility::Private);
    world
}

fn push(world: &World, kind: Kind, repository: &str, file: &str) -> String {
    world.site(kind).commit(OWNER, repository, "main", &[(file, file)], "onward\n").unwrap()
}

fn tip(world: &World, kind: Kind, repository: &str) -> Option<String> {
    let site = world.site(kind);
    let id = site.repository(OWNER, repository).ok()?.id;
    site.bare(id).branch("main").unwrap()
}

/// Asserts that `one` on GitHub and `other` on GitLab hold the same.
#[track_caller]
fn same(world: &World, one: &str, other: &str) {
    let there = |kind| Place::Forge(kind, OWNER);
    assert_eq!(world.refs(&there(Kind::GitHub), one), world.refs(&there(Kind::GitLab), other));
}

/// What the forges hold: each repository with its branches and tags.
fn all(world: &World) -> Vec<(Kind, String, String)> {
    let mut all = Vec::new();
    for kind in KINDS {
        for name in ["files", "files-repo", "tools", "tools-repo", "things"] {
            if world.site(kind).repository(OWNER, name).is_ok() {
                all.push((kind, name.to_owned(), world.refs(&Place::Forge(kind, OWNER), name)));
            }
        }
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_created_under_the_name_that_it_has_there() {
    let mut world = world().await;
    world.refray(&["plan", "--out", "old.json"]).exits(0);
    unname(&mut world);
    has(&world.refray(&["apply", "old.json"]).exits(2), &["`names` was {\"files\":\"files-repo\""]);
    has(&world.refray(&["sync"]).exits(1), &["it cannot be called so there", "the endpoint's `names`"]);
    name(&mut world);
    let plan = world.refray(&["sync", "--dry-run", "-v"]).exits(0);
    has(&plan, &["create repository files on gitlab/ada as files-repo"]);
    let planned = world.refray(&["sync", "--dry-run", "--format", "json"]).events();
    let planned = planned.iter().find(|event| event["event"] == "planned").unwrap();
    assert_eq!(planned["plan"]["creates"][0]["called"], "files-repo");
    world.refray(&["plan", "--out", "plan.json"]).exits(0);
    let said = world.refray(&["apply", "plan.json"]).exits(0);
    has(&said, &["created on gitlab/ada as files-repo with 1 branch"]);
    same(&world, "files", "files-repo");
    assert!(world.site(Kind::GitLab).repository(OWNER, "files").is_err());

    for (kind, own) in [(Kind::GitLab, "files-repo"), (Kind::GitHub, "files")] {
        push(&world, kind, own, kind.as_str());
        has(&world.refray(&["sync"]).exits(0), &["branch main forwarded"]);
        same(&world, "files", "files-repo");
    }
    let before = world.requests();
    let quiet = world.refray(&["sync", "--format", "json"]);
    assert!(quiet.events().iter().all(|event| event["event"] != "action" && event["event"] != "finding"));
    quiet.exits(0);
    assert!(world.requests() - before <= 12, "{}", world.requests() - before);
    has(&world.refray(&["sync", "--repo", "FILES"]).exits(0), &["1 agreed already"]);

    let log = world.refray(&["log", "--format", "json"]);
    let actions = log.events().into_iter().flat_map(|run| run["actions"].as_array().unwrap().clone());
    let created = actions.into_iter().find(|action| action["kind"] == "create_repository").unwrap();
    assert_eq!((created["repository"].as_str(), created["path"].as_str()), (Some("files"), Some("ada/files-repo")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_creation_is_undone_and_a_deletion_followed_and_undone() {
    let mut world = world().await;
    world.config.set("delete_missing = true");
    // What is left when it is gone.
    world.seed(Kind::GitHub, "other", Visibility::Private);
    world.refray(&["sync"]).exits(0);
    let run = |world: &World| {
        let runs = world.refray(&["log", "--format", "json", "--limit", "1"]).events();
        runs[0]["run"].as_str().unwrap().to_owned()
    };
    let first = run(&world);
    world.refray(&["undo", &first, "--repo", "files"]).exits(0);
    assert!(tip(&world, Kind::GitLab, "files-repo").is_none());
    assert!(tip(&world, Kind::GitHub, "files").is_some());
    world.refray(&["sync"]).exits(0);
    same(&world, "files", "files-repo");

    world.delete(Kind::GitHub, "files");
    world.refray(&["sync"]).exits(0);
    assert!(tip(&world, Kind::GitLab, "files-repo").is_none(), "the deletion was followed");
    let deletion = run(&world);
    world.refray(&["undo", &deletion]).exits(0);
    same(&world, "files", "files-repo");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_comes_later_joins_nothing() {
    let mut world = World::of_forges(&[Kind::GitHub, Kind::GitLab]).await;
    world.config.set("delete_missing = true");
    world.seed(Kind::GitHub, "tools-repo", Visibility::Private);
    world.seed_alike(&[Kind::GitHub, Kind::GitLab], "tools", Visibility::Private);
    world.refray(&["sync", "--join", "tools"]).exits(0);
    let before = all(&world);
    assert_eq!(before.len(), 4);

    name(&mut world);
    let confirmed = ["sync", "--confirm-deletions", "--repo", "tools", "--repo", "tools-repo"];
    for args in [&["sync"][..], &confirmed, &["sync", "--force"]] {
        let mut args = args.to_vec();
        args.extend(["--format", "json"]);
        let run = world.refray(&args);
        let mut findings = run.findings();
        findings.sort();
        let expected = [("tools", "name_clash"), ("tools-repo", "renamed")].map(|(a, b)| (a.to_owned(), b.to_owned()));
        assert_eq!(findings, expected, "{args:?}");
        run.exits(1);
        assert_eq!(all(&world), before, "{args:?}");
    }
    has(
        &world.refray(&["sync"]).exits(1),
        &["`ada/tools`, `ada/tools-repo`", "another name in the endpoint's `names`"],
    );
    has(&world.refray(&["doctor"]).exits(1), &["have the same name, by `names`: `tools`"]);

    unname(&mut world);
    has(&world.refray(&["sync"]).exits(0), &["2 agreed already"]);
    assert_eq!(all(&world), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repository_is_renamed_into_and_out_of_its_name() {
    let mut world = World::of_forges(&KINDS).await;
    world.seed_alike(&KINDS, "tools", Visibility::Private);
    world.refray(&["sync"]).exits(0);
    // It goes by the group's name there until a person renames it.
    name(&mut world);
    has(&world.refray(&["sync"]).exits(0), &["1 agreed already"]);
    let rename = |kind, from: &str, to: &str| world.site(kind).rename(OWNER, from, to).unwrap();
    rename(Kind::GitLab, "tools", "tools-repo");
    push(&world, Kind::GitHub, "tools", "a");
    has(&world.refray(&["sync"]).exits(0), &["branch main forwarded on gitlab/ada"]);
    same(&world, "tools", "tools-repo");

    // Renamed on GitHub only, which is held.
    rename(Kind::GitHub, "tools", "things");
    push(&world, Kind::GitHub, "things", "b");
    let before = all(&world);
    has(&world.refray(&["sync"]).exits(1), &["was renamed or moved to `ada/things` on github/ada"]);
    assert_eq!(all(&world), before);
    // Alike on the other side, it is followed; the name is for `tools` alone.
    rename(Kind::GitLab, "tools-repo", "things");
    world.refray(&["sync"]).exits(0);
    same(&world, "things", "things");
    assert_eq!(all(&world).len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_is_taken_back_is_held_as_a_rename() {
    let mut world = world().await;
    world.config.set("delete_missing = true");
    world.refray(&["sync"]).exits(0);
    let before = all(&world);
    unname(&mut world);
    for args in [&["sync"][..], &["sync", "--confirm-deletions", "--repo", "files"]] {
        let said = world.refray(args).exits(1);
        has(&said, &["`files` was renamed or moved to `ada/files-repo` on gitlab/ada", "the endpoint's `names`"]);
        assert_eq!(all(&world), before, "{args:?}");
    }
    name(&mut world);
    push(&world, Kind::GitLab, "files-repo", "a");
    world.refray(&["sync"]).exits(0);
    same(&world, "files", "files-repo");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_is_given_away_is_not_used_for_another() {
    let mut world = world().await;
    world.seed(Kind::GitHub, "files-repo", Visibility::Private);
    let run = world.refray(&["sync", "--format", "json"]);
    assert_eq!(run.findings(), [("files-repo".to_owned(), "name_clash".to_owned())]);
    run.exits(1);
    same(&world, "files", "files-repo");
    world.config.replace("\"files-repo\"", "\"files-of-ada\"");
    // What it is called now is not what it was called when it was made.
    let before = all(&world);
    world.refray(&["sync"]).exits(1);
    assert_eq!(all(&world), before);
    world.site(Kind::GitLab).rename(OWNER, "files-repo", "files-of-ada").unwrap();
    world.refray(&["sync"]).exits(0);
    same(&world, "files", "files-of-ada");
    same(&world, "files-repo", "files-repo");
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_names_what_is_called_otherwise() {
    let mut world = world().await;
    unname(&mut world);
    has(
        &world.refray(&["doctor"]).stdout,
        &["`files` cannot be made there", "another name there in the endpoint's `names`"],
    );
    name(&mut world);
    let said = world.refray(&["doctor", "-v"]).exits(0);
    has(&said, &["`files` is called `files-repo` there", "warn  names", "no endpoint has `tools`", "no `tools-repo`"]);
    // What an endpoint has that cannot be listed is not known.
    let there = "site = \"github\"\nkind = \"user\"\nnamespace = ";
    world.config.replace(&format!("{there}\"ada\""), &format!("{there}\"nobody\""));
    let said = world.refray(&["doctor", "-v"]).exits(1);
    assert!(said.contains("github/nobody") && !said.contains("no endpoint has"), "{said}");
    world.config.replace(&format!("{there}\"nobody\""), &format!("{there}\"ada\""));
    world.seed(Kind::GitLab, "tools-repo", Visibility::Private);
    let said = world.refray(&["doctor", "-v"]).exits(0);
    has(&said, &["`tools` is called `tools-repo` there"]);
    assert!(!said.contains("no endpoint has"), "{said}");
    world.config.replace("\"files-repo\"", "\"tree\"");
    has(&world.refray(&["doctor"]).stdout, &["`files` cannot be made there as `tree`"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_to_it_wakes_it() {
    let mut world = world().await;
    world.config.replace("tools = \"tools-repo\"", "new = \"newer\"");
    world.with_webhook();
    let daemon = world.served(&KINDS).await;
    daemon.settles(&world, &KINDS).await;
    for (kind, own, other) in [(Kind::GitLab, "files-repo", "files"), (Kind::GitHub, "files", "files-repo")] {
        let pushed = push(&world, kind, own, kind.as_str());
        let elsewhere = if kind == Kind::GitLab { Kind::GitHub } else { Kind::GitLab };
        until(&daemon, "the push is there", || tip(&world, elsewhere, other).as_ref() == Some(&pushed)).await;
        daemon.settles(&world, &KINDS).await;
    }
    // One that nobody knows yet is found by its path.
    let pushed = world.seed(Kind::GitLab, "newer", Visibility::Private);
    until(&daemon, "the new one is there", || tip(&world, Kind::GitHub, "new").as_ref() == Some(&pushed)).await;
}
