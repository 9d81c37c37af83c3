//! What forges do not let happen is named with its remedy, and stops nothing else.

use refray_sim::Effect;
use refray_sim::world::RepositoryPatch;

use super::*;
use crate::world::has;

#[tokio::test(flavor = "multi_thread")]
async fn archived_repositories_need_none() {
    let world = world(&KINDS).await;
    for kind in KINDS {
        make(&world, kind, "one");
        make(&world, kind, "two");
        let site = world.site(kind);
        let one = site.repository(OWNER, "one").unwrap();
        let patch = RepositoryPatch { archived: Some(true), ..RepositoryPatch::default() };
        site.update_repository(one.id, patch, one.owner).unwrap();
    }
    let said = world.refray(&["webhook", "install"]).exits(0);
    has(
        &said,
        &["= one  github/ada   archived: nothing can be pushed", "once it is unarchived", "4 created, 4 archived"],
    );
    for kind in KINDS {
        assert!(hooks(&world, kind, "one").is_empty(), "{kind}");
        assert_eq!(urls(&world, kind, "two"), [URL], "{kind}");
    }
    has(&world.refray(&["webhook", "status"]).exits(0), &["archived", "4 installed, 4 archived"]);
    is_settled(&world, &KINDS);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_without_the_right() {
    let world = World::of_forges(&KINDS).await;
    let mut world = world;
    configure(&mut world, "", URL);
    for kind in KINDS {
        world
            .site(kind)
            .create_repo(OWNER, "one", NewRepository { visibility: Visibility::Public, ..NewRepository::default() })
            .unwrap();
    }
    for (kind, scopes) in [
        (Kind::GitHub, &["read:user"][..]),
        (Kind::GitLab, &["read_api"]),
        (Kind::Gitea, &["read:user", "read:repository"]),
    ] {
        let token = world.token(kind).to_owned();
        world.site(kind).narrow_token(&token, scopes, false);
    }
    let said = world.refray(&["webhook", "install"]).exits(1);
    has(
        &said,
        &[
            "! one  github/ada   could not",
            "Give the token of site `github` the scope `admin:repo_hook`",
            "! one  gitlab/ada   could not",
            "Give the token of site `gitlab` the scope `api`, and its account the role Maintainer",
            "! one  gitea/ada    could not",
            "Give the token of site `gitea` the scope `write:repository`, and its account admin rights",
            "+ one  forgejo/ada  created",
            "4 copies: 1 created, 3 failed.",
        ],
    );
    assert_eq!(urls(&world, Kind::Forgejo, "one"), [URL]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repository_with_as_many_as_are_allowed() {
    let world = world(&[Kind::GitHub, Kind::GitLab]).await;
    for (kind, event, number) in [(Kind::GitHub, "push", 20), (Kind::GitLab, "push_events", 100)] {
        make(&world, kind, "full");
        make(&world, kind, "other");
        for other in 0..number {
            add(&world, kind, "full", &format!("{ALIEN}/{other}"), event);
        }
    }
    let said = world.refray(&["webhook", "install"]).exits(1);
    has(
        &said,
        &[
            "! full   github/ada  could not",
            "! full   gitlab/ada  could not",
            "as many webhooks as the forge allows",
            "remedy: Remove a webhook that is not needed any more",
            "4 copies: 2 created, 2 failed.",
        ],
    );
    assert_eq!((urls(&world, Kind::GitHub, "full").len(), urls(&world, Kind::GitLab, "full").len()), (20, 100));
    assert_eq!(urls(&world, Kind::GitHub, "other"), [URL]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forge_that_has_them_switched_off_and_one_that_refuses_the_address() {
    let world = world(&KINDS).await;
    for kind in KINDS {
        make(&world, kind, "one");
    }
    let refuse = |kind, method, status, body: &str| {
        let site = world.site(kind);
        site.faults().add_for(method, "/hooks", None, Effect::Status(status, body.to_owned())).unwrap();
    };
    refuse(Kind::Gitea, None, 403, r#"{"message":"webhooks disabled by administrator"}"#);
    refuse(Kind::GitLab, Some("POST"), 422, r#"{"error":"Invalid url given"}"#);
    let local = "url is not supported because it isn't reachable over the public Internet (127.0.0.1)";
    let body = format!(
        r#"{{"message":"Validation Failed","errors":[{{"resource":"Hook","code":"custom","field":"url","message":"{local}"}}]}}"#
    );
    refuse(Kind::GitHub, Some("POST"), 422, &body);
    let run = world.refray(&["webhook", "install", "--format", "json"]);
    let of = |endpoint: &str| run.events().into_iter().find(|event| event["endpoint"] == endpoint).unwrap();
    for (endpoint, error, remedy) in [
        ("gitea/ada", "webhooks switched off", "DISABLE_WEBHOOKS"),
        ("gitlab/ada", "does not deliver to this address", "local network"),
        ("github/ada", "does not deliver to this address", "public address"),
    ] {
        let event = of(endpoint);
        has(event["error"].as_str().unwrap(), &[error]);
        has(event["remedy"].as_str().unwrap(), &[remedy]);
    }
    assert_eq!(of("forgejo/ada")["changes"][0]["kind"], "created");
    run.exits(1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_is_down() {
    let world = world(&KINDS).await;
    for kind in KINDS {
        make(&world, kind, "one");
    }
    world.site(Kind::GitLab).faults().add("/api/", None, Effect::Status(500, "broken".into())).unwrap();
    let said = world.refray(&["webhook", "install"]).exits(1);
    has(&said, &["! gitlab/ada: ", "remedy: ", "3 copies: 3 created; 1 endpoint not available."]);
    world.site(Kind::GitLab).faults().clear();
    has(&world.refray(&["webhook", "install"]).exits(0), &["4 copies: 3 right already, 1 created."]);
}
