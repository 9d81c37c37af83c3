//! What is made of what forges tell.

use std::path::Path;

use http::StatusCode;
use refray_core::config::Provider;
use refray_server::hint::{Hint, HintKind, RefHint};

use crate::samples::Samples;
use crate::world::{Post, World};

fn samples() -> Samples {
    Samples::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/webhooks"))
}

async fn hint(post: &Post) -> Hint {
    let world = World::new();
    assert_eq!(world.send(post).await, StatusCode::ACCEPTED);
    world.recorder.take().pop().unwrap()
}

fn reference(name: &str, new: Option<&str>, deleted: bool) -> HintKind {
    HintKind::Refs(vec![RefHint { name: name.to_owned(), new: new.map(|new| new.parse().unwrap()), deleted }])
}

#[tokio::test]
async fn samples_are_understood_or_ignored() {
    let counts = samples().check().await;
    assert_eq!(counts.values().sum::<usize>(), 23, "{counts:?}");
}

#[tokio::test]
async fn a_push_tells_where_and_what() {
    let samples = samples();
    let of = |provider, host: &str, path: &str, id: &str, kind| Hint {
        provider,
        hosts: vec![host.to_owned()],
        paths: vec![path.to_owned()],
        id: Some(id.to_owned()),
        kind,
    };
    let gone = |name| reference(name, None, true);
    let local = "localhost:3000";
    let feature = Some("67b56589a45103f891bdee7c0546e5d40bc02001");
    for (file, expected) in [
        (
            "github/push_branch_update.json",
            of(
                Provider::Github,
                "github.com",
                "octo-dev/demo",
                "1256440000",
                reference("refs/heads/main", Some("f7220f1f753260bf6f1c533357c70213e9fd4abe"), false),
            ),
        ),
        (
            "github/delete_tag.json",
            of(Provider::Github, "github.com", "Codertocat/Hello-World", "186853002", gone("refs/tags/simple-tag")),
        ),
        (
            "gitlab/push_branch_delete.json",
            of(Provider::Gitlab, "example.com", "mike/diaspora", "15", gone("refs/heads/feature")),
        ),
        (
            "gitlab/system_repository_update.json",
            of(
                Provider::Gitlab,
                "example.com",
                "jsmith/example",
                "1",
                reference("refs/heads/master", Some("4045ea7a3df38697b3730a20fb73c8bed8a3e69e"), false),
            ),
        ),
        (
            "gitea/captured-1.16_create.json",
            of(Provider::Gitea, local, "example/example", "1", reference("refs/heads/master", feature, false)),
        ),
        ("gitea/delete_tag.json", of(Provider::Gitea, local, "example/example", "1", gone("refs/tags/v1.0.0"))),
        (
            "forgejo/create_branch.json",
            of(Provider::Forgejo, local, "example/example", "1", reference("refs/heads/feature", feature, false)),
        ),
        (
            "forgejo/create_branch.gitea-type.json",
            of(Provider::Forgejo, local, "example/example", "1", reference("refs/heads/feature", feature, false)),
        ),
    ] {
        assert_eq!(hint(&samples.posts[file]).await, expected, "{file}");
    }
}

#[tokio::test]
async fn the_former_name_is_told_with_the_new_one() {
    let samples = samples();
    for (file, paths) in [
        ("github/repository_transferred.json", ["Octocoders/Hello-World", "octocat/Hello-World"]),
        ("gitlab/system_project_rename.json", ["jsmith/underscore", "jsmith/overscore"]),
    ] {
        assert_eq!(hint(&samples.posts[file]).await.paths, paths, "{file}");
    }
    let renamed = r#"{"action":"renamed","changes":{"repository":{"name":{"from":"port"}}},
        "repository":{"id":7,"full_name":"ada/harbour"}}"#;
    assert_eq!(hint(&Post::github("repository", renamed)).await.paths, ["ada/harbour", "ada/port"]);
    let transferred = r#"{"changes":{"owner":{"from":{"organization":{"login":"guild"}}}},
        "repository":{"id":7,"full_name":"ada/harbour"}}"#;
    assert_eq!(hint(&Post::github("repository", transferred)).await.paths, ["ada/harbour", "guild/harbour"]);
}

#[tokio::test]
async fn gitlab_tells_in_a_header_where_it_is() {
    let body = r#"{"event_name":"project_create","path_with_namespace":"ada/harbour","project_id":7}"#;
    let post = Post::gitlab("System Hook", body).set("x-gitlab-instance", "https://gitlab.example.org:8443");
    let told = hint(&post).await;
    assert_eq!((told.hosts, told.kind), (vec!["gitlab.example.org:8443".to_owned()], HintKind::Repository));
}

#[tokio::test]
async fn only_what_is_synced_counts() {
    let world = World::new();
    let repository = r#""repository":{"id":7,"full_name":"ada/harbour"}"#;
    let note = format!(r#"{{"ref":"refs/notes/commits","after":"{}",{repository}}}"#, "2".repeat(40));
    let several = r#"{"event_name":"repository_update","project_id":7,"changes":[
        {"ref":"refs/keep-around/x","after":"2222222222222222222222222222222222222222"},
        {"ref":"refs/tags/v1","after":"0000000000000000000000000000000000000000"}]}"#;
    for (post, status) in [
        (Post::github("push", &note), StatusCode::OK),
        (Post::gitlab("System Hook", several), StatusCode::ACCEPTED),
        (Post::github("issues", "{}"), StatusCode::OK),
        (Post::github("installation_repositories", r#"{"repositories_added":[]}"#), StatusCode::OK),
        (Post::gitea("wiki", "{}"), StatusCode::OK),
        (Post::gitlab("Note Hook", r#"{"object_kind":"note"}"#), StatusCode::OK),
        (Post::github("public", &format!("{{{repository}}}")), StatusCode::ACCEPTED),
    ] {
        assert_eq!(world.send(&post).await, status, "{post:?}");
    }
    let kinds: Vec<HintKind> = world.recorder.take().into_iter().map(|hint| hint.kind).collect();
    assert_eq!(kinds, [reference("refs/tags/v1", None, true), HintKind::Repository]);
}

#[tokio::test]
async fn a_payload_that_lacks_what_it_is_about_is_malformed() {
    let world = World::new();
    for post in [
        Post::github("push", "{}"),
        Post::github("push", r#"{"ref":"refs/heads/main"}"#),
        Post::github("push", "not json"),
        Post::github("ping", "not json"),
        Post::github("repository", r#"{"repository":{"id":7}}"#),
        Post::github("push", &"[".repeat(10_000)),
        Post::gitlab("Push Hook", r#"{"object_kind":"push","ref":"refs/heads/main"}"#),
        Post::gitlab("Push Hook", ""),
        Post::gitea("delete", "[]"),
    ] {
        assert_eq!(world.send(&post).await, StatusCode::BAD_REQUEST, "{:?}", post.headers);
    }
    assert_eq!(world.recorder.take(), []);
}
