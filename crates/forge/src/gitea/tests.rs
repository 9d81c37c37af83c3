//! The adapter against a scripted forge.

use std::sync::atomic::{AtomicU32, Ordering};

use refray_core::config::{NamespaceKind, Provider};
use refray_core::name::{BranchName, RepoName};
use refray_core::oid::ObjectFormat;
use refray_core::repository::{ForgeId, Repository, Visibility};
use refray_core::secret::Secret;
use serde_json::{Value, json};

use super::{Dialect, Gitea};
use crate::api::{Deletion, Forge, HookSpec, Lookup, NewPull, NewRepository, RepositoryPatch};
use crate::error::ErrorKind;
use crate::http::scripted::{Asked, Log, Reply, endpoint, forge, reply};

async fn gitea(dialect: Dialect, script: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> (Gitea, Log) {
    let provider = if dialect == Dialect::Gitea { Provider::Gitea } else { Provider::Forgejo };
    let (client, log) = forge(provider, move |asked| match asked.what.as_str() {
        "GET /settings/api" => reply(200, json!({"max_response_items": 20, "default_paging_num": 10})),
        "GET /user" => reply(200, json!({"id": 11, "login": "ann", "is_admin": false})),
        _ => script(asked),
    })
    .await;
    (Gitea::new(client, Dialect::of(provider)), log)
}

fn repository(id: u64, path: &str) -> Value {
    let (owner, name) = path.split_once('/').unwrap();
    json!({
        "id": id, "name": name, "full_name": path, "owner": {"id": 1, "login": owner, "visibility": "public"},
        "private": true, "default_branch": "main", "object_format_name": "sha1"
    })
}

fn missing() -> Reply {
    reply(404, json!({"errors": null, "message": "not found", "url": "https://gitea.example.com/api/swagger"}))
}

fn paths(repositories: &[Repository]) -> Vec<&str> {
    repositories.iter().map(|repository| repository.path.as_str()).collect()
}

fn new(name: &str) -> NewRepository {
    NewRepository {
        name: RepoName::new(name).unwrap(),
        visibility: Visibility::Internal,
        description: "é".repeat(3000),
        default_branch: Some(BranchName::new("trunk").unwrap()),
        format: ObjectFormat::Sha1,
    }
}

#[tokio::test]
async fn an_organisation_is_listed_past_short_and_empty_pages() {
    let (gitea, log) = gitea(Dialect::Gitea, |asked| {
        assert_eq!(asked.what, "GET /orgs/acme/repos");
        assert_eq!(asked.parameter("limit").as_deref(), Some("20"));
        let page: u64 = asked.parameter("page").map_or(1, |page| page.parse().unwrap());
        let from = (page - 1) * 20;
        // The whole second page, and one entry of every other, is hidden from this account.
        let shown = (from..(from + 20).min(70)).filter(|id| page != 2 && id % 20 != 0);
        let shown: Value = shown.map(|id| repository(id, &format!("acme/r{id}"))).collect();
        let answer = reply(200, shown).header("x-total-count", 70);
        if page < 4 { answer.header("link", format!("<https://elsewhere.example/api/v1/orgs/acme/repos?limit=20&page={}>; rel=\"next\",<https://elsewhere.example/api/v1/orgs/acme/repos?limit=20&page=4>; rel=\"last\"", page + 1)) } else { answer.header("link", "<https://elsewhere.example/api/v1/orgs/acme/repos?page=1>; rel=\"first\"") }
    })
    .await;
    let listed = gitea.list(&endpoint(&gitea.client, NamespaceKind::Org, "acme")).await.unwrap();
    assert_eq!(listed.len(), 19 + 19 + 9);
    assert_eq!(log.what().iter().filter(|what| *what == "GET /orgs/acme/repos").count(), 4);
}

#[tokio::test]
async fn users_are_listed_by_name_and_oneself_without_what_is_others() {
    let (gitea, _) = gitea(Dialect::Forgejo, |asked| match asked.what.as_str() {
        "GET /user/repos" => {
            reply(200, json!([repository(1, "ann/x"), repository(2, "acme/x")])).header("x-total-count", 2)
        }
        "GET /users/Bob/repos" => reply(200, json!([repository(3, "bob/y")])).header("x-total-count", 1),
        other => panic!("{other}"),
    })
    .await;
    let of = |name: &str| endpoint(&gitea.client, NamespaceKind::User, name);
    assert_eq!(paths(&gitea.list(&of("Ann")).await.unwrap()), ["ann/x"]);
    assert_eq!(paths(&gitea.list(&of("Bob")).await.unwrap()), ["bob/y"]);
}

#[tokio::test]
async fn a_listing_that_breaks_off_is_an_error() {
    let (gitea, _) = gitea(Dialect::Gitea, |asked| match asked.parameter("page").as_deref() {
        None => reply(200, json!([repository(1, "ann/x")])).header("x-total-count", 3),
        Some(_) => reply(200, json!([])).header("x-total-count", 3),
    })
    .await;
    let error = gitea.list(&endpoint(&gitea.client, NamespaceKind::User, "ann")).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Protocol);
}

#[tokio::test]
async fn namespaces_are_told_apart_by_asking_for_organisations_first() {
    let (gitea, _) = gitea(Dialect::Gitea, |asked| match asked.what.as_str() {
        "GET /orgs/acme" => reply(200, json!({"id": 4, "name": "Acme", "username": "Acme"})),
        "GET /orgs/shut" | "GET /orgs/ann" => reply(
            403,
            json!({"message": "token does not have at least one of required scope(s), required=[read:organization], token scope=read:user"}),
        ),
        "GET /users/bob" => reply(200, json!({"id": 5, "login": "bob"})),
        "GET /users/ann" => reply(200, json!({"id": 11, "login": "ann"})),
        _ => missing(),
    })
    .await;
    for (name, configured, expected) in [
        ("acme", NamespaceKind::User, Ok((NamespaceKind::Org, "4", "Acme"))),
        ("bob", NamespaceKind::Org, Ok((NamespaceKind::User, "5", "bob"))),
        ("ann", NamespaceKind::Org, Ok((NamespaceKind::User, "11", "ann"))),
        ("nobody", NamespaceKind::User, Err(ErrorKind::NotFound)),
        ("shut", NamespaceKind::Org, Err(ErrorKind::Forbidden { missing: Some("read:organization".into()) })),
    ] {
        let found = gitea.namespace(&endpoint(&gitea.client, configured, name)).await;
        let found = found.map_err(|error| error.kind);
        let found = found.as_ref().map(|found| (found.kind, found.id.as_str(), found.path.as_str()));
        assert_eq!(found, expected.as_ref().map(|expected| *expected), "{name}");
    }
}

#[tokio::test]
async fn a_look_tells_found_moved_and_gone_apart() {
    let (gitea, _) = gitea(Dialect::Gitea, |asked| match asked.what.as_str() {
        "GET /repos/a/old" => reply(301, json!(null)).header("location", "/api/v1/repos/a/new"),
        "GET /repos/was/new" => reply(307, json!(null)).header("location", "/api/v1/repos/a/new"),
        "GET /repos/a/new" | "GET /repos/A/New" | "GET /repositories/7" => reply(200, repository(7, "a/new")),
        "GET /repos/a/hidden" => reply(403, json!({"message": "no"})),
        _ => missing(),
    })
    .await;
    assert!(matches!(gitea.get("A/New").await.unwrap(), Lookup::Found(it) if it.path == "a/new"));
    for old in ["a/old", "was/new"] {
        assert!(matches!(gitea.get(old).await.unwrap(), Lookup::Moved(it) if it.path == "a/new"), "{old}");
    }
    assert_eq!(gitea.get("a/none").await.unwrap(), Lookup::NotFound);
    assert!(matches!(gitea.get("a/hidden").await.unwrap_err().kind, ErrorKind::Forbidden { .. }));
    for bad in ["", "a", "a/b/c", "a/", "../x"] {
        assert_eq!(gitea.get(bad).await.unwrap_err().kind, ErrorKind::Invalid, "{bad}");
    }
    assert!(matches!(gitea.get_by_id(&ForgeId("7".into())).await.unwrap(), Lookup::Found(it) if it.path == "a/new"));
    for gone in ["8", "x"] {
        assert_eq!(gitea.get_by_id(&ForgeId(gone.into())).await.unwrap(), Lookup::NotFound);
    }
}

#[tokio::test]
async fn creating_goes_where_the_namespace_has_it() {
    let (gitea, log) = gitea(Dialect::Gitea, |asked| match asked.what.as_str() {
        "POST /user/repos" => reply(201, repository(1, "ann/x")),
        "POST /orgs/acme/repos" => reply(201, repository(2, "acme/x")),
        "POST /admin/users/bob/repos" => reply(403, json!({"message": "user should be the site admin"})),
        other => panic!("{other}"),
    })
    .await;
    let of = |kind, name: &str| endpoint(&gitea.client, kind, name);
    assert_eq!(gitea.create(&of(NamespaceKind::User, "Ann"), &new("x")).await.unwrap().path, "ann/x");
    let body = log.body("POST /user/repos");
    assert_eq!(
        (&body["name"], &body["private"], &body["auto_init"], &body["default_branch"]),
        (&json!("x"), &json!(true), &json!(false), &json!("trunk"))
    );
    assert_eq!(body["description"].as_str().unwrap().chars().count(), 2048);
    assert!(body.get("object_format_name").is_none());
    let public = NewRepository { visibility: Visibility::Public, ..new("x") };
    assert_eq!(gitea.create(&of(NamespaceKind::Org, "acme"), &public).await.unwrap().path, "acme/x");
    assert_eq!(log.body("POST /orgs/acme/repos")["private"], false);
    let refused = gitea.create(&of(NamespaceKind::User, "bob"), &new("x")).await.unwrap_err();
    assert!(matches!(refused.kind, ErrorKind::Forbidden { .. }));
}

#[tokio::test]
async fn bad_and_taken_names_are_told_apart() {
    for (dialect, sent) in [(Dialect::Gitea, 0), (Dialect::Forgejo, 1)] {
        let (gitea, log) =
            gitea(dialect, |_| reply(409, json!({"message": "The repository with the same name already exists."})))
                .await;
        let endpoint = endpoint(&gitea.client, NamespaceKind::Org, "acme");
        let expected = if sent == 0 { ErrorKind::BadName } else { ErrorKind::AlreadyExists };
        assert_eq!(gitea.create(&endpoint, &new("a..b")).await.unwrap_err().kind, expected);
        assert_eq!(log.all().len(), sent);
        let error = gitea.create(&endpoint, &new("a.wiki")).await.unwrap_err();
        assert!(error.kind == ErrorKind::BadName && error.message.contains(".wiki"));
    }
}

#[tokio::test]
async fn an_answer_that_was_lost_is_looked_for() {
    let (gitea, log) = gitea(Dialect::Gitea, |asked| match asked.what.as_str() {
        "POST /orgs/acme/repos" => reply(504, json!(null)),
        "GET /repos/acme/x" => reply(200, repository(2, "acme/x")),
        other => panic!("{other}"),
    })
    .await;
    let endpoint = endpoint(&gitea.client, NamespaceKind::Org, "acme");
    assert_eq!(gitea.create(&endpoint, &new("x")).await.unwrap().id, ForgeId("2".into()));
    assert_eq!(log.what(), ["POST /orgs/acme/repos", "GET /repos/acme/x"]);
}

#[tokio::test]
async fn a_hash_that_the_version_lacks_is_noticed_and_the_empty_repository_taken_back() {
    let (gitea, log) = gitea(Dialect::Gitea, |asked| match asked.what.as_str() {
        "POST /orgs/acme/repos" => reply(201, repository(2, "acme/x")),
        "GET /repos/acme/x" => reply(200, repository(2, "acme/x")),
        "DELETE /repos/acme/x" => reply(204, json!(null)),
        other => panic!("{other}"),
    })
    .await;
    let endpoint = endpoint(&gitea.client, NamespaceKind::Org, "acme");
    let new = NewRepository { format: ObjectFormat::Sha256, ..new("x") };
    assert_eq!(gitea.create(&endpoint, &new).await.unwrap_err().kind, ErrorKind::Unsupported);
    assert_eq!(log.body("POST /orgs/acme/repos")["object_format_name"], "sha256");
    assert_eq!(log.what().last().unwrap(), "DELETE /repos/acme/x");
}

#[tokio::test]
async fn a_default_branch_that_is_silently_passed_over_is_an_error() {
    let (gitea, log) = gitea(Dialect::Gitea, |asked| {
        assert!(matches!(asked.what.as_str(), "GET /repos/a/x" | "PATCH /repos/a/x"));
        reply(200, repository(2, "a/x"))
    })
    .await;
    let branch = |name: &str| RepositoryPatch {
        default_branch: Some(BranchName::new(name).unwrap()),
        ..RepositoryPatch::default()
    };
    gitea.update("a/x", &branch("main")).await.unwrap();
    assert_eq!(log.body("PATCH /repos/a/x"), json!({"default_branch": "main"}));
    assert_eq!(gitea.update("a/x", &branch("none")).await.unwrap_err().kind, ErrorKind::Invalid);
    let patch = RepositoryPatch {
        description: Some(String::new()),
        visibility: Some(Visibility::Public),
        ..RepositoryPatch::default()
    };
    gitea.update("a/x", &patch).await.unwrap();
    assert_eq!(log.body("PATCH /repos/a/x"), json!({"description": "", "private": false}));
    gitea.update("a/x", &RepositoryPatch::default()).await.unwrap();
    assert_eq!(log.what().last().unwrap(), "GET /repos/a/x");
}

#[tokio::test]
async fn a_default_branch_is_chosen_once_the_forge_has_taken_in_what_was_pushed() {
    let looks = AtomicU32::new(0);
    let (gitea, log) = gitea(Dialect::Gitea, move |asked| {
        let mut known = repository(2, "a/x");
        known["empty"] = (asked.what == "GET /repos/a/x" && looks.fetch_add(1, Ordering::Relaxed) < 3).into();
        reply(200, known)
    })
    .await;
    let patch =
        RepositoryPatch { default_branch: Some(BranchName::new("main").unwrap()), ..RepositoryPatch::default() };
    gitea.update("a/x", &patch).await.unwrap();
    let look = "GET /repos/a/x";
    assert_eq!(log.what(), [look, look, look, look, "PATCH /repos/a/x"]);
}

#[tokio::test]
async fn a_repository_that_stays_empty_gets_no_default_branch() {
    let (gitea, log) = gitea(Dialect::Forgejo, |_| {
        let mut known = repository(2, "a/x");
        known["empty"] = true.into();
        reply(200, known)
    })
    .await;
    let patch =
        RepositoryPatch { default_branch: Some(BranchName::new("main").unwrap()), ..RepositoryPatch::default() };
    assert_eq!(gitea.update("a/x", &patch).await.unwrap_err().kind, ErrorKind::Timeout);
    assert!(log.what().iter().all(|what| what == "GET /repos/a/x"));
}

#[tokio::test]
async fn a_switch_that_failed_halfway_is_asked_for_again() {
    let tries = AtomicU32::new(0);
    let (gitea, log) = gitea(Dialect::Gitea, move |asked| {
        if asked.what == "PATCH /repos/a/x" && tries.fetch_add(1, Ordering::Relaxed) < 2 {
            return reply(500, json!({"message": "", "url": "https://gitea.example.com/api/swagger"}));
        }
        reply(200, repository(2, "a/x"))
    })
    .await;
    let patch =
        RepositoryPatch { default_branch: Some(BranchName::new("main").unwrap()), ..RepositoryPatch::default() };
    gitea.update("a/x", &patch).await.unwrap();
    assert_eq!(log.what().iter().filter(|what| *what == "PATCH /repos/a/x").count(), 3);
}

#[tokio::test]
async fn deletions_and_renames_are_of_that_very_repository() {
    let (gitea, log) = gitea(Dialect::Forgejo, |asked| match asked.what.as_str() {
        "GET /repos/a/old" => reply(301, json!(null)).header("location", "/api/v1/repos/a/x"),
        "GET /repos/a/x" | "GET /repositories/2" => reply(200, repository(2, "a/x")),
        "GET /repos/a/taken" => reply(200, repository(5, "a/taken")),
        "PATCH /repos/a/x" => reply(200, repository(2, "a/y")),
        "DELETE /repos/a/x" => reply(204, json!(null)),
        _ => missing(),
    })
    .await;
    let (id, to) = (ForgeId("2".into()), RepoName::new("y").unwrap());
    let moved = ErrorKind::Moved { to: "a/x".into() };
    for path in ["a/old", "a/taken", "a/gone"] {
        assert_eq!(gitea.delete(path, &id).await.unwrap_err().kind, moved, "{path}");
        assert_eq!(gitea.rename(path, &id, &to).await.unwrap_err().kind, moved, "{path}");
    }
    assert_eq!(gitea.delete("a/taken", &ForgeId("9".into())).await.unwrap_err().kind, ErrorKind::NotFound);
    assert!(!log.what().iter().any(|what| what.starts_with("DELETE") || what.starts_with("PATCH")));
    assert_eq!(gitea.rename("a/x", &id, &to).await.unwrap().path, "a/y");
    assert_eq!(log.body("PATCH /repos/a/x"), json!({"name": "y"}));
    assert_eq!(gitea.delete("a/x", &id).await.unwrap(), Deletion::Done);
}

fn request(number: u64, head: &str, state: &str, source: i64) -> Value {
    json!({
        "id": 900 + number, "number": number, "title": "t", "body": "b", "state": state, "merged": false,
        "head": {"label": head, "ref": head, "sha": "a1", "repo_id": source},
        "base": {"label": "main", "ref": "main", "sha": "b1", "repo_id": 3}
    })
}

#[tokio::test]
async fn pull_requests_are_listed_opened_edited_and_closed() {
    let (gitea, log) = gitea(Dialect::Gitea, |asked| match asked.what.as_str() {
        "GET /repos/a/x/pulls" => {
            assert_eq!(asked.parameter("state").as_deref(), Some("all"));
            reply(
                200,
                json!([
                    request(1, "refray/conflicts/main/p", "closed", 3),
                    request(2, "feature", "open", 3),
                    request(3, "refray/conflicts/main/q", "open", 8),
                ]),
            )
            .header("x-total-count", 3)
        }
        "POST /repos/a/x/pulls" if asked.body["head"] == "twice" => {
            reply(409, json!({"message": "pull request already exists for these targets [id: 4]"}))
        }
        "POST /repos/a/x/pulls" => reply(201, request(4, "refray/conflicts/main/r", "open", 3)),
        "GET /repos/a/x/pulls/1" => reply(200, request(1, "h", "closed", 3)),
        "GET /repos/a/x/pulls/4" => reply(200, request(4, "h", "open", 3)),
        "PATCH /repos/a/x/pulls/4" => reply(201, request(4, "h", "open", 3)),
        "POST /repos/a/x/issues/4/comments" => reply(201, json!({"id": 1, "body": "why"})),
        other => panic!("{other}"),
    })
    .await;
    let listed = gitea.pulls("a/x", "refray/conflicts/").await.unwrap();
    assert_eq!(listed.iter().map(|pull| pull.number).collect::<Vec<_>>(), [1]);
    let new = |head: &str| NewPull {
        head: BranchName::new(head).unwrap(),
        base: BranchName::new("main").unwrap(),
        title: "x".repeat(300),
        body: "b".into(),
    };
    assert_eq!(gitea.open_pull("a/x", &new("refray/conflicts/main/r")).await.unwrap().number, 4);
    assert_eq!(log.body("POST /repos/a/x/pulls")["title"].as_str().unwrap().len(), 255);
    assert_eq!(gitea.open_pull("a/x", &new("twice")).await.unwrap_err().kind, ErrorKind::AlreadyExists);
    gitea.edit_pull("a/x", 4, "t2", "b2").await.unwrap();
    assert_eq!(log.body("PATCH /repos/a/x/pulls/4"), json!({"title": "t2", "body": "b2"}));
    gitea.close_pull("a/x", 4, "why").await.unwrap();
    assert_eq!(log.body("POST /repos/a/x/issues/4/comments"), json!({"body": "why"}));
    assert_eq!(log.body("PATCH /repos/a/x/pulls/4"), json!({"state": "closed"}));
    let before = log.all().len();
    gitea.close_pull("a/x", 1, "why").await.unwrap();
    assert_eq!(log.all().len(), before + 1, "one that is closed already is only looked at");
}

#[tokio::test]
async fn hooks_are_listed_by_their_total_and_replaced_rather_than_changed() {
    let (gitea, log) = gitea(Dialect::Forgejo, |asked| {
        let hook = |id: u64| {
            json!({
                "id": id, "type": "forgejo", "active": true, "events": ["create", "delete", "push", "repository"],
                "config": {"url": "https://m.example/", "content_type": "json"}, "branch_filter": "*"
            })
        };
        match asked.what.as_str() {
            "GET /repos/a/x/hooks" => {
                let page: u64 = asked.parameter("page").map_or(1, |page| page.parse().unwrap());
                reply(200, ((page - 1) * 20..(page * 20).min(25)).map(hook).collect()).header("x-total-count", 25)
            }
            "POST /repos/a/x/hooks" => reply(201, hook(30)),
            "DELETE /repos/a/x/hooks/4" => reply(403, json!({"message": "no"})),
            "DELETE /repos/a/x/hooks/3" | "DELETE /repos/a/x/hooks/30" => reply(204, json!(null)),
            _ => missing(),
        }
    })
    .await;
    let spec = HookSpec { url: "https://m.example/".into(), secret: Secret::new("hook-secret".into()) };
    let hooks = gitea.hooks("a/x").await.unwrap();
    assert!(hooks.len() == 25 && hooks.iter().all(|hook| hook.as_wanted && hook.active));
    assert_eq!(gitea.update_hook("a/x", "3", &spec).await.unwrap().id, "30");
    let made = log.body("POST /repos/a/x/hooks");
    assert_eq!(
        (&made["type"], &made["active"], &made["config"]["secret"]),
        (&json!("forgejo"), &json!(true), &json!("hook-secret"))
    );
    assert_eq!(log.what()[log.what().len() - 2..], ["POST /repos/a/x/hooks", "DELETE /repos/a/x/hooks/3"]);
    assert!(matches!(gitea.update_hook("a/x", "4", &spec).await.unwrap_err().kind, ErrorKind::Forbidden { .. }));
    assert_eq!(log.what().last().unwrap(), "DELETE /repos/a/x/hooks/30", "the new one goes when the old one stays");
    gitea.delete_hook("a/x", "77").await.unwrap();
}

#[tokio::test]
async fn rights_are_read_from_a_refusal_and_from_the_organisation() {
    let (gitea, _) = gitea(Dialect::Gitea, |asked| match asked.what.as_str() {
        "GET /orgs/acme/repos" => reply(200, json!([])),
        "GET /notifications/new" => reply(
            403,
            json!({"message": "token does not have at least one of required scope(s), required=[read:notification], token scope=write:repository,read:user,write:organization"}),
        ),
        "GET /users/ann/orgs/acme/permissions" => {
            reply(200, json!({"can_create_repository": true, "is_owner": true, "is_admin": true, "can_read": true, "can_write": true}))
        }
        other => panic!("{other}"),
    })
    .await;
    let rights = gitea.rights(&endpoint(&gitea.client, NamespaceKind::Org, "acme")).await.unwrap();
    let granted = |word: &str| rights.iter().find(|right| right.operation.contains(word)).unwrap().granted;
    for (operation, expected) in [
        ("read the account", Some(true)),
        ("list repositories", Some(true)),
        ("push by git", Some(true)),
        ("create repositories", Some(true)),
        ("delete repositories", Some(true)),
        ("install webhooks", Some(true)),
        ("comment", Some(false)),
    ] {
        assert_eq!(granted(operation), expected, "{operation}");
    }
    let deletion = rights.iter().find(|right| right.operation == "delete repositories").unwrap();
    assert_eq!(deletion.scope, "write:repository");
}

#[tokio::test]
async fn where_refusals_name_only_what_is_lacking_that_much_is_told() {
    let lacking = |scope: &str| {
        let message = format!("token does not have at least one of required scope(s): [{scope}]");
        reply(403, json!({"message": message, "url": "https://forgejo.example.com/api/swagger"}))
    };
    let (gitea, _) = gitea(Dialect::Forgejo, move |asked| match asked.what.as_str() {
        "GET /user/repos" => reply(200, json!([])),
        "GET /notifications/new" => lacking("read:notification"),
        "GET /packages/ann" => lacking("read:package"),
        "GET /admin/cron" => lacking("read:admin"),
        "GET /repos/issues/search" => lacking("read:issue"),
        "GET /repositories/0" => missing(),
        other => panic!("{other}"),
    })
    .await;
    let rights = gitea.rights(&endpoint(&gitea.client, NamespaceKind::User, "ann")).await.unwrap();
    let right = |word: &str| rights.iter().find(|right| right.operation.contains(word)).unwrap();
    assert_eq!(right("list repositories").granted, Some(true));
    assert_eq!(right("push by git").granted, None);
    assert_eq!(right("comment").granted, Some(false));
    assert_eq!(right("delete repositories").scope, "write:user and write:repository");
}
