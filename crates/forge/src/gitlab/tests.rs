//! The adapter against a scripted forge.

use refray_core::config::{NamespaceKind, Provider};
use refray_core::name::{BranchName, RepoName};
use refray_core::oid::ObjectFormat;
use refray_core::repository::{ForgeId, Visibility};
use refray_core::secret::Secret;
use serde_json::{Value, json};

use super::GitLab;
use crate::api::{Deletion, Forge, HookSpec, Lookup, NewPull, NewRepository, RepositoryPatch};
use crate::error::ErrorKind;
use crate::http::scripted::{Asked, Log, Reply, endpoint, forge, reply};

async fn gitlab(script: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> (GitLab, Log) {
    let (client, log) = forge(Provider::Gitlab, script).await;
    (GitLab::new(client), log)
}

fn project(id: u64, path: &str) -> Value {
    let (namespace, name) = path.rsplit_once('/').unwrap();
    json!({
        "id": id, "name": name, "path": name, "path_with_namespace": path, "visibility": "private",
        "namespace": {"id": 1, "kind": "group", "full_path": namespace}, "marked_for_deletion_on": null
    })
}

fn missing() -> Reply {
    reply(404, json!({"message": "404 Project Not Found"}))
}

fn me() -> Reply {
    reply(200, json!({"id": 11, "username": "Ann", "name": "Ann"}))
}

fn names(repositories: &[refray_core::repository::Repository]) -> Vec<&str> {
    repositories.iter().map(|repository| repository.path.as_str()).collect()
}

fn new(name: &str) -> NewRepository {
    NewRepository {
        name: RepoName::new(name).unwrap(),
        visibility: Visibility::Internal,
        description: "é".repeat(3000),
        default_branch: None,
        format: ObjectFormat::Sha1,
    }
}

#[tokio::test]
async fn a_group_is_listed_to_the_last_page_without_what_is_marked() {
    let (gitlab, log) = gitlab(|asked| {
        assert_eq!(asked.what, "GET /groups/acme%2Ftools/projects");
        let page: u64 = asked.parameter("page").map_or(1, |page| page.parse().unwrap());
        let from = (page - 1) * 100;
        let all = (from..(from + 100).min(120)).map(|id| {
            let mut project = project(id, &format!("acme/tools/r{id}"));
            if id == 7 {
                project["marked_for_deletion_on"] = "2024-01-02".into();
            }
            project
        });
        let answer = reply(200, all.collect()).header("x-total", 120).header("x-total-pages", 2).header("x-page", page);
        answer.header("x-next-page", if page == 1 { "2" } else { "" })
    })
    .await;
    let endpoint = endpoint(&gitlab.client, NamespaceKind::Group, "acme/tools");
    let listed = gitlab.list(&endpoint).await.unwrap();
    assert_eq!(listed.len(), 119);
    assert!(!names(&listed).contains(&"acme/tools/r7"));
    let first = &log.all()[0];
    for (name, value) in [
        ("include_subgroups", "false"),
        ("with_shared", "false"),
        ("order_by", "id"),
        ("sort", "asc"),
        ("per_page", "100"),
    ] {
        assert_eq!(first.parameter(name).as_deref(), Some(value), "{name}");
    }
}

#[tokio::test]
async fn a_listing_that_breaks_off_is_an_error() {
    let (gitlab, _) =
        gitlab(|_| reply(200, json!([project(1, "a/x")])).header("x-total", 2).header("x-next-page", "")).await;
    let endpoint = endpoint(&gitlab.client, NamespaceKind::Group, "a");
    assert_eq!(gitlab.list(&endpoint).await.unwrap_err().kind, ErrorKind::Protocol);
}

#[tokio::test]
async fn users_are_listed_by_id_and_oneself_by_what_one_owns() {
    let (gitlab, log) = gitlab(|asked| match asked.what.as_str() {
        "GET /user" => me(),
        "GET /users" => reply(200, json!([{"id": 5, "username": "bob"}])),
        "GET /users/5/projects" => reply(200, json!([project(1, "bob/x")])),
        "GET /projects" => reply(200, json!([project(2, "ann/x"), project(3, "acme/x")])),
        other => panic!("{other}"),
    })
    .await;
    let of = |name: &str| endpoint(&gitlab.client, NamespaceKind::User, name);
    assert_eq!(names(&gitlab.list(&of("Bob")).await.unwrap()), ["bob/x"]);
    assert_eq!(names(&gitlab.list(&of("ann")).await.unwrap()), ["ann/x"]);
    assert_eq!(log.all().last().unwrap().parameter("owned").as_deref(), Some("true"));
}

#[tokio::test]
async fn a_look_tells_found_moved_and_gone_apart() {
    let (gitlab, _) = gitlab(|asked| match asked.what.as_str() {
        "GET /projects/a%2Fold" => reply(301, json!(null)).header("location", "/api/v4/projects/7"),
        "GET /projects/7" | "GET /projects/A%2FNew" | "GET /projects/a%2Falias" => reply(200, project(7, "a/new")),
        "GET /projects/8" | "GET /projects/a%2Fmarked" => {
            let mut project = project(8, "a/marked-deletion_scheduled-8");
            project["marked_for_deletion_on"] = "2024-01-02".into();
            reply(200, project)
        }
        "GET /projects/a%2Fhidden" => reply(403, json!({"message": "403 Forbidden"})),
        _ => missing(),
    })
    .await;
    let is = |lookup: &Lookup, path: &str| matches!(lookup, Lookup::Found(it) if it.path == path);
    assert!(is(&gitlab.get("A/New").await.unwrap(), "a/new"));
    for old in ["a/old", "a/alias"] {
        assert!(matches!(gitlab.get(old).await.unwrap(), Lookup::Moved(it) if it.path == "a/new"), "{old}");
    }
    assert_eq!(gitlab.get("a/none").await.unwrap(), Lookup::NotFound);
    assert_eq!(gitlab.get("a/marked").await.unwrap(), Lookup::NotFound);
    assert!(matches!(gitlab.get("a/hidden").await.unwrap_err().kind, ErrorKind::Forbidden { .. }));
    for bad in ["", "a", "a//b", "a/.."] {
        assert_eq!(gitlab.get(bad).await.unwrap_err().kind, ErrorKind::Invalid, "{bad}");
    }
    assert!(is(&gitlab.get_by_id(&ForgeId("7".into())).await.unwrap(), "a/new"));
    for gone in ["8", "9", "not a number"] {
        assert_eq!(gitlab.get_by_id(&ForgeId(gone.into())).await.unwrap(), Lookup::NotFound);
    }
}

#[tokio::test]
async fn namespaces_are_found_even_where_they_are_not_shown() {
    let (gitlab, _) = gitlab(|asked| match asked.what.as_str() {
        "GET /namespaces/acme%2Ftools" => reply(200, json!({"id": 4, "kind": "group", "full_path": "Acme/Tools"})),
        "GET /namespaces/ann" => reply(200, json!({"id": 90, "kind": "user", "full_path": "ann"})),
        "GET /groups/hidden" => reply(200, json!({"id": 6, "full_path": "hidden"})),
        "GET /users" => match asked.parameter("username").as_deref() {
            Some("ann") => reply(200, json!([{"id": 11, "username": "ann"}])),
            Some("bob") => reply(200, json!([{"id": 5, "username": "Bob"}])),
            _ => reply(200, json!([])),
        },
        _ => reply(404, json!({"message": "404 Not Found"})),
    })
    .await;
    for (name, expected) in [
        ("acme/tools", Some((NamespaceKind::Group, "4", "Acme/Tools"))),
        ("hidden", Some((NamespaceKind::Group, "6", "hidden"))),
        ("ann", Some((NamespaceKind::User, "11", "ann"))),
        ("bob", Some((NamespaceKind::User, "5", "Bob"))),
        ("nobody", None),
    ] {
        let found = gitlab.namespace(&endpoint(&gitlab.client, NamespaceKind::User, name)).await;
        match (found, expected) {
            (Ok(found), Some(expected)) => assert_eq!((found.kind, found.id.as_str(), found.path.as_str()), expected),
            (Err(error), None) => assert_eq!(error.kind, ErrorKind::NotFound),
            (found, _) => panic!("{name}: {found:?}"),
        }
    }
}

#[tokio::test]
async fn creating_sends_path_and_name_and_goes_down_to_private_where_there_is_no_internal() {
    let (gitlab, log) = gitlab(|asked| match asked.what.as_str() {
        "GET /groups/acme" => reply(200, json!({"id": 4, "full_path": "acme"})),
        "POST /projects" if asked.body["visibility"] == "internal" => reply(
            400,
            json!({"message": {"visibility_level": ["internal has been restricted by your GitLab administrator"]}}),
        ),
        "POST /projects" => reply(201, project(9, "acme/.github")),
        other => panic!("{other}"),
    })
    .await;
    let endpoint = endpoint(&gitlab.client, NamespaceKind::Group, "acme");
    assert_eq!(gitlab.create(&endpoint, &new(".github")).await.unwrap().id, ForgeId("9".into()));
    let body = log.body("POST /projects");
    assert_eq!(
        (&body["path"], &body["name"], &body["namespace_id"], &body["visibility"], &body["initialize_with_readme"]),
        (&json!(".github"), &json!("github"), &json!(4), &json!("private"), &json!(false))
    );
    assert_eq!(body["description"].as_str().unwrap().chars().count(), 2000);
    assert!(body.get("repository_object_format").is_none());
}

#[tokio::test]
async fn bad_and_taken_names_are_told_apart() {
    let (gitlab, log) = gitlab(|asked| match asked.what.as_str() {
        "GET /user" => me(),
        "POST /projects" => reply(400, json!({"message": {"path": ["has already been taken"]}})),
        other => panic!("{other}"),
    })
    .await;
    let endpoint = endpoint(&gitlab.client, NamespaceKind::User, "ann");
    let error = gitlab.create(&endpoint, &new("-x")).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::BadName);
    assert!(error.message.contains("starts with `-`") && log.all().is_empty());
    assert_eq!(gitlab.create(&endpoint, &new("x")).await.unwrap_err().kind, ErrorKind::AlreadyExists);
    assert!(log.body("POST /projects").get("namespace_id").is_none());
}

#[tokio::test]
async fn an_answer_that_was_lost_is_looked_for() {
    let (gitlab, log) = gitlab(|asked| match asked.what.as_str() {
        "GET /user" => me(),
        "POST /projects" => reply(502, json!({})),
        "GET /projects/Ann%2Fx" => reply(200, project(3, "Ann/x")),
        other => panic!("{other}"),
    })
    .await;
    let endpoint = endpoint(&gitlab.client, NamespaceKind::User, "ann");
    assert_eq!(gitlab.create(&endpoint, &new("x")).await.unwrap().id, ForgeId("3".into()));
    assert_eq!(log.what().iter().filter(|what| *what == "POST /projects").count(), 1);
}

#[tokio::test]
async fn a_hash_that_the_version_lacks_is_noticed_and_the_empty_project_taken_back() {
    let (gitlab, log) = gitlab(|asked| match asked.what.as_str() {
        "GET /user" => me(),
        "POST /projects" => reply(201, project(3, "Ann/x")),
        "GET /projects/Ann%2Fx" => reply(200, project(3, "Ann/x")),
        "DELETE /projects/3" => reply(202, json!({"message": "202 Accepted"})),
        "GET /projects/3" => missing(),
        other => panic!("{other}"),
    })
    .await;
    let endpoint = endpoint(&gitlab.client, NamespaceKind::User, "ann");
    let new = NewRepository { format: ObjectFormat::Sha256, visibility: Visibility::Private, ..new("x") };
    assert_eq!(gitlab.create(&endpoint, &new).await.unwrap_err().kind, ErrorKind::Unsupported);
    assert_eq!(log.body("POST /projects")["repository_object_format"], "sha256");
    assert!(log.what().contains(&"DELETE /projects/3".to_owned()));
}

#[tokio::test]
async fn changes_hold_only_what_changes_and_the_default_branch_is_checked() {
    let (gitlab, log) = gitlab(|asked| {
        let mut project = project(3, "a/x");
        project["default_branch"] = "main".into();
        assert!(matches!(asked.what.as_str(), "GET /projects/a%2Fx" | "PUT /projects/a%2Fx"));
        reply(200, project)
    })
    .await;
    let patch = RepositoryPatch {
        description: Some("d".into()),
        visibility: Some(Visibility::Public),
        ..RepositoryPatch::default()
    };
    gitlab.update("a/x", &patch).await.unwrap();
    assert_eq!(log.body("PUT /projects/a%2Fx"), json!({"description": "d", "visibility": "public"}));
    let branch = |name: &str| RepositoryPatch {
        default_branch: Some(BranchName::new(name).unwrap()),
        ..RepositoryPatch::default()
    };
    gitlab.update("a/x", &branch("main")).await.unwrap();
    assert_eq!(log.body("PUT /projects/a%2Fx"), json!({"default_branch": "main"}));
    assert_eq!(gitlab.update("a/x", &branch("none")).await.unwrap_err().kind, ErrorKind::Invalid);
    gitlab.update("a/x", &RepositoryPatch::default()).await.unwrap();
    assert_eq!(log.what().last().unwrap(), "GET /projects/a%2Fx");
}

#[tokio::test]
async fn a_deletion_is_by_id_and_says_that_it_waits() {
    let (gitlab, log) = gitlab(|asked| match asked.what.as_str() {
        "GET /projects/a%2Fx" => reply(200, project(3, "a/x")),
        "DELETE /projects/3" => reply(202, json!({"message": "202 Accepted"})),
        "GET /projects/3" => {
            let mut project = project(3, "a/x-deletion_scheduled-3");
            project["marked_for_deletion_on"] = "2024-06-01".into();
            reply(200, project)
        }
        _ => missing(),
    })
    .await;
    let scheduled = Deletion::Scheduled { on: Some("2024-06-01".into()), path: "a/x-deletion_scheduled-3".into() };
    assert_eq!(gitlab.delete("a/x", &ForgeId("3".into())).await.unwrap(), scheduled);
    let other = gitlab.delete("a/x", &ForgeId("4".into())).await.unwrap_err();
    assert_eq!(other.kind, ErrorKind::NotFound);
    assert_eq!(log.what().iter().filter(|what| what.starts_with("DELETE")).count(), 1);
}

#[tokio::test]
async fn what_has_another_path_now_is_neither_deleted_nor_renamed() {
    let (gitlab, log) = gitlab(|asked| match asked.what.as_str() {
        "GET /projects/a%2Fold" => reply(301, json!(null)).header("location", "/api/v4/projects/3"),
        "GET /projects/3" => reply(200, project(3, "a/x")),
        "GET /projects/a%2Fx" => reply(200, project(3, "a/x")),
        "PUT /projects/3" => reply(200, project(3, "a/y")),
        other => panic!("{other}"),
    })
    .await;
    let id = ForgeId("3".into());
    let to = RepoName::new("y").unwrap();
    let moved = ErrorKind::Moved { to: "a/x".into() };
    assert_eq!(gitlab.delete("a/old", &id).await.unwrap_err().kind, moved);
    assert_eq!(gitlab.rename("a/old", &id, &to).await.unwrap_err().kind, moved);
    assert_eq!(gitlab.rename("a/x", &id, &to).await.unwrap().path, "a/y");
    assert_eq!(log.body("PUT /projects/3"), json!({"name": "y", "path": "y"}));
}

fn request(iid: u64, head: &str, state: &str, source: u64) -> Value {
    json!({
        "id": 900 + iid, "iid": iid, "title": "t", "description": "b", "state": state, "source_branch": head,
        "target_branch": "main", "source_project_id": source, "target_project_id": 3, "sha": "a1",
        "web_url": "https://gitlab.example.com/a/x/-/merge_requests/1"
    })
}

#[tokio::test]
async fn merge_requests_are_listed_opened_edited_and_closed() {
    let (gitlab, log) = gitlab(|asked| match asked.what.as_str() {
        "GET /projects/a%2Fx/merge_requests" => {
            assert_eq!(
                (asked.parameter("state").as_deref(), asked.parameter("scope").as_deref()),
                (Some("all"), Some("all"))
            );
            reply(
                200,
                json!([
                    request(1, "refray/conflicts/main/p", "closed", 3),
                    request(2, "feature", "opened", 3),
                    request(3, "refray/conflicts/main/q", "opened", 8),
                ]),
            )
        }
        "POST /projects/a%2Fx/merge_requests" => reply(201, request(4, "refray/conflicts/main/r", "opened", 3)),
        "GET /projects/a%2Fx/merge_requests/1" => reply(200, request(1, "h", "closed", 3)),
        "GET /projects/a%2Fx/merge_requests/4" | "PUT /projects/a%2Fx/merge_requests/4" => {
            reply(200, request(4, "h", "opened", 3))
        }
        "POST /projects/a%2Fx/merge_requests/4/notes" => reply(201, json!({"id": 1, "body": "why"})),
        other => panic!("{other}"),
    })
    .await;
    let listed = gitlab.pulls("a/x", "refray/conflicts/").await.unwrap();
    assert_eq!(listed.iter().map(|pull| pull.number).collect::<Vec<_>>(), [1]);
    let branch = |name: &str| BranchName::new(name).unwrap();
    let new = NewPull {
        head: branch("refray/conflicts/main/r"),
        base: branch("main"),
        title: "x".repeat(300),
        body: "b".into(),
    };
    assert_eq!(gitlab.open_pull("a/x", &new).await.unwrap().number, 4);
    let body = log.body("POST /projects/a%2Fx/merge_requests");
    assert_eq!(body["title"].as_str().unwrap().len(), 255);
    assert_eq!((&body["source_branch"], &body["target_branch"]), (&json!("refray/conflicts/main/r"), &json!("main")));
    gitlab.edit_pull("a/x", 4, "t2", "b2").await.unwrap();
    assert_eq!(log.body("PUT /projects/a%2Fx/merge_requests/4"), json!({"title": "t2", "description": "b2"}));
    gitlab.close_pull("a/x", 4, "why").await.unwrap();
    assert_eq!(log.body("POST /projects/a%2Fx/merge_requests/4/notes"), json!({"body": "why"}));
    assert_eq!(log.body("PUT /projects/a%2Fx/merge_requests/4"), json!({"state_event": "close"}));
    let before = log.all().len();
    gitlab.close_pull("a/x", 1, "why").await.unwrap();
    assert_eq!(log.all().len(), before + 1, "one that is closed already is only looked at");
}

#[tokio::test]
async fn hooks_are_made_changed_and_removed() {
    let (gitlab, log) = gitlab(|asked| {
        let hook = |id: u64, status: &str| {
            json!({"id": id, "url": "https://m.example/", "push_events": true, "tag_push_events": true, "alert_status": status})
        };
        match asked.what.as_str() {
            "GET /projects/a%2Fx/hooks" => reply(200, json!([hook(1, "executable")])),
            "POST /projects/a%2Fx/hooks" => reply(201, hook(3, "executable")),
            "PUT /projects/a%2Fx/hooks/1" => reply(200, hook(1, "executable")),
            "PUT /projects/a%2Fx/hooks/2" => reply(200, hook(2, "disabled")),
            "DELETE /projects/a%2Fx/hooks/2" => reply(204, json!(null)),
            _ => reply(404, json!({"message": "404 Not found"})),
        }
    })
    .await;
    let spec = HookSpec { url: "https://m.example/".into(), secret: Secret::new("hook-secret".into()) };
    assert!(gitlab.hooks("a/x").await.unwrap()[0].as_wanted);
    assert_eq!(gitlab.create_hook("a/x", &spec).await.unwrap().id, "3");
    let body = log.body("POST /projects/a%2Fx/hooks");
    assert_eq!(
        (&body["token"], &body["push_events"], &body["issues_events"]),
        (&json!("hook-secret"), &json!(true), &json!(false))
    );
    assert_eq!(gitlab.update_hook("a/x", "1", &spec).await.unwrap().id, "1");
    assert_eq!(gitlab.update_hook("a/x", "2", &spec).await.unwrap().id, "3");
    assert_eq!(log.what().last().unwrap(), "DELETE /projects/a%2Fx/hooks/2");
    gitlab.delete_hook("a/x", "77").await.unwrap();
}

#[tokio::test]
async fn rights_come_from_scopes_and_role() {
    let (gitlab, _) = gitlab(|asked| match asked.what.as_str() {
        "GET /user" => me(),
        "GET /personal_access_tokens/self" => reply(200, json!({"id": 1, "scopes": ["api"], "active": true})),
        "GET /groups/acme" => reply(200, json!({"id": 4, "full_path": "acme", "project_creation_level": "maintainer"})),
        "GET /groups/4/members/all/11" => reply(200, json!({"id": 11, "access_level": 40})),
        other => panic!("{other}"),
    })
    .await;
    assert_eq!(gitlab.account().await.unwrap().scopes, Some(vec!["api".to_owned()]));
    let rights = gitlab.rights(&endpoint(&gitlab.client, NamespaceKind::Group, "acme")).await.unwrap();
    let granted = |word: &str| rights.iter().find(|right| right.operation.contains(word)).unwrap().granted;
    assert_eq!(granted("push by git"), Some(true));
    assert_eq!(granted("create repositories"), Some(true));
    assert_eq!(granted("install webhooks"), Some(true));
    assert_eq!(granted("delete repositories"), Some(false));
    let elsewhere = gitlab.rights(&endpoint(&gitlab.client, NamespaceKind::User, "bob")).await.unwrap();
    let create = elsewhere.iter().find(|right| right.operation == "create repositories").unwrap();
    assert_eq!(create.granted, Some(false));
}
