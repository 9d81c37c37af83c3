//! Organisations and nested groups.

use refray_sim::Kind;
use refray_sim::world::{NewRepository, Visibility};

use crate::world::{OWNER, Place, World, has};

/// An organisation on GitHub, Gitea and Forgejo, and a group with groups in it on GitLab.
async fn world() -> World {
    let mut world = World::of_sites(&Kind::ALL, true).await;
    for kind in [Kind::GitHub, Kind::Gitea, Kind::Forgejo] {
        world.site(kind).org("guild", OWNER).unwrap();
        world.config.endpoint(kind.as_str(), "kind = \"org\"\nnamespace = \"guild\"");
    }
    world.site(Kind::GitLab).group("guild/smiths/apprentices", OWNER).unwrap();
    world.config.endpoint("gitlab", "kind = \"group\"\nnamespace = \"guild\"\ninclude_subgroups = true");
    world
}

fn fill(world: &World, kind: Kind, owner: &str, name: &str) {
    let new = NewRepository { visibility: Visibility::Public, description: name.to_owned(), ..Default::default() };
    world.site(kind).create_repo(owner, name, new).unwrap();
    world.site(kind).commit(owner, name, "main", &[("f", name)], "first\n").unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn repositories_in_nested_groups_are_matched_where_they_are() {
    let world = world().await;
    for (group, name) in [("guild", "hall"), ("guild/smiths", "anvil"), ("guild/smiths/apprentices", "broom")] {
        fill(&world, Kind::GitLab, group, name);
    }
    fill(&world, Kind::GitHub, "guild", "gate");
    world.refray(&["sync"]).exits(0);
    let others = [Kind::GitHub, Kind::Gitea, Kind::Forgejo].map(|kind| Place::Forge(kind, "guild"));
    let homes = [
        ("hall", "guild"),
        ("anvil", "guild/smiths"),
        ("broom", "guild/smiths/apprentices"),
        // What is new goes to the group itself.
        ("gate", "guild"),
    ];
    for (name, group) in homes {
        let mut places = others.to_vec();
        places.push(Place::Forge(Kind::GitLab, group));
        world.agree(&places, name);
        let there = world.site(Kind::Forgejo).repository("guild", name).unwrap();
        assert_eq!((there.visibility, there.description.as_str()), (Visibility::Public, name));
    }
    world.site(Kind::Gitea).commit("guild", "broom", "main", &[("g", "g")], "back\n").unwrap();
    world.refray(&["sync"]).exits(0);
    let home = Place::Forge(Kind::GitLab, "guild/smiths/apprentices");
    world.agree(&[others[0].clone(), others[1].clone(), others[2].clone(), home], "broom");
    assert!(world.site(Kind::GitLab).repository("guild", "broom").is_err(), "no second one is made");
    let before = world.requests();
    has(&world.refray(&["sync"]).exits(0), &["4 agreed already"]);
    assert!(world.requests() - before <= 4 * 4 + 16);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_of_one_name_in_nested_groups_are_for_a_person_to_sort_out() {
    let world = world().await;
    fill(&world, Kind::GitLab, "guild", "anvil");
    fill(&world, Kind::GitLab, "guild/smiths", "anvil");
    fill(&world, Kind::GitLab, "guild", "hall");
    let run = world.refray(&["sync", "--format", "json"]);
    assert_eq!(run.findings(), [("anvil".to_owned(), "name_clash".to_owned())]);
    run.exits(1);
    assert!(world.site(Kind::GitHub).repository("guild", "anvil").is_err());
    assert!(world.site(Kind::GitHub).repository("guild", "hall").is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_below_are_left_out_unless_asked_for() {
    let mut world = World::of_sites(&[Kind::GitLab, Kind::Gitea], false).await;
    world.site(Kind::GitLab).group("guild/smiths", OWNER).unwrap();
    world.config.endpoint("gitlab", "kind = \"group\"\nnamespace = \"guild\"");
    world.config.endpoint("gitea", &format!("kind = \"user\"\nnamespace = \"{OWNER}\""));
    fill(&world, Kind::GitLab, "guild", "hall");
    fill(&world, Kind::GitLab, "guild/smiths", "anvil");
    world.refray(&["sync"]).exits(0);
    assert!(world.site(Kind::Gitea).repository(OWNER, "hall").is_ok());
    assert!(world.site(Kind::Gitea).repository(OWNER, "anvil").is_err());
    world.config.replace("namespace = \"guild\"", "namespace = \"guild/smiths\"");
    world.refray(&["sync", "--repo", "anvil"]).exits(0);
    assert!(world.site(Kind::Gitea).repository(OWNER, "anvil").is_ok());
}
