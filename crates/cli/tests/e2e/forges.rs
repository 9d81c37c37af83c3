//! The four forges together.

use refray_sim::Kind;
use refray_sim::world::{NewRepository, Visibility};

use crate::world::{OWNER, Place, World, has, users};

const HUB: Place = Place::Forge(Kind::GitHub, OWNER);
const LAB: Place = Place::Forge(Kind::GitLab, OWNER);
const TEA: Place = Place::Forge(Kind::Gitea, OWNER);
const FORGEJO: Place = Place::Forge(Kind::Forgejo, OWNER);

async fn over_tls() -> World {
    let mut world = World::of_sites(&Kind::ALL, true).await;
    for kind in Kind::ALL {
        world.config.endpoint(kind.as_str(), &format!("kind = \"user\"\nnamespace = \"{OWNER}\""));
    }
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn many_repositories_over_tls_and_a_second_run_that_asks_little() {
    let world = over_tls().await;
    for number in 0..120 {
        let visibility = if number % 3 == 0 { Visibility::Public } else { Visibility::Private };
        world.seed(Kind::ALL[number % 4], &format!("repo-{number}"), visibility);
    }
    has(&world.refray(&["sync"]).exits(0), &["all: 120 repositories", "120 repositories: 120 synced."]);
    let places = users(&Kind::ALL);
    for number in 0..120 {
        let name = format!("repo-{number}");
        world.agree(&places, &name);
        for kind in Kind::ALL {
            let there = world.site(kind).repository(OWNER, &name).unwrap();
            let public = there.visibility == Visibility::Public;
            assert_eq!((public, there.description), (number % 3 == 0, format!("about {name}")), "{name} on {kind}");
        }
    }
    for kind in Kind::ALL {
        world.site(kind).requests().clear();
    }
    world.git_calls();
    has(&world.refray(&["sync"]).exits(0), &["120 agreed already", "0 changes"]);
    assert_eq!(world.git_calls(), "", "no process");
    for kind in Kind::ALL {
        let requests = world.site(kind).requests().all();
        let git = requests.iter().filter(|request| !request.rest).count();
        assert!(git <= 120, "{kind}: {git} git requests for 120 repositories");
        // Pages of a hundred, and who the token stands for.
        assert!(requests.len() - git <= 6, "{kind}: {} other requests", requests.len() - git);
        let writes = requests.iter().filter(|it| it.path.ends_with("receive-pack") || it.method != "GET" && it.rest);
        assert_eq!(writes.count(), 0, "{kind}: nothing is written");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_of_every_shape_spreads_and_edits_flow_back() {
    let world = over_tls().await;
    let options = NewRepository { default_branch: Some("trunk".into()), ..NewRepository::default() };
    world.site(Kind::Gitea).create_repo(OWNER, "one", options).unwrap();
    let work = world.work("one");
    work.git(&["branch", "-m", "main", "trunk"]);
    work.git(&["tag", "light"]);
    work.git(&["tag", "-a", "-m", "an annotated tag", "v1"]);
    work.on("side/quest");
    work.commit("on the side");
    work.on("trunk");
    work.commit("on the trunk");
    work.git(&["merge", "-q", "--no-ff", "-m", "merged", "side/quest"]);
    work.on("topic");
    work.commit("as it was");
    work.push(&TEA, "one", &["trunk", "side/quest", "topic", "--tags"]);
    world.refray(&["sync"]).exits(0);
    let places = users(&Kind::ALL);
    let refs = world.agree(&places, "one");
    assert!(refs.starts_with("refs/heads/trunk\n"), "{refs}");
    for kind in Kind::ALL {
        assert_eq!(world.site(kind).repository(OWNER, "one").unwrap().default_branch, "trunk", "{kind}");
    }

    let rewritten = work.amend("as it is");
    work.push(&HUB, "one", &["topic"]);
    work.on("trunk");
    let ahead = work.commit("ahead");
    work.push(&LAB, "one", &["trunk"]);
    work.push(&FORGEJO, "one", &["trunk~1:refs/heads/new", "trunk~1:refs/tags/v2", ":side/quest"]);
    world.refray(&["sync"]).exits(0);
    let refs = world.agree(&places, "one");
    has(&refs, &[&format!("{ahead} refs/heads/trunk"), &format!("{rewritten} refs/heads/topic")]);
    has(&refs, &[" refs/heads/new", " refs/tags/v2"]);
    assert!(!refs.contains("side/quest"), "{refs}");
    has(&world.refray(&["sync"]).exits(0), &["1 agreed already"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_default_branch_is_switched_to_everywhere() {
    let world = World::of_forges(&Kind::ALL).await;
    world.seed(Kind::GitHub, "one", Visibility::Private);
    world.refray(&["sync"]).exits(0);
    let site = world.site(Kind::Forgejo);
    site.commit(OWNER, "one", "trunk", &[("f", "2")], "on the trunk\n").unwrap();
    let there = site.repository(OWNER, "one").unwrap();
    let patch = refray_sim::world::RepositoryPatch { default_branch: Some("trunk".into()), ..Default::default() };
    site.update_repository(there.id, patch, there.owner).unwrap();
    world.refray(&["sync"]).exits(0);
    for kind in Kind::ALL {
        assert_eq!(world.site(kind).repository(OWNER, "one").unwrap().default_branch, "trunk", "{kind}");
    }
    assert!(world.agree(&users(&Kind::ALL), "one").starts_with("refs/heads/trunk\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_default_branch_outlasts_what_a_forge_chooses_some_time_after_the_push() {
    let world = World::of_forges(&[Kind::GitHub, Kind::Gitea, Kind::Forgejo]).await;
    let from = world.site(Kind::GitHub);
    let options = NewRepository { default_branch: Some("trunk".into()), ..NewRepository::default() };
    let made = from.create_repo(OWNER, "one", options).unwrap();
    let tip = from.commit(OWNER, "one", "trunk", &[("f", "1")], "first\n").unwrap();
    from.move_ref(made.id, "refs/heads/main", &tip).unwrap();
    for kind in [Kind::Gitea, Kind::Forgejo] {
        world.site(kind).faults().late_intake(2);
    }
    world.refray(&["sync"]).exits(0);
    for kind in [Kind::GitHub, Kind::Gitea, Kind::Forgejo] {
        let there = world.site(kind).repository(OWNER, "one").unwrap();
        assert_eq!((there.default_branch.as_str(), there.empty), ("trunk", false), "{kind}");
    }
    assert!(world.agree(&users(&[Kind::GitHub, Kind::Gitea, Kind::Forgejo]), "one").starts_with("refs/heads/trunk\n"));
    has(&world.refray(&["sync"]).exits(0), &["1 agreed already"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_the_group_lets_through_is_touched() {
    let mut world = World::of_forges(&[Kind::GitHub, Kind::Gitea]).await;
    world.seed(Kind::GitHub, "shown", Visibility::Public);
    world.seed(Kind::GitHub, "hidden", Visibility::Private);
    world.seed(Kind::GitHub, "important-hidden", Visibility::Private);
    let there = |world: &World, name| world.site(Kind::Gitea).repository(OWNER, name).is_ok();
    world.config.set("sync_visibility = \"private\"\nrepo_whitelist = \"^important-\"");
    world.refray(&["sync"]).exits(0);
    assert!(there(&world, "important-hidden") && !there(&world, "hidden") && !there(&world, "shown"));
    world.config.unset();
    world.config.set("repo_blacklist = [\"^hid\", \"nothing\"]");
    world.refray(&["sync"]).exits(0);
    assert!(there(&world, "shown") && !there(&world, "hidden"));
    world.config.unset();
    world.config.set("create_missing = false");
    world.refray(&["sync"]);
    assert!(!there(&world, "hidden"));
}
