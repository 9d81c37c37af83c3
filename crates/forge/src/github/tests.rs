use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use refray_core::config::{Endpoint, Names, NamespaceKind, Provider};
use refray_core::name::{BranchName, EndpointId, RepoName};
use refray_core::oid::ObjectFormat;
use refray_core::repository::{ForgeId, Visibility};
use refray_core::secret::Secret;
use serde_json::{Value, json};
use url::Url;

use super::GitHub;
use crate::api::{Deletion, Forge, HookSpec, Lookup, NewPull, NewRepository, PullState, RepositoryPatch};
use crate::error::ErrorKind;
use crate::http::testing::{Variables, client, quick, site};
use crate::http::{Client, git_url};

type Seen = Arc<Mutex<Vec<(String, Value)>>>;
type Answer = (u16, Vec<(&'static str, &'static str)>, Value);

/// Plays GitHub: each request, by method and address without the query, gets its answer.
async fn forge(answers: Vec<(&'static str, Answer)>) -> (GitHub, Seen) {
    let answers: HashMap<&str, Answer> = answers.into_iter().collect();
    let seen: Seen = Arc::default();
    let log = Arc::clone(&seen);
    let router = Router::new().fallback(move |request: Request| {
        let (answers, log) = (answers.clone(), Arc::clone(&log));
        async move {
            let line = format!("{} {}", request.method(), request.uri().path().trim_start_matches("/api/v3"));
            let full = format!("{} {}", request.method(), request.uri().to_string().trim_start_matches("/api/v3"));
            let body = axum::body::to_bytes(request.into_body(), usize::MAX).await.unwrap();
            log.lock().unwrap().push((full, serde_json::from_slice(&body).unwrap_or_default()));
            let missing =
                (404, vec![], json!({"message": "Not Found", "documentation_url": "https://docs.github.com/rest"}));
            answer(answers.get(line.as_str()).unwrap_or(&missing))
        }
    });
    (GitHub::new(client(Provider::Github, router).await), seen)
}

fn answer((status, headers, body): &Answer) -> Response {
    let status = StatusCode::from_u16(*status).unwrap();
    let mut response =
        if body.is_null() { status.into_response() } else { (status, axum::Json(body.clone())).into_response() };
    for (name, value) in headers {
        response.headers_mut().insert(*name, value.parse().unwrap());
    }
    response
}

fn yes(body: Value) -> Answer {
    (200, vec![], body)
}

fn repository(id: u64, owner: &str, name: &str, private: bool) -> Value {
    json!({
        "id": id, "node_id": "MDEwOlJlcG9zaXRvcnkx", "name": name, "full_name": format!("{owner}/{name}"),
        "owner": {"login": owner, "id": 1, "type": "User"}, "private": private,
        "html_url": format!("https://github.com/{owner}/{name}"), "description": null, "fork": false,
        "default_branch": "main", "archived": false, "disabled": false, "pushed_at": "2026-01-26T19:06:43Z",
        "visibility": if private { "private" } else { "public" },
    })
}

fn user() -> Answer {
    (200, vec![("x-oauth-scopes", "repo, workflow")], json!({"login": "Octocat", "id": 1, "type": "User"}))
}

fn endpoint(github: &GitHub, kind: NamespaceKind, namespace: &str) -> Endpoint {
    let site = Arc::clone(github.site());
    let id = EndpointId::of(&site.name, namespace);
    Endpoint { id, site, kind, namespace: namespace.into(), include_subgroups: false, names: Names::default() }
}

fn new(name: &str) -> NewRepository {
    NewRepository {
        name: RepoName::new(name).unwrap(),
        visibility: Visibility::Private,
        description: "two\nlines".into(),
        default_branch: None,
        format: ObjectFormat::Sha1,
    }
}

#[tokio::test]
async fn ones_own_listing_holds_private_repositories_and_only_ones_own() {
    let both = json!([repository(1, "octocat", "a", true), repository(2, "someone", "b", false)]);
    let (github, seen) = forge(vec![("GET /user", user()), ("GET /user/repos", yes(both))]).await;
    let listed = github.list(&endpoint(&github, NamespaceKind::User, "octocat")).await.unwrap();
    assert_eq!(listed.len(), 1);
    let first = &listed[0];
    assert_eq!((first.id.0.as_str(), first.path.as_str(), first.name.as_str()), ("1", "octocat/a", "a"));
    assert_eq!(first.visibility, Some(Visibility::Private));
    assert_eq!(first.default_branch, Some(BranchName::new("main").unwrap()));
    assert_eq!(first.updated.unwrap().to_string(), "2026-01-26T19:06:43Z");
    let asked = seen.lock().unwrap()[1].0.clone();
    assert_eq!(asked, "GET /user/repos?affiliation=owner&sort=created&direction=asc&per_page=100");
}

#[tokio::test]
async fn others_are_listed_where_they_are() {
    let (github, seen) = forge(vec![
        ("GET /user", user()),
        ("GET /users/hubot/repos", yes(json!([repository(3, "hubot", "c", false)]))),
        ("GET /orgs/acme/repos", yes(json!([repository(4, "acme", "d", true)]))),
        ("GET /users/acme", yes(json!({"login": "Acme", "id": 9, "type": "Organization"}))),
    ])
    .await;
    assert_eq!(github.list(&endpoint(&github, NamespaceKind::User, "hubot")).await.unwrap()[0].path, "hubot/c");
    let acme = endpoint(&github, NamespaceKind::Org, "acme");
    assert_eq!(github.list(&acme).await.unwrap()[0].path, "acme/d");
    let info = github.namespace(&acme).await.unwrap();
    assert_eq!((info.kind, info.id.as_str(), info.path.as_str()), (NamespaceKind::Org, "9", "Acme"));
    let asked: Vec<_> = seen.lock().unwrap().iter().map(|(line, _)| line.clone()).collect();
    assert!(asked[1].contains("type=owner") && asked[2].contains("type=all"), "{asked:?}");
}

#[tokio::test]
async fn a_rename_is_told_from_absence_and_from_narrow_tokens() {
    let (github, _) = forge(vec![
        ("GET /user", user()),
        (
            "GET /repos/o/old",
            (301, vec![("location", "/api/v3/repositories/7")], json!({"message": "Moved Permanently"})),
        ),
        ("GET /repositories/7", yes(repository(7, "o", "new", false))),
        ("GET /repos/o/here", yes(repository(8, "O", "Here", false))),
        (
            "GET /repos/o/hidden",
            (
                404,
                vec![("x-oauth-scopes", "gist"), ("x-accepted-oauth-scopes", "repo")],
                json!({"message": "Not Found"}),
            ),
        ),
    ])
    .await;
    assert!(matches!(github.get("o/old").await.unwrap(), Lookup::Moved(found) if found.path == "o/new"));
    assert!(matches!(github.get("o/here").await.unwrap(), Lookup::Found(found) if found.id.0 == "8"));
    assert_eq!(github.get("o/none").await.unwrap(), Lookup::NotFound);
    assert_eq!(github.get("o/hidden").await.unwrap_err().kind, ErrorKind::Forbidden { missing: Some("repo".into()) });
    assert!(
        matches!(github.get_by_id(&ForgeId("7".into())).await.unwrap(), Lookup::Found(found) if found.path == "o/new")
    );
    assert_eq!(github.get_by_id(&ForgeId("99".into())).await.unwrap(), Lookup::NotFound);
    assert_eq!(github.get("nonsense").await.unwrap_err().kind, ErrorKind::Invalid);
}

#[tokio::test]
async fn repositories_are_created_as_asked_or_not_at_all() {
    let (github, seen) = forge(vec![
        ("GET /user", user()),
        ("POST /user/repos", (201, vec![], repository(5, "octocat", "fresh", true))),
        ("POST /orgs/acme/repos", (422, vec![], json!({"message": "Repository creation failed.", "errors": [{"resource": "Repository", "code": "custom", "field": "name", "message": "name already exists on this account"}]}))),
    ])
    .await;
    let own = endpoint(&github, NamespaceKind::User, "octocat");
    assert_eq!(github.create(&own, &new("fresh")).await.unwrap().id.0, "5");
    assert_eq!(
        seen.lock().unwrap().last().unwrap().1,
        json!({"name": "fresh", "description": "two lines", "private": true, "auto_init": false})
    );
    let before = seen.lock().unwrap().len();
    assert_eq!(github.create(&own, &new("a b")).await.unwrap_err().kind, ErrorKind::BadName);
    let sha256 = NewRepository { format: ObjectFormat::Sha256, ..new("x") };
    assert_eq!(github.create(&own, &sha256).await.unwrap_err().kind, ErrorKind::Unsupported);
    assert_eq!(seen.lock().unwrap().len(), before, "nothing was asked of the forge");
    let acme = endpoint(&github, NamespaceKind::Org, "acme");
    assert_eq!(github.create(&acme, &new("taken")).await.unwrap_err().kind, ErrorKind::AlreadyExists);
    let other = endpoint(&github, NamespaceKind::User, "hubot");
    assert!(matches!(github.create(&other, &new("x")).await.unwrap_err().kind, ErrorKind::Forbidden { .. }));
}

#[tokio::test]
async fn a_creation_of_unknown_end_is_looked_for() {
    let (github, seen) = forge(vec![
        ("POST /orgs/acme/repos", (502, vec![], Value::Null)),
        ("GET /repos/acme/made", yes(repository(6, "acme", "made", true))),
    ])
    .await;
    let acme = endpoint(&github, NamespaceKind::Org, "acme");
    assert_eq!(github.create(&acme, &new("made")).await.unwrap().id.0, "6");
    assert_eq!(github.create(&acme, &new("lost")).await.unwrap_err().kind, ErrorKind::Server { status: 502 });
    let posts = seen.lock().unwrap().iter().filter(|(line, _)| line.starts_with("POST")).count();
    assert_eq!(posts, 2, "one for each, none of them repeated");
}

#[tokio::test]
async fn only_the_very_repository_is_deleted() {
    let (github, seen) = forge(vec![
        ("GET /user", user()),
        ("GET /repos/o/r", yes(repository(7, "o", "r", false))),
        ("DELETE /repos/o/r", (204, vec![], Value::Null)),
    ])
    .await;
    assert_eq!(github.delete("o/r", &ForgeId("8".into())).await.unwrap_err().kind, ErrorKind::Invalid);
    assert!(!seen.lock().unwrap().iter().any(|(line, _)| line.starts_with("DELETE")));
    assert_eq!(github.delete("o/r", &ForgeId("7".into())).await.unwrap(), Deletion::Done);
    assert_eq!(github.delete("o/none", &ForgeId("7".into())).await.unwrap_err().kind, ErrorKind::NotFound);

    let (github, _) = forge(vec![
        ("GET /repos/o/r", yes(repository(7, "o", "r", false))),
        (
            "DELETE /repos/o/r",
            (
                403,
                vec![("x-oauth-scopes", "repo"), ("x-accepted-oauth-scopes", "delete_repo")],
                json!({"message": "Must have admin rights to Repository."}),
            ),
        ),
    ])
    .await;
    let error = github.delete("o/r", &ForgeId("7".into())).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Forbidden { missing: Some("delete_repo".into()) });
}

#[tokio::test]
async fn settings_change_alone() {
    let (github, seen) = forge(vec![
        ("PATCH /repos/o/r", yes(repository(7, "o", "r", false))),
        ("GET /repos/o/r", yes(repository(7, "o", "r", false))),
    ])
    .await;
    let patch =
        RepositoryPatch { default_branch: Some(BranchName::new("next").unwrap()), ..RepositoryPatch::default() };
    github.update("o/r", &patch).await.unwrap();
    assert_eq!(seen.lock().unwrap().last().unwrap().1, json!({"default_branch": "next"}));
    let id = ForgeId("7".into());
    assert_eq!(github.rename("o/r", &id, &RepoName::new("r").unwrap()).await.unwrap().path, "o/r");
    let error = github.rename("o/r", &id, &RepoName::new("other").unwrap()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Protocol, "the answer has another name than was asked for");
}

fn pull(number: u64, head: &str, state: &str, merged_at: Value, head_repository: &str) -> Value {
    json!({
        "number": number, "html_url": format!("https://github.com/o/r/pull/{number}"), "title": "t", "body": null,
        "state": state, "merged_at": merged_at,
        "head": {"ref": head, "sha": "6dcb09b5b57875f334f61aebed695e2e4193db5e", "repo": {"full_name": head_repository}},
        "base": {"ref": "main", "sha": "c3d0be41ecbe669545ee3e94d31ed9a4bc91ee3c", "repo": {"full_name": "o/r"}},
    })
}

#[tokio::test]
async fn pull_requests_are_told_apart() {
    let all = json!([
        pull(1, "refray/conflicts/main/x", "open", Value::Null, "o/r"),
        pull(2, "refray/conflicts/main/y", "closed", json!("2026-01-01T00:00:00Z"), "o/r"),
        pull(3, "refray/conflicts/main/z", "closed", Value::Null, "O/R"),
        pull(4, "feature", "open", Value::Null, "o/r"),
        pull(5, "refray/conflicts/main/x", "open", Value::Null, "fork/r"),
    ]);
    let (github, seen) = forge(vec![
        ("GET /repos/o/r/pulls", yes(all)),
        ("POST /repos/o/r/pulls", (201, vec![], pull(6, "refray/conflicts/main/q", "open", Value::Null, "o/r"))),
        ("GET /repos/o/r/pulls/1", yes(pull(1, "refray/conflicts/main/x", "open", Value::Null, "o/r"))),
        ("PATCH /repos/o/r/pulls/1", yes(pull(1, "refray/conflicts/main/x", "closed", Value::Null, "o/r"))),
        ("GET /repos/o/r/pulls/2", yes(pull(2, "refray/conflicts/main/y", "closed", Value::Null, "o/r"))),
        ("POST /repos/o/r/issues/1/comments", (201, vec![], json!({"id": 1}))),
    ])
    .await;
    let found: Vec<_> =
        github.pulls("o/r", "refray/conflicts/").await.unwrap().iter().map(|pull| (pull.number, pull.state)).collect();
    assert_eq!(found, [(1, PullState::Open), (2, PullState::Merged), (3, PullState::Closed)]);
    let branch = |name| BranchName::new(name).unwrap();
    let asked =
        NewPull { head: branch("refray/conflicts/main/q"), base: branch("main"), title: "t".into(), body: "b".into() };
    assert_eq!(github.open_pull("o/r", &asked).await.unwrap().number, 6);
    assert_eq!(
        seen.lock().unwrap().last().unwrap().1,
        json!({"head": "refray/conflicts/main/q", "base": "main", "title": "t", "body": "b"})
    );
    github.close_pull("o/r", 1, "because").await.unwrap();
    let last: Vec<_> = seen.lock().unwrap().iter().rev().take(2).cloned().collect();
    assert_eq!(last[0], ("POST /repos/o/r/issues/1/comments".into(), json!({"body": "because"})));
    assert_eq!(last[1], ("PATCH /repos/o/r/pulls/1".into(), json!({"state": "closed"})));
    let before = seen.lock().unwrap().len();
    github.close_pull("o/r", 2, "because").await.unwrap();
    assert_eq!(seen.lock().unwrap().len(), before + 1, "one that is closed is left alone");
}

#[tokio::test]
async fn hooks_are_judged_made_and_removed() {
    let hook = |id: u64, events: Value, content: &str| {
        json!({"type": "Repository", "id": id, "name": "web", "active": true, "events": events,
               "config": {"content_type": content, "insecure_ssl": "0", "url": "https://refray.example/webhook", "secret": "********"}})
    };
    let wanted = json!(["push", "create", "delete", "repository"]);
    let (github, seen) = forge(vec![
        ("GET /repos/o/r/hooks", yes(json!([hook(1, wanted.clone(), "json"), hook(2, json!(["push"]), "form")]))),
        ("POST /repos/o/r/hooks", (201, vec![], hook(3, wanted.clone(), "json"))),
        ("PATCH /repos/o/r/hooks/2", yes(hook(2, wanted, "json"))),
        ("DELETE /repos/o/r/hooks/3", (204, vec![], Value::Null)),
    ])
    .await;
    let hooks = github.hooks("o/r").await.unwrap();
    assert!(hooks[0].as_wanted && hooks[0].differs.is_none());
    assert_eq!(hooks[1].differs.as_deref(), Some("its events are push; it does not send JSON"));
    let spec = HookSpec { url: "https://refray.example/webhook".into(), secret: Secret::new("hush".into()) };
    assert!(github.create_hook("o/r", &spec).await.unwrap().as_wanted);
    assert_eq!(
        seen.lock().unwrap().last().unwrap().1,
        json!({"name": "web", "active": true, "events": ["create", "delete", "push", "repository"],
               "config": {"url": "https://refray.example/webhook", "content_type": "json", "insecure_ssl": "0", "secret": "hush"}})
    );
    assert!(github.update_hook("o/r", "2", &spec).await.unwrap().as_wanted);
    github.delete_hook("o/r", "3").await.unwrap();
    github.delete_hook("o/r", "77").await.unwrap();
}

#[tokio::test]
async fn the_account_and_its_rights_come_from_the_token() {
    let (github, _) = forge(vec![("GET /user", user())]).await;
    let account = github.account().await.unwrap();
    assert_eq!((account.id.0.as_str(), account.login.as_str()), ("1", "Octocat"));
    assert_eq!(account.scopes.unwrap(), ["repo", "workflow"]);
    let rights = github.rights(&endpoint(&github, NamespaceKind::User, "octocat")).await.unwrap();
    let delete = rights.iter().find(|right| right.scope == "delete_repo").unwrap();
    assert_eq!(delete.granted, Some(false));
}

#[test]
fn the_api_is_where_each_installation_has_it() {
    for (base, expected) in [
        ("https://github.com", "https://api.github.com/user"),
        ("https://octo.ghe.com", "https://api.octo.ghe.com/user"),
        ("https://git.example", "https://git.example/api/v3/user"),
        ("https://git.example/sub/", "https://git.example/sub/api/v3/user"),
        ("http://[::1]:8080", "http://[::1]:8080/api/v3/user"),
    ] {
        let client = Client::new(site(Provider::Github, base), Variables::of(&[]), quick()).unwrap();
        assert_eq!(client.api_url(["user"]).as_str(), expected);
    }
    let mut own = (*site(Provider::Github, "https://git.example")).clone();
    own.api_url = Some(Url::parse("https://api.git.example/v3").unwrap());
    let client = Client::new(Arc::new(own), Variables::of(&[]), quick()).unwrap();
    assert_eq!(client.api_url(["repos", "o", "a b"]).as_str(), "https://api.git.example/v3/repos/o/a%20b");
    assert_eq!(git_url(&client.site().base_url, "o/r").as_str(), "https://git.example/o/r.git");
}
