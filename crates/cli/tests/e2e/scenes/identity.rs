//! A repository that is made anew, renamed, transferred, or is another one of the same name.

use refray_sim::Kind;
use refray_sim::world::{NewRepository, Visibility};

use super::scene::Scene;
use crate::world::{OWNER, World, has, users};

#[tokio::test(flavor = "multi_thread")]
async fn a_repository_made_anew_with_other_content_is_kept_apart() {
    for kind in Kind::ALL {
        let mut scene = Scene::new(kind, 2).await;
        scene.world.delete(kind, "repo-0");
        scene.world.site(kind).create_repo(OWNER, "repo-0", NewRepository::default()).unwrap();
        let new = scene.commit(kind, "repo-0", "main", "something else");
        scene.is_held(2, &["share no history", "--join", "rename one"]);
        // The way out that is named: it gets a name of its own, and is mirrored under that.
        scene.world.site(kind).rename(OWNER, "repo-0", "else").unwrap();
        scene.is_held(2, &["? repo-0", "leads to another repository", "make an empty repository of its name"]);
        has(&scene.world.agree(&users(&[scene.other, kind]), "else"), &[&new]);
        // And an empty one under the old name is filled.
        scene.world.site(kind).create_repo(OWNER, "repo-0", NewRepository::default()).unwrap();
        scene.agrees(&["sync"], "repo-0");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_unrelated_repositories_of_one_name_are_kept_apart() {
    for kind in Kind::ALL {
        let mut scene = Scene::new(kind, 1).await;
        for at in [scene.other, kind] {
            scene.world.site(at).create_repo(OWNER, "repo-1", NewRepository::default()).unwrap();
            scene.commit(at, "repo-1", "main", &format!("made on {at}"));
        }
        scene.is_held(2, &["? repo-1", "share no history", "--join", "rename one"]);
        scene.world.site(kind).rename(OWNER, "repo-1", "repo-2").unwrap();
        scene.agrees(&["sync"], "repo-1");
        scene.agrees(&["sync"], "repo-2");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_is_neither_a_deletion_nor_a_creation() {
    for kind in Kind::ALL {
        let scene = Scene::new(kind, 2).await;
        let site = scene.world.site(kind);
        let (there, guild) = (site.repository(OWNER, "repo-0").unwrap(), site.org("guild", OWNER).unwrap());
        site.transfer_repository(there.id, guild.id, there.owner).unwrap();
        scene.is_held(2, &["? repo-0", "was renamed or moved to `guild/repo-0`", "back"]);
        assert_eq!(site.world().repositories.len(), 2, "{kind}: nothing is made anew");
        site.transfer_repository(there.id, there.owner, there.owner).unwrap();
        scene.agrees(&["sync"], "repo-0");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_within_the_group_deletes_nothing() {
    for kind in [Kind::GitHub, Kind::Gitea, Kind::Forgejo] {
        let mut scene = Scene::new(kind, 3).await;
        let site = scene.world.site(kind);
        let guild = site.org("guild", OWNER).unwrap();
        scene.world.config.endpoint(kind.as_str(), "kind = \"org\"\nnamespace = \"guild\"");
        scene.world.refray(&["sync"]).exits(0);
        // One of the two copies on that site goes, and the other takes its place.
        let doomed = site.repository("guild", "repo-0").unwrap();
        site.delete_repository(doomed.id, doomed.owner).unwrap();
        let there = site.repository(OWNER, "repo-0").unwrap();
        site.transfer_repository(there.id, guild.id, there.owner).unwrap();
        scene.is_held(3, &["? repo-0", "was renamed or moved to `guild/repo-0`"]);
        site.transfer_repository(there.id, there.owner, there.owner).unwrap();
        scene.world.refray(&["sync"]);
        scene.nothing_is_lost();
        has(&scene.world.refs(&scene.there(), "repo-0"), &["refs/heads/side"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_repository_under_the_old_name_of_a_renamed_one_takes_nothing_over() {
    for kind in Kind::ALL {
        let mut scene = Scene::new(kind, 2).await;
        let site = scene.world.site(kind);
        site.rename(OWNER, "repo-0", "better").unwrap();
        site.create_repo(OWNER, "repo-0", NewRepository::default()).unwrap();
        scene.commit(kind, "repo-0", "main", "something else");
        scene.is_held(2, &["? repo-0", "`repo-0` was renamed or moved to", "better", "Rename it alike"]);
        // Renamed alike on the other side, both are what they are: the new one is new there.
        scene.world.site(scene.other).rename(OWNER, "repo-0", "better").unwrap();
        has(&scene.agrees(&["sync"], "better"), &["refs/heads/side"]);
        scene.agrees(&["sync"], "repo-0");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_are_exchanged_mix_nothing_up() {
    for kind in Kind::ALL {
        let mut scene = Scene::new(kind, 2).await;
        scene.commit(scene.other, "repo-1", "main", "only in the second");
        scene.world.refray(&["sync"]).exits(0);
        let (first, second) = (scene.other_side(1)[0].clone(), scene.other_side(2)[1].clone());
        let exchange = |at: Kind| {
            let site = scene.world.site(at);
            for (from, to) in [("repo-0", "aside"), ("repo-1", "repo-0"), ("aside", "repo-1")] {
                site.rename(OWNER, from, to).unwrap();
            }
        };
        exchange(kind);
        scene.is_held(2, &["? repo-0", "? repo-1", "was renamed or moved to"]);
        exchange(scene.other);
        assert_eq!(scene.agrees(&["sync"], "repo-0"), second, "{kind}");
        assert_eq!(scene.agrees(&["sync"], "repo-1"), first, "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_case_is_no_other_name() {
    for kind in Kind::ALL {
        let mut scene = Scene::new(kind, 2).await;
        scene.world.site(kind).rename(OWNER, "repo-0", "Repo-0").unwrap();
        let new = scene.commit(kind, "Repo-0", "main", "after it");
        scene.world.refray(&["sync"]).exits(0);
        has(&scene.world.refs(&scene.there(), "repo-0"), &[&new]);
        assert_eq!(scene.world.site(kind).world().repositories.len(), 2, "{kind}");
        assert_eq!(scene.world.site(scene.other).world().repositories.len(), 2, "{kind}");
    }
}

#[test]
fn a_folder_that_is_there_but_empty_empties_no_other() {
    let mut world = World::of_folders(&["a", "b"]);
    world.config.set("delete_missing = true");
    for name in ["one", "two"] {
        world.seeded("a", name);
    }
    world.refray(&["sync"]).exits(0);
    // Another disk is mounted in its place.
    std::fs::rename(world.path("disk/b"), world.path("disk-b")).unwrap();
    std::fs::create_dir(world.path("disk/b")).unwrap();
    for _ in 0..2 {
        has(&world.refray(&["sync"]).exits(1), &["? one", "? two", "nothing at all is visible on disk/b"]);
    }
    // One of them is put there by a person: the other is no less doubtful.
    world.git(".", &["clone", "-q", "--bare", "disk-b/one.git", "disk/b/one.git"]);
    has(&world.refray(&["sync"]).exits(1), &["? two", "nothing at all is visible on disk/b"]);
    std::fs::remove_dir_all(world.path("disk/b")).unwrap();
    std::fs::rename(world.path("disk-b"), world.path("disk/b")).unwrap();
    world.refray(&["sync"]).exits(0);
    for name in ["one", "two"] {
        has(
            &world.agree(&[crate::world::Place::Folder("a"), crate::world::Place::Folder("b")], name),
            &["refs/heads/main"],
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_becomes_public_is_let_go_and_not_deleted() {
    for kind in Kind::ALL {
        let scene = Scene::with(kind, 3, "sync_visibility = \"private\"").await;
        let before = scene.other_side(3);
        let public = refray_sim::world::RepositoryPatch { visibility: Some(Visibility::Public), ..Default::default() };
        scene.patch(kind, "repo-0", public.clone());
        // One is public where it is left, and is deleted on the other side at the same time.
        scene.patch(scene.other, "repo-1", public);
        scene.world.delete(kind, "repo-1");
        scene.world.refray(&["sync"]);
        assert_eq!(scene.other_side(3), before, "{kind}");
        for number in [0, 2] {
            assert!(scene.world.site(kind).repository(OWNER, &format!("repo-{number}")).is_ok(), "{kind}");
        }
        scene.nothing_is_lost();
        let private =
            refray_sim::world::RepositoryPatch { visibility: Some(Visibility::Private), ..Default::default() };
        scene.patch(kind, "repo-0", private);
        scene.agrees(&["sync", "--repo", "repo-0"], "repo-0");
    }
}
