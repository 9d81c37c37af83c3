//! Another address: on the forges first, and then in the configuration.

use std::time::Duration;

use refray_sim::Effect;

use super::*;
use crate::world::{has, program, put, spawn, wait};

const TWO: [Kind; 2] = [Kind::GitHub, Kind::GitLab];

fn written(world: &World) -> String {
    std::fs::read_to_string(world.path("config.toml")).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_configuration_keeps_its_comments_and_order() {
    let mut world = world(&TWO).await;
    for kind in TWO {
        make(&world, kind, "one");
    }
    world.config.head = "# All that I have.\njobs = 3 # not more\n".into();
    world.config.tail = world.config.tail.replace(&format!("\"{URL}\""), &format!("\"{URL}\"  # behind the proxy"));
    world.refray(&["webhook", "install"]).exits(0);
    let before = world.config.to_string();
    let said = world.refray(&["webhook", "update", "--url", NEW]).exits(0);
    has(&said, &["2 copies: 2 repaired.", "`[webhook].url` is now http://127.0.0.1:9/moved/webhook"]);
    assert_eq!(written(&world), before.replace(URL, NEW));
    for kind in TWO {
        assert_eq!(urls(&world, kind, "one"), [NEW]);
    }
    // As it is written now, there is nothing left to do.
    configure(&mut world, "", NEW);
    for kind in TWO {
        counted(&world, kind);
    }
    has(&world.refray(&["webhook", "update"]).exits(0), &["2 copies: 2 right already."]);
    assert_eq!(counted(&world, Kind::GitHub).1 + counted(&world, Kind::GitLab).1, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_address_that_was_edited_by_hand_is_followed() {
    let mut world = world(&TWO).await;
    for kind in TWO {
        make(&world, kind, "one");
    }
    world.refray(&["webhook", "install"]).exits(0);
    configure(&mut world, "", NEW);
    has(&world.refray(&["webhook", "update"]).exits(0), &["2 copies: 2 repaired."]);
    assert_eq!(urls(&world, Kind::GitHub, "one"), [NEW]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_the_configuration_does_not_know_is_written_down_too() {
    let mut world = world(&TWO).await;
    for kind in TWO {
        make(&world, kind, "one");
    }
    world.config.tail = String::new();
    let args = ["webhook", "install", "--url", URL, "--secret-env", VARIABLE];
    has(&world.refray(&args).exits(0), &["believes what they send only when `[webhook].secret`"]);
    let args = ["webhook", "update", "--url", NEW, "--secret-env", VARIABLE];
    world.refray(&args).exits(0);
    let expected = format!("[webhook]\nurl = \"{NEW}\"\nsecret = {{ env = \"{VARIABLE}\" }}\n");
    assert!(written(&world).trim_end().ends_with(expected.trim_end()), "{}", written(&world));
    // The file that it has become is good, and names what is installed.
    world.config.tail = expected;
    has(&world.refray(&["webhook", "status"]).exits(0), &["2 copies: 2 installed."]);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_several_addresses_the_old_one_is_named() {
    let world = world(&TWO).await;
    for kind in TWO {
        make(&world, kind, "one");
        make(&world, kind, "two");
    }
    let other = "http://127.0.0.1:9/other";
    world.refray(&["webhook", "install", "--repo", "one"]).exits(0);
    world.refray(&["webhook", "install", "--repo", "two", "--url", other]).exits(0);
    let said = world.refray(&["webhook", "update", "--url", NEW]).exits(2);
    has(&said, &["several addresses", URL, other, "update OLD --url NEW"]);
    has(&world.refray(&["webhook", "update", other, "--url", NEW]).exits(0), &["2 repaired"]);
    assert_eq!(written(&world), world.config.to_string(), "its address is not the one that was moved");
    for kind in TWO {
        assert_eq!(
            (urls(&world, kind, "one"), urls(&world, kind, "two")),
            (vec![URL.to_owned()], vec![NEW.to_owned()])
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn interrupted_and_repeated() {
    let all = Kind::ALL;
    let world = world(&all).await;
    for kind in all {
        for number in 0..6 {
            make(&world, kind, &format!("repo-{number}"));
        }
    }
    world.refray(&["webhook", "install"]).exits(0);
    let before = world.config.to_string();
    for kind in all {
        world.site(kind).faults().latency(Duration::from_millis(20));
    }
    let count = |url: &str| -> usize {
        let each = all.iter().map(|kind| world.site(*kind).world().hooks.values().filter(|it| it.url == url).count());
        each.sum()
    };
    let child = spawn(&mut world.command(&["webhook", "update", "--url", NEW]));
    while count(NEW) < 3 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert!(program("kill").args(["-9".to_owned(), child.id().to_string()]).status().unwrap().success());
    assert_eq!(wait(child).code, None, "it was killed");
    assert!(count(URL) > 0 && count(NEW) >= 3, "in the middle");
    assert_eq!(std::fs::read_to_string(world.path("config.toml")).unwrap(), before, "the configuration comes last");
    for kind in all {
        world.site(kind).faults().clear();
    }
    world.refray(&["webhook", "update", "--url", NEW]).exits(0);
    assert_eq!((count(URL), count(NEW)), (0, 24));
    assert_eq!(written(&world), before.replace(URL, NEW));
}

#[tokio::test(flavor = "multi_thread")]
async fn where_one_repository_fails_the_others_move_and_it_is_made_up_for() {
    let mut world = world(&TWO).await;
    for kind in TWO {
        make(&world, kind, "one");
        make(&world, kind, "two");
    }
    world.refray(&["webhook", "install"]).exits(0);
    let before = world.config.to_string();
    let hub = world.site(Kind::GitHub);
    hub.faults()
        .add_for(Some("PATCH"), "/one/hooks", None, Effect::Status(403, "{\"message\":\"no\"}".into()))
        .unwrap();
    has(&world.refray(&["webhook", "update", "--url", NEW]).exits(1), &["! one", "3 repaired, 1 failed"]);
    assert_eq!(urls(&world, Kind::GitHub, "one"), [URL]);
    assert_eq!(written(&world), before.replace(URL, NEW));
    hub.faults().clear();
    configure(&mut world, "", NEW);
    has(&world.refray(&["webhook", "update", "--url", NEW]).exits(0), &["3 right already, 1 repaired"]);
    is_settled(&world, &TWO);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_earlier_version_remembered_is_taken_in_once() {
    let world = world(&TWO).await;
    let old = "http://127.0.0.1:9/of/old";
    let mut state = String::from("version = 1\n");
    for (kind, form) in [(Kind::GitHub, "site"), (Kind::GitLab, "provider")] {
        make(&world, kind, "one");
        let hook = add(&world, kind, "one", old, "push");
        state += &format!(
            "[[hooks]]\n{form} = \"{kind}\"\nnamespace = \"ada\"\nrepository = \"one\"\nhook_id = {}\nurl = \"{old}\"\n",
            hook.id
        );
    }
    state += "[[hooks]]\nsite = \"long-gone\"\nrepository = \"x\"\nhook_id = 1\n";
    let file = world.state().join("webhook-state.toml");
    put(&file, &state);
    world.refray(&["webhook", "install", "--dry-run"]).exits(0);
    assert!(file.exists(), "a dry run changes nothing");
    let said = world.refray(&["webhook", "install"]).exits(0);
    has(&said, &["2 copies: 2 repaired.", "it is not clear which webhook"]);
    for kind in TWO {
        assert_eq!(urls(&world, kind, "one"), [URL], "{kind}");
    }
    assert!(!file.exists() && world.state().join("webhook-state.toml.imported").exists());
    is_settled(&world, &TWO);
}
