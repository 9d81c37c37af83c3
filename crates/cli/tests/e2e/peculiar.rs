//! What is one forge's own way: the case of names, wikis, what is switched off.

use refray_sim::Kind;
use refray_sim::world::{NewRepository, RepositoryPatch, Visibility};

use crate::world::{OWNER, Place, World, has, users};

#[tokio::test(flavor = "multi_thread")]
async fn names_that_differ_in_case_alone_are_one_repository_on_all_forges() {
    let world = World::of_forges(&Kind::ALL).await;
    let tip = world.seed(Kind::GitHub, "Widget", Visibility::Private);
    for (kind, name) in [(Kind::GitLab, "widget"), (Kind::Gitea, "WIDGET")] {
        let new = NewRepository { visibility: Visibility::Private, ..NewRepository::default() };
        world.site(kind).create_repo(OWNER, name, new).unwrap();
    }
    world.refray(&["sync"]).exits(0);
    let named = |kind| {
        let site = world.site(kind);
        let there = site.world();
        there.repositories.values().map(|repository| repository.path.clone()).collect::<Vec<_>>()
    };
    // Each keeps its own way of writing the name, and the one that had none takes the first's.
    for (kind, name) in
        [(Kind::GitHub, "Widget"), (Kind::GitLab, "widget"), (Kind::Gitea, "WIDGET"), (Kind::Forgejo, "Widget")]
    {
        assert_eq!(named(kind), [name], "{kind}");
    }
    has(&world.agree(&users(&Kind::ALL), "widget"), &[&tip]);
    let second = world.site(Kind::Gitea).commit(OWNER, "WIDGET", "main", &[("g", "2")], "second\n").unwrap();
    world.refray(&["sync", "--repo", "wIDGET"]).exits(0);
    has(&world.agree(&users(&Kind::ALL), "widget"), &[&second]);
    has(&world.refray(&["sync"]).exits(0), &["1 agreed already"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wiki_beside_its_repository_is_none_of_its_own() {
    let mut world = World::of_forges(&[Kind::GitHub, Kind::Gitea]).await;
    world.add_folders(&["kept"]);
    world.seeded("kept", "one");
    world.seeded("kept", "one.wiki");
    let said = world.refray(&["sync"]).exits(0);
    assert!(!said.contains("wiki"), "{said}");
    world.agree(&[Place::Folder("kept"), Place::Forge(Kind::GitHub, OWNER), Place::Forge(Kind::Gitea, OWNER)], "one");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fork_is_synced_as_what_it_is_its_owners_repository() {
    let kinds = [Kind::GitHub, Kind::GitLab, Kind::Gitea];
    let world = World::of_forges(&kinds).await;
    let places = users(&kinds);
    for (kind, name) in kinds.iter().copied().zip(["from-hub", "from-lab", "from-tea"]) {
        let site = world.site(kind);
        site.user("upstream").unwrap();
        let public = || NewRepository { visibility: Visibility::Public, ..NewRepository::default() };
        let origin = site.create_repo("upstream", name, public()).unwrap();
        site.commit("upstream", name, "main", &[("README.md", name)], "upstream's\n").unwrap();
        site.create_repo(OWNER, name, NewRepository { fork_of: Some(origin.id), ..public() }).unwrap();
        let (from, to) = (Place::Forge(kind, "upstream"), Place::Forge(kind, OWNER));
        let bare = |place| world.bare(place, name).display().to_string();
        world.git(".", &["-C", &bare(&from), "push", "-q", &bare(&to), "main"]);
        site.commit(OWNER, name, "mine", &[("mine", "1")], "a contribution\n").unwrap();
    }
    has(&world.refray(&["doctor"]).exits(0), &["1 repository, 1 forked"]);
    world.refray(&["sync"]).exits(0);
    for name in ["from-hub", "from-lab", "from-tea"] {
        has(&world.agree(&places, name), &["refs/heads/mine"]);
    }
    // What is pushed to a copy flows back into the fork, and never further.
    let upstream = Place::Forge(Kind::GitLab, "upstream");
    let before = world.refs(&upstream, "from-lab");
    let tip = world.site(Kind::GitHub).commit(OWNER, "from-lab", "main", &[("more", "1")], "more\n").unwrap();
    world.refray(&["sync"]).exits(0);
    has(&world.agree(&places, "from-lab"), &[&tip]);
    assert_eq!(world.refs(&upstream, "from-lab"), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_forge_has_switched_off_is_named_and_neither_taken_for_empty_nor_for_gone() {
    for kind in [Kind::GitHub, Kind::GitLab] {
        let other = if kind == Kind::GitHub { Kind::Gitea } else { Kind::GitHub };
        let mut world = World::of_forges(&[kind, other]).await;
        world.config.set("delete_missing = true");
        for name in ["one", "two"] {
            world.seed(kind, name, Visibility::Private);
        }
        world.refray(&["sync"]).exits(0);
        let before = world.refs(&Place::Forge(other, OWNER), "one");
        let there = world.site(kind).repository(OWNER, "one").unwrap();
        let patch = |off: bool| {
            let mut patch = RepositoryPatch { disabled: Some(off), ..RepositoryPatch::default() };
            // On GitLab it is the project's own setting.
            let level = if off { "disabled" } else { "enabled" };
            patch.settings.extend((kind == Kind::GitLab).then(|| ("repository_access_level".into(), level.into())));
            patch
        };
        world.site(kind).update_repository(there.id, patch(true), there.owner).unwrap();
        let tip = world.site(kind).commit(OWNER, "two", "main", &[("g", "2")], "second\n").unwrap();
        let said = world.refray(&["sync"]).exits(1);
        has(&said, &["one", "the forge has disabled it, or its code is switched off there", "remedy: "]);
        assert_eq!(world.refs(&Place::Forge(other, OWNER), "one"), before, "{kind}");
        has(&world.agree(&users(&[kind, other]), "two"), &[&tip]);
        world.site(kind).update_repository(there.id, patch(false), there.owner).unwrap();
        world.refray(&["sync"]).exits(0);
    }
}
