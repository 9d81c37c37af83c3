use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::test_client::Client;
use crate::world::{NewRepository, Role, Visibility};
use crate::{Kind, Sim, Site};

struct World {
    /// Ends the site when it goes.
    _sim: Sim,
    hub: Arc<Site>,
}

impl World {
    /// A site with `octo`, `mona` and the organisation `acme`, which `octo` owns and of which `mona` is a member.
    async fn new() -> Self {
        let start = "2026-01-01T00:00:00Z".parse().unwrap();
        let sim = Sim::builder().site("hub", Kind::GitHub).clock(start).start().await.unwrap();
        let hub = sim.site("hub");
        hub.user("octo").unwrap();
        hub.user("mona").unwrap();
        hub.org("acme", "octo").unwrap();
        hub.add_member("acme", "mona", Role::Developer).unwrap();
        Self { _sim: sim, hub }
    }

    fn client(&self, user: &str, scopes: &[&str]) -> Client {
        Client::new(&self.hub, &self.hub.token(user, scopes).unwrap().secret)
    }

    fn repo(&self, owner: &str, name: &str, visibility: Visibility) -> u64 {
        let new = NewRepository { visibility, ..NewRepository::default() };
        self.hub.create_repo(owner, name, new).unwrap().id
    }

    fn commit(&self, name: &str, branch: &str, files: &[(&str, &str)]) -> String {
        self.hub.commit("octo", name, branch, files, "change").unwrap()
    }
}

#[tokio::test]
async fn who_calls_is_told_apart() {
    let world = World::new().await;
    let octo = world.client("octo", &["repo", "read:org"]);
    let nameless = octo.clone().without("user-agent").get("/user").await;
    assert_eq!(nameless.status, 403);
    assert!(nameless.text.contains("User-Agent"), "{}", nameless.text);
    let anonymous = Client::new(&world.hub, "").get("/user").await;
    assert_eq!((anonymous.status.as_u16(), &anonymous.body["message"]), (401, &json!("Requires authentication")));
    let wrong = Client::new(&world.hub, "ghp_wrong").get("/users/octo").await;
    assert_eq!((wrong.status.as_u16(), &wrong.body["message"]), (401, &json!("Bad credentials")));
    assert_eq!(wrong.body["status"], "401");
    let me = octo.get("/user").await;
    assert_eq!((me.body["login"].as_str(), me.body["type"].as_str()), (Some("octo"), Some("User")));
    assert_eq!(me.header("x-oauth-scopes"), "read:org, repo");
    assert_eq!(me.header("x-ratelimit-limit"), "5000");
    assert_eq!(octo.get("/users/acme").await.body["type"], "Organization");
    assert_eq!(octo.get("/orgs/octo").await.status, 404);
    assert_eq!(octo.get("/user/orgs").await.all("login"), ["acme"]);
    assert_eq!(octo.get("/user/memberships/orgs").await.items()[0]["role"], "admin");
    let versioned = octo.clone().with("x-github-api-version", "2001-01-01").get("/user").await;
    assert_eq!(versioned.status, 400);
    assert!(octo.get("/meta").await.body["installed_version"].is_string());
    assert_eq!(octo.get("/nothing").await.body["message"], "Not Found");
}

#[tokio::test]
async fn lists_are_paged_and_hide_what_may_not_be_seen() {
    let world = World::new().await;
    for index in 0..120 {
        let visibility = if index % 2 == 0 { Visibility::Public } else { Visibility::Private };
        world.repo("acme", &format!("r{index:03}"), visibility);
    }
    world.repo("octo", "own", Visibility::Private);
    let octo = world.client("octo", &["repo"]);
    let first = octo.get("/orgs/acme/repos?per_page=500").await;
    assert_eq!(first.items().len(), 100);
    assert!(first.link("next").unwrap().contains("/organizations/"), "{}", first.header("link"));
    assert!(first.link("first").is_none() && first.link("last").is_some());
    let (names, pages) = octo.follow("/orgs/acme/repos?sort=full_name", "name").await;
    assert_eq!((names.len(), pages), (120, 4));
    assert!(names.windows(2).all(|pair| pair[0] < pair[1]));
    let beyond = octo.get("/orgs/acme/repos?page=99").await;
    assert!(beyond.items().is_empty() && beyond.link("next").is_none());

    // Without `repo`, and for strangers, there are only public ones.
    let narrow = world.client("octo", &["public_repo"]);
    assert_eq!(narrow.follow("/orgs/acme/repos", "name").await.0.len(), 60);
    assert_eq!(Client::new(&world.hub, "").follow("/orgs/acme/repos", "name").await.0.len(), 60);
    assert_eq!(narrow.get("/repos/octo/own").await.status, 404);

    assert_eq!(octo.follow("/user/repos", "name").await.0.len(), 121);
    assert_eq!(octo.get("/user/repos?affiliation=owner").await.all("name"), ["own"]);
    assert!(octo.get("/users/octo/repos").await.items().is_empty());
    let both = octo.get("/user/repos?type=owner&visibility=private").await;
    assert_eq!(both.status, 422);
    assert!(both.body["message"].as_str().unwrap().contains("cannot specify type"));
}

#[tokio::test]
async fn a_repository_lives_is_renamed_and_goes() {
    let world = World::new().await;
    let octo = world.client("octo", &["repo", "delete_repo"]);
    let made = octo.post("/user/repos", json!({ "name": "a b!", "private": true, "description": "d" })).await;
    assert_eq!(made.status, 201, "{}", made.text);
    assert_eq!((made.body["name"].as_str(), made.body["private"].as_bool()), (Some("a-b-"), Some(true)));
    let id = made.body["id"].as_u64().unwrap();
    let again = octo.post("/user/repos", json!({ "name": "A-B-" })).await;
    assert_eq!(again.status, 422);
    assert_eq!(again.body["errors"][0]["message"], "name already exists on this account");

    let renamed = octo.patch("/repos/octo/a-b-", json!({ "name": "c", "has_wiki": false })).await;
    assert_eq!((renamed.status.as_u16(), renamed.body["full_name"].as_str()), (200, Some("octo/c")));
    assert_eq!(renamed.body["has_wiki"], false);
    let moved = octo.get("/repos/octo/a-b-/branches").await;
    assert_eq!(moved.status, 301);
    assert_eq!(moved.header("location"), format!("{}/repositories/{id}/branches", world.hub.api_url()));
    assert_eq!(octo.get(moved.header("location")).await.status, 200);
    let moved = octo.get("/repos/octo/a-b-/branches?per_page=1").await;
    assert!(moved.header("location").ends_with("/branches?per_page=1"), "{}", moved.header("location"));
    let moved = octo.patch("/repos/octo/a-b-", json!({ "description": "x" })).await;
    assert_eq!(moved.status, 307);
    assert_eq!(octo.get(&format!("/repositories/{id}")).await.body["full_name"], "octo/c");
    // Who may not see it is not led to it.
    assert_eq!(world.client("mona", &["repo"]).get("/repos/octo/a-b-").await.status, 404);
    // A new one under the old name cuts the redirect.
    octo.post("/user/repos", json!({ "name": "a-b-" })).await;
    assert_ne!(octo.get("/repos/octo/a-b-").await.body["id"], id);

    let transferred = octo.post("/repos/octo/c/transfer", json!({ "new_owner": "acme" })).await;
    assert_eq!((transferred.status.as_u16(), transferred.body["full_name"].as_str()), (202, Some("acme/c")));
    assert_eq!(octo.get("/repos/octo/c").await.status, 301);
    let topics = octo.put("/repos/acme/c/topics", json!({ "names": ["One", "two"] })).await;
    assert_eq!(topics.body["names"], json!(["one", "two"]));
    assert_eq!(octo.put("/repos/acme/c/topics", json!({ "names": ["a b"] })).await.status, 422);

    octo.patch("/repos/acme/c", json!({ "archived": true })).await;
    let refused = octo.patch("/repos/acme/c", json!({ "description": "x" })).await;
    assert_eq!(
        (refused.status.as_u16(), &refused.body["message"]),
        (403, &json!("Repository was archived so is read-only."))
    );
    assert_eq!(octo.patch("/repos/acme/c", json!({ "archived": false })).await.status, 200);
    // What `curl -d` sends is JSON too, though its header says that it is a form.
    let curl = octo.clone().with("content-type", "application/x-www-form-urlencoded");
    let archived = curl.patch("/repos/acme/c", json!({ "archived": true })).await;
    assert_eq!((archived.status.as_u16(), &archived.body["archived"]), (200, &json!(true)));
    let unarchived = curl.patch("/repos/acme/c", json!({ "archived": false })).await;
    assert_eq!((unarchived.status.as_u16(), &unarchived.body["archived"]), (200, &json!(false)));
    assert_eq!(octo.delete("/repos/acme/c").await.status, 204);
    assert_eq!(octo.get("/repos/acme/c").await.status, 404);
    assert_eq!(octo.get(&format!("/repositories/{id}")).await.status, 404);
}

#[tokio::test]
async fn scopes_and_roles_hold() {
    let world = World::new().await;
    world.repo("acme", "open", Visibility::Public);
    let narrow = world.client("octo", &["public_repo"]);
    let refused = narrow.post("/user/repos", json!({ "name": "x", "private": true })).await;
    assert_eq!(refused.status, 404);
    assert_eq!(refused.header("x-accepted-oauth-scopes"), "public_repo, repo");
    assert_eq!(narrow.post("/user/repos", json!({ "name": "x" })).await.status, 201);
    let refused = narrow.delete("/repos/acme/open").await;
    assert_eq!(
        (refused.status.as_u16(), &refused.body["message"]),
        (403, &json!("Must have admin rights to Repository."))
    );
    assert_eq!(refused.header("x-accepted-oauth-scopes"), "delete_repo");
    assert_eq!(narrow.post("/orgs/acme/hooks", json!({})).await.status, 404);

    let mona = world.client("mona", &["*"]);
    assert_eq!(mona.patch("/repos/acme/open", json!({ "description": "x" })).await.status, 403);
    assert_eq!(mona.delete("/repos/acme/open").await.status, 403);
    assert_eq!(mona.get("/repos/acme/open/hooks").await.status, 404);
    assert_eq!(mona.post("/orgs/acme/repos", json!({ "name": "hers", "private": true })).await.status, 201);
    assert_eq!(mona.get("/repos/acme/open/collaborators/octo/permission").await.body["permission"], "admin");

    let fine = world.client("octo", &["metadata:read", "contents:write"]);
    let refused = fine.patch("/repos/acme/open", json!({ "description": "x" })).await;
    assert_eq!(refused.status, 403);
    assert_eq!(refused.body["message"], "Resource not accessible by personal access token");
    assert_eq!(refused.header("x-accepted-github-permissions"), "administration=write");
    assert!(refused.headers.get("x-oauth-scopes").is_none());
}

#[tokio::test]
async fn branches_refs_and_protections_are_shown_and_set() {
    let world = World::new().await;
    let id = world.repo("octo", "r", Visibility::Public);
    let octo = world.client("octo", &["repo"]);
    assert_eq!(octo.get("/repos/octo/r/git/matching-refs/heads/").await.status, 409);
    assert!(octo.get("/repos/octo/r/branches").await.items().is_empty());
    let root = world.commit("r", "main", &[("a", "1\n")]);
    let tip = world.commit("r", "feature/x", &[("b", "1\n")]);
    world.hub.move_ref(id, "refs/tags/v1", &root).unwrap();

    assert_eq!(octo.get("/repos/octo/r/branches").await.all("name"), ["feature/x", "main"]);
    for path in ["/repos/octo/r/branches/feature/x", "/repos/octo/r/branches/feature%2Fx"] {
        assert_eq!(octo.get(path).await.body["commit"]["sha"], tip.as_str());
    }
    assert_eq!(octo.get("/repos/octo/r/branches/none").await.body["message"], "Branch not found");
    let (refs, _) = octo.follow("/repos/octo/r/git/matching-refs/heads/fea", "ref").await;
    assert_eq!(refs, ["refs/heads/feature/x"]);
    assert_eq!(octo.get("/repos/octo/r/git/ref/tags/v1").await.body["object"]["sha"], root.as_str());
    assert_eq!(octo.get("/repos/octo/r/tags").await.items()[0]["commit"]["sha"], root.as_str());
    let made = octo.post("/repos/octo/r/git/refs", json!({ "ref": "refs/heads/new", "sha": root })).await;
    assert_eq!(made.status, 201, "{}", made.text);
    assert_eq!(octo.patch("/repos/octo/r/git/refs/heads/new", json!({ "sha": tip })).await.status, 422);
    assert_eq!(octo.delete("/repos/octo/r/git/refs/heads/new").await.status, 204);

    let path = "/repos/octo/r/branches/main/protection";
    assert_eq!(octo.get(path).await.body["message"], "Branch not protected");
    let missing = octo.put(path, json!({ "enforce_admins": true })).await;
    assert_eq!(missing.status, 422);
    assert!(missing.body["message"].as_str().unwrap().contains("\"restrictions\" weren't supplied"));
    let rule = json!({
        "required_status_checks": null, "enforce_admins": true, "required_pull_request_reviews": {}, "restrictions": null,
        "allow_force_pushes": false,
    });
    let set = octo.put(path, rule).await;
    assert_eq!((set.status.as_u16(), &set.body["enforce_admins"]["enabled"]), (200, &json!(true)));
    assert!(world.hub.repository("octo", "r").unwrap().protection("main").unwrap().pull_request_required);
    assert_eq!(octo.get("/repos/octo/r/branches/main").await.body["protected"], true);
    assert_eq!(octo.delete(path).await.status, 204);
    assert_eq!(octo.get(path).await.status, 404);

    let ruleset = json!({
        "name": "rules", "enforcement": "active", "target": "branch", "rules": [{ "type": "non_fast_forward" }],
        "conditions": { "ref_name": { "include": ["~DEFAULT_BRANCH", "refs/heads/release/**"], "exclude": [] } },
    });
    let made = octo.post("/repos/octo/r/rulesets", ruleset).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let rules = octo.get("/repos/octo/r/rules/branches/release/1/2").await;
    assert_eq!(rules.all("type"), ["non_fast_forward"]);
    let rule = world.hub.repository("octo", "r").unwrap().protection("main").cloned().unwrap();
    assert!(rule.ruleset && !rule.force_push && rule.deletion);
    let url = format!("/repos/octo/r/rulesets/{}", made.body["id"]);
    assert_eq!(octo.put(&url, json!({ "enforcement": "disabled" })).await.status, 200);
    assert!(octo.get("/repos/octo/r/rules/branches/main").await.items().is_empty());
    assert_eq!(octo.delete(&url).await.status, 204);

    let wrong = octo.patch("/repos/octo/r", json!({ "default_branch": "none" })).await;
    assert_eq!((wrong.status.as_u16(), &wrong.body["errors"][0]["field"]), (422, &json!("default_branch")));
    let renamed = octo.post("/repos/octo/r/branches/main/rename", json!({ "new_name": "trunk" })).await;
    assert_eq!(renamed.status, 201, "{}", renamed.text);
    assert_eq!(octo.get("/repos/octo/r").await.body["default_branch"], "trunk");
}

#[tokio::test]
async fn hooks_are_kept_without_their_secret_and_pinged() {
    let world = World::new().await;
    world.repo("acme", "r", Visibility::Private);
    let octo = world.client("octo", &["repo", "admin:org_hook"]);
    for path in ["/repos/acme/r/hooks", "/orgs/acme/hooks"] {
        let config = json!({ "url": "http://127.0.0.1:9/hook", "content_type": "json", "secret": "s3cret" });
        let new = json!({ "name": "web", "config": config, "events": ["push", "create"] });
        let made = octo.post(path, new.clone()).await;
        assert_eq!(made.status, 201, "{}", made.text);
        assert_eq!(made.body["config"]["secret"], "********");
        assert!(!made.text.contains("s3cret"));
        let twin = octo.post(path, new).await;
        assert_eq!(twin.status, 422);
        assert!(twin.body["errors"][0]["message"].as_str().unwrap().starts_with("Hook already exists on this "));
        let one = format!("{path}/{}", made.body["id"]);
        let changed = octo.patch(&one, json!({ "add_events": ["delete"], "active": false })).await;
        assert_eq!(changed.body["events"], json!(["create", "delete", "push"]));
        assert_eq!(changed.body["active"], false);
        assert_eq!(octo.patch(&format!("{one}/config"), json!({ "secret": "other" })).await.status, 200);
        assert_eq!(octo.get(path).await.items().len(), 1);
        assert_eq!(octo.post(&format!("{one}/pings"), Value::Null).await.status, 204);
        let id = made.body["id"].as_u64().unwrap();
        assert_eq!(world.hub.world().hooks[&id].secret.as_deref(), Some("other"));
        assert_eq!(octo.delete(&one).await.status, 204);
        assert_eq!(octo.get(&one).await.status, 404);
    }
    let bad = octo.post("/repos/acme/r/hooks", json!({ "config": { "url": "nowhere" } })).await;
    assert_eq!(bad.status, 422);
    let deliveries = world.hub.deliveries().wait(2, Duration::from_secs(10)).await;
    assert!(deliveries.iter().any(|it| it.event == "ping" && it.header("x-github-event") == Some("ping")));
}

#[tokio::test]
async fn pull_requests_are_opened_and_merged_for_real() {
    let world = World::new().await;
    let id = world.repo("octo", "r", Visibility::Private);
    let octo = world.client("octo", &["repo"]);
    let root = world.commit("r", "main", &[("a", "1\n")]);
    let bare = world.hub.bare(id);
    for branch in ["side", "clash"] {
        world.hub.move_ref(id, &format!("refs/heads/{branch}"), &root).unwrap();
    }
    let side = world.commit("r", "side", &[("b", "1\n")]);
    world.commit("r", "clash", &[("a", "3\n")]);
    let base = world.commit("r", "main", &[("a", "2\n")]);

    let open = |head: &str| json!({ "title": "T", "head": head, "base": "main", "body": "B" });
    let made = octo.post("/repos/octo/r/pulls", open("octo:side")).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let facts = (&made.body["number"], &made.body["mergeable"], &made.body["commits"], &made.body["head"]["sha"]);
    assert_eq!(facts, (&json!(1), &json!(true), &json!(1), &json!(side)));
    let twin = octo.post("/repos/octo/r/pulls", open("side")).await;
    assert_eq!(
        (twin.status.as_u16(), &twin.body["errors"][0]["message"]),
        (422, &json!("A pull request already exists for octo:side."))
    );
    let none = octo.post("/repos/octo/r/pulls", open("none")).await;
    assert_eq!((none.status.as_u16(), &none.body["errors"][0]["field"]), (422, &json!("head")));
    world.hub.move_ref(id, "refs/heads/behind", &root).unwrap();
    let nothing = octo.post("/repos/octo/r/pulls", open("behind")).await;
    assert_eq!(nothing.body["errors"][0]["message"], "No commits between main and behind");

    assert_eq!(octo.get("/repos/octo/r/pulls?head=octo:side").await.items().len(), 1);
    assert!(octo.get("/repos/octo/r/pulls?head=octo:clash").await.items().is_empty());
    let comment = octo.post("/repos/octo/r/issues/1/comments", json!({ "body": "hello" })).await;
    assert_eq!(comment.status, 201);
    let one = format!("/repos/octo/r/issues/comments/{}", comment.body["id"]);
    assert_eq!(octo.patch(&one, json!({ "body": "changed" })).await.body["body"], "changed");
    assert_eq!(octo.get("/repos/octo/r/issues/1/comments").await.all("body"), ["changed"]);
    assert_eq!(octo.get("/repos/octo/r/pulls/1/commits").await.all("sha"), [side.as_str()]);
    assert_eq!(octo.patch("/repos/octo/r/pulls/1", json!({ "state": "closed" })).await.body["state"], "closed");
    assert_eq!(octo.patch("/repos/octo/r/pulls/1", json!({ "state": "open" })).await.body["state"], "open");

    let moved = octo.put("/repos/octo/r/pulls/1/merge", json!({ "sha": root })).await;
    assert_eq!(moved.status, 409);
    let merged = octo.put("/repos/octo/r/pulls/1/merge", json!({ "sha": side })).await;
    assert_eq!((merged.status.as_u16(), &merged.body["merged"]), (200, &json!(true)));
    let tip = bare.branch("main").unwrap().unwrap();
    assert_eq!(merged.body["sha"], tip.as_str());
    assert_eq!(bare.commit(&tip).unwrap().parents, [base, side]);
    assert_eq!(octo.get("/repos/octo/r/pulls/1/merge").await.status, 204);
    let shown = octo.get("/repos/octo/r/pulls/1").await;
    assert_eq!((&shown.body["merged"], &shown.body["state"]), (&json!(true), &json!("closed")));

    let clash = octo.post("/repos/octo/r/pulls", open("clash")).await;
    assert_eq!((&clash.body["mergeable"], &clash.body["mergeable_state"]), (&json!(false), &json!("dirty")));
    assert_eq!(octo.put("/repos/octo/r/pulls/2/merge", Value::Null).await.status, 405);
    assert_eq!(octo.get("/repos/octo/r/pulls?state=all").await.items().len(), 2);
    assert_eq!(octo.get("/repos/octo/r/pulls").await.items().len(), 1);
}

#[tokio::test]
async fn unchanged_answers_are_free_and_limits_end() {
    let world = World::new().await;
    world.repo("octo", "r", Visibility::Public);
    let octo = world.client("octo", &["repo"]);
    world.hub.faults().rate_limit(3, Duration::from_secs(3600));
    let first = octo.get("/repos/octo/r").await;
    assert_eq!(first.header("x-ratelimit-remaining"), "2");
    let again = octo.clone().with("if-none-match", first.header("etag"));
    for _ in 0..5 {
        let unchanged = again.get("/repos/octo/r").await;
        assert_eq!((unchanged.status.as_u16(), unchanged.text.as_str()), (304, ""));
    }
    octo.patch("/repos/octo/r", json!({ "description": "new" })).await;
    let changed = again.get("/repos/octo/r").await;
    assert_eq!((changed.status.as_u16(), changed.header("x-ratelimit-remaining")), (200, "0"));
    let beyond = octo.get("/repos/octo/r").await;
    assert_eq!(beyond.status, 403);
    assert!(beyond.body["message"].as_str().unwrap().starts_with("API rate limit exceeded"));
    let asked = octo.get("/rate_limit").await;
    assert_eq!((asked.status.as_u16(), &asked.body["rate"]["remaining"]), (200, &json!(0)));
}

#[tokio::test]
async fn releases_are_made_with_their_tag() {
    let world = World::new().await;
    world.repo("octo", "r", Visibility::Public);
    let root = world.commit("r", "main", &[("a", "1\n")]);
    let octo = world.client("octo", &["repo"]);
    let made = octo.post("/repos/octo/r/releases", json!({ "tag_name": "v1", "name": "One" })).await;
    assert_eq!(made.status, 201, "{}", made.text);
    octo.post("/repos/octo/r/releases", json!({ "tag_name": "v2", "draft": true })).await;
    assert_eq!(octo.get("/repos/octo/r/git/ref/tags/v1").await.body["object"]["sha"], root.as_str());
    assert_eq!(octo.get("/repos/octo/r/releases").await.all("tag_name"), ["v2", "v1"]);
    assert_eq!(Client::new(&world.hub, "").get("/repos/octo/r/releases").await.all("tag_name"), ["v1"]);
    assert_eq!(octo.get("/repos/octo/r/releases/latest").await.body["name"], "One");
    assert_eq!(octo.delete(&format!("/repos/octo/r/releases/{}", made.body["id"])).await.status, 204);
    assert_eq!(octo.get("/repos/octo/r/releases/tags/v1").await.status, 404);
}

#[tokio::test]
async fn graphql_reads_the_refs_of_many_repositories() {
    const TIPS: &str = "fragment tips on Repository {
        databaseId nameWithOwner pushedAt isArchived isEmpty
        defaultBranchRef { name target { oid } }
        heads: refs(refPrefix: \"refs/heads/\", first: 2) {
            totalCount pageInfo { hasNextPage endCursor } nodes { name target { oid } }
        }
        tags: refs(refPrefix: \"refs/tags/\", first: 100) { totalCount nodes { name target { __typename oid } } }
    }";
    let world = World::new().await;
    let id = world.repo("octo", "one", Visibility::Private);
    world.repo("octo", "empty", Visibility::Private);
    let root = world.commit("one", "main", &[("a", "1\n")]);
    for branch in ["b1", "b2", "feature/x"] {
        world.hub.move_ref(id, &format!("refs/heads/{branch}"), &root).unwrap();
    }
    world.hub.move_ref(id, "refs/tags/v1", &root).unwrap();
    let octo = world.client("octo", &["repo"]);
    let query = format!(
        "query($a: String!, $b: String!, $c: String!) {{
            r0: repository(owner: \"octo\", name: $a) {{ ...tips }}
            r1: repository(owner: \"octo\", name: $b) {{ ...tips }}
            r2: repository(owner: \"octo\", name: $c) {{ ...tips }}
            rateLimit {{ cost remaining resetAt nodeCount }}
        }} {TIPS}"
    );
    let variables = json!({ "a": "one", "b": "gone", "c": "empty" });
    let reply = octo.post("!/api/graphql", json!({ "query": query, "variables": variables })).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    let data = &reply.body["data"];
    assert_eq!(data["r0"]["databaseId"], id);
    assert_eq!(data["r0"]["defaultBranchRef"], json!({ "name": "main", "target": { "oid": root } }));
    assert_eq!(data["r0"]["heads"]["totalCount"], 4);
    assert_eq!(data["r0"]["heads"]["nodes"][0], json!({ "name": "b1", "target": { "oid": root } }));
    assert_eq!(data["r0"]["tags"]["nodes"][0]["target"]["__typename"], "Commit");
    assert_eq!(data["r1"], Value::Null);
    assert_eq!(reply.body["errors"][0]["type"], "NOT_FOUND");
    assert_eq!(reply.body["errors"][0]["path"], json!(["r1"]));
    assert_eq!((&data["r2"]["isEmpty"], &data["r2"]["defaultBranchRef"]), (&json!(true), &Value::Null));
    assert_eq!((&data["rateLimit"]["cost"], &data["rateLimit"]["nodeCount"]), (&json!(1), &json!(204)));

    let cursor = &data["r0"]["heads"]["pageInfo"]["endCursor"];
    let more = "query($n: String!, $c: String) { repository(owner: \"octo\", name: $n) {
        refs(refPrefix: \"refs/heads/\", first: 2, after: $c) { pageInfo { hasNextPage } nodes { name } } } }";
    let variables = json!({ "n": "one", "c": cursor });
    let reply = octo.post("!/api/graphql", json!({ "query": more, "variables": variables })).await;
    let refs = &reply.body["data"]["repository"]["refs"];
    assert_eq!(refs["nodes"], json!([{ "name": "feature/x" }, { "name": "main" }]));
    assert_eq!(refs["pageInfo"]["hasNextPage"], false);

    let all = "query($o: String!, $c: String) { repositoryOwner(login: $o) {
        repositories(first: 1, after: $c, ownerAffiliations: [OWNER]) {
            pageInfo { hasNextPage endCursor } nodes { nameWithOwner pushedAt } } } }";
    let reply = octo.post("!/api/graphql", json!({ "query": all, "variables": { "o": "octo" } })).await;
    let page = &reply.body["data"]["repositoryOwner"]["repositories"];
    assert_eq!(
        (&page["nodes"][0]["nameWithOwner"], &page["pageInfo"]["hasNextPage"]),
        (&json!("octo/one"), &json!(true))
    );

    let wrong = octo.post("!/api/graphql", json!({ "query": "{ viewer { shoeSize } }" })).await;
    assert_eq!(wrong.body["errors"][0]["extensions"]["code"], "undefinedField");
    assert!(wrong.body.get("data").is_none());
    let unbounded = json!({ "query": "{ viewer { repositories { totalCount } } }" });
    let unbounded = octo.post("!/api/graphql", unbounded).await;
    assert_eq!(unbounded.body["errors"][0]["type"], "MISSING_PAGINATION_BOUNDARIES");
    assert_eq!(
        Client::new(&world.hub, "").post("!/api/graphql", json!({ "query": "{ viewer { login } }" })).await.status,
        401
    );
}
