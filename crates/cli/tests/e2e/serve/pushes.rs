//! Pushes on any side arrive on all others.

use std::time::Duration;

use refray_sim::Kind;
use refray_sim::world::{NewRepository, Protection, PushRule, Visibility};

use super::{Daemon, hook_up, until};
use crate::world::{OWNER, World, has, users};

async fn hooked(kinds: &[Kind]) -> World {
    let mut world = World::of_forges(kinds).await;
    world.with_webhook();
    world
}

/// The value of a branch everywhere; absent counts.
fn tips(world: &World, kinds: &[Kind], repository: &str, branch: &str) -> Vec<Option<String>> {
    let tip = |kind: &Kind| {
        let site = world.site(*kind);
        let id = site.repository(OWNER, repository).ok()?.id;
        site.bare(id).branch(branch).ok().flatten()
    };
    kinds.iter().map(tip).collect()
}

fn all_have(world: &World, kinds: &[Kind], repository: &str, branch: &str, tip: &str) -> bool {
    tips(world, kinds, repository, branch).iter().all(|there| there.as_deref() == Some(tip))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_on_any_forge_reaches_the_others_and_comes_back_from_none() {
    let world = hooked(&Kind::ALL).await;
    world.seed(Kind::GitHub, "one", Visibility::Private);
    let daemon = world.served(&Kind::ALL).await;
    daemon.settles(&world, &Kind::ALL).await;
    for kind in Kind::ALL {
        let before = daemon.visits();
        let tip = world.site(kind).commit(OWNER, "one", "main", &[("f", kind.as_str())], "onward\n").unwrap();
        until(&daemon, "the push is everywhere", || all_have(&world, &Kind::ALL, "one", "main", &tip)).await;
        daemon.settles(&world, &Kind::ALL).await;
        // The one that was pushed to; what comes back of refray's own pushes may find the work still in hand.
        let visits = daemon.visits() - before;
        assert!((1..=2).contains(&visits), "{kind}: {visits} visits\n{}", daemon.log());
    }
    world.agree(&users(&Kind::ALL), "one");
    assert!(daemon.sum("refray_deliveries_total{provider=\"gitlab\",outcome=\"known\"}") > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visit_asks_only_for_what_it_needs() {
    let world = hooked(&Kind::ALL).await;
    for number in 0..5 {
        world.seed(Kind::GitHub, &format!("repo-{number}"), Visibility::Private);
    }
    let daemon = world.served(&Kind::ALL).await;
    daemon.settles(&world, &Kind::ALL).await;
    for kind in Kind::ALL {
        world.site(kind).requests().clear();
    }
    let tip = world.site(Kind::GitHub).commit(OWNER, "repo-1", "main", &[("f", "2")], "second\n").unwrap();
    until(&daemon, "the push is everywhere", || all_have(&world, &Kind::ALL, "repo-1", "main", &tip)).await;
    daemon.settles(&world, &Kind::ALL).await;
    for kind in Kind::ALL {
        for request in world.site(kind).requests().all() {
            assert!(request.path.contains("repo-1"), "{kind}: {} {}", request.method, request.path);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_while_its_repository_is_being_synced_is_synced_too() {
    let kinds = [Kind::GitHub, Kind::Gitea, Kind::GitLab];
    let world = hooked(&kinds).await;
    world.seed(Kind::GitHub, "one", Visibility::Private);
    let daemon = world.served(&kinds).await;
    for kind in kinds {
        world.site(kind).faults().latency(Duration::from_millis(8));
    }
    for trial in 0..25_u64 {
        let text = trial.to_string();
        let first = world.site(Kind::GitHub).commit(OWNER, "one", "main", &[("f", &text)], "first\n").unwrap();
        // At another moment of the run each time.
        tokio::time::sleep(Duration::from_millis(trial * 7)).await;
        let second = world.site(Kind::Gitea).commit(OWNER, "one", "side", &[("g", &text)], "second\n").unwrap();
        until(&daemon, "both pushes are everywhere", || {
            all_have(&world, &kinds, "one", "main", &first) && all_have(&world, &kinds, "one", "side", &second)
        })
        .await;
    }
    daemon.settles(&world, &kinds).await;
    world.agree(&users(&kinds), "one");
}

/// How many pushes there are; a thousand when it is asked for.
#[expect(clippy::disallowed_methods, reason = "whoever runs the test may want more of it")]
fn pushes() -> usize {
    std::env::var("REFRAY_TEST_PUSHES").ok().and_then(|text| text.parse().ok()).unwrap_or(150)
}

#[tokio::test(flavor = "multi_thread")]
async fn many_pushes_in_any_order_over_many_repositories_end_in_agreement() {
    let world = hooked(&Kind::ALL).await;
    for number in 0..20 {
        world.seed(Kind::ALL[number % 4], &format!("repo-{number}"), Visibility::Private);
    }
    let daemon = world.served(&Kind::ALL).await;
    daemon.settles(&world, &Kind::ALL).await;
    for kind in Kind::ALL {
        world.site(kind).deliveries().clear();
    }
    let before = daemon.visits();
    let count = pushes();
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut last = std::collections::BTreeMap::new();
    for number in 0..count {
        // A fixed sequence of repositories and forges, in bursts. Each forge has a branch of its own.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let (repository, kind) = (format!("repo-{}", (state >> 33) % 20), Kind::ALL[((state >> 20) % 4) as usize]);
        let branch = format!("from-{kind}");
        let files = [("f", &*number.to_string())];
        let tip = world.site(kind).commit(OWNER, &repository, &branch, &files, "another\n").unwrap();
        last.insert((repository, branch), tip);
        if number % 10 == 9 {
            tokio::time::sleep(Duration::from_millis(40)).await;
        }
    }
    until(&daemon, "every last push is everywhere", || {
        last.iter().all(|((repository, branch), tip)| all_have(&world, &Kind::ALL, repository, branch, tip))
    })
    .await;
    daemon.settles(&world, &Kind::ALL).await;
    for number in 0..20 {
        world.agree(&users(&Kind::ALL), &format!("repo-{number}"));
    }
    let events: usize = Kind::ALL.iter().map(|kind| world.site(*kind).deliveries().all().len()).sum();
    let visits = daemon.visits() - before;
    assert!(events > count && visits * 3 < events as u64, "{visits} visits for {events} events of {count} pushes");
    // Nothing goes round for ever.
    let still = daemon.visits();
    daemon.settles(&world, &Kind::ALL).await;
    assert_eq!(daemon.visits(), still);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repository_that_is_made_on_one_forge_is_made_on_the_others() {
    let kinds = [Kind::GitHub, Kind::GitLab, Kind::Forgejo];
    let mut world = hooked(&kinds).await;
    world.config.set("repo_blacklist = \"^private-\"");
    let daemon = world.served(&kinds).await;
    world.seed(Kind::GitLab, "private-one", Visibility::Private);
    let tip = world.seed(Kind::GitLab, "fresh", Visibility::Private);
    until(&daemon, "the repository is everywhere", || all_have(&world, &kinds, "fresh", "main", &tip)).await;
    let empty = world.site(Kind::Forgejo).create_repo(OWNER, "empty", NewRepository::default());
    empty.unwrap();
    until(&daemon, "the empty one is everywhere", || {
        kinds.iter().all(|kind| world.site(*kind).repository(OWNER, "empty").is_ok())
    })
    .await;
    assert!(world.site(Kind::GitHub).repository(OWNER, "private-one").is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_no_group_wakes_nothing() {
    let kinds = [Kind::GitHub, Kind::Gitea];
    let world = hooked(&kinds).await;
    world.seed(Kind::GitHub, "one", Visibility::Private);
    let daemon = world.served(&kinds).await;
    daemon.settles(&world, &kinds).await;
    let before = daemon.visits();
    let hub = world.site(Kind::GitHub);
    let eve = hub.user("eve").unwrap();
    let hook = hub.world().hooks.values().next().unwrap().clone();
    hub.world().add_hook(refray_sim::world::Hook { target: refray_sim::world::HookTarget::Account(eve.id), ..hook });
    hub.create_repo("eve", "one", NewRepository::default()).unwrap();
    hub.commit("eve", "one", "main", &[("f", "1")], "hers\n").unwrap();
    until(&daemon, "the push was told of", || {
        daemon.sum("refray_deliveries_total{provider=\"github\",outcome=\"unknown\"}") > 0
    })
    .await;
    daemon.settles(&world, &kinds).await;
    assert_eq!(daemon.visits(), before, "{}", daemon.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_branch_that_comes_and_goes_quickly_stays_nowhere() {
    let kinds = [Kind::GitHub, Kind::Gitea];
    let world = hooked(&kinds).await;
    world.seed(Kind::GitHub, "one", Visibility::Private);
    let daemon = world.served(&kinds).await;
    let hub = world.site(Kind::GitHub);
    let there = hub.repository(OWNER, "one").unwrap();
    for trial in 0..12_u64 {
        let text = trial.to_string();
        hub.commit(OWNER, "one", "brief", &[("f", &text)], "brief\n").unwrap();
        tokio::time::sleep(Duration::from_millis(trial * 10)).await;
        hub.move_ref(there.id, "refs/heads/brief", there.object_format.zeros()).unwrap();
        daemon.settles(&world, &kinds).await;
        assert_eq!(tips(&world, &kinds, "one", "brief"), [None, None], "trial {trial}\n{}", daemon.log());
    }
    world.agree(&users(&kinds), "one");
}

#[tokio::test(flavor = "multi_thread")]
async fn deliveries_that_are_lost_are_made_good_for_by_the_next_start() {
    let kinds = [Kind::GitHub, Kind::Gitea];
    let world = hooked(&kinds).await;
    world.seed(Kind::GitHub, "one", Visibility::Private);
    let daemon = world.served(&kinds).await;
    daemon.signal("TERM");
    let (code, log) = daemon.ends();
    assert_eq!(code, Some(0), "{log}");
    let tip = world.site(Kind::GitHub).commit(OWNER, "one", "main", &[("f", "2")], "nobody listens\n").unwrap();
    let daemon = world.serve(&[]);
    for kind in kinds {
        hook_up(&world, kind, &daemon);
    }
    until(&daemon, "the push is everywhere", || all_have(&world, &kinds, "one", "main", &tip)).await;
    has(&daemon.log(), &["full sync"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_gitlab_tells_no_hook_of_comes_along_with_the_next_push() {
    let kinds = [Kind::GitHub, Kind::GitLab];
    let world = hooked(&kinds).await;
    world.seed(Kind::GitLab, "one", Visibility::Private);
    let daemon = world.served(&kinds).await;
    daemon.settles(&world, &kinds).await;
    let lab = world.site(Kind::GitLab);
    let there = lab.repository(OWNER, "one").unwrap();
    let tip = lab.bare(there.id).branch("main").unwrap().unwrap();
    let told = lab.deliveries().all().len();
    let names: Vec<String> = (0..5).map(|number| format!("refs/heads/many-{number}")).collect();
    let zeros = there.object_format.zeros();
    let changes: Vec<_> = names.iter().map(|name| (name.as_str(), zeros, tip.as_str())).collect();
    lab.change_refs(there.id, there.owner, &changes).unwrap();
    let tip = lab.commit(OWNER, "one", "main", &[("f", "2")], "one more\n").unwrap();
    until(&daemon, "the push is everywhere", || all_have(&world, &kinds, "one", "main", &tip)).await;
    daemon.settles(&world, &kinds).await;
    let refs = world.agree(&users(&kinds), "one");
    assert_eq!(refs.matches("refs/heads/many-").count(), 5, "{refs}");
    assert_eq!(lab.deliveries().all().len(), told + 1, "more than three at once are told to nobody");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_side_that_is_taken_back_ends_a_conflict() {
    let kinds = [Kind::GitHub, Kind::Gitea];
    let world = hooked(&kinds).await;
    let base = world.seed(Kind::GitHub, "one", Visibility::Private);
    world.refray(&["sync"]).exits(0);
    world.site(Kind::GitHub).commit(OWNER, "one", "main", &[("f", "1")], "one side\n").unwrap();
    let kept = world.site(Kind::Gitea).commit(OWNER, "one", "main", &[("f", "2")], "the other\n").unwrap();
    let daemon = world.served(&kinds).await;
    daemon.settles(&world, &kinds).await;
    // Back to the value at which both agreed last, where only the other side is new.
    let hub = world.site(Kind::GitHub);
    hub.move_ref(hub.repository(OWNER, "one").unwrap().id, "refs/heads/main", &base).unwrap();
    until(&daemon, "the side that is left is everywhere", || all_have(&world, &kinds, "one", "main", &kept)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_that_was_refused_elsewhere_and_is_taken_back_ends_the_failure() {
    let kinds = [Kind::GitHub, Kind::Gitea];
    let world = hooked(&kinds).await;
    let base = world.seed(Kind::GitHub, "one", Visibility::Private);
    let daemon = world.served(&kinds).await;
    daemon.settles(&world, &kinds).await;
    let tea = world.site(Kind::Gitea);
    let closed = Protection { push: PushRule::Nobody, admins_included: true, ..Protection::new("main") };
    tea.protect(tea.repository(OWNER, "one").unwrap().id, closed).unwrap();
    let hub = world.site(Kind::GitHub);
    hub.commit(OWNER, "one", "main", &[("f", "1")], "not let in there\n").unwrap();
    let failed = |daemon: &Daemon| daemon.sum("refray_repositories{group=\"all\",status=\"failed\"}");
    until(&daemon, "it is refused", || failed(&daemon) == 1).await;
    daemon.settles(&world, &kinds).await;
    hub.move_ref(hub.repository(OWNER, "one").unwrap().id, "refs/heads/main", &base).unwrap();
    until(&daemon, "all agree again", || failed(&daemon) == 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn capitals_in_a_name_count_for_the_filters_also_when_a_forge_tells_of_it() {
    let kinds = [Kind::GitHub, Kind::Gitea];
    let mut world = hooked(&kinds).await;
    world.config.set("repo_whitelist = \"^One\"");
    let base = world.seed(Kind::GitHub, "One", Visibility::Private);
    world.refray(&["sync"]).exits(0);
    world.site(Kind::GitHub).commit(OWNER, "One", "main", &[("f", "1")], "one side\n").unwrap();
    let kept = world.site(Kind::Gitea).commit(OWNER, "One", "main", &[("f", "2")], "the other\n").unwrap();
    let daemon = world.served(&kinds).await;
    // What the full sync could not do waits under its own name, or the filters would leave it out.
    until(&daemon, "it is looked at again", || daemon.ask("/queue", "").1.contains("<bdi>One</bdi>")).await;
    let hub = world.site(Kind::GitHub);
    hub.move_ref(hub.repository(OWNER, "One").unwrap().id, "refs/heads/main", &base).unwrap();
    until(&daemon, "the push was looked at", || all_have(&world, &kinds, "One", "main", &kept)).await;
}
