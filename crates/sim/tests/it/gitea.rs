use http::{Method, StatusCode};
use refray_sim::Kind;
use refray_sim::world::Role;
use serde_json::json;

use crate::support::Forge;

#[tokio::test]
async fn a_repository_is_made_changed_and_deleted() {
    for kind in [Kind::Gitea, Kind::Forgejo] {
        let forge = Forge::new(kind).await;
        let body = json!({ "name": "r", "private": true, "description": "d" });
        let made = forge.api(Method::POST, "/user/repos", Some(body.clone())).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
        assert_eq!(made.json()["owner"]["login"], "octo");
        let twice = forge.api(Method::POST, "/user/repos", Some(body)).await;
        assert_eq!(twice.status, StatusCode::CONFLICT);
        assert_eq!(twice.json()["message"], "The repository with the same name already exists.");
        let bad = forge.api(Method::POST, "/user/repos", Some(json!({ "name": "a b" }))).await;
        assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(forge.call(Method::GET, "/repos/octo/r", None, None).await.status, StatusCode::NOT_FOUND);
        let renamed = forge.api(Method::PATCH, "/repos/octo/r", Some(json!({ "name": "s", "private": false }))).await;
        assert_eq!((renamed.status, renamed.json()["private"].as_bool()), (StatusCode::OK, Some(false)));
        let moved = forge.api(Method::GET, "/repos/octo/r/branches?limit=1", None).await;
        let redirect = if kind == Kind::Gitea { StatusCode::MOVED_PERMANENTLY } else { StatusCode::TEMPORARY_REDIRECT };
        assert_eq!((moved.status, moved.header("location")), (redirect, "/api/v1/repos/octo/s/branches"));
        forge.site.rename_account("octo", "cat").unwrap();
        let moved = forge.api(Method::GET, "/repos/octo/s", None).await;
        assert_eq!((moved.status, moved.header("location")), (StatusCode::TEMPORARY_REDIRECT, "/api/v1/repos/cat/s"));
        assert_eq!(forge.api(Method::DELETE, "/repos/cat/s", None).await.status, StatusCode::NO_CONTENT);
        assert_eq!(forge.api(Method::GET, "/repos/cat/s", None).await.status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn scopes_are_checked_in_the_forge_s_words() {
    let forge = Forge::new(Kind::Gitea).await;
    forge.repository("r");
    let narrow = forge.site.token("octo", &["read:user"]).unwrap().secret;
    let refused = forge.call(Method::GET, "/repos/octo/r", None, Some(&narrow)).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let text =
        "token does not have at least one of required scope(s), required=[read:repository], token scope=read:user";
    assert_eq!(refused.json()["message"], text);
    let writer = forge.site.token("octo", &["write:repository"]).unwrap().secret;
    assert_eq!(forge.call(Method::GET, "/repos/octo/r", None, Some(&writer)).await.status, StatusCode::OK);
    let unknown = forge.call(Method::GET, "/repos/octo/r", None, Some("wrong")).await;
    assert_eq!(unknown.status, StatusCode::UNAUTHORIZED);
    assert_eq!(forge.call(Method::GET, "/user", None, None).await.status, StatusCode::UNAUTHORIZED);
    forge.site.narrow_token(&forge.token, &["*"], true);
    assert_eq!(forge.api(Method::GET, "/repos/octo/r", None).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn forgejo_wants_the_owner_s_scope_for_a_deletion() {
    for (kind, scope) in [(Kind::Gitea, "write:repository"), (Kind::Forgejo, "write:organization")] {
        let forge = Forge::new(kind).await;
        forge.site.org("team", "octo").unwrap();
        forge.site.create_repo("team", "r", Default::default()).unwrap();
        let other = if kind == Kind::Gitea { "write:organization" } else { "write:repository" };
        let wrong = forge.site.token("octo", &[other]).unwrap().secret;
        let right = forge.site.token("octo", &[scope]).unwrap().secret;
        let refused = forge.call(Method::DELETE, "/repos/team/r", None, Some(&wrong)).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{kind}");
        forge.site.user("guest").unwrap();
        forge.site.add_member("team", "guest", Role::Developer).unwrap();
        let guest = forge.site.token("guest", &["*"]).unwrap().secret;
        let refused = forge.call(Method::DELETE, "/repos/team/r", None, Some(&guest)).await;
        assert_eq!(refused.json()["message"], "Given user is not owner of organization.");
        let done = forge.call(Method::DELETE, "/repos/team/r", None, Some(&right)).await;
        assert_eq!(done.status, StatusCode::NO_CONTENT, "{kind}: {}", done.text);
    }
}

#[tokio::test]
async fn a_listing_is_cut_into_pages_that_may_be_short() {
    let forge = Forge::new(Kind::Forgejo).await;
    for index in 0..55 {
        forge.repository(&format!("r{index}"));
    }
    let first = forge.api(Method::GET, "/user/repos?limit=100", None).await;
    assert_eq!((first.json().as_array().unwrap().len(), first.header("x-total-count")), (50, "55"));
    let base = format!("{}/user/repos?limit=50&page=2", forge.site.api_url());
    assert_eq!(first.header("link"), format!("<{base}>; rel=\"next\",<{base}>; rel=\"last\""));
    let second = forge.api(Method::GET, "/user/repos?limit=50&page=2", None).await;
    assert_eq!(second.json().as_array().unwrap().len(), 5);
    assert!(second.header("link").contains("rel=\"prev\"") && !second.header("link").contains("rel=\"next\""));
    forge.site.user("other").unwrap();
    let other = forge.site.token("other", &["*"]).unwrap().secret;
    let foreign = forge.call(Method::GET, "/users/octo/repos", None, Some(&other)).await;
    assert_eq!((foreign.text.as_str(), foreign.header("x-total-count")), ("[]", "55"));
}

#[tokio::test]
async fn hooks_fall_asleep_and_forget_as_on_the_real_forge() {
    let forge = Forge::new(Kind::Gitea).await;
    forge.repository("r");
    let config = json!({ "url": "http://127.0.0.1:1/", "content_type": "json", "secret": "s" });
    let body = json!({ "type": "gitea", "config": config, "events": ["create"], "branch_filter": "main" });
    let made = forge.api(Method::POST, "/repos/octo/r/hooks", Some(body)).await.json();
    assert_eq!((made["active"].as_bool(), made["events"][0].as_str()), (Some(false), Some("create")));
    assert_eq!(made["config"].get("secret"), None);
    let path = format!("/repos/octo/r/hooks/{}", made["id"]);
    let changed = forge.api(Method::PATCH, &path, Some(json!({ "active": true }))).await.json();
    assert_eq!((changed["events"][0].as_str(), changed["branch_filter"].as_str()), (Some("push"), Some("")));
    let bad = json!({ "type": "forgejo", "config": { "url": "http://x", "content_type": "json" } });
    assert_eq!(
        forge.api(Method::POST, "/repos/octo/r/hooks", Some(bad)).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    assert_eq!(forge.api(Method::DELETE, &path, None).await.status, StatusCode::NO_CONTENT);
    assert_eq!(forge.api(Method::GET, "/repos/octo/r/hooks", None).await.text, "[]");
}

#[tokio::test]
async fn branches_refs_protections_and_pull_requests_are_spoken_of() {
    for kind in [Kind::Gitea, Kind::Forgejo] {
        let forge = Forge::new(kind).await;
        forge.repository("r");
        let at = |rest: &str| format!("/repos/octo/r{rest}");
        assert_eq!(forge.api(Method::GET, &at("/git/refs"), None).await.status, StatusCode::NOT_FOUND);
        assert_eq!(forge.api(Method::GET, &at("/branches"), None).await.text, "[]");
        let root = forge.site.commit("octo", "r", "main", &[("a", "1\n")], "one").unwrap();
        let body = json!({ "new_branch_name": "a/b", "old_ref_name": "main" });
        assert_eq!(forge.api(Method::POST, &at("/branches"), Some(body)).await.status, StatusCode::CREATED);
        let tip = forge.site.commit("octo", "r", "a/b", &[("b", "1\n")], "two").unwrap();
        let branch = forge.api(Method::GET, &at("/branches/a/b"), None).await.json();
        assert_eq!((branch["commit"]["id"].as_str(), branch["name"].as_str()), (Some(tip.as_str()), Some("a/b")));
        let list = forge.api(Method::GET, &at("/branches"), None).await.json();
        assert_eq!(list.as_array().unwrap().len(), 2);
        let one = forge.api(Method::GET, &at("/git/refs/heads/main"), None).await.json();
        assert_eq!(one["object"]["sha"].as_str(), Some(root.as_str()));
        let rule = json!({ "rule_name": "rel/*", "enable_push": true, "required_approvals": 2 });
        let rule = forge.api(Method::POST, &at("/branch_protections"), Some(rule)).await.json();
        assert_eq!((rule["required_approvals"].as_u64(), rule["enable_push"].as_bool()), (Some(2), Some(true)));
        assert_eq!(rule.get("enable_force_push").is_some(), kind == Kind::Gitea);
        assert_eq!(
            forge.api(Method::DELETE, &at("/branch_protections/rel%2F*"), None).await.status,
            StatusCode::NO_CONTENT
        );
        let body = json!({ "head": "a/b", "base": "main", "title": "t" });
        let pull = forge.api(Method::POST, &at("/pulls"), Some(body.clone())).await;
        assert_eq!(pull.status, StatusCode::CREATED, "{}", pull.text);
        assert_eq!(forge.api(Method::POST, &at("/pulls"), Some(body)).await.status, StatusCode::CONFLICT);
        assert_eq!(forge.api(Method::GET, &at("/pulls/main/a/b"), None).await.json()["number"], 1);
        assert_eq!(forge.api(Method::GET, &at("/pulls/1"), None).await.json()["mergeable"], true);
        let said = forge.api(Method::POST, &at("/issues/1/comments"), Some(json!({ "body": "hi" }))).await;
        assert_eq!(said.status, StatusCode::CREATED, "{}", said.text);
        let merge = json!({ "Do": "merge", "delete_branch_after_merge": true });
        let merged = forge.api(Method::POST, &at("/pulls/1/merge"), Some(merge)).await;
        assert_eq!(merged.status, StatusCode::OK, "{}", merged.text);
        assert_eq!(forge.api(Method::GET, &at("/pulls/1"), None).await.json()["merged"], true);
        assert_eq!(forge.api(Method::GET, &at("/branches/a/b"), None).await.status, StatusCode::NOT_FOUND);
        let version = forge.api(Method::GET, "/version", None).await.json();
        assert_eq!(version["version"].as_str().unwrap().contains("+gitea-"), kind == Kind::Forgejo);
    }
}
