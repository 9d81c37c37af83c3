//! Killed, interrupted, out of space, watched for secrets.

use std::path::Path;
use std::time::Duration;

use refray_sim::world::{NewRepository, Visibility};
use refray_sim::{Effect, Kind};

use crate::world::{OWNER, World, run};

async fn forges(repositories: usize) -> World {
    let world = World::of_forges(&[Kind::GitHub, Kind::Gitea], false).await;
    let site = world.site(Kind::GitHub);
    for number in 0..repositories {
        let name = format!("repo-{number}");
        site.create_repo(OWNER, &name, NewRepository { visibility: Visibility::Private, ..NewRepository::default() })
            .unwrap();
        site.commit(OWNER, &name, "main", &[("f", &name)], "first\n").unwrap();
    }
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_moment_the_next_run_converges() {
    let world = forges(6).await;
    for round in 0..8_u64 {
        world.site(Kind::GitHub).commit(OWNER, "repo-0", "main", &[("g", &round.to_string())], "again\n").unwrap();
        let mut child = world.command(&["sync"]).stdout(std::process::Stdio::null()).spawn().unwrap();
        tokio::time::sleep(Duration::from_millis(15 + round * 40)).await;
        child.kill().unwrap();
        child.wait().unwrap();
    }
    world.refray(&["sync"]).exits(0);
    for number in 0..6 {
        let name = format!("repo-{number}");
        assert_eq!(world.refs_on(Kind::GitHub, OWNER, &name), world.refs_on(Kind::Gitea, OWNER, &name), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupt_ends_a_run_in_good_order() {
    let world = forges(12).await;
    world.site(Kind::Gitea).faults().latency(Duration::from_millis(150));
    let child = world
        .command(&["sync", "--jobs", "1"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    tokio::time::sleep(Duration::from_millis(900)).await;
    // The simulator needs the runtime's threads meanwhile.
    world.git(".", &["-c", &format!("alias.stop=!kill -INT {}", child.id()), "stop"]);
    let output = tokio::task::block_in_place(|| child.wait_with_output().unwrap());
    run(&output).exits(3);
    world.site(Kind::Gitea).faults().clear();
    world.refray(&["sync"]).exits(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forge_that_stumbles_is_asked_again() {
    let world = forges(2).await;
    world.site(Kind::Gitea).faults().add("/repos", Some(2), Effect::Status(503, "later".into())).unwrap();
    world.site(Kind::GitHub).faults().add("git-upload-pack", Some(1), Effect::Status(502, "later".into())).unwrap();
    world.refray(&["sync"]).exits(0);
    assert_eq!(world.refs_on(Kind::GitHub, OWNER, "repo-1"), world.refs_on(Kind::Gitea, OWNER, "repo-1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listing_cut_short_deletes_nothing() {
    let mut world = forges(5).await;
    world.set("delete_missing = true");
    world.refray(&["sync"]).exits(0);
    world.site(Kind::Gitea).faults().add("/user/repos", Some(4), Effect::LessItems(2)).unwrap();
    world.refray(&["sync"]);
    for number in 0..5 {
        assert!(world.site(Kind::GitHub).repository(OWNER, &format!("repo-{number}")).is_ok());
    }
    world.site(Kind::Gitea).faults().clear();
    world.refray(&["sync"]).exits(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_speaks_only_the_old_protocol_will_do() {
    let world = forges(2).await;
    world.site(Kind::GitHub).faults().v2_off(true);
    world.site(Kind::Gitea).faults().v2_off(true);
    world.refray(&["sync"]).exits(0);
    world.site(Kind::Gitea).commit(OWNER, "repo-1", "main", &[("g", "2")], "second\n").unwrap();
    world.refray(&["sync"]).exits(0);
    assert_eq!(world.refs_on(Kind::GitHub, OWNER, "repo-1"), world.refs_on(Kind::Gitea, OWNER, "repo-1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_left_anywhere() {
    let world = forges(2).await;
    let mut said = String::new();
    for args in [&["sync", "-vvv"][..], &["sync", "--format", "json"], &["config", "show"], &["config", "check"]] {
        let run = world.refray(args);
        said = said + &run.stdout + &run.stderr;
    }
    // Failures are where secrets slip out.
    world.site(Kind::Gitea).revoke_token(&world.tokens["TOKEN_GITEA"]);
    world.site(Kind::GitHub).commit(OWNER, "repo-1", "main", &[("g", "2")], "second\n").unwrap();
    let run = world.refray(&["sync", "-vvv"]);
    assert_eq!(run.code, 1);
    said = said + &run.stdout + &run.stderr;
    let calls = world.git_calls();
    assert!(calls.contains("index-pack"), "git was called: {calls}");
    for token in world.tokens.values() {
        assert!(!said.contains(token.as_str()), "in what was printed");
        assert!(!calls.contains(token.as_str()), "in a child's arguments or environment");
        search(&world.home(), token.as_bytes());
    }
}

/// Asserts that no file below a folder holds `needle`.
fn search(folder: &Path, needle: &[u8]) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            search(&path, needle);
        } else {
            let content = std::fs::read(&path).unwrap();
            assert!(!content.windows(needle.len()).any(|window| window == needle), "in {}", path.display());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_loses_nothing() {
    let world = forges(1).await;
    let full = Path::new("/dev/full");
    if !full.exists() {
        return;
    }
    // A work directory that cannot be written to stands for a full one: the system says no at the same places.
    let args = ["sync", "--work-dir", "/dev/full/work"];
    let said = world.refray(&args).exits(1);
    assert!(said.contains("work directory") && said.contains("remedy:"), "{said}");
    let said = world.refray(&["sync", "--state-dir", "/dev/full/state"]).exits(2);
    assert!(said.contains("state"), "{said}");
    world.refray(&["sync"]).exits(0);
}
