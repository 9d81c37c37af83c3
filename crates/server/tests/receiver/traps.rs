//! Each way in which a delivery can be wrong, or only look wrong.

use std::num::NonZeroU32;
use std::time::Duration;

use axum::body::Body;
use axum::extract::ConnectInfo;
use http::header::RETRY_AFTER;
use http::{Method, Request, StatusCode};
use refray_core::config::Provider;
use refray_core::secret::Secret;
use refray_server::hint::{WakeError, Woken};
use refray_server::webhook::Outcome;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tower::ServiceExt;

use crate::world::{NOW, Post, SECRET, World, digest, gitlab_push, push};

const HUB: &str = "x-hub-signature-256";

/// Encodes a form as forges do.
fn form(json: &str) -> String {
    url::form_urlencoded::Serializer::new(String::new()).append_pair("payload", json).finish()
}

fn as_form(post: Post) -> Post {
    post.set("content-type", "application/x-www-form-urlencoded")
}

async fn check(cases: Vec<(&str, Post, StatusCode)>) {
    let world = World::new();
    for (name, post, status) in cases {
        assert_eq!(world.send(&post).await, status, "{name}");
        let told = world.recorder.take().len();
        assert_eq!(told, usize::from(status == StatusCode::ACCEPTED), "{name}");
    }
}

#[tokio::test]
async fn signatures_have_to_be_of_the_right_form() {
    let (good, refused, taken) = (push(), StatusCode::UNAUTHORIZED, StatusCode::ACCEPTED);
    let hex = digest(SECRET, good.as_bytes());
    let hub = |value: &str| Post::github("push", &good).set(HUB, value);
    let bare = |value: &str| Post::gitea("push", &good).set("x-gitea-signature", value);
    check(vec![
        ("as it should be", hub(&format!("sha256={hex}")), taken),
        ("no signature", Post::github("push", &good).without(HUB), refused),
        ("only the old one", Post::github("push", &good).without(HUB).set("x-hub-signature", "sha1=00"), refused),
        ("empty", hub(""), refused),
        ("an empty digest", hub("sha256="), refused),
        ("no algorithm", hub(&hex), refused),
        ("another algorithm", hub(&format!("sha1={hex}")), refused),
        ("the algorithm in upper case", hub(&format!("SHA256={hex}")), refused),
        ("upper case", hub(&format!("sha256={}", hex.to_uppercase())), refused),
        ("a digit less", hub(&format!("sha256={}", &hex[1..])), refused),
        ("a digit more", hub(&format!("sha256={hex}0")), refused),
        ("two in one", hub(&format!("sha256={hex}, sha256={hex}")), refused),
        ("twice", Post::github("push", &good).and(HUB, &format!("sha256={hex}")), refused),
        ("of another body", hub(&format!("sha256={}", digest(SECRET, b"{}"))), refused),
        ("with another secret", hub(&format!("sha256={}", digest("x", good.as_bytes()))), refused),
        ("with no secret", hub(&format!("sha256={}", digest("", good.as_bytes()))), refused),
        ("Gitea's", bare(&hex), taken),
        ("Gitea's, empty", bare(""), refused),
        ("Gitea's with a prefix", bare(&format!("sha256={hex}")), refused),
        ("Gitea's in upper case", bare(&hex.to_uppercase()), refused),
        ("Gitea's twice", Post::gitea("push", &good).and("x-gitea-signature", &hex), refused),
        ("Gitea's own left out", Post::gitea("push", &good).without("x-gitea-signature"), taken),
        (
            "none but GitHub's, empty",
            Post::gitea("push", &good).without("x-gitea-signature").set(HUB, "sha256="),
            refused,
        ),
        ("Forgejo's", Post::forgejo("push", &good), taken),
        ("Forgejo's, empty, beside good ones", Post::forgejo("push", &good).set("x-forgejo-signature", ""), refused),
        ("Forgejo's with another name", Post::forgejo("push", &good).without("x-forgejo-signature"), taken),
    ])
    .await;
}

#[tokio::test]
async fn gitlab_proves_itself_by_token_or_signature() {
    let (good, refused, taken) = (gitlab_push(), StatusCode::UNAUTHORIZED, StatusCode::ACCEPTED);
    let token = |value: &str| Post::gitlab("Push Hook", &good).set("x-gitlab-token", value);
    let signed = |time| Post::signed("Push Hook", &good, &format!("id {time}"), time);
    let with = |value: &str| signed(NOW).set("webhook-signature", value);
    let right = |post: Post| post.headers.into_iter().find(|(name, _)| name == "webhook-signature").unwrap().1;
    let (right, earlier) = (right(signed(NOW)), right(signed(NOW - 1)));
    check(vec![
        ("the token", token(SECRET), taken),
        ("no token", Post::gitlab("Push Hook", &good).without("x-gitlab-token"), refused),
        ("an empty token", token(""), refused),
        ("another token", token("another"), refused),
        ("more than the token", token(&format!("{SECRET}!")), refused),
        ("less than the token", token(&SECRET[1..]), refused),
        ("the token twice", token(SECRET).and("x-gitlab-token", SECRET), refused),
        (
            "a signature of GitHub's kind",
            token("").set(HUB, &format!("sha256={}", digest(SECRET, good.as_bytes()))),
            refused,
        ),
        ("signed", signed(NOW), taken),
        ("signed a while ago", signed(NOW - 300), taken),
        ("signed too long ago", signed(NOW - 301), refused),
        ("signed too far ahead", signed(NOW + 301), refused),
        ("another time than was signed", signed(NOW).set("webhook-timestamp", &(NOW - 1).to_string()), refused),
        ("a time that is none", signed(NOW).set("webhook-timestamp", "+1763798400"), refused),
        ("a time beyond all", signed(NOW).set("webhook-timestamp", &"9".repeat(30)), refused),
        ("another id than was signed", signed(NOW).set("webhook-id", "x"), refused),
        ("no id", signed(NOW).without("webhook-id"), refused),
        ("no time", signed(NOW).without("webhook-timestamp"), refused),
        (
            "an old and a new key",
            signed(NOW - 1).set("webhook-signature", &format!("v1,{} {earlier}", "A".repeat(43) + "=")),
            taken,
        ),
        ("only of another kind", with(&right.replace("v1,", "v1a,")), refused),
        ("empty", with(""), refused),
        ("empty after the version", with("v1,"), refused),
        ("twice", signed(NOW).and("webhook-signature", &right), refused),
        ("a wrong signature with the right token", with("v1,AAAA").set("x-gitlab-token", SECRET), refused),
        ("a body that was not signed", signed(NOW).body(push()), refused),
    ])
    .await;
}

#[tokio::test]
async fn a_signature_without_a_key_for_it_is_refused() {
    let world = World::with(|options| options.signing_token = None);
    let post = Post::signed("Push Hook", &gitlab_push(), "id", NOW).set("x-gitlab-token", SECRET);
    assert_eq!(world.send(&post).await, StatusCode::UNAUTHORIZED);
    // The secret itself can be a signing token.
    let world = World::with(|options| options.secret = options.signing_token.take().unwrap());
    assert_eq!(world.send(&post).await, StatusCode::ACCEPTED);
}

#[tokio::test]
async fn an_empty_secret_opens_nothing() {
    let world = World::with(|options| options.secret = Secret::new(String::new()));
    let (json, empty) = (push(), digest("", push().as_bytes()));
    for post in [
        Post::github("push", &json).set(HUB, &format!("sha256={empty}")),
        Post::gitea("push", &json).set("x-gitea-signature", &empty),
        Post::gitlab("Push Hook", &gitlab_push()).set("x-gitlab-token", ""),
    ] {
        assert_eq!(world.send(&post).await, StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn forges_are_told_apart_although_they_send_each_others_headers() {
    let world = World::new();
    let (json, lab) = (push(), gitlab_push());
    for (post, provider) in [
        (Post::github("push", &json), Provider::Github),
        (Post::gitea("push", &json), Provider::Gitea),
        (Post::forgejo("push", &json), Provider::Forgejo),
        (Post::gitlab("Push Hook", &lab).set("x-github-event", "push"), Provider::Gitlab),
    ] {
        assert_eq!(world.send(&post).await, StatusCode::ACCEPTED, "{provider:?}");
        assert_eq!(world.recorder.take()[0].provider, provider);
    }
    let bad = StatusCode::BAD_REQUEST;
    check(vec![
        ("Gogs", Post::gitea("push", &json).without("x-gitea-event"), bad),
        ("no event, but signed", Post::github("push", &json).without("x-github-event"), bad),
        ("no header at all", Post::new(&*json), StatusCode::UNAUTHORIZED),
        ("two events", Post::github("push", &json).and("x-github-event", "ping"), bad),
        ("an empty event", Post::github("", &json), bad),
        ("an endless event", Post::github(&"x".repeat(1000), &json), bad),
        ("two ids", Post::github("push", &json).and("x-github-delivery", "1").and("x-github-delivery", "2"), bad),
    ])
    .await;
}

#[tokio::test]
async fn forms_are_signed_in_two_ways() {
    let (json, encoded) = (push(), form(&push()));
    let hub = format!("sha256={}", digest(SECRET, encoded.as_bytes()));
    let github = as_form(Post::github("push", &json)).body(&*encoded);
    let twice = format!("{encoded}&payload=%7B%7D");
    let twice_signed = format!("sha256={}", digest(SECRET, twice.as_bytes()));
    let (refused, taken) = (StatusCode::UNAUTHORIZED, StatusCode::ACCEPTED);
    check(vec![
        ("GitHub signs the form", github.clone().set(HUB, &hub), taken),
        ("and not the JSON", github.clone(), refused),
        ("Gitea signs the JSON", as_form(Post::gitea("push", &json)).body(&*encoded), taken),
        ("and not the form", as_form(Post::gitea("push", &encoded)), refused),
        ("Forgejo as well", as_form(Post::forgejo("push", &json)).body(&*encoded), taken),
        ("no payload", as_form(Post::github("push", "x=1")), StatusCode::BAD_REQUEST),
        ("no payload that could be signed", as_form(Post::gitea("push", "x=1")), refused),
        ("two payloads", github.body(&*twice).set(HUB, &twice_signed), StatusCode::BAD_REQUEST),
        (
            "GitLab sends none",
            as_form(Post::gitlab("Push Hook", &form(&gitlab_push()))),
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
        ),
    ])
    .await;
}

#[tokio::test]
async fn only_what_forges_send_is_read() {
    let post = || Post::github("push", &push());
    let unsupported = StatusCode::UNSUPPORTED_MEDIA_TYPE;
    check(vec![
        ("with a charset", post().set("content-type", "Application/JSON; charset=utf-8"), StatusCode::ACCEPTED),
        ("text", post().set("content-type", "text/plain"), unsupported),
        ("nothing", post().without("content-type"), unsupported),
        ("two types", post().and("content-type", "text/plain"), unsupported),
        ("compressed", post().set("content-encoding", "gzip"), unsupported),
        ("not compressed", post().set("content-encoding", "identity"), StatusCode::ACCEPTED),
        ("compressed without proof", post().without(HUB).set("content-encoding", "gzip"), StatusCode::UNAUTHORIZED),
    ])
    .await;
}

#[tokio::test]
async fn routes_are_few() {
    let world = World::new();
    for (method, path, status) in [
        (Method::GET, "/", StatusCode::OK),
        (Method::HEAD, "/", StatusCode::OK),
        (Method::GET, "/webhook", StatusCode::METHOD_NOT_ALLOWED),
        (Method::PUT, "/", StatusCode::METHOD_NOT_ALLOWED),
        (Method::DELETE, "/webhook", StatusCode::METHOD_NOT_ALLOWED),
        (Method::POST, "/webhook/", StatusCode::NOT_FOUND),
        (Method::GET, "/metrics", StatusCode::NOT_FOUND),
    ] {
        let request = Request::builder().method(&method).uri(path).body(Body::empty()).unwrap();
        assert_eq!(world.request(request).await, status, "{method} {path}");
    }
    let mut request = Post::github("push", &push()).request();
    *request.uri_mut() = "/".parse().unwrap();
    assert_eq!(world.request(request).await, StatusCode::ACCEPTED);
}

#[tokio::test]
async fn the_answer_says_what_became_of_it() {
    let world = World::new();
    let post = Post::github("push", &push());
    for (answer, status, outcome) in [
        (Ok(Woken::Queued(2)), StatusCode::ACCEPTED, Outcome::Accepted),
        (Ok(Woken::Known), StatusCode::OK, Outcome::Known),
        (Ok(Woken::Unknown), StatusCode::OK, Outcome::Unknown),
        (Err(WakeError("the disk is full".to_owned())), StatusCode::SERVICE_UNAVAILABLE, Outcome::Failed),
    ] {
        world.recorder.answer(answer);
        let response = world.router.clone().oneshot(post.request()).await.unwrap();
        assert_eq!(response.status(), status);
        assert_eq!(response.headers().contains_key(RETRY_AFTER), outcome == Outcome::Failed);
        assert_eq!(world.counters.get(outcome), 1);
    }
    assert_eq!(world.send(&Post::github("ping", r#"{"zen":""}"#)).await, StatusCode::OK);
    assert_eq!(world.counters.get(Outcome::Ignored), 1);
}

#[tokio::test]
async fn the_same_delivery_wakes_once_it_was_durable() {
    for (post, id) in [
        (Post::github("push", &push()), "x-github-delivery"),
        (Post::gitea("push", &push()).set("x-github-delivery", "other"), "x-gitea-delivery"),
        (Post::forgejo("push", &push()).set("x-gitea-delivery", "other"), "x-forgejo-delivery"),
        (Post::gitlab("Push Hook", &gitlab_push()).set("x-gitlab-event-uuid", "other"), "idempotency-key"),
        (Post::gitlab("Push Hook", &gitlab_push()), "x-gitlab-event-uuid"),
    ] {
        let world = World::new();
        let post = post.set(id, "72d3162e-cc78-11e3-81ab-4c9367dc0958");
        world.recorder.answer(Err(WakeError("the disk is full".to_owned())));
        assert_eq!(world.send(&post).await, StatusCode::SERVICE_UNAVAILABLE, "{id}");
        world.recorder.answer(Ok(Woken::Unknown));
        assert_eq!(world.send(&post).await, StatusCode::OK, "{id}");
        world.recorder.answer(Ok(Woken::Queued(1)));
        assert_eq!(world.send(&post).await, StatusCode::ACCEPTED, "{id}");
        assert_eq!(world.send(&post).await, StatusCode::OK, "{id}");
        assert_eq!((world.recorder.take().len(), world.counters.get(Outcome::Repeated)), (3, 1), "{id}");
        // Another id is another delivery, and so is another body.
        assert_eq!(world.send(&post.clone().set(id, "another")).await, StatusCode::ACCEPTED, "{id}");
        if id.starts_with("x-gitlab") || id == "idempotency-key" {
            let other = gitlab_push().replace('2', "3");
            assert_eq!(world.send(&post.body(other)).await, StatusCode::ACCEPTED, "{id}");
        }
    }
}

#[tokio::test]
async fn a_source_that_is_refused_again_and_again_is_not_listened_to() {
    let world = World::with(|options| options.refused_per_minute = NonZeroU32::new(3));
    let from = async |post: &Post, address: &str| {
        let mut request = post.request();
        request.extensions_mut().insert(ConnectInfo::<std::net::SocketAddr>(address.parse().unwrap()));
        world.request(request).await
    };
    let (good, bad) = (Post::github("push", &push()), Post::github("push", &push()).set(HUB, "sha256="));
    for _ in 0..3 {
        assert_eq!(from(&bad, "203.0.113.7:1").await, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(from(&good, "203.0.113.7:2").await, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(from(&good, "203.0.113.8:1").await, StatusCode::ACCEPTED);
    for _ in 0..5 {
        assert_eq!(from(&bad, "127.0.0.1:1").await, StatusCode::UNAUTHORIZED);
    }
    let busy = World::with(|options| options.per_second = NonZeroU32::new(1));
    assert_eq!(busy.send(&good).await, StatusCode::ACCEPTED);
    assert_eq!(busy.send(&good).await, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(busy.counters.get(Outcome::Limited), 1);
}

#[tokio::test]
async fn large_bodies_are_refused_and_large_good_ones_taken() {
    let world = World::with(|options| options.body_limit = 1 << 20);
    let padded = |bytes: usize| format!("{}{}", push(), " ".repeat(bytes - push().len()));
    assert_eq!(world.send(&Post::github("push", &padded(1 << 20))).await, StatusCode::ACCEPTED);
    let large = Post::github("push", &padded((1 << 20) + 1));
    assert_eq!(world.send(&large).await, StatusCode::PAYLOAD_TOO_LARGE);
    let announced = large.set("content-length", "1048577");
    let unread = Body::from_stream(futures_util::stream::pending::<Result<bytes::Bytes, std::io::Error>>());
    assert_eq!(world.request(announced.request_with(unread)).await, StatusCode::PAYLOAD_TOO_LARGE);
    let full = World::with(|options| options.memory = 1 << 20);
    assert_eq!(full.send(&Post::github("push", &padded(1 << 21))).await, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(full.send(&Post::github("push", &push())).await, StatusCode::ACCEPTED, "the room is given back");
}

/// Sends what is given over a real connection that stays open, and returns the status line of the answer.
async fn talk(world: &World, text: &str) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = world.router.clone();
    let server = tokio::spawn(async move { axum::serve(listener, router).await });
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = vec![0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    server.abort();
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn nobody_is_waited_for_in_vain() {
    let world = World::with(|options| options.body_timeout = Duration::from_millis(50));
    let start = "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nX-GitHub-Event: push\r\n";
    let long = "Content-Length: 1000000\r\n\r\n{";
    assert_eq!(
        talk(&world, &format!("{start}{long}")).await,
        "HTTP/1.1 401",
        "without proof, none of the body is read"
    );
    let proof = format!("X-Hub-Signature-256: sha256={}\r\n", digest(SECRET, b"{"));
    assert_eq!(talk(&world, &format!("{start}{proof}{long}")).await, "HTTP/1.1 408");
    let chunked = format!("{start}{proof}Transfer-Encoding: chunked\r\n\r\n1\r\n{{\r\n");
    assert_eq!(talk(&world, &chunked).await, "HTTP/1.1 408");
    assert_eq!(world.counters.get(Outcome::Slow), 2);
}
