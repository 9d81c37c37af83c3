use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::test_client::Client;
use crate::world::{NewRepository, Role, Visibility};
use crate::{Kind, Sim, Site};

struct World {
    /// Ends the site when it goes.
    _sim: Sim,
    lab: Arc<Site>,
}

impl World {
    /// A site with `ann`, `bob` and the groups `top` and `top/sub`, which `ann` owns and where `bob` is a developer.
    async fn new() -> Self {
        let start = "2026-01-01T00:00:00Z".parse().unwrap();
        let sim = Sim::builder().site("lab", Kind::GitLab).clock(start).start().await.unwrap();
        let lab = sim.site("lab");
        lab.user("ann").unwrap();
        lab.user("bob").unwrap();
        lab.group("top/sub", "ann").unwrap();
        lab.add_member("top", "bob", Role::Developer).unwrap();
        Self { _sim: sim, lab }
    }

    fn client(&self, user: &str, scopes: &[&str]) -> Client {
        Client::new(&self.lab, &self.lab.token(user, scopes).unwrap().secret)
    }

    fn project(&self, owner: &str, name: &str, visibility: Visibility) -> u64 {
        let new = NewRepository { visibility, ..NewRepository::default() };
        self.lab.create_repo(owner, name, new).unwrap().id
    }

    fn commit(&self, owner: &str, name: &str, branch: &str, files: &[(&str, &str)]) -> String {
        self.lab.commit(owner, name, branch, files, "change").unwrap()
    }
}

#[tokio::test]
async fn tokens_are_known_by_their_scopes() {
    let world = World::new().await;
    world.project("ann", "open", Visibility::Public);
    let anonymous = Client::new(&world.lab, "");
    assert_eq!(anonymous.get("/user").await.body, json!({ "message": "401 Unauthorized" }));
    assert_eq!(anonymous.get("/projects/ann%2Fopen").await.status, 200);
    assert_eq!(Client::new(&world.lab, "wrong").get("/projects/ann%2Fopen").await.status, 401);
    let secret = world.lab.token("ann", &["api"]).unwrap().secret;
    let private = Client::new(&world.lab, "").with("private-token", &secret);
    assert_eq!(private.get("/user").await.body["username"], "ann");

    let reader = world.client("ann", &["read_api"]);
    assert_eq!(reader.get("/projects/ann%2Fopen").await.status, 200);
    let refused = reader.post("/projects", json!({ "name": "x" })).await;
    assert_eq!(refused.status, 403);
    assert_eq!((&refused.body["error"], &refused.body["scope"]), (&json!("insufficient_scope"), &json!("api")));
    let user = world.client("ann", &["read_user"]);
    assert_eq!(user.get("/user").await.status, 200);
    assert_eq!(user.get("/projects").await.status, 403);
    let own = user.get("/personal_access_tokens/self").await;
    assert_eq!((&own.body["scopes"], &own.body["active"]), (&json!(["read_user"]), &json!(true)));
    assert!(user.get("/version").await.body["version"].as_str().unwrap().starts_with("18."));
}

#[tokio::test]
async fn names_lead_to_users_and_groups() {
    let world = World::new().await;
    let ann = world.client("ann", &["api"]);
    let found = ann.get("/users?username=ANN").await;
    assert_eq!(found.all("username"), ["ann"]);
    let id = found.items()[0]["id"].as_u64().unwrap();
    assert_eq!(ann.get(&format!("/users/{id}")).await.body["name"], "ann");
    assert!(ann.get("/users?username=nobody").await.items().is_empty());
    let own = ann.get("/namespaces/ann").await;
    assert_eq!(own.body["kind"], "user");
    // A user's namespace is numbered apart from the user.
    assert_ne!(own.body["id"], id);
    let sub = ann.get("/namespaces/top%2Fsub").await;
    assert_eq!(
        (&sub.body["kind"], &sub.body["full_path"], &sub.body["path"]),
        (&json!("group"), &json!("top/sub"), &json!("sub"))
    );
    assert_eq!(ann.get("/namespaces/bob").await.body, json!({ "message": "404 Namespace Not Found" }));
    assert_eq!(ann.get("/namespaces").await.items().len(), 3);
    assert_eq!(ann.get("/groups/top").await.body["projects"], json!([]));
    assert_eq!(ann.get("/groups/top/subgroups").await.all("full_path"), ["top/sub"]);
    assert_eq!(ann.get("/groups/ann").await.body, json!({ "message": "404 Group Not Found" }));
    let parent = ann.get("/groups/top").await.body["id"].clone();
    let made = ann
        .post("/groups", json!({ "name": "New", "path": "new", "parent_id": parent, "visibility": "private" }))
        .await;
    assert_eq!((made.status.as_u16(), &made.body["full_path"]), (201, &json!("top/new")));
    assert_eq!(
        world
            .client("bob", &["api"])
            .post("/groups", json!({ "name": "x", "path": "x", "parent_id": parent }))
            .await
            .status,
        403
    );
}

#[tokio::test]
async fn lists_are_paged_in_both_ways() {
    let world = World::new().await;
    for index in 0..120 {
        let visibility = if index % 2 == 0 { Visibility::Public } else { Visibility::Private };
        world.project("top/sub", &format!("p{index:03}"), visibility);
    }
    world.project("top", "above", Visibility::Private);
    world.project("ann", "own", Visibility::Private);
    let ann = world.client("ann", &["api"]);
    let first = ann.get("/groups/top%2Fsub/projects").await;
    assert_eq!((first.items().len(), first.header("x-total"), first.header("x-total-pages")), (20, "120", "6"));
    assert_eq!((first.header("x-page"), first.header("x-next-page"), first.header("x-prev-page")), ("1", "2", ""));
    assert!(first.link("first").is_some() && first.link("last").is_some());
    let (names, pages) = ann.follow("/groups/top%2Fsub/projects?order_by=path&sort=asc&per_page=500", "path").await;
    assert_eq!((names.len(), pages), (120, 2));
    assert_eq!(ann.get("/groups/top%2Fsub/projects?page=6").await.header("x-next-page"), "");
    assert_eq!(ann.get("/groups/top/projects").await.all("path"), ["above"]);
    assert_eq!(ann.follow("/groups/top/projects?include_subgroups=true", "path").await.0.len(), 121);
    assert_eq!(Client::new(&world.lab, "").follow("/groups/top%2Fsub/projects", "path").await.0.len(), 60);
    assert_eq!(ann.get("/users/ann/projects").await.all("path"), ["own"]);
    assert_eq!(ann.get("/users/nobody/projects").await.body, json!({ "message": "404 User Not Found" }));

    let keyset = "/projects?pagination=keyset&order_by=id&sort=asc&per_page=50&membership=true";
    let first = ann.get(keyset).await;
    assert_eq!((first.items().len(), first.header("x-total")), (50, ""));
    assert!(first.link("next").unwrap().contains("id_after=") && first.link("first").is_none());
    let (paths, pages) = ann.follow(keyset, "path").await;
    assert_eq!((paths.len(), pages), (122, 3));
    assert_eq!(ann.get("/projects?pagination=keyset&order_by=name").await.status, 405);
    assert_eq!(ann.get("/projects?owned=true&visibility=private&search=OWN").await.all("path"), ["own"]);
    assert_eq!(ann.get("/projects?page=600&per_page=100").await.status, 405);
}

#[tokio::test]
async fn a_project_lives_is_renamed_and_goes_in_two_steps() {
    let world = World::new().await;
    let ann = world.client("ann", &["api"]);
    let made = ann.post("/projects", json!({ "name": "My Project", "path": "mine", "visibility": "internal" })).await;
    assert_eq!(made.status, 201, "{}", made.text);
    assert_eq!((&made.body["name"], &made.body["path_with_namespace"]), (&json!("My Project"), &json!("ann/mine")));
    assert_eq!((&made.body["empty_repo"], &made.body["permissions"]), (&json!(true), &json!(null)));
    let shown = ann.get("/projects/ann%2Fmine").await;
    assert_eq!(shown.body["permissions"]["project_access"]["access_level"], 50);
    let id = made.body["id"].as_u64().unwrap();
    let taken = ann.post("/projects", json!({ "path": "MINE" })).await;
    assert_eq!((taken.status.as_u16(), &taken.body["message"]["path"]), (400, &json!(["has already been taken"])));
    assert_eq!(ann.post("/projects", json!({ "name": "a b" })).await.body["path"], "a-b");
    assert_eq!(ann.post("/projects", json!({})).await.status, 400);
    let bad = ann.post("/projects", json!({ "path": "-x" })).await;
    assert_eq!(bad.status, 400);
    assert!(bad.body["message"].get("path").is_some() || bad.body["message"].get("name").is_some(), "{}", bad.text);

    let renamed =
        ann.put("/projects/ann%2Fmine", json!({ "path": "yours", "topics": ["a", "b c"], "description": "d" })).await;
    assert_eq!(
        (renamed.status.as_u16(), &renamed.body["path"], &renamed.body["name"]),
        (200, &json!("yours"), &json!("My Project"))
    );
    assert_eq!(renamed.body["topics"], json!(["a", "b c"]));
    let moved = ann.get("/projects/ann%2Fmine/repository/branches").await;
    assert_eq!(moved.status, 301);
    assert_eq!(moved.header("location"), format!("{}/projects/{id}/repository/branches", world.lab.api_url()));
    let moved = ann.put("/projects/ann%2Fmine", json!({ "description": "x" })).await;
    assert_eq!(
        (moved.status.as_u16(), &moved.body["message"]),
        (405, &json!("Non GET methods are not allowed for moved projects"))
    );
    let bob = world.client("bob", &["api"]);
    assert_eq!(
        bob.put(&format!("/projects/{id}"), json!({ "description": "x" })).await.body,
        json!({ "message": "403 Forbidden" })
    );
    assert_eq!(ann.get("/projects/ann%2Fnone").await.body, json!({ "message": "404 Project Not Found" }));

    let transferred = ann.put(&format!("/projects/{id}/transfer"), json!({ "namespace": "top/sub" })).await;
    assert_eq!(transferred.body["path_with_namespace"], "top/sub/yours");
    let archived = ann.post(&format!("/projects/{id}/archive"), Value::Null).await;
    assert_eq!((archived.status.as_u16(), &archived.body["archived"]), (201, &json!(true)));
    assert_eq!(ann.post(&format!("/projects/{id}/unarchive"), Value::Null).await.body["archived"], false);

    let path = format!("/projects/{id}");
    assert_eq!(bob.delete(&path).await.status, 403);
    let gone = ann.delete(&path).await;
    assert_eq!((gone.status.as_u16(), &gone.body["message"]), (202, &json!("202 Accepted")));
    let marked = ann.get(&path).await;
    let full_path = marked.body["path_with_namespace"].as_str().unwrap().to_owned();
    assert_eq!(full_path, format!("top/sub/yours-deletion_scheduled-{id}"));
    assert!(marked.body["marked_for_deletion_on"].is_string());
    assert_eq!(ann.get("/projects/top%2Fsub%2Fyours").await.status, 404);
    assert!(ann.get("/groups/top%2Fsub/projects?active=true").await.items().is_empty());
    assert_eq!(ann.post(&format!("{path}/restore"), Value::Null).await.body["path"], "yours");
    assert_eq!(ann.delete(&format!("{path}?permanently_remove=true&full_path=top/sub/yours")).await.status, 400);
    assert_eq!(ann.delete(&path).await.status, 202);
    assert_eq!(ann.delete(&path).await.status, 400);
    assert_eq!(ann.delete(&format!("{path}?permanently_remove=true&full_path=top/sub/yours")).await.status, 400);
    let query = format!("permanently_remove=true&full_path={}", full_path.replace('/', "%2F"));
    assert_eq!(ann.delete(&format!("{path}?{query}")).await.status, 202);
    assert_eq!(ann.get(&path).await.status, 404);
}

#[tokio::test]
async fn a_group_bounds_the_visibility_of_its_projects() {
    let world = World::new().await;
    let sub = world.lab.account("top/sub").unwrap();
    world.lab.world().accounts.get_mut(&sub.id).unwrap().visibility = Visibility::Private;
    let ann = world.client("ann", &["api"]);
    let new = |visibility: &str| json!({ "path": "p", "namespace_id": sub.namespace_id, "visibility": visibility });
    let refused = ann.post("/projects", new("public")).await;
    assert_eq!(refused.status, 400);
    assert_eq!(refused.body["message"]["visibility_level"], json!(["public is not allowed in a private group."]));
    assert_eq!(ann.post("/projects", new("private")).await.status, 201);
    assert_eq!(ann.put("/projects/top%2Fsub%2Fp", json!({ "visibility": "internal" })).await.status, 400);
    let bob = world.client("bob", &["api"]).post("/projects", new("private")).await;
    assert_eq!((bob.status.as_u16(), &bob.body["message"]["namespace"]), (400, &json!(["is not valid"])));
}

#[tokio::test]
async fn branches_tags_and_protections_are_shown_and_set() {
    let world = World::new().await;
    let id = world.project("ann", "r", Visibility::Private);
    let ann = world.client("ann", &["api"]);
    let root = world.commit("ann", "r", "main", &[("a", "1\n")]);
    let base = format!("/projects/{id}/protected_branches");
    // The first push protects the default branch.
    let rules = ann.get(&base).await;
    assert_eq!(rules.all("name"), ["main"]);
    assert_eq!(rules.items()[0]["push_access_levels"][0]["access_level"], 40);
    let branches = format!("/projects/{id}/repository/branches");
    assert_eq!(ann.post(&branches, json!({ "branch": "feature/x", "ref": "main" })).await.status, 201);
    assert_eq!(ann.post(&branches, json!({ "branch": "feature/x", "ref": "main" })).await.status, 400);
    let listed = ann.get(&branches).await;
    assert_eq!(listed.all("name"), ["feature/x", "main"]);
    assert_eq!((&listed.items()[1]["default"], &listed.items()[1]["protected"]), (&json!(true), &json!(true)));
    assert_eq!(ann.get(&format!("{branches}?search=^fea")).await.all("name"), ["feature/x"]);
    assert_eq!(ann.get(&format!("{branches}/feature%2Fx")).await.body["commit"]["id"], root.as_str());
    assert_eq!(ann.get(&format!("{branches}/none")).await.body, json!({ "message": "404 Branch Not Found" }));

    assert_eq!(
        ann.patch(&format!("{base}/main"), json!({ "allow_force_push": true })).await.body["allow_force_push"],
        true
    );
    assert!(world.lab.repository("ann", "r").unwrap().protection("main").unwrap().force_push);
    let made = ann.post(&base, json!({ "name": "feature/*", "push_access_level": 0 })).await;
    assert_eq!(
        (made.status.as_u16(), &made.body["push_access_levels"][0]["access_level_description"]),
        (201, &json!("No one"))
    );
    let twin = ann.post(&base, json!({ "name": "feature/*" })).await;
    assert_eq!(
        (twin.status.as_u16(), &twin.body["message"]),
        (409, &json!("Protected branch 'feature/*' already exists"))
    );
    assert_eq!(ann.delete(&format!("{branches}/feature%2Fx")).await.status, 403);
    assert_eq!(ann.delete(&format!("{base}/feature%2F%2A")).await.status, 204);
    assert_eq!(ann.get(&format!("{base}/feature%2F%2A")).await.status, 404);
    assert_eq!(ann.delete(&format!("{branches}/feature%2Fx")).await.status, 204);

    let tags = format!("/projects/{id}/repository/tags");
    assert_eq!(ann.post(&tags, json!({ "tag_name": "v1", "ref": "main" })).await.status, 201);
    assert_eq!(ann.get(&tags).await.items()[0]["commit"]["id"], root.as_str());
    let releases = format!("/projects/{id}/releases");
    let made = ann.post(&releases, json!({ "tag_name": "v2", "ref": "main", "description": "two" })).await;
    assert_eq!((made.status.as_u16(), &made.body["commit"]["id"]), (201, &json!(root)));
    assert_eq!(ann.get(&releases).await.all("tag_name"), ["v2"]);
    assert_eq!(ann.delete(&format!("{releases}/v2")).await.status, 204);
    let wrong = ann.put(&format!("/projects/{id}"), json!({ "default_branch": "none" })).await;
    assert_eq!(wrong.status, 400);
}

#[tokio::test]
async fn hooks_are_kept_without_their_token() {
    let world = World::new().await;
    let id = world.project("top", "r", Visibility::Private);
    world.commit("top", "r", "main", &[("a", "1\n")]);
    let ann = world.client("ann", &["api"]);
    for path in [format!("/projects/{id}/hooks"), "/groups/top/hooks".to_owned()] {
        let new = json!({ "url": "http://127.0.0.1:9/hook", "token": "s3cret", "tag_push_events": true });
        let made = ann.post(&path, new).await;
        assert_eq!(made.status, 201, "{}", made.text);
        assert!(!made.text.contains("s3cret"));
        let events = (&made.body["push_events"], &made.body["tag_push_events"], &made.body["issues_events"]);
        assert_eq!(events, (&json!(true), &json!(true), &json!(false)));
        let one = format!("{path}/{}", made.body["id"]);
        let changed = ann.put(&one, json!({ "url": "http://127.0.0.1:9/other", "push_events": false })).await;
        assert_eq!(
            (&changed.body["url"], &changed.body["push_events"]),
            (&json!("http://127.0.0.1:9/other"), &json!(false))
        );
        assert_eq!(ann.get(&path).await.items().len(), 1);
        assert_eq!(world.client("bob", &["api"]).get(&path).await.status, 403);
        if path.contains("projects") {
            assert_eq!(ann.post(&format!("{one}/test/push_events"), Value::Null).await.status, 201);
        }
        assert_eq!(ann.delete(&one).await.status, 204);
        assert_eq!(ann.get(&one).await.status, 404);
        assert_eq!(ann.post(&path, json!({ "url": "nowhere" })).await.status, 422);
        assert_eq!(ann.post(&path, json!({})).await.body, json!({ "error": "url is missing" }));
    }
    assert_eq!(ann.get("/hooks").await.status, 403);
}

#[tokio::test]
async fn merge_requests_are_opened_and_merged_for_real() {
    let world = World::new().await;
    let id = world.project("ann", "r", Visibility::Private);
    let ann = world.client("ann", &["api"]);
    let root = world.commit("ann", "r", "main", &[("a", "1\n")]);
    let bare = world.lab.bare(id);
    for branch in ["side", "clash"] {
        world.lab.move_ref(id, &format!("refs/heads/{branch}"), &root).unwrap();
    }
    let side = world.commit("ann", "r", "side", &[("b", "1\n")]);
    world.commit("ann", "r", "clash", &[("a", "3\n")]);
    let base = world.commit("ann", "r", "main", &[("a", "2\n")]);
    let path = format!("/projects/{id}/merge_requests");
    let open = |head: &str| json!({ "title": "T", "source_branch": head, "target_branch": "main", "description": "B" });
    let made = ann.post(&path, open("side")).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let facts = (&made.body["iid"], &made.body["state"], &made.body["detailed_merge_status"], &made.body["sha"]);
    assert_eq!(facts, (&json!(1), &json!("opened"), &json!("mergeable"), &json!(side)));
    let twin = ann.post(&path, open("side")).await;
    assert_eq!(
        (twin.status.as_u16(), &twin.body["message"]),
        (409, &json!(["Another open merge request already exists for this source branch: !1"]))
    );
    assert_eq!(ann.post(&path, open("none")).await.status, 422);
    assert_eq!(
        ann.post(&path, json!({ "title": "T" })).await.body,
        json!({ "error": "source_branch, target_branch are missing" })
    );

    let notes = format!("{path}/1/notes");
    let note = ann.post(&notes, json!({ "body": "hello" })).await;
    assert_eq!(note.status, 201);
    assert_eq!(ann.put(&format!("{notes}/{}", note.body["id"]), json!({ "body": "changed" })).await.status, 200);
    assert_eq!(ann.get(&notes).await.all("body"), ["changed"]);
    assert_eq!(ann.put(&format!("{path}/1"), json!({ "state_event": "close" })).await.body["state"], "closed");
    assert_eq!(ann.put(&format!("{path}/1/merge"), Value::Null).await.status, 405);
    assert_eq!(ann.put(&format!("{path}/1"), json!({ "state_event": "reopen" })).await.body["state"], "opened");

    let moved = ann.put(&format!("{path}/1/merge"), json!({ "sha": root })).await;
    assert_eq!(
        (moved.status.as_u16(), moved.body["message"].as_str().unwrap().contains("SHA does not match")),
        (409, true)
    );
    let merged = ann.put(&format!("{path}/1/merge"), json!({ "sha": side, "should_remove_source_branch": true })).await;
    assert_eq!((merged.status.as_u16(), &merged.body["state"]), (200, &json!("merged")));
    let tip = bare.branch("main").unwrap().unwrap();
    assert_eq!(merged.body["merge_commit_sha"], tip.as_str());
    assert_eq!(bare.commit(&tip).unwrap().parents, [base, side]);
    assert_eq!(bare.branch("side").unwrap(), None);

    let clash = ann.post(&path, open("clash")).await;
    assert_eq!(
        (&clash.body["detailed_merge_status"], &clash.body["has_conflicts"]),
        (&json!("conflict"), &json!(true))
    );
    let refused = ann.put(&format!("{path}/2/merge"), Value::Null).await;
    assert_eq!((refused.status.as_u16(), &refused.body["message"]), (422, &json!("Branch cannot be merged")));
    assert_eq!(ann.get(&path).await.items().len(), 2);
    assert_eq!(ann.get(&format!("{path}?state=opened&source_branch=clash")).await.items().len(), 1);
    assert_eq!(ann.get(&format!("{path}?state=merged")).await.items()[0]["iid"], 1);
}

#[tokio::test]
async fn limits_answer_in_plain_text() {
    let world = World::new().await;
    let ann = world.client("ann", &["api"]);
    world.lab.faults().rate_limit(1, Duration::from_secs(60));
    let first = ann.get("/user").await;
    assert_eq!((first.status.as_u16(), first.header("ratelimit-remaining")), (200, "0"));
    let beyond = ann.get("/user").await;
    assert_eq!(beyond.status, 429);
    assert_eq!(beyond.text.trim(), "Retry later");
    assert!(beyond.header("retry-after").parse::<u64>().unwrap() <= 60);
    world.lab.faults().clear();
    let known = ann.clone().with("if-none-match", ann.get("/user").await.header("etag"));
    assert_eq!(known.get("/user").await.status, 304);
}
