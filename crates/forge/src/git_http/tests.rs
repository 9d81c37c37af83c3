use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, TryStreamExt};
use refray_core::config::Provider;

use super::*;
use crate::http::testing::{Variables, quick, serve, site};
use crate::http::{Client, Options};
use bytes::Bytes;
use refray_git::transport::{Body, ProtocolVersion, Remote, Service, TransportError, TransportErrorKind};
use std::sync::Arc;

type Seen = Arc<Mutex<Vec<(String, Vec<(String, String)>, Bytes)>>>;

/// Plays a git server whose answers `answer` makes, by the number of the request.
async fn server(
    answer: impl Fn(usize) -> Response + Clone + Send + Sync + 'static,
    options: Options,
) -> (HttpRemote, Seen) {
    let seen: Seen = Arc::default();
    let (log, count) = (Arc::clone(&seen), Arc::new(AtomicUsize::new(0)));
    let router = Router::new().fallback(move |request: Request| {
        let (answer, log, count) = (answer.clone(), Arc::clone(&log), Arc::clone(&count));
        async move {
            let (parts, body) = request.into_parts();
            let body = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
            let headers = parts
                .headers
                .iter()
                .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
                .collect();
            log.lock().unwrap().push((format!("{} {}", parts.method, parts.uri), headers, body));
            answer(count.fetch_add(1, Ordering::SeqCst))
        }
    });
    let address = serve(router).await;
    let environment = Variables::of(&[("TOKEN", "s3cret-marker")]);
    let client = Client::new(site(Provider::Gitlab, &format!("http://{address}/sub")), environment, options).unwrap();
    (HttpRemote::new(client, "group/a b"), seen)
}

fn advertisement() -> Response {
    ([("content-type", "application/x-git-upload-pack-advertisement")], "000eversion 2\n0000").into_response()
}

fn result(service: &str) -> Response {
    ([("content-type", format!("application/x-{service}-result"))], "0000").into_response()
}

async fn text(stream: refray_git::transport::ByteStream) -> Result<String, TransportError> {
    let pieces: Vec<Bytes> = stream.try_collect().await?;
    Ok(String::from_utf8(pieces.concat()).unwrap())
}

fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

#[tokio::test]
async fn the_first_request_carries_everything() {
    let (remote, seen) = server(|n| if n == 0 { advertisement() } else { result("git-upload-pack") }, quick()).await;
    let stream = remote.advertise(Service::UploadPack, ProtocolVersion::V2).await.unwrap();
    assert_eq!(text(stream).await.unwrap(), "000eversion 2\n0000");
    let body = Body::Bytes(Bytes::from_static(b"0014command=ls-refs\n0000"));
    text(remote.request(Service::UploadPack, ProtocolVersion::V2, body).await.unwrap()).await.unwrap();
    let seen = seen.lock().unwrap();
    let (line, headers, _) = &seen[0];
    assert_eq!(line, "GET /sub/group/a%20b.git/info/refs?service=git-upload-pack");
    assert_eq!(header(headers, "git-protocol"), Some("version=2"));
    assert_eq!(header(headers, "authorization"), Some("Basic b2F1dGgyOnMzY3JldC1tYXJrZXI="));
    assert!(header(headers, "user-agent").unwrap().starts_with("refray/"));
    let (line, headers, body) = &seen[1];
    assert_eq!(line, "POST /sub/group/a%20b.git/git-upload-pack");
    assert_eq!(header(headers, "content-type"), Some("application/x-git-upload-pack-request"));
    assert_eq!(header(headers, "content-length"), Some("24"));
    assert_eq!(header(headers, "expect"), None);
    assert_eq!(body.len(), 24);
    assert!(!remote.describe().contains("s3cret"));
}

#[tokio::test]
async fn a_stream_goes_in_chunks() {
    let (remote, seen) = server(|_| result("git-receive-pack"), quick()).await;
    let pieces = futures_util::stream::iter((0..10).map(|_| Ok(Bytes::from_static(b"0123456789"))));
    let stream =
        remote.request(Service::ReceivePack, ProtocolVersion::V0, Body::Stream(Box::pin(pieces))).await.unwrap();
    text(stream).await.unwrap();
    let seen = seen.lock().unwrap();
    assert_eq!(header(&seen[0].1, "transfer-encoding"), Some("chunked"));
    assert_eq!(header(&seen[0].1, "git-protocol"), None);
    assert_eq!(seen[0].2.len(), 100);
}

#[tokio::test]
async fn a_failed_body_is_told_as_such_and_never_looks_complete() {
    let (remote, seen) = server(|_| result("git-receive-pack"), quick()).await;
    let broken = TransportError::new(TransportErrorKind::Body, "here", "pack-objects failed");
    let pieces = futures_util::stream::iter(vec![Ok(Bytes::from_static(b"0123456789")), Err(broken)]);
    let sent = remote.request(Service::ReceivePack, ProtocolVersion::V0, Body::Stream(Box::pin(pieces))).await;
    let error = match sent {
        Ok(stream) => text(stream).await.unwrap_err(),
        Err(error) => error,
    };
    assert_eq!(error.kind, TransportErrorKind::Body);
    assert!(seen.lock().unwrap().iter().all(|(_, _, body)| body.is_empty()), "the server must not take it for whole");
}

#[tokio::test]
async fn statuses_become_kinds() {
    for (status, location, expected) in [
        (401, None, TransportErrorKind::Unauthorized),
        (403, None, TransportErrorKind::Forbidden),
        (404, None, TransportErrorKind::NotFound),
        (413, None, TransportErrorKind::Refused { status: 413 }),
        (500, None, TransportErrorKind::Server { status: 500 }),
        (
            301,
            Some("/sub/group/new.git/info/refs"),
            TransportErrorKind::Redirected { to: "/sub/group/new.git/info/refs".into() },
        ),
        (200, None, TransportErrorKind::Other),
    ] {
        let (remote, seen) = server(
            move |_| {
                let mut response = (StatusCode::from_u16(status).unwrap(), "s3cret-marker is no good").into_response();
                if let Some(location) = location {
                    response.headers_mut().insert("location", location.parse().unwrap());
                }
                response
            },
            quick(),
        )
        .await;
        let error = remote.advertise(Service::UploadPack, ProtocolVersion::V2).await.err().unwrap();
        match (&error.kind, &expected) {
            (TransportErrorKind::Redirected { to }, TransportErrorKind::Redirected { to: end }) => {
                assert!(to.ends_with(end));
            }
            (kind, expected) => assert_eq!(kind, expected),
        }
        assert!(!error.to_string().contains("s3cret"), "{error}");
        assert_eq!(seen.lock().unwrap().len(), 1, "{status}");
    }
}

#[tokio::test]
async fn listing_is_retried_and_pushing_is_not() {
    let flaky = |n: usize| if n == 0 { StatusCode::BAD_GATEWAY.into_response() } else { advertisement() };
    let (remote, seen) = server(flaky, quick()).await;
    text(remote.advertise(Service::UploadPack, ProtocolVersion::V2).await.unwrap()).await.unwrap();
    assert_eq!(seen.lock().unwrap().len(), 2);

    let flaky = |n: usize| if n == 0 { StatusCode::BAD_GATEWAY.into_response() } else { result("git-receive-pack") };
    let (remote, seen) = server(flaky, quick()).await;
    let body = Body::Bytes(Bytes::from_static(b"0000"));
    let error = remote.request(Service::ReceivePack, ProtocolVersion::V0, body).await.err().unwrap();
    assert_eq!(error.kind, TransportErrorKind::Server { status: 502 });
    assert!(!error.is_certainly_undone());
    assert_eq!(seen.lock().unwrap().len(), 1);

    // A proxy that asks for patience may have passed it on all the same.
    let busy = || (StatusCode::SERVICE_UNAVAILABLE, [("retry-after", "0")]).into_response();
    let (remote, seen) = server(move |n| if n == 0 { busy() } else { result("git-receive-pack") }, quick()).await;
    let body = Body::Bytes(Bytes::from_static(b"0000"));
    let error = remote.request(Service::ReceivePack, ProtocolVersion::V0, body).await.err().unwrap();
    assert!(!error.is_certainly_undone());
    assert_eq!(seen.lock().unwrap().len(), 1);
    let (remote, seen) = server(move |n| if n == 0 { busy() } else { advertisement() }, quick()).await;
    text(remote.advertise(Service::UploadPack, ProtocolVersion::V2).await.unwrap()).await.unwrap();
    assert_eq!(seen.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn a_push_that_was_certainly_not_done_is_repeated() {
    let limited = |n: usize| {
        if n == 0 {
            (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "0")]).into_response()
        } else {
            result("git-receive-pack")
        }
    };
    let (remote, seen) = server(limited, quick()).await;
    let body = Body::Bytes(Bytes::from_static(b"0000"));
    text(remote.request(Service::ReceivePack, ProtocolVersion::V0, body).await.unwrap()).await.unwrap();
    assert_eq!(seen.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn standing_still_is_noticed_but_our_own_slowness_is_not() {
    let still = |_: usize| {
        let body = axum::body::Body::from_stream(futures_util::stream::pending::<Result<Bytes, std::io::Error>>());
        ([("content-type", "application/x-git-receive-pack-result")], body).into_response()
    };
    let options = || Options { idle_timeout: Duration::from_millis(300), ..quick() };
    let (remote, _) = server(still, options()).await;
    let body = Body::Bytes(Bytes::from_static(b"0000"));
    let stream = remote.request(Service::ReceivePack, ProtocolVersion::V0, body).await.unwrap();
    assert_eq!(text(stream).await.unwrap_err().kind, TransportErrorKind::Timeout);

    let (remote, _) = server(|_| result("git-receive-pack"), options()).await;
    let slow = futures_util::stream::once(async {
        tokio::time::sleep(Duration::from_millis(900)).await;
        Ok(Bytes::from_static(b"0000"))
    });
    let stream = remote.request(Service::ReceivePack, ProtocolVersion::V0, Body::Stream(slow.boxed())).await.unwrap();
    assert_eq!(text(stream).await.unwrap(), "0000");
}

#[tokio::test]
async fn nobody_listening_is_no_connection() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let client = Client::new(site(Provider::Gitea, &base), Variables::of(&[("TOKEN", "t")]), quick()).unwrap();
    let remote = HttpRemote::new(client, "o/r");
    let body = Body::Bytes(Bytes::from_static(b"0000"));
    let error = remote.request(Service::ReceivePack, ProtocolVersion::V0, body).await.err().unwrap();
    assert_eq!(error.kind, TransportErrorKind::Connect);
}

#[tokio::test]
async fn a_limit_that_one_repository_meets_holds_for_the_others() {
    let limited = |n: usize| {
        if n == 0 { (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "1")]).into_response() } else { advertisement() }
    };
    let (remote, seen) = server(limited, quick()).await;
    let other = HttpRemote::new(remote.client.clone(), "group/other");
    let start = std::time::Instant::now();
    text(remote.advertise(Service::UploadPack, ProtocolVersion::V2).await.unwrap()).await.unwrap();
    assert!(start.elapsed() >= Duration::from_secs(1));
    text(other.advertise(Service::UploadPack, ProtocolVersion::V2).await.unwrap()).await.unwrap();
    assert_eq!(seen.lock().unwrap().len(), 3);

    let limited = |_: usize| (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "3600")]).into_response();
    let (remote, seen) = server(limited, quick()).await;
    for _ in 0..2 {
        let error = remote.advertise(Service::UploadPack, ProtocolVersion::V2).await.err().unwrap();
        assert!(matches!(error.kind, TransportErrorKind::RateLimited { retry_after: Some(_) }), "{error}");
    }
    assert_eq!(seen.lock().unwrap().len(), 1, "a spent limit is not asked again");
}

#[tokio::test]
async fn more_pushes_than_connections_take_turns() {
    use refray_core::name::RefName;
    use refray_git::push::{PushCommand, PushRequest, push};
    const OLD: &str = "1111111111111111111111111111111111111111";
    const PUSHES: usize = 6;
    let line = format!("{OLD} refs/heads/x\0report-status delete-refs\n");
    let advertised = format!("001f# service=git-receive-pack\n0000{:04x}{line}0000", line.len() + 4);
    // No push is answered before all have asked, or as many as are let through.
    let router = Router::new().fallback(move |request: Request| {
        let advertised = advertised.clone();
        async move {
            tokio::time::sleep(Duration::from_millis(20)).await;
            if request.method() == http::Method::GET {
                ([("content-type", "application/x-git-receive-pack-advertisement")], advertised).into_response()
            } else {
                let said = "000eunpack ok\n0014ok refs/heads/x\n0000";
                ([("content-type", "application/x-git-receive-pack-result")], said).into_response()
            }
        }
    });
    let address = serve(router).await;
    let options = Options { git_concurrency: 2, ..quick() };
    let environment = Variables::of(&[("TOKEN", "s3cret-marker")]);
    let client = Client::new(site(Provider::Gitlab, &format!("http://{address}")), environment, options).unwrap();
    let pushes = (0..PUSHES).map(|number| {
        let remote = HttpRemote::new(client.clone(), &format!("g/r{number}"));
        async move {
            let name = RefName::from_full("refs/heads/x").unwrap();
            let commands = vec![PushCommand { name, old: Some(OLD.parse().unwrap()), new: None }];
            let format = refray_core::oid::ObjectFormat::Sha1;
            push(&remote, &PushRequest { commands, pack: None, format, first: None, progress: &() }).await.unwrap();
        }
    });
    let all = futures_util::future::join_all(pushes);
    assert!(tokio::time::timeout(Duration::from_secs(60), all).await.is_ok(), "they wait for one another for ever");
}
