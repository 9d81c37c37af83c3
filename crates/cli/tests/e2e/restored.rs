//! A forge that was put back to last week's backup is filled up again, and takes nothing away.

use refray_sim::world::{NewRepository, Visibility};
use refray_sim::{Kind, Snapshot};

use crate::world::{OWNER, Place, World, files_below, has, users};

const HUB: Place = Place::Forge(Kind::GitHub, OWNER);

#[tokio::test(flavor = "multi_thread")]
async fn what_came_since_comes_back_from_the_others() {
    for kind in Kind::ALL.into_iter().filter(|kind| *kind != Kind::GitHub) {
        let kinds = [Kind::GitHub, kind];
        let mut world = World::of_forges(&kinds).await;
        world.config.set("delete_missing = true");
        for name in ["one", "two", "three", "four", "five"] {
            world.seed(Kind::GitHub, name, Visibility::Private);
        }
        world.refray(&["sync"]).exits(0);
        let week = world.site(kind).snapshot().unwrap();
        let hub = world.site(Kind::GitHub);
        let tip = hub.commit(OWNER, "one", "main", &[("g", "2")], "second\n").unwrap();
        let id = hub.repository(OWNER, "one").unwrap().id;
        for name in ["refs/heads/new", "refs/tags/v1"] {
            hub.move_ref(id, name, &tip).unwrap();
        }
        world.seed(Kind::GitHub, "young", Visibility::Private);
        world.refray(&["sync"]).exits(0);
        let one = world.agree(&users(&kinds), "one");

        world.site(kind).restore(&week).unwrap();
        let run = world.refray(&["sync"]);
        assert_eq!(world.refs(&HUB, "one"), one, "{kind}: {}", run.stdout);
        has(&world.refs(&Place::Forge(kind, OWNER), "one"), &[&format!("{tip} refs/heads/main")]);
    }
}

/// The forge beside the one that is restored.
fn hub(kind: Kind) -> Kind {
    if kind == Kind::GitHub { Kind::GitLab } else { Kind::GitHub }
}

/// Two forges with five repositories that agree, and the second as it was before a sixth one was made on the first. What
/// `since` does to the repository `one` is synced as well.
async fn older(kind: Kind, since: impl FnOnce(&World)) -> (World, Snapshot) {
    let mut world = World::of_forges(&[hub(kind), kind]).await;
    world.config.set("delete_missing = true");
    for name in ["one", "two", "three", "four", "five"] {
        world.seed(hub(kind), name, Visibility::Private);
    }
    world.refray(&["sync"]).exits(0);
    let week = world.site(kind).snapshot().unwrap();
    since(&world);
    world.seed(hub(kind), "young", Visibility::Private);
    world.refray(&["sync"]).exits(0);
    (world, week)
}

/// Moves a branch on, or makes a reference.
fn advance(world: &World, hub: Kind, name: &str) {
    let hub = world.site(hub);
    let id = hub.repository(OWNER, "one").unwrap().id;
    let tip = hub.bare(id).branch("main").unwrap().unwrap();
    match name {
        "refs/heads/main" => drop(hub.commit(OWNER, "one", "main", &[("g", "2")], "second\n").unwrap()),
        other => hub.move_ref(id, other, &tip).unwrap(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repository_that_is_younger_than_the_backup_is_not_deleted_elsewhere() {
    for kind in Kind::ALL {
        let there = Place::Forge(hub(kind), OWNER);
        for sign in ["refs/tags/v1", "refs/heads/main"] {
            let (world, week) = older(kind, |world| advance(world, hub(kind), sign)).await;
            let young = world.refs(&there, "young");
            world.site(kind).restore(&week).unwrap();
            // What the first run does takes the signs away, and the hold stays.
            for _ in 0..3 {
                let said = world.refray(&["sync"]).exits(1);
                has(&said, &["? young", "held: ", &format!("{kind}/ada"), "old backup", "--confirm-deletions"]);
                assert_eq!(world.refs(&there, "young"), young, "{kind} {sign}");
            }
            // One way out: an empty repository of that name is filled.
            world.site(kind).create_repo(OWNER, "young", NewRepository::default()).unwrap();
            world.refray(&["sync", "--repo", "young"]).exits(0);
            assert_eq!(world.agree(&users(&[hub(kind), kind]), "young"), young);
            // From then on a deletion is one again.
            world.refray(&["sync"]);
            world.delete(kind, "young");
            has(&world.refray(&["sync", "--repo", "young"]).exits(0), &[&format!("deleted on {}/ada", hub(kind))]);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_about_that_repository_alone_looks_at_others() {
    let (world, week) = older(Kind::Gitea, |world| advance(world, Kind::GitHub, "refs/tags/v1")).await;
    let young = world.refs(&HUB, "young");
    world.site(Kind::Gitea).restore(&week).unwrap();
    for args in [&["sync", "--repo", "young"][..], &["sync", "--repo", "young", "--dry-run"]] {
        has(&world.refray(args).exits(1), &["held: ", "the tag `v1`"]);
        assert_eq!(world.refs(&HUB, "young"), young);
    }
    // The other way out: a person says that it is to go.
    has(&world.refray(&["sync", "--repo", "young", "--confirm-deletions"]).exits(0), &["deleted on github/ada"]);
    assert!(!files_below(&world.state().join("backups/all/young")).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_about_another_repository_does_not_take_the_signs_away() {
    for args in [&["sync", "--repo", "one"][..], &["sync", "--retry-failed"], &["sync", "--repo-pattern", "^one$"]] {
        let (world, week) = older(Kind::Gitea, |world| advance(world, Kind::GitHub, "refs/tags/v1")).await;
        let young = world.refs(&HUB, "young");
        world.site(Kind::Gitea).restore(&week).unwrap();
        world.refray(args);
        has(&world.refray(&["sync"]).exits(1), &["? young", "the tag `v1`"]);
        assert_eq!(world.refs(&HUB, "young"), young);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn signs_in_one_group_hold_deletions_in_another() {
    let (mut world, week) = older(Kind::Gitea, |world| advance(world, Kind::GitHub, "refs/tags/v1")).await;
    let young = world.refs(&HUB, "young");
    let endpoints = ["github", "gitea"]
        .map(|site| format!("[[mirrors.endpoints]]\nsite = \"{site}\"\nkind = \"user\"\nnamespace = \"{OWNER}\"\n"));
    world.config.set("repo_blacklist = \"young\"");
    world.config.tail = format!(
        "[[mirrors]]\nname = \"other\"\ndelete_missing = true\nrepo_whitelist = \"young\"\n{}",
        endpoints.concat()
    );
    world.refray(&["sync"]).exits(0);
    world.site(Kind::Gitea).restore(&week).unwrap();
    // The group in which the signs are is brought up to date first, alone.
    world.refray(&["sync", "--group", "all"]).exits(0);
    has(&world.refray(&["sync"]).exits(1), &["? young", "the tag `v1`"]);
    assert_eq!(world.refs(&HUB, "young"), young);
}

#[test]
fn a_rewound_branch_is_filled_up_again() {
    let world = World::of_folders(&["a", "b"]);
    let (a, b) = (Place::Folder("a"), Place::Folder("b"));
    let work = world.seeded("a", "one");
    let first = work.tip("main");
    let last = work.commit("second");
    work.push(&a, "one", &["main", "main:refs/heads/topic"]);
    world.refray(&["sync"]).exits(0);
    work.push(&b, "one", &[&format!("{first}:refs/heads/topic"), &format!("{first}:refs/heads/main")]);
    world.refray(&["sync"]).exits(0);
    let refs = world.agree(&[a, b], "one");
    has(&refs, &[&format!("{last} refs/heads/topic"), &format!("{last} refs/heads/main")]);
}
