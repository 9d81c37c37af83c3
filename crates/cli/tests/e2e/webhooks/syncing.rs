//! `[webhook].install = true`: a sync installs what is missing.

use refray_sim::Effect;

use super::*;
use crate::world::has;

fn none(world: &World) {
    for kind in KINDS {
        let (looks, writes, _) = counted(world, kind);
        assert_eq!((looks, writes), (0, 0), "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_installs_what_is_missing_and_nothing_else() {
    let mut world = world(&KINDS).await;
    world.seed(Kind::GitHub, "one", Visibility::Private);
    world.refray(&["sync"]).exits(0);
    none(&world);
    configure(&mut world, "install = true\n", URL);
    world.refray(&["sync", "--dry-run"]).exits(0);
    none(&world);
    world.refray(&["sync"]).exits(0);
    for kind in KINDS {
        assert_eq!(urls(&world, kind, "one"), [URL], "{kind}");
        let (looks, writes, _) = counted(&world, kind);
        assert_eq!((looks, writes), (1, 1), "{kind}");
    }
    world.refray(&["sync"]).exits(0);
    none(&world);
    // A new repository gets its own wherever it is created, and the rest is not looked at.
    world.seed(Kind::GitLab, "two", Visibility::Private);
    world.refray(&["sync"]).exits(0);
    for kind in KINDS {
        assert_eq!(
            (urls(&world, kind, "one"), urls(&world, kind, "two")),
            (vec![URL.to_owned()], vec![URL.to_owned()])
        );
        let (looks, writes, _) = counted(&world, kind);
        assert_eq!((looks, writes), (1, 1), "{kind}");
    }
    // Another address or secret makes all of them known to be out of date.
    configure(&mut world, "install = true\n", NEW);
    world.refray(&["sync"]).exits(0);
    for kind in KINDS {
        assert_eq!(
            (urls(&world, kind, "one"), urls(&world, kind, "two")),
            (vec![NEW.to_owned()], vec![NEW.to_owned()])
        );
    }
    world.env.insert(VARIABLE.into(), "another-one-of-these".into());
    world.refray(&["sync"]).exits(0);
    for kind in KINDS {
        assert_eq!(hooks(&world, kind, "two")[0].secret.as_deref(), Some("another-one-of-these"), "{kind}");
        counted(&world, kind);
    }
    world.refray(&["sync"]).exits(0);
    none(&world);
    has(&world.refray(&["webhook", "status"]).exits(0), &["8 copies: 8 installed."]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_is_reported_and_fails_no_sync() {
    let mut world = world(&KINDS).await;
    configure(&mut world, "install = true\n", URL);
    world.seed(Kind::GitHub, "one", Visibility::Private);
    let lab = world.site(Kind::GitLab);
    lab.faults().add("/hooks", None, Effect::Status(403, "{\"message\":\"403 Forbidden\"}".into())).unwrap();
    let said = world.refray(&["sync"]).exits(0);
    has(&said, &["+ one: created on", "could not list the webhooks of ada/one", "the role Maintainer", "1 synced"]);
    let run = world.refray(&["sync", "--format", "json"]);
    assert_eq!(run.findings(), [("one".to_owned(), "webhook".to_owned())]);
    run.exits(0);
    lab.faults().clear();
    assert!(world.refray(&["sync", "--format", "json"]).findings().is_empty());
    assert_eq!(urls(&world, Kind::GitLab, "one"), [URL]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_cannot_be_had_is_warned_of() {
    let mut world = world(&[Kind::GitHub, Kind::Gitea]).await;
    configure(&mut world, "install = true\n", URL);
    world.env.remove(VARIABLE);
    world.seed(Kind::GitHub, "one", Visibility::Private);
    let said = world.refray(&["sync"]).exits(0);
    has(&said, &["no webhooks are installed", "the environment variable `HOOK_SECRET` is not set", "1 synced"]);
    has(&said, &["Set it where refray runs, and the next sync installs them; or set `install = false`"]);
    assert!(hooks(&world, Kind::Gitea, "one").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_of_two_groups_gets_one_webhook() {
    let mut world = world(&[Kind::GitHub, Kind::Gitea]).await;
    configure(&mut world, "install = true\n", URL);
    world.config.tail += "[[mirrors]]\nname = \"again\"\n[[mirrors.endpoints]]\nsite = \"github\"\nkind = \"user\"\nnamespace = \"ada\"\n";
    for number in 0..5 {
        world.seed(Kind::GitHub, &format!("repo-{number}"), Visibility::Private);
    }
    world.refray(&["sync"]).exits(0);
    for number in 0..5 {
        assert_eq!(urls(&world, Kind::GitHub, &format!("repo-{number}")), [URL]);
    }
}
