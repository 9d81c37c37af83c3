//! Where forges stand and what is between them and refray: other paths, addresses and proxies, and lines that break.

use refray_sim::world::{HookTarget, Visibility};
use refray_sim::{Effect, Kind};

use crate::world::{Front, OWNER, Place, World, has, users};

/// Puts a front before each forge, as the configuration sees it.
async fn behind(world: &mut World, kinds: &[Kind], host: &str, path: &str) -> Vec<Front> {
    let mut fronts = Vec::new();
    for kind in kinds {
        let forge = world.site(*kind).base_url().to_owned();
        let front = Front::of(&forge, host, path).await;
        world.config.replace(&format!("base_url = \"{forge}\""), &format!("base_url = \"{}\"", front.base));
        fronts.push(front);
    }
    fronts
}

fn asks_for(fronts: &[Front], what: &str) -> bool {
    fronts.iter().all(|front| front.seen().iter().any(|line| line.contains(what)))
}

#[tokio::test(flavor = "multi_thread")]
async fn forges_below_a_path_of_their_host_are_synced_hooked_and_their_redirects_followed() {
    let mut world = World::of_forges(&Kind::ALL).await;
    let fronts = behind(&mut world, &Kind::ALL, "127.0.0.1", "/code/git").await;
    for (number, kind) in Kind::ALL.into_iter().enumerate() {
        world.seed(kind, &format!("repo-{number}"), Visibility::Private);
    }
    world.config.tail =
        "[webhook]\ninstall = true\nurl = \"http://127.0.0.1:9/hook\"\nsecret = { value = \"hook-marker\" }\n".into();
    world.refray(&["sync"]).exits(0);
    for number in 0..4 {
        world.agree(&users(&Kind::ALL), &format!("repo-{number}"));
    }
    assert!(asks_for(&fronts, " /code/git/api/v"), "the API is below the path");
    assert!(asks_for(&fronts, &format!(" /code/git/{OWNER}/repo-0.git/")), "and so is git");
    for kind in Kind::ALL {
        let site = world.site(kind);
        let there = site.repository(OWNER, "repo-3").unwrap();
        let hooked = site.world().hooks.values().any(|hook| hook.target == HookTarget::Repository(there.id));
        assert!(hooked, "{kind}");
    }
    has(&world.refray(&["sync"]).exits(0), &["4 agreed already"]);
    // A rename is seen by following a redirect, which leads below the same path.
    for (number, kind) in Kind::ALL.into_iter().enumerate() {
        world.site(kind).rename(OWNER, &format!("repo-{number}"), &format!("better-{number}")).unwrap();
    }
    let said = world.refray(&["sync"]).exits(1);
    has(&said, &["was renamed or moved to", "better-0", "better-1", "better-2", "better-3"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn forges_at_addresses_of_ipv6_are_synced() {
    if tokio::net::TcpListener::bind("[::1]:0").await.is_err() {
        println!("skipped: no IPv6");
        return;
    }
    let mut world = World::of_forges(&[Kind::GitHub, Kind::GitLab, Kind::Gitea]).await;
    let kinds = [Kind::GitHub, Kind::GitLab, Kind::Gitea];
    let fronts = behind(&mut world, &kinds, "[::1]", "").await;
    world.seed(Kind::GitLab, "one", Visibility::Private);
    world.refray(&["sync"]).exits(0);
    let tip = world.site(Kind::Gitea).commit(OWNER, "one", "main", &[("g", "2")], "second\n").unwrap();
    world.refray(&["sync"]).exits(0);
    has(&world.agree(&users(&kinds), "one"), &[&tip]);
    assert!(asks_for(&fronts, "/one.git/git-upload-pack"));
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_goes_through_the_proxy_of_the_environment_and_its_password_nowhere_else() {
    let mut world = World::of_forges(&[Kind::GitHub, Kind::Gitea]).await;
    let forge = world.site(Kind::Gitea).base_url().to_owned();
    let proxy = Front::proxy(&forge, "http://forge.example").await;
    world.config.replace(&format!("base_url = \"{forge}\""), "base_url = \"http://forge.example\"\nallow_http = true");
    world.seed(Kind::GitHub, "one", Visibility::Private);
    world.env.insert("HTTP_PROXY".into(), format!("http://who:pass-marker@{}", proxy.address));
    let said = world.refray(&["sync", "-vvv"]).exits(0);
    world.agree(&users(&[Kind::GitHub, Kind::Gitea]), "one");
    let seen = proxy.seen();
    // `who:pass-marker`, encoded.
    assert!(!seen.is_empty() && seen.iter().all(|line| line.ends_with("Basic d2hvOnBhc3MtbWFya2Vy")), "{seen:?}");
    for what in ["/api/v1/user", "/ada/one.git/git-receive-pack"] {
        assert!(seen.iter().any(|line| line.contains(&format!("http://forge.example{what}"))), "{what}: {seen:?}");
    }
    let tip = world.site(Kind::Gitea).commit(OWNER, "one", "main", &[("g", "2")], "second\n").unwrap();
    let said = said + &world.refray(&["sync", "--format", "json", "-vvv"]).exits(0);
    has(&world.agree(&users(&[Kind::GitHub, Kind::Gitea]), "one"), &[&tip]);
    // A proxy that is not there.
    let gone = format!("http://who:pass-marker@127.0.0.1:{}", 9);
    world.env.insert("HTTP_PROXY".into(), gone);
    let failed = world.refray(&["sync", "-vvv"]).exits(1);
    has(&failed, &["! gitea/ada: ", "no connection", "Check the network, the proxy and the `base_url`"]);
    for marker in ["pass-marker", "d2hvOnBhc3MtbWFya2Vy"] {
        assert!(!said.contains(marker) && !failed.contains(marker), "{marker} is told");
        for file in crate::world::files_below(&world.home()) {
            let bytes = std::fs::read(&file).unwrap();
            let found = bytes.windows(marker.len()).any(|window| window == marker.as_bytes());
            assert!(!found, "{marker} is in {}", file.display());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_breaks_off_in_the_middle_is_begun_again() {
    for kind in Kind::ALL {
        let other = if kind == Kind::GitHub { Kind::GitLab } else { Kind::GitHub };
        let world = World::of_forges(&[kind, other]).await;
        world.seed(kind, "one", Visibility::Private);
        let faults = world.site(kind);
        // A list of references, a pack, and answers of the API.
        faults.faults().add("/one.git/git-upload-pack", Some(1), Effect::Reset(30)).unwrap();
        faults.faults().add_for(Some("GET"), "/repos|/projects", Some(1), Effect::Reset(20)).unwrap();
        world.refray(&["sync"]).exits(0);
        world.agree(&users(&[kind, other]), "one");
        let big: String = (0..4000).map(|line| format!("{}\n", line * line % 7919)).collect();
        let tip = faults.commit(OWNER, "one", "main", &[("big", &big)], "large\n").unwrap();
        faults.faults().add("/one.git/git-upload-pack", Some(3), Effect::Reset(700)).unwrap();
        world.refray(&["sync"]).exits(0);
        has(&world.agree(&users(&[kind, other]), "one"), &[&tip]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_always_breaks_stops_that_repository_alone() {
    let world = World::of_forges(&[Kind::GitHub, Kind::Gitea]).await;
    for name in ["one", "two"] {
        world.seed(Kind::GitHub, name, Visibility::Private);
    }
    let site = world.site(Kind::GitHub);
    site.faults().add("/one.git/git-upload-pack", None, Effect::Reset(300)).unwrap();
    let said = world.refray(&["sync"]).exits(1);
    has(&said, &["! one", "the connection broke", "remedy: ", "+ two"]);
    world.agree(&[Place::Forge(Kind::GitHub, OWNER), Place::Forge(Kind::Gitea, OWNER)], "two");
    site.faults().clear();
    world.refray(&["sync"]).exits(0);
    world.agree(&users(&[Kind::GitHub, Kind::Gitea]), "one");
}
