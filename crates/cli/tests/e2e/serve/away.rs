//! What is not as it was remembered is judged by a look at the whole group.

use refray_sim::Kind;
use refray_sim::world::Visibility;

use super::until;
use crate::world::{OWNER, World, users};

const KINDS: [Kind; 3] = [Kind::GitHub, Kind::GitLab, Kind::Gitea];

async fn served() -> (World, super::Daemon) {
    let mut world = World::of_forges(&KINDS).await;
    world.with_webhook();
    for name in ["one", "two"] {
        world.seed(Kind::GitHub, name, Visibility::Private);
    }
    let daemon = world.served(&KINDS).await;
    (world, daemon)
}

fn main_of(world: &World, kind: Kind, repository: &str) -> Option<String> {
    let site = world.site(kind);
    let id = site.repository(OWNER, repository).ok()?.id;
    site.bare(id).branch("main").ok().flatten()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_is_gone_is_deleted_nowhere_else() {
    let (world, daemon) = served().await;
    world.delete(Kind::Gitea, "one");
    let tip = world.site(Kind::GitHub).commit(OWNER, "one", "main", &[("f", "2")], "second\n").unwrap();
    until(&daemon, "the push is on GitLab", || main_of(&world, Kind::GitLab, "one").as_ref() == Some(&tip)).await;
    daemon.settles(&world, &KINDS).await;
    assert_eq!(main_of(&world, Kind::GitHub, "one"), Some(tip));
    world.agree(&users(&KINDS), "two");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_repository_of_the_same_name_is_not_taken_for_the_old_one() {
    let (world, daemon) = served().await;
    let old = world.site(Kind::GitHub).commit(OWNER, "one", "topic", &[("f", "2")], "a topic\n").unwrap();
    daemon.settles(&world, &KINDS).await;
    // Made anew with a history of its own, and without the topic: neither a rewrite nor a deletion.
    world.delete(Kind::Gitea, "one");
    world.site(Kind::Gitea).create_repo(OWNER, "one", Default::default()).unwrap();
    world.site(Kind::Gitea).commit(OWNER, "one", "main", &[("g", "1")], "another beginning\n").unwrap();
    until(&daemon, "it is reported", || {
        daemon.events().iter().any(|event| event["event"] == "finding" && event["finding"]["kind"] == "unrelated")
    })
    .await;
    daemon.settles(&world, &KINDS).await;
    for kind in [Kind::GitHub, Kind::GitLab] {
        let site = world.site(kind);
        let id = site.repository(OWNER, "one").unwrap().id;
        assert_eq!(site.bare(id).branch("topic").unwrap(), Some(old.clone()), "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rename_is_held_and_what_was_known_stays() {
    let (world, daemon) = served().await;
    world.site(Kind::GitLab).rename(OWNER, "one", "renamed").unwrap();
    until(&daemon, "it is reported", || {
        daemon.events().iter().any(|event| event["event"] == "finding" && event["finding"]["kind"] == "renamed")
    })
    .await;
    daemon.settles(&world, &KINDS).await;
    assert!(world.site(Kind::GitHub).repository(OWNER, "renamed").is_err(), "{}", daemon.log());
    assert!(world.site(Kind::GitHub).repository(OWNER, "one").is_ok());
    assert!(world.site(Kind::GitLab).repository(OWNER, "renamed").is_ok());
}
