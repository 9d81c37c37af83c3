use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use refray_core::config::Provider;
use serde_json::{Value, json};

use super::testing::{Variables, client, quick, serve, site};
use super::{Call, Client, Options, Paging};
use crate::error::ErrorKind;

type Log = Arc<Mutex<Vec<(String, HeaderMap)>>>;

/// Plays a forge: `answer` makes the answers from the number and the address of the request.
fn forge(answer: impl Fn(usize, &str) -> Response + Clone + Send + Sync + 'static) -> (Router, Log) {
    let log: Log = Arc::default();
    let (seen, count) = (Arc::clone(&log), Arc::new(AtomicUsize::new(0)));
    let router = Router::new().fallback(move |request: Request| {
        let line = format!("{} {}", request.method(), request.uri());
        seen.lock().unwrap().push((line, request.headers().clone()));
        let response = answer(count.fetch_add(1, Ordering::SeqCst), &request.uri().to_string());
        async move { response }
    });
    (router, log)
}

fn sent(log: &Log) -> Vec<String> {
    log.lock().unwrap().iter().map(|(line, _)| line.clone()).collect()
}

fn call(client: &Client, method: Method) -> Call {
    Call::new(method, client.api_url(["thing"]), "do the thing")
}

fn ok() -> Response {
    axum::Json(json!({"id": 1})).into_response()
}

#[tokio::test]
async fn passing_failures_are_retried_when_reading() {
    for status in [502, 503, 504] {
        let (router, log) =
            forge(move |n, _| if n < 2 { StatusCode::from_u16(status).unwrap().into_response() } else { ok() });
        let client = client(Provider::Gitea, router).await;
        let value: Value = client.json(&call(&client, Method::GET)).await.unwrap();
        assert_eq!(value["id"], 1);
        assert_eq!(sent(&log).len(), 3);
    }
    let (router, log) = forge(|_, _| StatusCode::BAD_GATEWAY.into_response());
    let client = client(Provider::Gitea, router).await;
    let error = client.send(&call(&client, Method::GET)).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Server { status: 502 });
    assert_eq!(sent(&log).len(), 5);
}

#[tokio::test]
async fn a_write_is_never_repeated_blindly() {
    for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
        let (router, log) = forge(|n, _| if n == 0 { StatusCode::BAD_GATEWAY.into_response() } else { ok() });
        let client = client(Provider::Gitea, router).await;
        let error = client.send(&call(&client, method)).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Server { status: 502 });
        assert_eq!(sent(&log).len(), 1);
    }
}

#[tokio::test]
async fn a_write_that_the_forge_put_off_is_repeated_and_one_that_a_proxy_may_have_passed_on_is_not() {
    let later = |status: u16| (StatusCode::from_u16(status).unwrap(), [("retry-after", "0")]).into_response();
    for (method, status, sends) in [(Method::POST, 429, 2), (Method::POST, 503, 1), (Method::GET, 503, 2)] {
        let (router, log) = forge(move |n, _| if n == 0 { later(status) } else { ok() });
        let client = client(Provider::Gitea, router).await;
        let sent_it = client.send(&call(&client, method.clone())).await;
        assert_eq!(sent(&log).len(), sends, "{method} {status}");
        match sent_it {
            Ok(_) => assert_eq!(sends, 2),
            Err(error) => assert!(sends == 1 && error.may_have_happened(), "{error}"),
        }
    }
}

#[tokio::test]
async fn retry_after_is_kept_to_by_every_request_of_the_site() {
    let (router, log) =
        forge(
            |n, _| {
                if n == 0 { (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "1")]).into_response() } else { ok() }
            },
        );
    let client = client(Provider::Gitlab, router).await;
    let start = Instant::now();
    client.send(&call(&client, Method::GET)).await.unwrap();
    assert!(start.elapsed() >= Duration::from_secs(1));
    assert_eq!(sent(&log).len(), 2);

    let (router, log) = forge(|_, _| (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "3600")]).into_response());
    let client = super::testing::client(Provider::Gitlab, router).await;
    let error = client.send(&call(&client, Method::GET)).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::RateLimited { retry_after: Some(Duration::from_secs(3600)) });
    let again = client.send(&call(&client, Method::GET)).await.unwrap_err();
    assert!(
        matches!(again.kind, ErrorKind::RateLimited { retry_after: Some(left) } if left > Duration::from_secs(3500))
    );
    assert_eq!(sent(&log).len(), 1, "a spent limit is not asked again");
}

#[tokio::test]
async fn a_redirect_to_another_host_gets_no_token() {
    let (other, other_log) = forge(|_, _| ok());
    let elsewhere = serve(other).await;
    let (router, _) = forge(move |_, _| {
        (StatusCode::MOVED_PERMANENTLY, [("location", format!("http://{elsewhere}/thing"))]).into_response()
    });
    let client = client(Provider::Github, router).await;
    let error = client.send(&call(&client, Method::GET)).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Protocol);
    assert!(sent(&other_log).is_empty());
}

#[tokio::test]
async fn a_rename_is_followed_when_reading_and_told_when_writing() {
    let answer = |_: usize, uri: &str| {
        if uri.ends_with("/thing") {
            (StatusCode::TEMPORARY_REDIRECT, [("location", "/api/v1/other")]).into_response()
        } else {
            ok()
        }
    };
    let (router, log) = forge(answer);
    let client = client(Provider::Gitea, router).await;
    let answer = client.send(&call(&client, Method::GET)).await.unwrap();
    assert!(answer.moved);
    let error = client.send(&call(&client, Method::PATCH)).await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Moved { to } if to.ends_with("/api/v1/other")));
    assert_eq!(sent(&log), ["GET /api/v1/thing", "GET /api/v1/other", "PATCH /api/v1/thing"]);
    assert!(log.lock().unwrap()[1].1.contains_key("authorization"));

    let (router, log) = forge(|_, _| (StatusCode::FOUND, [("location", "/api/v1/thing")]).into_response());
    let client = super::testing::client(Provider::Gitea, router).await;
    assert_eq!(client.send(&call(&client, Method::GET)).await.unwrap_err().kind, ErrorKind::Protocol);
    assert_eq!(sent(&log).len(), 5);
}

#[tokio::test]
async fn a_refused_token_is_read_again_once() {
    let router = Router::new().fallback(|request: Request| async move {
        if request.headers()["authorization"] == "Bearer fresh" {
            ok()
        } else {
            StatusCode::UNAUTHORIZED.into_response()
        }
    });
    let base = format!("http://{}", serve(router).await);
    let variables = Variables::of(&[("TOKEN", "old")]);
    let client = Client::new(site(Provider::Gitlab, &base), variables.clone(), quick()).unwrap();
    assert_eq!(client.send(&call(&client, Method::GET)).await.unwrap_err().kind, ErrorKind::Unauthorized);
    variables.set("TOKEN", "fresh");
    client.send(&call(&client, Method::POST)).await.unwrap();
}

#[tokio::test]
async fn a_token_that_cannot_be_had_is_an_error_before_anything_is_sent() {
    let (router, log) = forge(|_, _| ok());
    let base = format!("http://{}", serve(router).await);
    let client = Client::new(site(Provider::Gitlab, &base), Variables::of(&[]), quick()).unwrap();
    let error = client.send(&call(&client, Method::GET)).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Credential);
    assert!(error.to_string().contains("`TOKEN` is not set"), "{error}");
    assert!(sent(&log).is_empty());
}

#[tokio::test]
async fn errors_never_hold_the_token() {
    let (router, _) = forge(|_, _| {
        let text = json!({"message": "s3cret-marker is not good, nor is https://me:s3cret-marker@host/x"});
        (StatusCode::UNPROCESSABLE_ENTITY, axum::Json(text)).into_response()
    });
    let client = client(Provider::Gitea, router).await;
    let error = client.send(&call(&client, Method::POST)).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Invalid);
    assert!(!format!("{error} {error:?}").contains("s3cret"), "{error}");
    assert!(error.message.contains("https://host/x"), "{error}");
}

#[tokio::test]
async fn a_question_that_is_refused_is_no_fault_of_a_repository() {
    for status in [400, 422] {
        let (router, _) = forge(move |_, _| {
            (StatusCode::from_u16(status).unwrap(), axum::Json(json!({"message": "nonsense"}))).into_response()
        });
        let client = client(Provider::Gitea, router).await;
        let error = client.send(&call(&client, Method::GET)).await.unwrap_err();
        assert_eq!((&error.kind, error.message.as_str()), (&ErrorKind::Protocol, "nonsense"));
        assert!(error.remedy().contains("`base_url` and `provider`"), "{}", error.remedy());
        let error = client.send(&call(&client, Method::POST)).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Invalid);
        assert!(error.remedy().contains("`repo_blacklist`"), "{}", error.remedy());
    }
}

#[tokio::test]
async fn unchanged_answers_come_from_memory() {
    let router = Router::new().fallback(|request: Request| async move {
        if request.headers().get("if-none-match").is_some_and(|etag| etag == "W/\"one\"") {
            return StatusCode::NOT_MODIFIED.into_response();
        }
        ([("etag", "W/\"one\""), ("date", "Thu, 01 Jan 2026 00:00:00 GMT")], axum::Json(json!([{"id": 7}])))
            .into_response()
    });
    let client = client(Provider::Github, router).await;
    assert_eq!(client.server_time(), None);
    for _ in 0..2 {
        let value: Value = client.json(&call(&client, Method::GET)).await.unwrap();
        assert_eq!(value[0]["id"], 7);
    }
    assert!(client.server_time().is_some());
}

#[tokio::test]
async fn a_dead_forge_is_not_tried_for_ever_by_everybody() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let client = Client::new(site(Provider::Gitea, &base), Variables::of(&[("TOKEN", "t")]), quick()).unwrap();
    for _ in 0..4 {
        assert_eq!(client.send(&call(&client, Method::POST)).await.unwrap_err().kind, ErrorKind::Connect);
    }
    let start = Instant::now();
    client.send(&call(&client, Method::GET)).await.unwrap_err();
    assert!(start.elapsed() < Duration::from_millis(200));
}

#[tokio::test]
async fn no_answer_ends_as_a_timeout() {
    let router = Router::new().fallback(|| async {
        tokio::time::sleep(Duration::from_secs(30)).await;
        ok()
    });
    let base = format!("http://{}", serve(router).await);
    let options = Options { api_timeout: Duration::from_millis(100), attempts: 2, ..quick() };
    let client = Client::new(site(Provider::Gitea, &base), Variables::of(&[("TOKEN", "t")]), options).unwrap();
    assert_eq!(client.send(&call(&client, Method::GET)).await.unwrap_err().kind, ErrorKind::Timeout);
}

#[tokio::test]
async fn plain_http_to_another_machine_needs_leave() {
    let site = site(Provider::Gitea, "http://git.example");
    let error = Client::new(Arc::clone(&site), Variables::of(&[]), quick()).err().unwrap();
    assert_eq!(error.kind, ErrorKind::Invalid);
    assert!(error.message.contains("allow_http"), "{error}");
    let mut allowed = (*site).clone();
    allowed.allow_http = true;
    assert!(Client::new(Arc::new(allowed), Variables::of(&[]), quick()).is_ok());
}

fn page(items: &[u64], headers: &[(&'static str, String)]) -> Response {
    let mut response = axum::Json(items.iter().map(|id| json!({"id": id})).collect::<Vec<_>>()).into_response();
    for (name, value) in headers {
        response.headers_mut().insert(*name, value.parse().unwrap());
    }
    response
}

fn next(number: u32) -> (&'static str, String) {
    ("link", format!("</api/v3/thing?per_page=2&page={number}>; rel=\"next\""))
}

async fn list(client: &Client, paging: Paging) -> Result<Vec<u64>, ErrorKind> {
    let first = call(client, Method::GET).query("per_page", 2);
    let listed: Result<Vec<Value>, _> = client.list(&first, paging, |item: &Value| item["id"].to_string()).await;
    listed.map(|items| items.iter().map(|item| item["id"].as_u64().unwrap()).collect()).map_err(|error| error.kind)
}

const GITHUB: Paging = Paging::Link { per_page: 2 };

#[tokio::test]
async fn a_listing_is_read_to_its_end() {
    let (router, log) = forge(|n, _| match n {
        0 => page(&[1, 2], &[next(2)]),
        _ => page(&[3], &[("link", "</api/v3/thing?page=1>; rel=\"first\"".into())]),
    });
    let client = client(Provider::Github, router).await;
    assert_eq!(list(&client, GITHUB).await.unwrap(), [1, 2, 3]);
    assert_eq!(sent(&log), ["GET /api/v3/thing?per_page=2", "GET /api/v3/thing?per_page=2&page=2"]);
}

#[tokio::test]
async fn a_full_page_without_a_link_is_looked_behind() {
    let (router, _) = forge(|n, _| page(if n == 0 { &[1, 2] } else { &[3] }, &[]));
    assert_eq!(list(&client(Provider::Github, router).await, GITHUB).await.unwrap(), [1, 2, 3]);
}

#[tokio::test]
async fn a_listing_that_is_not_whole_is_an_error() {
    let circle = |_: usize, _: &str| page(&[], &[("link", "</api/v3/thing?per_page=2>; rel=\"next\"".into())]);
    let (router, _) = forge(circle);
    assert_eq!(list(&client(Provider::Github, router).await, GITHUB).await, Err(ErrorKind::Protocol));

    let (router, _) = forge(|_, _| page(&[1], &[("x-total", "5".into()), ("x-next-page", String::new())]));
    assert_eq!(
        list(&client(Provider::Gitlab, router).await, Paging::GitlabOffset { per_page: 2 }).await,
        Err(ErrorKind::Protocol)
    );

    let (router, _) = forge(|_, _| page(&[1], &[("link", "<http://evil.example/x?page=2>; rel=\"next\"".into())]));
    assert_eq!(list(&client(Provider::Github, router).await, GITHUB).await, Err(ErrorKind::Protocol));

    let (router, _) = forge(|_, _| ([("content-type", "application/json")], "[{\"id\":1},{\"i").into_response());
    assert_eq!(list(&client(Provider::Github, router).await, GITHUB).await, Err(ErrorKind::Protocol));
}

#[tokio::test]
async fn a_listing_that_shifts_is_read_again_until_it_stands_still() {
    let (router, log) = forge(|n, _| match n {
        0 | 2 => page(&[2, 1], &[next(2)]),
        1 | 3 => page(&[1, 0], &[]),
        4 => page(&[3, 2], &[next(2)]),
        _ => page(&[1], &[]),
    });
    assert_eq!(list(&client(Provider::Github, router).await, GITHUB).await.unwrap(), [3, 2, 1]);
    assert_eq!(sent(&log).len(), 6);

    let (router, log) = forge(|n, _| page(&[1, 2], &if n % 2 == 0 { vec![next(2)] } else { vec![] }));
    let client = client(Provider::Github, router).await;
    let first = call(&client, Method::GET);
    let error = client.list(&first, GITHUB, |item: &Value| item["id"].to_string()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unsettled);
    assert!(error.is_transient() && error.remedy().contains("Run again"), "{error}: {}", error.remedy());
    assert_eq!(sent(&log).len(), 2 * quick().attempts as usize, "as often as any request, and no more");
}

#[tokio::test]
async fn gitea_goes_on_over_pages_that_hide_entries() {
    let paging = Paging::Gitea { limit: 2, exact: false };
    let (router, log) = forge(|n, _| match n {
        0 => page(&[], &[("x-total-count", "4".into()), ("link", "<https://elsewhere/x?page=2>; rel=\"next\"".into())]),
        _ => {
            page(&[9], &[("x-total-count", "4".into()), ("link", "<https://elsewhere/x?page=1>; rel=\"prev\"".into())])
        }
    });
    assert_eq!(list(&client(Provider::Gitea, router).await, paging).await.unwrap(), [9]);
    assert_eq!(sent(&log)[1], "GET /api/v1/thing?per_page=2&page=2");
}

#[tokio::test]
async fn a_body_cut_short_is_never_taken_for_whole() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 4096];
            let read = stream.read(&mut request).await.unwrap();
            assert!(read > 0);
            stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n[]")
                .await
                .unwrap();
        }
    });
    let client = Client::new(site(Provider::Gitea, &base), Variables::of(&[("TOKEN", "t")]), quick()).unwrap();
    let error = client.send(&call(&client, Method::GET)).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Connect);
}

#[tokio::test]
async fn what_the_forge_will_not_answer_any_more_is_not_asked() {
    let (router, log) = forge(|n, _| {
        let left = if n < 3 { 2 - n } else { 9 };
        ([("ratelimit-remaining", left.to_string()), ("ratelimit-reset", "1".into())], ok()).into_response()
    });
    let client = client(Provider::Gitlab, router).await;
    let start = Instant::now();
    for _ in 0..4 {
        client.send(&call(&client, Method::POST)).await.unwrap();
    }
    assert!(start.elapsed() >= Duration::from_secs(1), "the fourth waited for the new window");
    assert_eq!(sent(&log).len(), 4, "and none was refused");
}

#[tokio::test]
async fn a_forge_that_refuses_and_says_now_is_not_asked_for_ever() {
    let (router, log) = forge(|_, _| (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "0")]).into_response());
    let client = client(Provider::Gitlab, router).await;
    let error = client.send(&call(&client, Method::GET)).await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::RateLimited { .. }), "{error}");
    assert_eq!(sent(&log).len(), 5);
}

#[tokio::test]
async fn a_body_that_trickles_ends_as_a_timeout() {
    let (router, _) = forge(|_, _| {
        let drops = futures_util::stream::unfold((), |()| async {
            tokio::time::sleep(Duration::from_millis(20)).await;
            Some((Ok::<_, std::io::Error>(bytes::Bytes::from_static(b" ")), ()))
        });
        axum::body::Body::from_stream(drops).into_response()
    });
    let address = serve(router).await;
    let options = Options { api_timeout: Duration::from_millis(200), attempts: 1, ..quick() };
    let environment = Variables::of(&[("TOKEN", "t")]);
    let client = Client::new(site(Provider::Gitea, &format!("http://{address}")), environment, options).unwrap();
    assert_eq!(client.send(&call(&client, Method::GET)).await.unwrap_err().kind, ErrorKind::Timeout);
}

#[tokio::test]
async fn who_is_behind_a_token_is_asked_once_for_each_token() {
    let (router, log) = forge(|n, _| if n == 1 { StatusCode::UNAUTHORIZED.into_response() } else { ok() });
    let environment = Variables::of(&[("TOKEN", "first")]);
    let base = format!("http://{}", serve(router).await);
    let client = Client::new(site(Provider::Gitea, &base), environment.clone(), quick()).unwrap();
    let asked = call(&client, Method::GET);
    for _ in 0..3 {
        drop::<Value>(client.json_once(&asked).await.unwrap());
    }
    assert_eq!(sent(&log).len(), 1);
    environment.set("TOKEN", "second");
    client.send(&call(&client, Method::PUT)).await.unwrap();
    drop::<Value>(client.json_once(&asked).await.unwrap());
    drop::<Value>(client.json_once(&asked).await.unwrap());
    assert_eq!(sent(&log).len(), 4, "the refused write, its repetition, and one question of the new token");
    client.forget().await;
    drop::<Value>(client.json_once(&asked).await.unwrap());
    assert_eq!(sent(&log).len(), 5);
    // What runs for long asks again now and then: a group may have been renamed, and its name taken by another.
    let options = Options { taken_for_granted: Duration::ZERO, ..quick() };
    let client = Client::new(site(Provider::Gitea, &base), environment, options).unwrap();
    for _ in 0..2 {
        drop::<Value>(client.json_once(&asked).await.unwrap());
    }
    assert_eq!(sent(&log).len(), 7);
}
