//! What stands on the forge is brought into the wanted form, in place; what is somebody else's is not touched.

use refray_sim::Effect;
use refray_sim::world::ContentType;

use super::*;
use crate::world::has;

const NOT_GITLAB: [Kind; 3] = [Kind::GitHub, Kind::Gitea, Kind::Forgejo];

/// Installs, changes something at the forges, and installs again.
async fn repairs(kinds: &[Kind], word: &str, change: impl Fn(&World, Kind)) -> World {
    let world = world(kinds).await;
    for kind in kinds {
        make(&world, *kind, "one");
    }
    world.refray(&["webhook", "install"]).exits(0);
    for kind in kinds {
        change(&world, *kind);
        let alien = add(&world, *kind, "one", ALIEN, "push");
        let status = world.refray(&["webhook", "status"]).exits(1);
        has(&status, &[word, "(1 foreign)"]);
        let said = world.refray(&["webhook", "install"]).exits(0);
        has(&said, &[word, "repaired"]);
        let all = hooks(&world, *kind, "one");
        assert_eq!(all.len(), 2, "{kind}: {all:?}");
        let (kept, own): (Vec<_>, Vec<_>) = all.into_iter().partition(|hook| hook.id == alien.id);
        assert_eq!((kept[0].url.as_str(), kept[0].updated), (ALIEN, alien.updated), "{kind}");
        assert_eq!((own[0].url.as_str(), own[0].secret.as_deref()), (URL, Some(SECRET)), "{kind}");
        assert!(own[0].active && own[0].content_type == ContentType::Json, "{kind}: {own:?}");
        is_settled(&world, &[*kind]);
    }
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn other_events() {
    repairs(&KINDS, "issues", |world, kind| {
        alter(world, kind, "one", |hook| {
            let (less, more) = match kind {
                Kind::GitLab => ("tag_push_events", "issues_events"),
                _ => ("create", "issues"),
            };
            assert!(hook.events.remove(less), "{:?}", hook.events);
            hook.events.insert(more.to_owned());
        });
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn switched_off() {
    repairs(&NOT_GITLAB, "it is switched off", |world, kind| {
        alter(world, kind, "one", |hook| hook.active = false);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_content_type() {
    repairs(&NOT_GITLAB, "JSON", |world, kind| {
        alter(world, kind, "one", |hook| hook.content_type = ContentType::Form);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_address_of_the_same_webhook() {
    repairs(&KINDS, "it sends to http://127.0.0.1:9/odd", |world, kind| {
        alter(world, kind, "one", |hook| hook.url = "http://127.0.0.1:9/odd".to_owned());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_earlier_address_is_stale_and_is_repaired_in_place() {
    let mut world = world(&KINDS).await;
    for kind in KINDS {
        make(&world, kind, "one");
    }
    world.refray(&["webhook", "install"]).exits(0);
    let before: Vec<u64> = KINDS.iter().map(|kind| hooks(&world, *kind, "one")[0].id).collect();
    configure(&mut world, "", NEW);
    has(&world.refray(&["webhook", "status"]).exits(1), &["stale: it sends to http://127.0.0.1:9/webhook", "4 stale"]);
    has(&world.refray(&["webhook", "install"]).exits(0), &["4 copies: 4 repaired."]);
    for (kind, id) in KINDS.into_iter().zip(before) {
        assert_eq!(urls(&world, kind, "one"), [NEW], "{kind}");
        if !matches!(kind, Kind::Gitea | Kind::Forgejo) {
            assert_eq!(hooks(&world, kind, "one")[0].id, id, "{kind}");
        }
    }
    is_settled(&world, &KINDS);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_duplicate_goes_and_the_known_one_stays() {
    let world = world(&KINDS).await;
    for kind in KINDS {
        make(&world, kind, "one");
    }
    world.refray(&["webhook", "install"]).exits(0);
    for kind in KINDS {
        let own = hooks(&world, kind, "one").remove(0);
        world.site(kind).world().add_hook(own.clone());
        has(&world.refray(&["webhook", "status"]).exits(1), &["differs: there is one more of it"]);
        has(&world.refray(&["webhook", "install"]).exits(0), &["removed: one more, to http://127.0.0.1:9/webhook"]);
        let left: Vec<u64> = hooks(&world, kind, "one").iter().map(|hook| hook.id).collect();
        assert_eq!(left, [own.id], "{kind}");
    }
    is_settled(&world, &KINDS);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_somebody_removed_is_made_again() {
    let world = world(&KINDS).await;
    for kind in KINDS {
        make(&world, kind, "one");
    }
    world.refray(&["webhook", "install"]).exits(0);
    for kind in KINDS {
        world.site(kind).world().hooks.clear();
    }
    has(&world.refray(&["webhook", "status"]).exits(1), &["4 copies: 4 missing."]);
    has(&world.refray(&["webhook", "install"]).exits(0), &["4 copies: 4 created."]);
    is_settled(&world, &KINDS);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_secret_is_noticed_though_no_forge_tells_it() {
    let mut world = world(&KINDS).await;
    for kind in KINDS {
        make(&world, kind, "one");
    }
    world.refray(&["webhook", "install"]).exits(0);
    world.env.insert(VARIABLE.into(), "another-one-of-these".into());
    has(&world.refray(&["webhook", "status"]).exits(1), &["its secret is not the present one", "4 not as wanted"]);
    has(&world.refray(&["webhook", "install"]).exits(0), &["4 copies: 4 repaired."]);
    for kind in KINDS {
        assert_eq!(hooks(&world, kind, "one")[0].secret.as_deref(), Some("another-one-of-these"), "{kind}");
    }
    is_settled(&world, &KINDS);
    // Without what is remembered, nothing is known of the secret: it is set once.
    std::fs::remove_dir_all(world.state()).unwrap();
    has(&world.refray(&["webhook", "install"]).exits(0), &["its secret is not known", "4 copies: 4 repaired."]);
    is_settled(&world, &KINDS);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_lost_leads_to_no_second_webhook() {
    let world = world(&KINDS).await;
    for kind in KINDS {
        make(&world, kind, "one");
        world.site(kind).faults().add_for(Some("POST"), "/hooks", Some(1), Effect::Reset(0)).unwrap();
    }
    world.refray(&["webhook", "install"]).exits(0);
    for kind in KINDS {
        assert_eq!(urls(&world, kind, "one"), [URL], "{kind}");
    }
    is_settled(&world, &KINDS);
}
