//! Unreadable is not deleted: scenes in which a careless tool would delete.

use refray_sim::Kind;
use refray_sim::world::{NewRepository, Visibility};

use crate::world::{OWNER, World};

const BOTH: [Kind; 2] = [Kind::GitHub, Kind::Gitea];

/// Two forges that agree on some private repositories.
async fn agreed(repositories: usize) -> World {
    let mut world = World::of_forges(&BOTH, false).await;
    world.set("delete_missing = true");
    let site = world.site(Kind::GitHub);
    for number in 0..repositories {
        let name = format!("repo-{number}");
        site.create_repo(OWNER, &name, NewRepository { visibility: Visibility::Private, ..NewRepository::default() })
            .unwrap();
        let first = site.commit(OWNER, &name, "main", &[("f", &name)], "first\n").unwrap();
        site.move_ref(site.repository(OWNER, &name).unwrap().id, "refs/heads/side", &first).unwrap();
    }
    world.refray(&["sync"]).exits(0);
    world
}

fn all_there(world: &World, kind: Kind, repositories: usize) {
    for number in 0..repositories {
        let refs = world.refs_on(kind, OWNER, &format!("repo-{number}"));
        assert!(refs.contains("refs/heads/main") && refs.contains("refs/heads/side"), "repo-{number}: {refs}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_narrowed_token_deletes_nothing() {
    let world = agreed(3).await;
    for (kind, scopes) in [(Kind::GitHub, &["public_repo"][..]), (Kind::Gitea, &["*"])] {
        let token = &world.tokens[&format!("TOKEN_{}", crate::world::name(kind).to_uppercase())];
        world.site(kind).narrow_token(token, scopes, true);
        world.refray(&["sync"]).exits(1);
        all_there(&world, Kind::GitHub, 3);
        all_there(&world, Kind::Gitea, 3);
        world.site(kind).narrow_token(token, &["*"], false);
    }
    world.refray(&["sync"]).exits(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forge_put_back_to_last_week_is_filled_up_again() {
    let world = agreed(2).await;
    let (hub, gitea) = (world.site(Kind::GitHub), world.site(Kind::Gitea));
    let week = gitea.snapshot().unwrap();
    let tip = hub.commit(OWNER, "repo-0", "main", &[("g", "2")], "second\n").unwrap();
    let id = hub.repository(OWNER, "repo-0").unwrap().id;
    hub.move_ref(id, "refs/heads/new", &tip).unwrap();
    hub.create_repo(OWNER, "young", NewRepository::default()).unwrap();
    hub.commit(OWNER, "young", "main", &[("f", "1")], "first\n").unwrap();
    world.refray(&["sync"]).exits(0);
    gitea.restore(&week).unwrap();
    world.refray(&["sync"]);
    let refs = world.refs_on(Kind::GitHub, OWNER, "repo-0");
    assert!(refs.contains(&format!("{tip} refs/heads/main")) && refs.contains("refs/heads/new"), "{refs}");
    assert!(world.refs_on(Kind::Gitea, OWNER, "repo-0").contains(&format!("{tip} refs/heads/main")));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emptied_repository_empties_no_other() {
    let world = agreed(1).await;
    let bare = world.site(Kind::Gitea).bare_path(OWNER, "repo-0").unwrap();
    for name in ["refs/heads/main", "refs/heads/side"] {
        world.git(".", &["-C", &bare.to_string_lossy(), "update-ref", "-d", name]);
    }
    let said = world.refray(&["sync"]).exits(1);
    assert!(said.contains("held: the deletion of the branch"), "{said}");
    all_there(&world, Kind::GitHub, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repository_made_anew_with_other_content_is_not_joined() {
    let world = agreed(2).await;
    let gitea = world.site(Kind::Gitea);
    let before = world.refs_on(Kind::GitHub, OWNER, "repo-0");
    gitea.delete_repository(gitea.repository(OWNER, "repo-0").unwrap().id, gitea.account(OWNER).unwrap().id).unwrap();
    gitea
        .create_repo(OWNER, "repo-0", NewRepository { visibility: Visibility::Private, ..NewRepository::default() })
        .unwrap();
    let other = gitea.commit(OWNER, "repo-0", "main", &[("else", "else")], "something else\n").unwrap();
    let said = world.refray(&["sync"]).exits(1);
    assert!(said.contains("share no history") && said.contains("--join"), "{said}");
    assert_eq!(world.refs_on(Kind::GitHub, OWNER, "repo-0"), before);
    assert!(world.refs_on(Kind::Gitea, OWNER, "repo-0").contains(&other));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rename_is_no_deletion() {
    let world = agreed(2).await;
    world.site(Kind::Gitea).rename(OWNER, "repo-0", "better").unwrap();
    let said = world.refray(&["sync"]).exits(1);
    assert!(said.contains("was renamed or moved to"), "{said}");
    all_there(&world, Kind::GitHub, 2);
    assert!(world.site(Kind::Gitea).repository(OWNER, "better").is_ok());
    assert!(world.site(Kind::GitHub).repository(OWNER, "better").is_err(), "nothing is created because of it");
    world.site(Kind::GitHub).rename(OWNER, "repo-0", "better").unwrap();
    world.refray(&["sync"]).exits(0);
    world.site(Kind::GitHub).commit(OWNER, "better", "main", &[("g", "2")], "second\n").unwrap();
    world.refray(&["sync"]).exits(0);
    assert_eq!(world.refs_on(Kind::GitHub, OWNER, "better"), world.refs_on(Kind::Gitea, OWNER, "better"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_repository_is_deleted_elsewhere_after_a_bundle() {
    let world = agreed(5).await;
    let gitea = world.site(Kind::Gitea);
    let tip =
        world.refs_on(Kind::GitHub, OWNER, "repo-0").lines().find(|line| line.ends_with(" refs/heads/main")).unwrap()
            [..40]
            .to_owned();
    gitea.delete_repository(gitea.repository(OWNER, "repo-0").unwrap().id, gitea.account(OWNER).unwrap().id).unwrap();
    let said = world.refray(&["sync"]).exits(0);
    assert!(said.contains("deleted on github/ada"), "{said}");
    assert!(world.site(Kind::GitHub).repository(OWNER, "repo-0").is_err());
    let folder = world.state().join("backups/all/repo-0");
    let bundle = std::fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path();
    assert!(world.git(".", &["bundle", "list-heads", &bundle.to_string_lossy()]).contains(&tip));
    world.refray(&["sync"]).exits(0);
    assert!(gitea.repository(OWNER, "repo-0").is_err(), "it does not come back");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_that_vanish_at_once_are_held() {
    let world = agreed(6).await;
    let gitea = world.site(Kind::Gitea);
    let owner = gitea.account(OWNER).unwrap().id;
    for number in 0..4 {
        gitea.delete_repository(gitea.repository(OWNER, &format!("repo-{number}")).unwrap().id, owner).unwrap();
    }
    let said = world.refray(&["sync"]).exits(1);
    assert!(said.contains("4 of the group's 6 repositories vanished at once"), "{said}");
    all_there(&world, Kind::GitHub, 6);
    world.refray(&["sync", "--confirm-deletions", "--repo", "repo-1"]).exits(0);
    assert!(world.site(Kind::GitHub).repository(OWNER, "repo-1").is_err());
    assert!(world.site(Kind::GitHub).repository(OWNER, "repo-2").is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn unrelated_repositories_of_one_name_are_joined_only_on_demand() {
    let world = World::of_folders(&["a", "b"]);
    world.seed("a", "one");
    world.git("work/one", &["checkout", "-q", "--orphan", "other"]);
    world.commit("one", "unrelated");
    world.git(".", &["init", "-q", "--bare", "-b", "main", "disk/b/one.git"]);
    world.push("one", "b", "other");
    let (a, b) = (world.refs("a", "one"), world.refs("b", "one"));
    let said = world.refray(&["sync"]).exits(1);
    assert!(said.contains("share no history"), "{said}");
    assert_eq!((world.refs("a", "one"), world.refs("b", "one")), (a, b));
    world.refray(&["sync", "--join", "one"]);
    assert!(world.refs("a", "one").contains("refs/heads/other") && world.refs("b", "one").contains("refs/heads/main"));
    world.refray(&["sync"]);
    assert!(world.refs("a", "one").contains("refs/heads/other"));
}
