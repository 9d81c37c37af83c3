//! What is kept, and put back by hand.

use std::path::PathBuf;

use crate::world::{Place, Work, World, files_below, has};

const A: Place = Place::Folder("a");
const B: Place = Place::Folder("b");

/// Two folders in which `topic` was rewritten once.
fn rewritten(world: &World) -> (Work<'_>, String, String) {
    let work = world.seeded("a", "one");
    work.on("topic");
    let old = work.commit("as it was");
    work.push(&A, "one", &["topic"]);
    world.refray(&["sync"]).exits(0);
    let new = work.amend("as it is");
    work.push(&B, "one", &["topic"]);
    world.refray(&["sync"]).exits(0);
    (work, old, new)
}

fn bundles(world: &World) -> Vec<PathBuf> {
    let mut files = files_below(&world.state().join("backups"));
    files.retain(|path| path.extension().is_some_and(|extension| extension == "bundle"));
    files
}

fn only_id(world: &World) -> String {
    let backups = world.refray(&["backup", "list", "--format", "json"]).events();
    assert_eq!(backups.len(), 1, "{backups:?}");
    backups[0]["backup"].as_str().unwrap().to_owned()
}

#[test]
fn backups_are_listed_and_shown() {
    let world = World::of_folders(&["a", "b"]);
    has(&world.refray(&["backup", "list"]).exits(0), &["There are no backups."]);
    let (_, old, _) = rewritten(&world);
    let id = only_id(&world);
    assert!(id.starts_with("all/one/2"), "{id}");
    has(&world.refray(&["backup", "list"]).exits(0), &[&id, "topic was rewritten"]);
    has(&world.refray(&["backup", "list", "--repo", "two"]).exits(0), &["There is no backup of the repository `two`."]);
    has(&world.refray(&["backup", "list", "--group", "none"]).exits(2), &["there is no group `none`"]);
    let stamp = id.rsplit('/').next().unwrap();
    let said = world.refray(&["backup", "show", stamp]).exits(0);
    has(&said, &["one of all", "topic was rewritten", "it holds all that it names", "refs/heads/topic", "disk/a"]);
    has(&said, &[&old[..10]]);
    let shown = world.refray(&["backup", "show", &id, "--format", "json"]).events().remove(0);
    assert_eq!((&shown["verified"], &shown["refs"][0]["ref"]), (&true.into(), &"refs/heads/topic".into()));
    assert_eq!(shown["refs"][0]["value"], old.as_str());
    has(&world.refray(&["backup", "show", "nothing"]).exits(2), &["there is no backup `nothing`", "backup list"]);

    // One that was damaged says so.
    let bundle = bundles(&world).remove(0);
    let file = std::fs::OpenOptions::new().write(true).open(&bundle).unwrap();
    file.set_len(file.metadata().unwrap().len() - 30).unwrap();
    has(&world.refray(&["backup", "show", &id]).exits(1), &["verified"]);
}

#[test]
fn a_branch_is_put_back_under_another_name_or_by_force() {
    let world = World::of_folders(&["a", "b"]);
    let (_, old, new) = rewritten(&world);
    let id = only_id(&world);
    let said = world.refray(&["backup", "restore", &id, "--to", "all"]).exits(1);
    has(&said, &["`topic` stands at another commit on disk/a", "--force", "--as NAME"]);
    has(&world.agree(&[A, B], "one"), &[&format!("{new} refs/heads/topic")]);
    let said = world.refray(&["backup", "restore", &id, "--to", "all", "--as", "found", "--dry-run"]).exits(0);
    has(&said, &["put back branch found on disk/b"]);
    assert!(!world.agree(&[A, B], "one").contains("found"));
    // Everything may be wiped: the bundle is enough.
    std::fs::remove_dir_all(world.cache()).unwrap();
    world.refray(&["backup", "restore", &id, "--to", "all", "--ref", "topic", "--as", "found"]).exits(0);
    has(&world.agree(&[A, B], "one"), &[&format!("{old} refs/heads/found")]);
    has(&world.refray(&["sync"]).exits(0), &["0 changes"]);
    world.refray(&["backup", "restore", &id, "--to", "disk/a", "--to", "disk/b", "--force"]).exits(0);
    has(&world.agree(&[A, B], "one"), &[&format!("{old} refs/heads/topic")]);
    assert_eq!(bundles(&world).len(), 2, "what was overwritten is kept");
    has(&world.refray(&["sync"]).exits(0), &["0 changes"]);
    has(&world.refray(&["log"]).exits(0), &[&format!("backup restore {id}")]);
    has(&world.refray(&["backup", "restore", &id, "--ref", "nothing"]).exits(2), &["has no `nothing`", "It has `"]);
    has(
        &world.refray(&["backup", "restore", &id, "--to", "disk/z"]).exits(2),
        &["has no `disk/z`", "`disk/a`, `disk/b`"],
    );
}

#[test]
fn a_repository_that_is_gone_is_made_anew() {
    let mut world = World::of_folders(&["a", "b"]);
    world.config.set("delete_missing = true");
    world.seeded("a", "other");
    let work = world.seeded("a", "one");
    work.push(&A, "one", &["main:refs/heads/topic", "main:refs/tags/v1"]);
    world.refray(&["sync"]).exits(0);
    let before = world.agree(&[A, B], "one");
    std::fs::remove_dir_all(world.bare(&A, "one")).unwrap();
    world.refray(&["sync"]).exits(0);
    assert!(!world.bare(&B, "one").exists());
    let id = only_id(&world);
    has(&world.refray(&["backup", "list"]).exits(0), &["the repository was deleted on disk/b"]);
    world.refray(&["backup", "restore", &id]).exits(0);
    assert!(world.bare(&B, "one").exists() && !world.bare(&A, "one").exists());
    world.refray(&["sync"]).exits(0);
    assert_eq!(world.agree(&[A, B], "one"), before);
}

#[test]
fn backups_go_when_their_time_is_over_and_not_before() {
    let world = World::of_folders(&["a", "b"]);
    let (work, _, newer) = rewritten(&world);
    let mirror = world.cache().join("all/one.git").display().to_string();
    let kept = |world: &World| world.git(".", &["-C", &mirror, "for-each-ref", "refs/refray-backups"]).lines().count();
    assert_eq!((bundles(&world).len(), kept(&world)), (1, 1));
    has(&world.refray(&["backup", "prune"]).exits(0), &["No backup is older than 90 days."]);
    has(&world.refray(&["backup", "prune", "--older-than", "0", "--dry-run"]).exits(0), &["1 backup", "would be"]);
    assert_eq!((bundles(&world).len(), kept(&world)), (1, 1));

    // An old one goes at the end of a run by itself; what is younger stays, in the mirror too.
    let young = bundles(&world).remove(0);
    for extension in ["bundle", "json"] {
        let old = young.with_file_name(format!("20200101T000000Z.{extension}"));
        std::fs::copy(young.with_extension(extension), old).unwrap();
    }
    let packed = PathBuf::from(&mirror).join("packed-refs");
    let old = format!("refs/refray-backups/branches/topic/20200101T000000Z-{}", &newer[..10]);
    world.git(".", &["-C", &mirror, "update-ref", &old, &newer]);
    world.git(".", &["-C", &mirror, "pack-refs", "--all"]);
    assert!(packed.exists() && kept(&world) == 2);
    work.commit("more");
    work.push(&A, "one", &["topic"]);
    world.refray(&["sync"]).exits(0);
    assert_eq!((bundles(&world), kept(&world)), (vec![young], 1));

    let pruned = world.refray(&["backup", "prune", "--older-than", "0", "--format", "json"]).events().remove(0);
    assert_eq!((&pruned["event"], pruned["backups"].as_array().unwrap().len()), (&"backups_pruned".into(), 1));
    assert_eq!((files_below(&world.state().join("backups")).len(), kept(&world)), (0, 0));
}
