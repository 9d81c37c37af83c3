//! Measurements against git itself. Run them alone: `cargo test -p refray-git --test measure -- --ignored --nocapture`.

#![expect(clippy::format_push_string, reason = "tests make their input as they like")]

mod common;

use std::collections::BTreeSet;
use std::time::Instant;

use common::World;
use common::http::Server;
use refray_core::{ObjectFormat, Oid};
use refray_git::fetch::{FetchRequest, fetch};
use refray_git::ls_refs;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "measures time: run it alone"]
async fn fetching_is_not_slower_than_git() {
    let world = World::new();
    let repo = world.bare("a.git", ObjectFormat::Sha1);
    repo.history("main", 10_000, 0);
    let commits: Vec<Oid> = repo.git(["rev-list", "main"]).lines().map(|hex| hex.parse().unwrap()).collect();
    let mut updates = String::new();
    for index in 0..25_000 {
        updates.push_str(&format!("create refs/heads/b/{index} {}\n", commits[index % commits.len()]));
    }
    repo.try_git(["update-ref", "--stdin"], updates.as_bytes()).unwrap();
    repo.git(["pack-refs", "--all"]);
    let server = Server::start(world.folder.path().to_owned()).await;
    let remote = server.remote("a.git");
    let mirror = world.mirror("m", ObjectFormat::Sha1);
    let theirs = world.bare("theirs.git", ObjectFormat::Sha1);
    // git gets the shorter way, without HTTP.
    let address = repo.path.display().to_string();

    let git_fetch = |what: &str| {
        let (theirs, address) = (theirs.clone(), address.clone());
        let what = what.to_owned();
        tokio::task::spawn_blocking(move || {
            let start = Instant::now();
            theirs.git(["fetch", "-q", "--no-tags", "--prune", &address, "+refs/heads/*:refs/heads/*"]);
            println!("{what}: git fetch {:?}", start.elapsed());
            theirs.git(["pack-refs", "--all"]);
        })
    };
    for what in ["first fetch of 25,001 references", "one new commit", "nothing new"] {
        if what == "one new commit" {
            repo.history("main", 1, 50_000);
        }
        let start = Instant::now();
        let snapshot = ls_refs(&remote).await.unwrap();
        let listed = start.elapsed();
        let values: BTreeSet<Oid> = snapshot.refs.values().copied().collect();
        let haves = mirror.refs("refs/").unwrap().into_values().collect();
        let report = fetch(&world.git, &remote, &mirror, &FetchRequest { wants: values, haves }, &()).await.unwrap();
        let fetched = start.elapsed();
        let kept = snapshot.refs.iter().map(|(name, oid)| (name.full().replacen("refs/", "refs/refray/", 1), *oid));
        mirror.keep(&kept.collect()).unwrap();
        println!(
            "{what}: listed {listed:?}, fetched {fetched:?} ({} bytes, {} rounds), kept {:?}",
            report.received,
            report.rounds,
            start.elapsed()
        );
        git_fetch(what).await.unwrap();
        assert_eq!(mirror.refs("refs/").unwrap().len(), theirs.refs().len());
    }
}
