//! What is set beside the content: default branch, description, visibility.

use refray_sim::Kind;
use refray_sim::world::{NewRepository, RepositoryPatch, Visibility};

use crate::world::{OWNER, World, has, users};

/// Makes another branch the default one, as a person would on the forge's page.
fn switch(world: &World, kind: Kind, repository: &str, branch: &str) {
    let site = world.site(kind);
    if branch != "main" {
        site.commit(OWNER, repository, branch, &[("f", branch)], "on it\n").unwrap();
    }
    let there = site.repository(OWNER, repository).unwrap();
    let patch = RepositoryPatch { default_branch: Some(branch.to_owned()), ..Default::default() };
    site.update_repository(there.id, patch, there.owner).unwrap();
}

fn default_of(world: &World, kind: Kind, repository: &str) -> String {
    world.site(kind).repository(OWNER, repository).unwrap().default_branch
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_repository_is_made_with_comes_from_wherever_it_was() {
    for from in Kind::ALL {
        let world = World::of_forges(&Kind::ALL).await;
        for (name, visibility) in [("shown", Visibility::Public), ("hidden", Visibility::Private)] {
            let new = NewRepository {
                visibility,
                description: format!("from {from}: äöü \"quoted\""),
                default_branch: Some("trunk".into()),
                ..NewRepository::default()
            };
            world.site(from).create_repo(OWNER, name, new).unwrap();
            let tip = world.site(from).commit(OWNER, name, "trunk", &[("f", "1")], "first\n").unwrap();
            let made = world.site(from).repository(OWNER, name).unwrap();
            world.site(from).move_ref(made.id, "refs/heads/main", &tip).unwrap();
        }
        world.refray(&["sync"]).exits(0);
        for (name, visibility) in [("shown", Visibility::Public), ("hidden", Visibility::Private)] {
            assert!(world.agree(&users(&Kind::ALL), name).starts_with("refs/heads/trunk\n"));
            for kind in Kind::ALL {
                let there = world.site(kind).repository(OWNER, name).unwrap();
                assert_eq!(there.visibility, visibility, "{name} from {from} on {kind}");
                assert_eq!(there.description, format!("from {from}: äöü \"quoted\""), "{name} on {kind}");
                assert_eq!(there.default_branch, "trunk", "{name} from {from} on {kind}");
            }
        }
        has(&world.refray(&["sync"]).exits(0), &["2 agreed already"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_default_branch_follows_whichever_forge_changed_it() {
    let world = World::of_forges(&Kind::ALL).await;
    world.seed(Kind::GitHub, "one", Visibility::Private);
    world.refray(&["sync"]).exits(0);
    for from in Kind::ALL {
        let branch = format!("trunk-of-{from}");
        switch(&world, from, "one", &branch);
        world.refray(&["sync"]).exits(0);
        for kind in Kind::ALL {
            assert_eq!(default_of(&world, kind, "one"), branch, "changed on {from}, seen on {kind}");
        }
    }
    has(&world.refray(&["sync"]).exits(0), &["1 agreed already"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn default_branches_that_two_sides_changed_apart_are_for_a_person_and_hold_up_nothing() {
    for (first, second) in [(Kind::GitHub, Kind::GitLab), (Kind::Gitea, Kind::Forgejo)] {
        let world = World::of_forges(&Kind::ALL).await;
        world.seed(Kind::GitHub, "one", Visibility::Private);
        world.refray(&["sync"]).exits(0);
        switch(&world, first, "one", "left");
        switch(&world, second, "one", "right");
        let run = world.refray(&["sync", "--format", "json"]);
        assert!(run.findings().contains(&("one".into(), "default_branch_differs".into())), "{:?}", run.findings());
        let said = world.refray(&["sync", "--full"]).exits(1);
        has(&said, &["the default branch differs", "left", "right", "Set the same default branch on every side"]);
        for kind in Kind::ALL {
            let expected = if kind == first {
                "left"
            } else if kind == second {
                "right"
            } else {
                "main"
            };
            assert_eq!(default_of(&world, kind, "one"), expected, "{kind}");
            let there = world.site(kind).repository(OWNER, "one").unwrap();
            let bare = world.site(kind).bare(there.id);
            assert_eq!(bare.refs(&["refs/heads/"]).unwrap().len(), 3, "the branches themselves went everywhere");
        }
        switch(&world, second, "one", "left");
        world.refray(&["sync"]).exits(0);
        for kind in Kind::ALL {
            assert_eq!(default_of(&world, kind, "one"), "left", "{kind}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forge_that_does_not_switch_the_default_branch_is_named_and_follows_later() {
    for refusing in Kind::ALL {
        let from = if refusing == Kind::GitHub { Kind::GitLab } else { Kind::GitHub };
        let world = World::of_forges(&[from, refusing]).await;
        world.seed(from, "one", Visibility::Private);
        world.refray(&["sync"]).exits(0);
        switch(&world, from, "one", "trunk");
        let method = if refusing == Kind::GitLab { "PUT" } else { "PATCH" };
        let refusal = refray_sim::Effect::Status(403, "{\"message\":\"not by you\"}".into());
        world.site(refusing).faults().add_for(Some(method), "/(repos|projects)/", None, refusal).unwrap();
        let said = world.refray(&["sync"]).exits(1);
        has(&said, &["! one", "default branch", "trunk", &format!("{refusing}/{OWNER}"), "remedy: "]);
        assert_eq!(default_of(&world, refusing, "one"), "main");
        world.site(refusing).faults().clear();
        world.refray(&["sync"]).exits(0);
        assert_eq!(default_of(&world, refusing, "one"), "trunk", "{refusing}");
        assert_eq!(default_of(&world, from, "one"), "trunk", "{refusing} never pulls the other back");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visibility_that_a_group_does_not_allow_is_named_and_nothing_is_made_wider() {
    let mut world = World::of_sites(&[Kind::GitHub, Kind::GitLab], false).await;
    world.config.endpoint("github", &format!("kind = \"user\"\nnamespace = \"{OWNER}\""));
    let group = world.site(Kind::GitLab).group("guild", OWNER).unwrap();
    world.config.endpoint("gitlab", "kind = \"group\"\nnamespace = \"guild\"");
    world.site(Kind::GitLab).world().accounts.get_mut(&group.id).unwrap().visibility = Visibility::Private;
    world.seed(Kind::GitHub, "shown", Visibility::Public);
    world.seed(Kind::GitHub, "hidden", Visibility::Private);
    let said = world.refray(&["sync"]).exits(1);
    has(&said, &["! shown", "public is not allowed in a private group", "remedy: ", "+ hidden"]);
    assert!(world.site(Kind::GitLab).repository("guild", "shown").is_err());
    assert_eq!(world.site(Kind::GitLab).repository("guild", "hidden").unwrap().visibility, Visibility::Private);
    // Whoever wants it there all the same makes it as narrow as the group wants it; it stays so.
    let new = NewRepository { visibility: Visibility::Private, ..NewRepository::default() };
    world.site(Kind::GitLab).create_repo("guild", "shown", new).unwrap();
    world.refray(&["sync"]).exits(0);
    assert_eq!(world.site(Kind::GitLab).repository("guild", "shown").unwrap().visibility, Visibility::Private);
    assert_eq!(world.site(Kind::GitHub).repository(OWNER, "shown").unwrap().visibility, Visibility::Public);
}
