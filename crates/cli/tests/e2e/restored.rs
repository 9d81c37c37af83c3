//! A forge that was put back to last week's backup is filled up again, and takes nothing away.

use refray_sim::Kind;
use refray_sim::world::Visibility;

use crate::world::{OWNER, Place, World, has, users};

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
        let (one, young) = (world.agree(&users(&kinds), "one"), world.refs(&HUB, "young"));

        world.site(kind).restore(&week).unwrap();
        let run = world.refray(&["sync"]);
        assert_eq!(world.refs(&HUB, "one"), one, "{kind}: {}", run.stdout);
        has(&world.refs(&Place::Forge(kind, OWNER), "one"), &[&format!("{tip} refs/heads/main")]);
        let there = hub.repository(OWNER, "young").is_ok();
        // A repository that is younger than the backup looks like a deleted one. What was deleted is in a bundle.
        if there {
            assert_eq!(world.refs(&HUB, "young"), young);
        } else {
            assert!(world.state().join("backups/all/young").exists(), "{kind}: {}", run.stdout);
        }
    }
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
