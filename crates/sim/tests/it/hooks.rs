use std::collections::BTreeSet;
use std::time::Duration;

use axum::Router;
use axum::routing::post;
use hmac::{Hmac, KeyInit, Mac};
use refray_sim::world::{ContentType, Hook, HookTarget};
use refray_sim::{Delivery, Kind};
use serde_json::Value;
use sha2::Sha256;

use crate::support::Forge;

/// Starts something that takes whatever is posted and says yes, and returns its URL.
async fn receiver() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let router = Router::new().route("/hook", post(async || "ok"));
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

fn add_hook(forge: &Forge, id: u64, url: &str, events: &[&str], change: impl FnOnce(&mut Hook)) {
    let mut hook = Hook::new(HookTarget::Repository(id), url);
    hook.events = events.iter().map(|it| (*it).to_owned()).collect::<BTreeSet<_>>();
    change(&mut hook);
    forge.site.world().add_hook(hook);
}

fn digest(secret: &str, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn payload(delivery: &Delivery) -> Value {
    serde_json::from_str(&delivery.body).unwrap()
}

async fn wait(forge: &Forge, count: usize) -> Vec<Delivery> {
    let all = forge.site.deliveries().wait(count, Duration::from_secs(10)).await;
    assert!(all.iter().all(|it| it.status == Some(200)), "{all:?}");
    all
}

#[tokio::test]
async fn github_tells_of_a_push_and_a_new_branch_and_signs_both() {
    let forge = Forge::new(Kind::GitHub).await;
    let id = forge.repository("r");
    let url = receiver().await;
    add_hook(&forge, id, &url, &["push", "create", "delete"], |it| it.secret = Some("s3cret".to_owned()));
    forge.site.commit("octo", "r", "main", &[("a", "1\n")], "one").unwrap();
    let all = wait(&forge, 2).await;
    assert_eq!(all.len(), 2);
    for delivery in &all {
        assert_eq!(
            delivery.header("x-hub-signature-256").unwrap(),
            format!("sha256={}", digest("s3cret", &delivery.body))
        );
        assert!(delivery.header("user-agent").unwrap().starts_with("GitHub-Hookshot/"));
    }
    let push = payload(all.iter().find(|it| it.event == "push").unwrap());
    assert_eq!((push["ref"].as_str(), push["created"].as_bool()), (Some("refs/heads/main"), Some(true)));
    assert_eq!(push["commits"][0]["added"][0], "a");
    assert!(push["repository"]["pushed_at"].is_i64() && push["repository"]["owner"]["login"] == "octo");
    let create = payload(all.iter().find(|it| it.event == "create").unwrap());
    assert_eq!((create["ref"].as_str(), create["ref_type"].as_str()), (Some("main"), Some("branch")));
}

#[tokio::test]
async fn github_keeps_quiet_about_many_tags_and_says_when_a_push_was_forced() {
    let forge = Forge::new(Kind::GitHub).await;
    let id = forge.repository("r");
    let work = forge.working_copy("r").await;
    assert!(forge.git(&work, &["push", "origin", "main"]).await.ok);
    let url = receiver().await;
    add_hook(&forge, id, &url, &["push"], |_| {});
    for tag in ["a", "b", "c", "d"] {
        assert!(forge.git(&work, &["tag", tag]).await.ok);
    }
    assert!(forge.git(&work, &["push", "origin", "--tags"]).await.ok);
    assert!(forge.git(&work, &["commit", "-q", "--allow-empty", "--amend", "-m", "other"]).await.ok);
    assert!(forge.git(&work, &["push", "--force", "origin", "main"]).await.ok);
    let all = wait(&forge, 1).await;
    assert_eq!((all.len(), payload(&all[0])["forced"].as_bool()), (1, Some(true)));
    assert_eq!(all[0].header("x-hub-signature-256"), None, "there is no secret");
}

#[tokio::test]
async fn gitlab_sends_its_token_and_signs_when_asked_and_skips_wide_pushes() {
    let forge = Forge::new(Kind::GitLab).await;
    let id = forge.repository("r");
    let url = receiver().await;
    add_hook(&forge, id, &url, &["push_events", "tag_push_events"], |it| {
        it.secret = Some("s3cret".to_owned());
        it.signing_token = Some("whsec_MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI=".to_owned());
    });
    let work = forge.working_copy("r").await;
    let args = ["push", "origin", "main", "main:a", "main:b", "main:c"];
    assert!(forge.git(&work, &args).await.ok);
    assert!(forge.git(&work, &["tag", "v1"]).await.ok);
    assert!(forge.git(&work, &["push", "origin", "v1"]).await.ok);
    let all = wait(&forge, 1).await;
    assert_eq!(all.len(), 1, "four branches at once are told to nobody");
    assert_eq!((all[0].event.as_str(), all[0].header("x-gitlab-token")), ("Tag Push Hook", Some("s3cret")));
    assert_eq!(all[0].header("webhook-id"), all[0].header("idempotency-key"));
    assert!(all[0].header("webhook-signature").unwrap().starts_with("v1,"));
    assert_eq!(payload(&all[0])["object_kind"], "tag_push");
}

#[tokio::test]
async fn gitea_tells_of_a_deleted_branch_by_delete_alone() {
    for (kind, flavour, name) in [
        (Kind::Gitea, "gitea", "topic"),
        (Kind::Forgejo, "gitea", "topic"),
        (Kind::Forgejo, "forgejo", "refs/heads/topic"),
    ] {
        let forge = Forge::new(kind).await;
        let id = forge.repository("r");
        let tip = forge.site.commit("octo", "r", "main", &[("a", "1\n")], "one").unwrap();
        forge.site.move_ref(id, "refs/heads/topic", &tip).unwrap();
        let url = receiver().await;
        add_hook(&forge, id, &url, &["push", "create", "delete"], |it| {
            flavour.clone_into(&mut it.flavour);
            it.content_type = ContentType::Form;
            it.secret = Some("s3cret".to_owned());
        });
        forge.site.move_ref(id, "refs/heads/topic", &"0".repeat(40)).unwrap();
        let all = wait(&forge, 1).await;
        assert_eq!(all.len(), 1);
        let json = url::form_urlencoded::parse(all[0].body.as_bytes()).next().unwrap().1.into_owned();
        let told: Value = serde_json::from_str(&json).unwrap();
        assert_eq!((all[0].event.as_str(), told["ref"].as_str()), ("delete", Some(name)));
        // The signature covers the JSON and not the form.
        assert_eq!(all[0].header("x-gitea-signature").unwrap(), digest("s3cret", &json));
        assert_eq!(all[0].header("x-forgejo-event").is_some(), kind == Kind::Forgejo);
    }
}

#[tokio::test]
async fn gitea_sends_empty_digests_without_a_secret_and_an_owner_hears_of_new_repositories() {
    let forge = Forge::new(Kind::Gitea).await;
    let owner = forge.site.account("octo").unwrap().id;
    let mut hook = Hook::new(HookTarget::Account(owner), receiver().await);
    hook.events.insert("repository".to_owned());
    forge.site.world().add_hook(hook);
    let id = forge.repository("r");
    forge.site.delete_repository(id, owner).unwrap();
    let all = wait(&forge, 2).await;
    let mut actions: Vec<String> = all.iter().map(|it| payload(it)["action"].as_str().unwrap().to_owned()).collect();
    actions.sort();
    assert_eq!(actions, ["created", "deleted"]);
    assert_eq!(all[0].header("x-gitea-signature"), Some(""));
    assert_eq!(all[0].header("x-hub-signature-256"), Some("sha256="));
}
