//! Limits on the number of requests: they are kept to rather than run into, and few requests are made in the first place.

use std::time::Duration;

use refray_sim::Kind;
use refray_sim::world::Visibility;

use crate::world::{World, has, users};

const COUNT: usize = 30;

/// What a forge's API was asked, and how much of that it refused.
fn asked(world: &World, kind: Kind) -> (usize, usize) {
    let all = world.site(kind).requests().all();
    let refused = all.iter().filter(|request| matches!(request.status, 403 | 429)).count();
    (all.iter().filter(|request| request.rest).count(), refused)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_sync_under_limits_is_refused_nothing_and_asks_little() {
    for to in [Kind::GitLab, Kind::GitHub] {
        let from = if to == Kind::GitLab { Kind::GitHub } else { Kind::GitLab };
        let world = World::of_forges(&[from, to]).await;
        for number in 0..COUNT {
            world.seed(from, &format!("repo-{number}"), Visibility::Private);
        }
        for kind in [from, to] {
            world.site(kind).requests().clear();
            world.site(kind).faults().rate_limit(20, Duration::from_secs(2));
        }
        world.refray(&["sync"]).exits(0);
        for number in 0..COUNT {
            world.agree(&users(&[from, to]), &format!("repo-{number}"));
        }
        for kind in [from, to] {
            let (asked, refused) = asked(&world, kind);
            assert_eq!(refused, 0, "{kind} said how much it would answer");
            // One to make each, and a few for the listing and the account.
            let most = if kind == to { COUNT + 10 } else { 10 };
            assert!(asked <= most, "{kind} was asked {asked} times");
            world.site(kind).requests().clear();
        }
        has(&world.refray(&["sync"]).exits(0), &["30 agreed already"]);
        for kind in [from, to] {
            let (asked, refused) = asked(&world, kind);
            assert!(asked <= 4 && refused == 0, "{kind} was asked {asked} times when nothing had changed");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_that_no_header_told_of_is_waited_for_by_everybody() {
    let world = World::of_forges(&Kind::ALL).await;
    for number in 0..8 {
        world.seed(Kind::Gitea, &format!("repo-{number}"), Visibility::Private);
    }
    for kind in Kind::ALL {
        world.site(kind).requests().clear();
        world.site(kind).faults().secondary_limit(2, 1);
    }
    world.refray(&["sync"]).exits(0);
    for number in 0..8 {
        world.agree(&users(&Kind::ALL), &format!("repo-{number}"));
    }
    for kind in Kind::ALL {
        assert_eq!(asked(&world, kind).1, 2, "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_that_lasts_too_long_is_told_with_its_time_and_the_other_side_goes_on() {
    let world = World::of_forges(&[Kind::GitHub, Kind::GitLab, Kind::Gitea]).await;
    world.seed(Kind::GitHub, "one", Visibility::Private);
    world.refray(&["sync"]).exits(0);
    world.site(Kind::GitLab).faults().rate_limit(0, Duration::from_secs(3000));
    let tip = world.site(Kind::GitHub).commit(crate::world::OWNER, "one", "main", &[("g", "2")], "second\n").unwrap();
    world.site(Kind::GitLab).requests().clear();
    let said = world.refray(&["sync"]).exits(1);
    has(&said, &["! gitlab/ada: ", "the rate limit is used up for another ", "remedy: Run again later"]);
    has(&world.agree(&users(&[Kind::GitHub, Kind::Gitea]), "one"), &[&tip]);
    assert!(asked(&world, Kind::GitLab).1 <= 4, "it is not asked over and over");
}
