//! The four forges.

use refray_sim::Kind;
use refray_sim::world::{NewRepository, Protection, PushRule, Visibility};

use crate::world::{ALL, OWNER, World, name};

fn agree(world: &World, repository: &str) {
    let first = world.refs_on(Kind::GitHub, OWNER, repository);
    for kind in ALL {
        assert_eq!(world.refs_on(kind, OWNER, repository), first, "{repository} on {}", name(kind));
    }
}

fn fill(world: &World, kind: Kind, repository: &str, visibility: Visibility) {
    let site = world.site(kind);
    let options = NewRepository { visibility, description: format!("about {repository}"), ..NewRepository::default() };
    site.create_repo(OWNER, repository, options).unwrap();
    site.commit(OWNER, repository, "main", &[("README.md", repository)], "first\n").unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_forges_over_tls_with_many_repositories() {
    let world = World::of_forges(&ALL, true).await;
    for number in 0..120 {
        let visibility = if number % 2 == 0 { Visibility::Private } else { Visibility::Public };
        fill(&world, ALL[number % 4], &format!("repo-{number}"), visibility);
    }
    let said = world.refray(&["sync"]).exits(0);
    assert!(said.contains("120 repositories: 120 synced."), "{said}");
    for number in 0..120 {
        agree(&world, &format!("repo-{number}"));
    }
    for kind in ALL {
        let hidden = world.site(kind).repository(OWNER, "repo-2").unwrap();
        let shown = world.site(kind).repository(OWNER, "repo-3").unwrap();
        assert_eq!((hidden.visibility, shown.visibility), (Visibility::Private, Visibility::Public), "{}", name(kind));
        assert_eq!(shown.description, "about repo-3");
    }
    let count = |world: &World| ALL.iter().map(|kind| world.site(*kind).requests().count()).sum::<usize>();
    let before = count(&world);
    world.git_calls();
    let said = world.refray(&["sync"]).exits(0);
    assert!(said.contains("120 agreed already"), "{said}");
    assert_eq!(world.git_calls(), "");
    let requests = count(&world) - before;
    assert!(requests <= 120 * 4 + 40, "one request a repository and forge, and the listings: {requests}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nested_groups_are_found_where_they_are() {
    let mut world = World::of_forges(&[Kind::GitLab, Kind::Gitea], false).await;
    let gitlab = world.site(Kind::GitLab);
    gitlab.group("guild/smiths/apprentices", OWNER).unwrap();
    for (group, repository) in [("guild", "hall"), ("guild/smiths", "anvil"), ("guild/smiths/apprentices", "broom")] {
        gitlab.create_repo(group, repository, NewRepository::default()).unwrap();
        gitlab.commit(group, repository, "main", &[("f", repository)], "first\n").unwrap();
    }
    let user = format!("site = \"gitlab\"\nkind = \"user\"\nnamespace = \"{OWNER}\"");
    world.config = world
        .config
        .replace(&user, "site = \"gitlab\"\nkind = \"group\"\nnamespace = \"guild\"\ninclude_subgroups = true");
    world.refray(&["sync"]).exits(0);
    world.site(Kind::Gitea).commit(OWNER, "broom", "main", &[("g", "g")], "back\n").unwrap();
    world.refray(&["sync"]).exits(0);
    assert_eq!(
        world.refs_on(Kind::Gitea, OWNER, "broom"),
        world.refs_on(Kind::GitLab, "guild/smiths/apprentices", "broom")
    );
    assert!(gitlab.repository("guild", "broom").is_err(), "no second one is made");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_protected_branch_stops_itself_alone() {
    for kind in ALL {
        let other = if kind == Kind::Gitea { Kind::Forgejo } else { Kind::Gitea };
        let world = World::of_forges(&[other, kind], false).await;
        fill(&world, other, "one", Visibility::Private);
        world.refray(&["sync"]).exits(0);
        let site = world.site(kind);
        let there = site.repository(OWNER, "one").unwrap();
        let mut rule = Protection::new("main");
        rule.push = PushRule::Nobody;
        site.protect(there.id, rule).unwrap();
        let tip = world.site(other).commit(OWNER, "one", "main", &[("f", "2")], "second\n").unwrap();
        let from = world.site(other).repository(OWNER, "one").unwrap();
        world.site(other).move_ref(from.id, "refs/heads/free", &tip).unwrap();
        world.site(other).move_ref(from.id, "refs/tags/v1", &tip).unwrap();
        let said = world.refray(&["sync"]).exits(1);
        assert!(said.contains("refused (protected_branch)"), "{}: {said}", name(kind));
        assert!(said.contains("remedy: Let the token's account push to the protected branch"), "{said}");
        let refs = world.refs_on(kind, OWNER, "one");
        assert!(refs.contains("refs/heads/free") && refs.contains("refs/tags/v1"), "{}: {refs}", name(kind));
        assert!(!refs.contains(&format!("{tip} refs/heads/main")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_that_is_overtaken_overwrites_nothing() {
    let world = World::of_forges(&ALL, false).await;
    fill(&world, Kind::GitHub, "one", Visibility::Private);
    world.refray(&["sync"]).exits(0);
    let gitea = world.site(Kind::Gitea);
    let there = gitea.repository(OWNER, "one").unwrap();
    world.site(Kind::GitHub).commit(OWNER, "one", "main", &[("f", "ours")], "ours\n").unwrap();
    let raced = std::sync::Arc::new(std::sync::Mutex::new(String::new()));
    let tip = raced.clone();
    gitea.faults().before_receive(there.id, move |racing| {
        let oid = racing.commit(OWNER, "one", "main", &[("g", "theirs")], "theirs\n").unwrap();
        *tip.lock().unwrap() = oid;
    });
    let said = world.refray(&["sync"]).exits(1);
    assert!(said.contains("has diverged"), "{said}");
    let theirs = raced.lock().unwrap().clone();
    assert!(!theirs.is_empty());
    assert!(world.refs_on(Kind::Gitea, OWNER, "one").contains(&theirs), "the push that was faster stands");
}
