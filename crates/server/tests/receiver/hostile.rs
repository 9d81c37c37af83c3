//! Deliveries from people who do not know the secret.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::{Request, StatusCode};
use proptest::prelude::*;
use refray_server::webhook::Outcome;

use crate::world::{NOW, Post, World, digest, gitlab_push, push};

const HUB: &str = "x-hub-signature-256";

/// One bad delivery, by number.
fn bad(number: usize) -> Request<Body> {
    static MEGABYTE: [u8; 1 << 20] = [b' '; 1 << 20];
    let (github, gitea) = (Post::github("push", &push()), Post::gitea("push", &push()));
    let gitlab = Post::gitlab("Push Hook", &gitlab_push());
    let post = match number % 16 {
        0 => github.set(HUB, &format!("sha256={}", digest("guess", push().as_bytes()))),
        1 => github.set(HUB, "sha256="),
        2 => github.without(HUB),
        3 => github.set("x-hub-signature", "sha1=00").without(HUB),
        4 => gitea.set("x-gitea-signature", ""),
        5 => gitea.set("x-gitea-signature", &digest("", push().as_bytes())),
        6 => gitlab.set("x-gitlab-token", "guess"),
        7 => gitlab.without("x-gitlab-token"),
        8 => gitlab.without("x-gitlab-token").set("webhook-signature", "v1,AAAA"),
        9 => Post::signed("Push Hook", &gitlab_push(), "id", NOW - 3600),
        10 => github.set("content-type", "text/plain"),
        11 => github.set("content-encoding", "gzip"),
        12 => Post::github("push", "not json"),
        13 => Post::new(vec![0xff; 100]),
        14 if number % 320 == 14 => {
            let chunks = stream::iter((0..40).map(|_| Ok::<_, Infallible>(Bytes::from_static(&MEGABYTE))));
            return github.request_with(Body::from_stream(chunks));
        }
        14 => github.set("content-length", &usize::MAX.to_string()),
        _ => {
            let pieces = stream::iter([Ok::<_, Infallible>(Bytes::from_static(b"{"))]).chain(stream::pending());
            return github.request_with(Body::from_stream(pieces));
        }
    };
    post.request()
}

#[tokio::test]
async fn ten_thousand_bad_deliveries_do_nothing() {
    let world = World::with(|options| options.body_timeout = Duration::from_millis(20));
    let statuses = stream::iter(0..10_000).map(|number| world.request(bad(number))).buffer_unordered(200);
    let good = statuses.filter(|status| std::future::ready(!status.is_client_error() && !status.is_server_error()));
    assert_eq!(good.count().await, 0);
    assert_eq!(world.recorder.take(), []);
    assert_eq!(world.counters.all().map(|(_, count)| count).sum::<u64>(), 10_000);
    assert_eq!(world.counters.get(Outcome::Accepted), 0);
    for outcome in [Outcome::Unauthorized, Outcome::Unsupported, Outcome::Malformed, Outcome::TooLarge, Outcome::Slow] {
        assert!(world.counters.get(outcome) > 0, "{outcome:?}");
    }
    assert_eq!(world.send(&Post::github("push", &push())).await, StatusCode::ACCEPTED, "a good one still gets through");
}

/// Headers that mean something to the receiver, with values that are nearly right, and wrong.
fn header() -> impl Strategy<Value = (String, Vec<u8>)> {
    let names = prop::sample::select(vec![
        "x-github-event",
        "x-gitea-event",
        "x-forgejo-event",
        "x-gogs-event",
        "x-gitlab-event",
        HUB,
        "x-hub-signature",
        "x-gitea-signature",
        "x-forgejo-signature",
        "x-gitlab-token",
        "webhook-signature",
        "webhook-id",
        "webhook-timestamp",
        "content-type",
        "content-encoding",
        "x-github-delivery",
        "idempotency-key",
    ]);
    let values = prop_oneof![
        prop::sample::select(vec![
            "push",
            "create",
            "Push Hook",
            "System Hook",
            "ping",
            "",
            "sha256=",
            "v1,",
            "application/json",
            "application/x-www-form-urlencoded",
            "1763798400",
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
        "sha256=[0-9a-f]{64}".prop_map(String::into_bytes),
        "[0-9a-f]{64}".prop_map(String::into_bytes),
        "v1,[A-Za-z0-9+/]{43}=".prop_map(String::into_bytes),
        prop::collection::vec(prop_oneof![0x20..=0x7e_u8, 0x80..=0xff_u8], 0..40),
    ];
    (names.prop_map(str::to_owned), values)
}

fn status(world: &World, request: Request<Body>) -> StatusCode {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(world.request(request))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_accepted_without_a_proof(
        headers in prop::collection::vec(header(), 0..10),
        body in prop_oneof![Just(push().into_bytes()), Just(gitlab_push().into_bytes()), prop::collection::vec(any::<u8>(), 0..200)],
    ) {
        let world = World::new();
        let request = headers.into_iter().fold(Request::post("/"), |request, (name, value)| request.header(name, value));
        let status = status(&world, request.body(Body::from(body)).unwrap());
        prop_assert!(status.is_client_error(), "{status}");
        prop_assert_eq!(world.recorder.take(), []);
    }

    #[test]
    fn whoever_knows_the_secret_cannot_break_it_either(
        event in prop::sample::select(vec!["push", "create", "delete", "repository", "ping", "Push Hook", "System Hook"]),
        json in r#"(\{("(ref|after|ref_type|repository|project|changes|event_name)":("refs/heads/x"|"push"|"repository_update"|"branch"|null|7|\[\]|\{\}|\{"full_name":"a/b"\}),?){0,4}\})|\PC{0,60}"#,
        form in any::<bool>(),
    ) {
        let world = World::new();
        for post in [Post::github(event, &json), Post::forgejo(event, &json), Post::gitlab(event, &json)] {
            let post = if form { post.set("content-type", "application/x-www-form-urlencoded") } else { post };
            prop_assert!(!status(&world, post.request()).is_server_error());
        }
    }
}
