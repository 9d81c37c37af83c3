//! The dashboard in a real browser, where there is one: Debian's `chromium` in `PATH`, driven over its DevTools protocol.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod browser;
#[path = "../common/scene.rs"]
mod scene;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use refray_core::outcome::RepoStatus;

use browser::Browser;
use scene::{RUN, Scene};

/// Widths and colour schemes in which pages are looked at.
const LOOKS: [(&str, u32, u32, &str); 4] = [
    ("desktop-light", 1280, 900, "light"),
    ("desktop-dark", 1280, 900, "dark"),
    ("phone-light", 320, 640, "light"),
    ("phone-dark", 360, 740, "dark"),
];

#[expect(clippy::disallowed_methods, reason = "what whoever runs the test has set")]
fn variable(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).map(PathBuf::from)
}

async fn serve(scene: &Scene) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = scene.router(None).into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    address
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_looks_and_decides() {
    let Some(chromium) = find_chromium() else {
        println!("skipped: there is no `chromium` in PATH");
        return;
    };
    let kept = tempfile::tempdir().unwrap();
    let pictures = variable("REFRAY_SCREENSHOTS").unwrap_or_else(|| kept.path().to_owned());
    std::fs::create_dir_all(&pictures).unwrap();
    let axe = variable("REFRAY_AXE").map(|file| std::fs::read_to_string(file).unwrap());
    let scene = Scene::new().await;
    let address = serve(&scene).await;
    let base = format!("http://{address}");
    let mut browser = Browser::start(&chromium, &kept.path().join("profile")).await;

    every_page_in_every_look(&mut browser, &base, &pictures, axe.as_deref()).await;
    a_deletion_is_released(&mut browser, &base, &scene).await;
    a_page_follows_what_happens(&mut browser, &base, &scene).await;

    let complaints = browser.complaints();
    assert!(complaints.is_empty(), "{complaints:#?}");
    let away: Vec<_> = browser.requests().into_iter().filter(|url| !url.starts_with(&base)).collect();
    assert!(away.is_empty(), "requests to other hosts: {away:?}");
    browser.end().await;
}

async fn every_page_in_every_look(browser: &mut Browser, base: &str, pictures: &Path, axe: Option<&str>) {
    let run = format!("/runs/{RUN}");
    let undo = format!("{run}/undo");
    let pages = [
        ("overview", "/"),
        ("group", "/groups/personal"),
        ("repository", "/groups/personal/compiler"),
        ("hostile", "/groups/personal/%3Ci%3E&amp;"),
        ("confirm", "/groups/personal/weather/confirm"),
        ("runs", "/runs"),
        ("run", &run),
        ("undo", &undo),
        ("queue", "/queue"),
    ];
    for (look, width, height, scheme) in LOOKS {
        browser.look(width, height, scheme).await;
        for (name, path) in pages {
            browser.open(&format!("{base}{path}")).await;
            browser.picture(&pictures.join(format!("{name}-{look}.png"))).await;
            let over =
                browser.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth").await;
            assert_eq!(over, 0, "{name} is wider than the window ({look})");
            let Some(axe) = axe else { continue };
            browser.evaluate(&format!("{axe}; 0")).await;
            let found =
                "axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })
                .then(result => JSON.stringify(result.violations.flatMap(v =>
                    v.nodes.map(n => `${v.id}: ${n.html.slice(0, 200)} ${n.failureSummary}`))))";
            let violations = browser.evaluate(found).await;
            let rules = browser.evaluate("axe.run().then(result => result.passes.length)").await;
            assert!(rules.as_u64().unwrap() > 10, "axe looked at something");
            assert_eq!(violations, "[]", "{name} ({look})");
        }
    }
}

async fn a_deletion_is_released(browser: &mut Browser, base: &str, scene: &Scene) {
    browser.open(base).await;
    browser.follow("a[href='/groups/personal/weather']").await;
    browser.follow("#release a").await;
    browser.follow("form button.danger").await;
    let told = browser.evaluate("document.querySelector('.done').textContent").await;
    assert_eq!(told, "The deletion is released; a run for this repository has begun.");
    assert_eq!(scene.actions.done(), ["confirm personal weather"]);
}

async fn a_page_follows_what_happens(browser: &mut Browser, base: &str, scene: &Scene) {
    browser.open(&format!("{base}/groups/personal/weather")).await;
    browser.until("document.getElementById('connection').textContent.startsWith('Up to date')").await;
    browser.evaluate("document.querySelector('#release a').focus(); document.title = 'the same document'; 0").await;
    scene.record("personal", "weather", RepoStatus::Agreed, &[], 1).await;
    scene.broadcast.woken(&"personal".parse().unwrap(), &"weather".parse().unwrap());
    browser.until("document.querySelector('#state .stand.agreed') && !document.querySelector('#release a')").await;
    assert_eq!(browser.evaluate("document.title").await, "the same document");
    assert_eq!(browser.evaluate("document.getElementById('announce').textContent").await, "weather is agreed");
    // The focus was on something that is gone: it is not lost.
    assert_eq!(browser.evaluate("document.activeElement.id").await, "main");
    scene.stop.cancel();
}

#[expect(clippy::disallowed_methods, reason = "where programs are found")]
fn find_chromium() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| dir.join("chromium")).find(|file| file.exists())
}
