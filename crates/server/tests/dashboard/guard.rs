//! Who may see and do what.

use axum::body::Body;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, SET_COOKIE};
use refray_core::outcome::RepoStatus;
use refray_core::plan::{Finding, FindingKind};
use refray_core::secret::Secret;

use crate::world::World;

const SYNC: &str = "/groups/personal/weather/sync";

#[tokio::test]
async fn every_answer_carries_the_policy() {
    let world = World::new(None).await;
    for path in ["/", "/nowhere", "/assets/style.css", "/assets/live.js", "/assets/icon.svg", "/login"] {
        let answer = world.get(path).await;
        let policy = answer.headers[CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{path}: {policy}");
        for (name, value) in [("x-frame-options", "DENY"), ("x-content-type-options", "nosniff")] {
            assert_eq!(answer.headers[name], value, "{path}");
        }
    }
    assert_eq!(world.get("/").await.headers[CACHE_CONTROL], "no-store");
}

#[tokio::test]
async fn a_name_that_somebody_else_made_up_is_refused() {
    let world = World::new(None).await;
    for host in ["evil.example", "evil.example:8788", "127.0.0.1.evil.example"] {
        let request = axum::http::Request::get("/").header("host", host).body(Body::empty()).unwrap();
        let answer = world.send(request).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{host}");
        assert!(!answer.text.contains("weather"));
    }
    let nameless = axum::http::Request::get("/").body(Body::empty()).unwrap();
    assert_eq!(world.send(nameless).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn only_forms_of_our_own_pages_do_something() {
    let world = World::new(None).await;
    let token = world.get("/groups/personal/weather").await.form_token();
    let form = format!("form_token={token}");
    let refused = [
        ("no token", vec![("origin", "http://localhost:8788")], ""),
        ("a wrong token", vec![("origin", "http://localhost:8788")], "form_token=0"),
        ("no origin", vec![], &form),
        ("another origin", vec![("origin", "https://evil.example")], &form),
        ("another port", vec![("origin", "http://localhost:1")], &form),
        ("no readable origin", vec![("origin", "null")], &form),
        ("another site", vec![("sec-fetch-site", "cross-site")], &form),
        ("the same site only", vec![("origin", "http://localhost:8788"), ("sec-fetch-site", "same-site")], &form),
    ];
    for (why, headers, form) in refused {
        let mut request = world.request("POST", SYNC).header("content-type", "application/x-www-form-urlencoded");
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let answer = world.send(request.body(Body::from(form.to_owned())).unwrap()).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{why}");
    }
    // Another browser's token is worth nothing, nor is a token without its cookie.
    let mine = world.cookie.lock().unwrap().take();
    assert_eq!(world.post(SYNC, &form).await.status, StatusCode::FORBIDDEN);
    world.get("/").await;
    assert_eq!(world.post(SYNC, &form).await.status, StatusCode::FORBIDDEN);
    assert!(world.done().is_empty());
    let large = format!("{form}&more={}", "x".repeat(20_000));
    *world.cookie.lock().unwrap() = mine;
    assert_eq!(world.post(SYNC, &large).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    // And reading never does anything.
    assert_eq!(world.get(SYNC).await.status, StatusCode::METHOD_NOT_ALLOWED);
    assert!(world.done().is_empty());
}

#[tokio::test]
async fn buttons_do_what_they_say() {
    let world = World::new(None).await;
    let form = format!("form_token={}", world.get("/groups/personal/weather").await.form_token());
    let answer = world.post(SYNC, &form).await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/groups/personal/weather?done=sync"));
    world.get(answer.location()).await.has(&["It will be looked at as soon as a worker is free."]);
    world.get("/groups/personal/weather/confirm").await.has(&["7 of 9 branches vanished", "Release the deletion"]);
    world.post("/groups/personal/weather/confirm", &form).await;
    let answer = world.post("/runs/20260301T115800000-1/undo", &form).await;
    assert_eq!(answer.location(), "/runs/20260301T115800000-1?done=undo");
    let done = ["sync personal weather", "confirm personal weather", "undo 20260301T115800000-1"];
    assert_eq!(world.done(), done);
    assert_eq!(world.post("/groups/personal/nope/sync", &form).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_token_is_asked_for() {
    let world = World::new(Some("open sesame")).await;
    let answer = world.get("/groups/personal?q=a").await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/login?next=%2Fgroups%2Fpersonal%3Fq%3Da"));
    assert_eq!(world.get("/events").await.status, StatusCode::SEE_OTHER);
    let login = world.get(answer.location()).await;
    login.has(&["type=\"password\"", "value=\"/groups/personal?q=a\""]);
    let form = format!("form_token={}&next=%2Fruns&token=", login.form_token());
    let wrong = world.post("/login", &format!("{form}sesame")).await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    wrong.has(&["This is not the token.", "role=\"alert\""]);
    let before = world.cookie.lock().unwrap().clone();
    let right = world.post("/login", &format!("{form}open+sesame")).await;
    assert_eq!((right.status, right.location()), (StatusCode::SEE_OTHER, "/runs"));
    let cookie = right.headers[SET_COOKIE].to_str().unwrap();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
    assert_ne!(*world.cookie.lock().unwrap(), before, "a new session");
    let page = world.get("/groups/personal/weather").await;
    assert_eq!(page.status, StatusCode::OK);
    // Who logs out is out, also with the old cookie.
    let kept = world.cookie.lock().unwrap().clone();
    world.post("/logout", &format!("form_token={}", page.form_token())).await;
    *world.cookie.lock().unwrap() = kept;
    assert_eq!(world.get("/").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn scripts_show_the_token_themselves() {
    let world = World::new(Some("open sesame")).await;
    let with = |method: &str, path: &str, token: &str| {
        let request = axum::http::Request::builder().method(method).uri(path).header("host", "dash.example");
        request.header("authorization", format!("Bearer {token}")).body(Body::empty()).unwrap()
    };
    assert_eq!(world.send(with("GET", "/", "open sesame")).await.status, StatusCode::OK);
    assert_eq!(world.send(with("POST", SYNC, "open sesame")).await.status, StatusCode::SEE_OTHER);
    assert_eq!(world.done(), ["sync personal weather"]);
    for _ in 0..5 {
        assert_eq!(world.send(with("GET", "/", "guess")).await.status, StatusCode::UNAUTHORIZED);
    }
    // Now not even the right one is looked at.
    let answer = world.send(with("GET", "/", "open sesame")).await;
    assert_eq!(
        (answer.status, &answer.headers["retry-after"]),
        (StatusCode::TOO_MANY_REQUESTS, &"60".parse().unwrap())
    );
}

#[tokio::test]
async fn who_was_let_in_with_a_former_token_is_out() {
    let world = World::new(Some("open sesame")).await;
    let login = world.get("/login").await;
    world.post("/login", &format!("form_token={}&token=open+sesame", login.form_token())).await;
    assert_eq!(world.get("/").await.status, StatusCode::OK);
    *world.scene.token.write().unwrap() = Some(Secret::new("open barley".into()));
    assert_eq!(world.get("/").await.location(), "/login?next=%2F");
}

#[tokio::test]
async fn only_what_was_shown_is_released() {
    const PAGE: &str = "/groups/personal/weather/confirm";
    let world = World::new(None).await;
    let form = |page: &crate::world::Answer| {
        let (_, rest) = page.text.split_once("name=\"held\" value=\"").unwrap();
        format!("form_token={}&held={}", page.form_token(), rest.split_once('"').unwrap().0)
    };
    let shown = form(&world.get(PAGE).await);
    let held = |what: &str| Finding::new(FindingKind::DeletionHeld, what, "Look whether that was meant.");
    let more = [held("7 of 9 branches vanished at once from codeberg/ada"), held("9 of 9 vanished from github/ada")];
    world.scene.record("personal", "weather", RepoStatus::Held, &more, 60).await;
    let answer = world.post(PAGE, &shown).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    answer.has(&["not what the page showed any more"]);
    world.scene.record("personal", "weather", RepoStatus::Agreed, &[], 50).await;
    assert_eq!(world.post(PAGE, &shown).await.status, StatusCode::CONFLICT);
    assert!(world.done().is_empty());
    world.scene.record("personal", "weather", RepoStatus::Held, &more, 40).await;
    let again = form(&world.get(PAGE).await);
    assert_eq!(world.post(PAGE, &again).await.status, StatusCode::SEE_OTHER);
    assert_eq!(world.done(), ["confirm personal weather"]);
}
