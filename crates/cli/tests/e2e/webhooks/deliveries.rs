//! What was installed delivers, signed with the secret.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::post;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::*;

type Received = Arc<Mutex<Vec<(HeaderMap, Bytes)>>>;

async fn receive(State(received): State<Received>, headers: HeaderMap, body: Bytes) {
    received.lock().unwrap().push((headers, body));
}

fn signature(body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(body);
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Says whether a delivery shows that its sender knows the secret, in the way of its forge.
fn is_signed(kind: Kind, headers: &HeaderMap, body: &[u8]) -> bool {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    match kind {
        Kind::GitHub => header("x-hub-signature-256") == format!("sha256={}", signature(body)),
        Kind::GitLab => header("x-gitlab-token") == SECRET,
        Kind::Gitea => header("x-gitea-signature") == signature(body),
        Kind::Forgejo => header("x-forgejo-signature") == signature(body),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pushes_are_told_of_and_signed() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/webhook", listener.local_addr().unwrap());
    let received = Received::default();
    let router = Router::new().route("/webhook", post(receive)).with_state(received.clone());
    let server = tokio::spawn(async move { axum::serve(listener, router).await });

    let mut world = world(&KINDS).await;
    configure(&mut world, "", &url);
    for kind in KINDS {
        world.seed(kind, "one", Visibility::Private);
    }
    world.refray(&["webhook", "install"]).exits(0);
    for kind in KINDS {
        received.lock().unwrap().clear();
        let site = world.site(kind);
        site.deliveries().clear();
        let tip = site.commit(OWNER, "one", "main", &[("f", "2")], "second\n").unwrap();
        let told = |(headers, body): &(HeaderMap, Bytes)| {
            String::from_utf8_lossy(body).contains(&tip) && is_signed(kind, headers, body)
        };
        let mut patience = 500;
        while !received.lock().unwrap().iter().any(told) {
            patience -= 1;
            assert!(patience > 0, "{kind}: {:?}", site.deliveries().all());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    server.abort();
}
