//! GitLab keeps what is deleted for a while, under another path.

use refray_sim::Kind;
use refray_sim::world::Visibility;

use super::scene::Scene;
use crate::world::{OWNER, Place, World, has};

const HUB: Place = Place::Forge(Kind::GitHub, "guild");

/// A group on GitLab and an organisation on GitHub that agree.
async fn in_groups() -> World {
    let mut world = World::of_sites(&[Kind::GitHub, Kind::GitLab], false).await;
    world.config.set("delete_missing = true");
    for (kind, word) in [(Kind::GitHub, "org"), (Kind::GitLab, "group")] {
        world.site(kind).org("guild", OWNER).unwrap();
        world.config.endpoint(kind.as_str(), &format!("kind = \"{word}\"\nnamespace = \"guild\""));
    }
    for name in ["one", "two", "three"] {
        let new = refray_sim::world::NewRepository { visibility: Visibility::Private, ..Default::default() };
        world.site(Kind::GitHub).create_repo("guild", name, new).unwrap();
        world.site(Kind::GitHub).commit("guild", name, "main", &[("f", name)], "first\n").unwrap();
    }
    world.refray(&["sync"]).exits(0);
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_that_is_carried_out_later_is_one_at_once() {
    let scene = Scene::new(Kind::GitHub, 3).await;
    let lab = scene.world.site(Kind::GitLab);
    let id = lab.repository(OWNER, "repo-0").unwrap().id;
    scene.world.delete(Kind::GitHub, "repo-0");
    let said = scene.world.refray(&["sync"]).exits(0);
    let waits = format!("ada/repo-0-deletion_scheduled-{id}");
    has(&said, &["+ repo-0: deleted on gitlab/ada", "gitlab/ada deletes it later", &waits, "restore it there"]);
    assert!(lab.world().repositories[&id].marked_for_deletion.is_some());
    // It is no copy, nor a repository of another name.
    for _ in 0..2 {
        has(&scene.world.refray(&["sync"]).exits(0), &["2 agreed already"]);
    }
    scene.nothing_is_lost();
    // The old name is free for another one.
    let new = scene.world.seed(Kind::GitHub, "repo-0", Visibility::Private);
    has(&scene.agrees(&["sync"], "repo-0"), &[&new]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_restores_comes_back() {
    let scene = Scene::new(Kind::GitHub, 3).await;
    let lab = scene.world.site(Kind::GitLab);
    let (id, before) = (lab.repository(OWNER, "repo-0").unwrap().id, scene.other_side(1));
    scene.world.delete(Kind::GitHub, "repo-0");
    scene.world.refray(&["sync"]).exits(0);
    lab.unmark_for_deletion(id).unwrap();
    assert_eq!(scene.agrees(&["sync"], "repo-0"), before[0]);
    assert_eq!(lab.repository(OWNER, "repo-0").unwrap().id, id, "the same one");
    assert!(lab.repository(OWNER, "repo-0").unwrap().marked_for_deletion.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mark_that_a_person_sets_is_a_deletion() {
    let world = in_groups().await;
    let lab = world.site(Kind::GitLab);
    let one = lab.repository("guild", "one").unwrap().id;
    lab.mark_for_deletion(one).unwrap();
    has(&world.refray(&["sync"]).exits(0), &["+ one: deleted on github/guild"]);
    assert!(world.site(Kind::GitHub).repository("guild", "one").is_err());
    // Both it and what it was deleted for come back when it is restored.
    lab.unmark_for_deletion(one).unwrap();
    world.refray(&["sync"]).exits(0);
    world.agree(&[HUB, Place::Forge(Kind::GitLab, "guild")], "one");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mark_that_is_held_and_taken_away_leaves_no_trace() {
    let world = in_groups().await;
    let lab = world.site(Kind::GitLab);
    let ids = ["one", "two", "three"].map(|name| lab.repository("guild", name).unwrap().id);
    for id in ids {
        lab.mark_for_deletion(id).unwrap();
    }
    has(&world.refray(&["sync"]).exits(1), &["? one", "nothing at all is visible on gitlab/guild", "3 held"]);
    for id in ids {
        lab.unmark_for_deletion(id).unwrap();
    }
    has(&world.refray(&["sync"]).exits(0), &["3 agreed already"]);
    assert_eq!(ids, ["one", "two", "three"].map(|name| lab.repository("guild", name).unwrap().id));
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nothing_waits_it_is_gone_at_once() {
    let world = in_groups().await;
    let lab = world.site(Kind::GitLab);
    lab.world().deletes_at_once = true;
    let (hub, id) = (world.site(Kind::GitHub), lab.repository("guild", "one").unwrap().id);
    let there = hub.repository("guild", "one").unwrap();
    hub.delete_repository(there.id, there.owner).unwrap();
    let said = world.refray(&["sync"]).exits(0);
    has(&said, &["+ one: deleted on gitlab/guild"]);
    assert!(!said.contains("deletes it later"), "{said}");
    assert!(!lab.world().repositories.contains_key(&id));
}
