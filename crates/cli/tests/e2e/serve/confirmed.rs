//! A person with a browser confirms deletions that are held.

use std::path::{Path, PathBuf};

use refray_sim::Kind;
use refray_sim::world::Visibility;

use super::browser::Browser;
use super::{Daemon, until};
use crate::world::{OWNER, World};

const KINDS: [Kind; 3] = [Kind::GitHub, Kind::GitLab, Kind::Forgejo];
const NAMES: [&str; 6] = ["atlas", "basil", "cedar", "dune", "ember", "fjord"];

#[expect(clippy::disallowed_methods, reason = "what whoever runs the test has set, and where programs are found")]
fn paths(variable: &str) -> Vec<PathBuf> {
    std::env::var_os(variable).map(|text| std::env::split_paths(&text).collect()).unwrap_or_default()
}

fn chromium() -> Option<PathBuf> {
    paths("PATH").into_iter().map(|dir| dir.join("chromium")).find(|file| file.exists())
}

fn exists(world: &World, kind: Kind, name: &str) -> bool {
    world.site(kind).repository(OWNER, name).is_ok()
}

fn found(daemon: &Daemon, kind: &str, repository: &str) -> bool {
    daemon.events().iter().any(|event| {
        event["event"] == "finding" && event["finding"]["kind"] == kind && event["repository"] == repository
    })
}

/// How many runs over a whole group have ended.
fn finished(daemon: &Daemon) -> usize {
    daemon.events().iter().filter(|event| event["event"] == "run_finished").count()
}

/// A daemon whose GitHub has lost four of six repositories at once: more than anybody deletes on purpose.
async fn vanished() -> (World, Daemon) {
    let mut world = World::of_forges(&KINDS).await;
    world.with_webhook();
    world.config.set("delete_missing = true");
    for name in NAMES {
        world.seed(Kind::GitHub, name, Visibility::Private);
    }
    let daemon = world.served(&KINDS).await;
    daemon.settles(&world, &KINDS).await;
    for name in &NAMES[..4] {
        world.delete(Kind::GitHub, name);
    }
    // The last one's delivery comes when all four are gone; the next full look finds the others as well.
    until(&daemon, "the deletion is held", || found(&daemon, "absence_held", NAMES[3])).await;
    daemon.settles(&world, &KINDS).await;
    (world, daemon)
}

async fn picture(browser: &mut Browser, pictures: &Path, name: &str) {
    for (look, width, height, scheme) in [("desktop-light", 1280, 900, "light"), ("phone-dark", 360, 740, "dark")] {
        browser.look(width, height, scheme).await;
        browser.picture(&pictures.join(format!("{name}-{look}.png"))).await;
        let over =
            browser.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth").await;
        assert_eq!(over, 0, "{name} is wider than the window ({look})");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_deletion_is_confirmed_in_a_browser_and_carried_out_by_the_daemon() {
    let (world, daemon) = vanished().await;
    let Some(chromium) = chromium() else {
        println!("skipped: there is no `chromium` in PATH");
        return;
    };
    let kept = tempfile::tempdir().unwrap();
    let pictures = paths("REFRAY_SCREENSHOTS").pop().unwrap_or_else(|| kept.path().to_owned());
    std::fs::create_dir_all(&pictures).unwrap();
    let mut browser = Browser::start(&chromium, &kept.path().join("profile")).await;
    let base = format!("http://{}", daemon.dashboard);
    browser.open(&base).await;
    browser.until("document.getElementById('connection').textContent.startsWith('Up to date')").await;
    picture(&mut browser, &pictures, "served-overview").await;
    browser.follow(&format!("a[href$='/{}']", NAMES[3])).await;
    picture(&mut browser, &pictures, "served-held").await;
    browser.follow("#release a").await;
    picture(&mut browser, &pictures, "served-confirm").await;
    for kind in [Kind::GitLab, Kind::Forgejo] {
        assert!(exists(&world, kind, NAMES[3]), "nothing is deleted by looking");
    }
    let before = finished(&daemon);
    browser.follow("form button.danger").await;
    picture(&mut browser, &pictures, "served-released").await;
    until(&daemon, "the one that was confirmed is deleted", || {
        [Kind::GitLab, Kind::Forgejo].iter().all(|kind| !exists(&world, *kind, NAMES[3]))
    })
    .await;
    until(&daemon, "the run has ended", || finished(&daemon) > before).await;
    browser.open(&format!("{base}/runs")).await;
    picture(&mut browser, &pictures, "served-runs").await;
    // It was one repository that was confirmed.
    for name in &NAMES[..3] {
        assert!(exists(&world, Kind::GitLab, name) && exists(&world, Kind::Forgejo, name), "{name}\n{}", daemon.log());
    }
    let complaints = browser.complaints();
    assert!(complaints.is_empty(), "{complaints:#?}");
    let away: Vec<_> = browser.requests().into_iter().filter(|url| !url.starts_with(&base)).collect();
    assert!(away.is_empty(), "requests to other hosts: {away:?}");
    browser.end().await;
    // What is deleted can be put back.
    let listed = world.refray(&["backup", "list"]);
    assert!(listed.stdout.contains(NAMES[3]), "{}", listed.stdout);
}
