//! Listing, fetching and pushing over HTTP, against git's own server programs.

mod common;

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use common::{World, change, create, name};
use refray_core::{ObjectFormat, Oid};
use refray_git::fetch::{FetchError, FetchRequest, fetch};
use refray_git::pack::SharedPack;
use refray_git::push::{PackSource, PushError, PushRequest, RefOutcome, push};
use refray_git::{ProtocolError, ls_refs, ls_refs_of};

use crate::common::http::Server;

fn wants(oids: impl IntoIterator<Item = Oid>, haves: &[Oid]) -> FetchRequest {
    FetchRequest { wants: oids.into_iter().collect(), haves: haves.to_vec() }
}

#[tokio::test]
async fn a_listing_is_one_request() {
    let world = World::new();
    let repo = world.bare("a.git", ObjectFormat::Sha1);
    repo.commit("main", "f", "1", 1);
    repo.commit("refray/conflicts/main/x", "f", "1", 1);
    repo.git(["tag", "-a", "-m", "one", "v1", "main"]);
    repo.git(["update-ref", "refs/pull/1/head", "main"]);
    let server = Server::start(world.folder.path().to_owned()).await;
    let remote = server.remote("a.git");

    let first = ls_refs(&remote).await.unwrap();
    assert_eq!(server.taken_log(), ["POST a.git/git-upload-pack"]);
    assert_eq!(first.default_branch.as_ref().unwrap().as_str(), "main");
    assert_eq!(first.refs.len(), 2);
    assert_eq!(first.conflict_branches.len(), 1);
    assert_eq!(first.refs[&name("refs/tags/v1")], repo.oid("v1"));

    let again = ls_refs(&remote).await.unwrap();
    assert_eq!(server.taken_log(), ["POST a.git/git-upload-pack"]);
    assert_eq!(again, first);
    assert_eq!(refray_git::local::snapshot(&repo.path).unwrap(), first);
    assert_eq!(ls_refs(&world.remote(&repo)).await.unwrap(), first);

    // The server is replaced by one that speaks only version 0.
    server.faults.only_v0.store(true, Ordering::SeqCst);
    assert_eq!(ls_refs(&remote).await.unwrap(), first);
    assert!(remote.memory_is_v0());
    server.taken_log();
    assert_eq!(ls_refs(&remote).await.unwrap(), first);
    assert_eq!(server.taken_log(), ["GET a.git/info/refs"]);
}

impl common::http::HttpRemote {
    fn memory_is_v0(&self) -> bool {
        refray_git::transport::Remote::memory(self).speaks_only_v0()
    }
}

#[tokio::test]
async fn empty_and_missing_repositories_are_told_apart() {
    let world = World::new();
    world.bare("empty.git", ObjectFormat::Sha1);
    let empty256 = world.bare("empty256.git", ObjectFormat::Sha256);
    let server = Server::start(world.folder.path().to_owned()).await;
    for only_v0 in [false, true] {
        server.faults.only_v0.store(only_v0, Ordering::SeqCst);
        let snapshot = ls_refs(&server.remote("empty.git")).await.unwrap();
        assert!(snapshot.is_empty() && snapshot.default_branch.is_none());
        // By version 0 git says nothing at all of an empty repository.
        let seen = only_v0.then_some(ObjectFormat::Sha256);
        let snapshot = ls_refs_of(&server.remote("empty256.git"), seen).await.unwrap();
        assert_eq!(snapshot.format, ObjectFormat::Sha256);
        let missing = ls_refs(&server.remote("none.git")).await.unwrap_err();
        assert_eq!(missing.transport(), Some(&refray_git::transport::TransportErrorKind::NotFound));
    }
    assert_eq!(refray_git::local::snapshot(&empty256.path).unwrap().format, ObjectFormat::Sha256);
}

#[tokio::test]
async fn sha256_repositories_are_listed_fetched_and_pushed() {
    let world = World::new();
    let repo = world.bare("a.git", ObjectFormat::Sha256);
    let tip = repo.history("main", 5, 0);
    repo.git(["tag", "-a", "-m", "one", "v1", "main"]);
    let copy = world.bare("b.git", ObjectFormat::Sha256);
    let server = Server::start(world.folder.path().to_owned()).await;
    let remote = server.remote("a.git");
    let snapshot = ls_refs(&remote).await.unwrap();
    assert_eq!(snapshot.format, ObjectFormat::Sha256);
    server.taken_log();
    assert_eq!(ls_refs_of(&remote, Some(ObjectFormat::Sha256)).await.unwrap(), snapshot);
    assert_eq!(server.taken_log().len(), 1);
    // Without the hint the server refuses the first question, and is asked anew.
    assert_eq!(ls_refs(&remote).await.unwrap(), snapshot);

    let mirror = world.mirror("m", ObjectFormat::Sha256);
    let oids: BTreeSet<Oid> = snapshot.refs.values().copied().collect();
    fetch(&world.git, &remote, &mirror, &wants(oids.clone(), &[]), &()).await.unwrap();
    assert_eq!(mirror.holds(oids.clone()).unwrap(), oids);

    let source = PackSource::Build { git: world.git.clone(), mirror: mirror.clone(), excluded: Vec::new() };
    let commands = snapshot.refs.iter().map(|(name, oid)| create(&name.full(), *oid)).collect();
    let request =
        PushRequest { commands, pack: Some(source), format: ObjectFormat::Sha256, first: None, progress: &() };
    assert!(push(&server.remote("b.git"), &request).await.unwrap().is_complete());
    assert_eq!(copy.refs(), snapshot.refs);
    copy.fsck();
    assert_eq!(copy.oid("main"), tip);

    let sha1 = world.bare("c.git", ObjectFormat::Sha1);
    let error = push(&server.remote("c.git"), &request).await.unwrap_err();
    assert!(matches!(error, PushError::Protocol(ProtocolError::Format { .. })), "{error}");
    assert!(sha1.refs().is_empty());
}

#[tokio::test]
async fn a_first_and_a_later_fetch_take_one_post_each() {
    for only_v0 in [false, true] {
        let world = World::new();
        let repo = world.bare("a.git", ObjectFormat::Sha1);
        let old = repo.history("main", 300, 0);
        let server = Server::start(world.folder.path().to_owned()).await;
        server.faults.only_v0.store(only_v0, Ordering::SeqCst);
        let remote = server.remote("a.git");
        ls_refs(&remote).await.unwrap();
        server.taken_log();
        let mirror = world.mirror("m", ObjectFormat::Sha1);
        let report = fetch(&world.git, &remote, &mirror, &wants([old], &[]), &()).await.unwrap();
        let first = report.received;
        let expected = if only_v0 { 2 } else { 1 };
        assert_eq!(server.taken_log().len(), expected);
        mirror.keep(&[("refs/refray/main".to_owned(), old)].into()).unwrap();

        let new = repo.history("main", 3, 1000);
        let report = fetch(&world.git, &remote, &mirror, &wants([new], &[old]), &()).await.unwrap();
        assert_eq!(server.taken_log().len(), expected);
        assert!(report.received * 5 < first, "{} of {first}", report.received);
        assert_eq!(mirror.holds([old, new]).unwrap().len(), 2);
        let nothing = fetch(&world.git, &remote, &mirror, &wants([new], &[old]), &()).await.unwrap();
        assert_eq!((nothing.received, server.taken_log().len()), (0, 0));
        mirror.verify().unwrap();
    }
}

#[tokio::test]
async fn older_history_is_named_when_the_tips_are_unknown_there() {
    for only_v0 in [false, true] {
        let world = World::new();
        let theirs = world.bare("a.git", ObjectFormat::Sha1);
        let base = theirs.history("main", 400, 0);
        let ours = world.bare("b.git", ObjectFormat::Sha1);
        ours.git(["fetch", "-q", theirs.path.to_str().unwrap(), "+refs/heads/*:refs/heads/*"]);
        let ahead = ours.history("main", 5, 5000);
        let new = theirs.history("main", 2, 9000);
        let server = Server::start(world.folder.path().to_owned()).await;
        server.faults.only_v0.store(only_v0, Ordering::SeqCst);
        let mirror = world.mirror("m", ObjectFormat::Sha1);
        fetch(&world.git, &server.remote("b.git"), &mirror, &wants([ahead], &[]), &()).await.unwrap();
        assert_eq!(mirror.holds([base]).unwrap().len(), 1, "it is reachable from what was checked");
        let report = fetch(&world.git, &server.remote("a.git"), &mirror, &wants([new], &[ahead]), &()).await.unwrap();
        assert!(report.received < 5_000, "{report:?}");
        assert!(mirror.holds([new]).unwrap().contains(&new));
    }
}

#[tokio::test]
async fn a_connection_that_breaks_in_a_fetch_leaves_nothing() {
    for only_v0 in [false, true] {
        let world = World::new();
        let repo = world.bare("a.git", ObjectFormat::Sha1);
        let tip = repo.history("main", 300, 0);
        let server = Server::start(world.folder.path().to_owned()).await;
        server.faults.only_v0.store(only_v0, Ordering::SeqCst);
        let remote = server.remote("a.git");
        ls_refs(&remote).await.unwrap();
        server.faults.cut_answer.store(8000, Ordering::SeqCst);
        let mirror = world.mirror("m", ObjectFormat::Sha1);
        let error = fetch(&world.git, &remote, &mirror, &wants([tip], &[]), &()).await.unwrap_err();
        assert!(matches!(&error, FetchError::Protocol(error) if error.is_transient()), "{error:?}");
        assert!(mirror.holds([tip]).unwrap().is_empty());
        for folder in ["objects/pack", "incoming"] {
            let left: Vec<_> = std::fs::read_dir(mirror.path().join(folder)).unwrap().collect();
            assert!(left.is_empty(), "{left:?}");
        }
        server.faults.cut_answer.store(0, Ordering::SeqCst);
        fetch(&world.git, &remote, &mirror, &wants([tip], &[]), &()).await.unwrap();
        assert!(mirror.holds([tip]).unwrap().contains(&tip));
    }
}

#[tokio::test]
async fn a_tip_that_went_away_is_named() {
    for only_v0 in [false, true] {
        let world = World::new();
        let repo = world.bare("a.git", ObjectFormat::Sha1);
        repo.commit("main", "f", "1", 1);
        let gone: Oid = "1234567890123456789012345678901234567890".parse().unwrap();
        let server = Server::start(world.folder.path().to_owned()).await;
        server.faults.only_v0.store(only_v0, Ordering::SeqCst);
        let mirror = world.mirror("m", ObjectFormat::Sha1);
        let remote = server.remote("a.git");
        ls_refs(&remote).await.unwrap();
        let error = fetch(&world.git, &remote, &mirror, &wants([gone], &[]), &()).await.unwrap_err();
        assert!(matches!(error, FetchError::Moved { oid, .. } if oid == gone), "{error:?}");
    }
}

#[tokio::test]
async fn small_bodies_have_a_length_and_large_ones_are_chunked() {
    let world = World::new();
    let repo = world.bare("a.git", ObjectFormat::Sha1);
    // Content that does not compress, so that the pack is too large for memory.
    let mut state = 1_u64;
    let noise: String = (0..12_000_000)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            char::from(b' ' + u8::try_from(state >> 58).unwrap())
        })
        .collect();
    let tip = repo.commit("main", "noise", &noise, 1);
    let small = world.bare("b.git", ObjectFormat::Sha1);
    let little = small.commit("main", "f", "1", 1);
    let copies = [world.bare("c.git", ObjectFormat::Sha1), world.bare("d.git", ObjectFormat::Sha1)];
    let server = Server::start(world.folder.path().to_owned()).await;
    let mirror = world.mirror("m", ObjectFormat::Sha1);
    fetch(&world.git, &server.remote("b.git"), &mirror, &wants([little], &[]), &()).await.unwrap();
    fetch(&world.git, &server.remote("a.git"), &mirror, &wants([tip], &[]), &()).await.unwrap();

    // One pack, spooled to a file, for two pushes at the same time.
    let pack = SharedPack::build(&world.git, &mirror, &[tip], &[]);
    let request = PushRequest {
        commands: vec![create("refs/heads/main", tip)],
        pack: Some(PackSource::Shared(pack.clone())),
        format: ObjectFormat::Sha1,
        first: None,
        progress: &(),
    };
    let (c, d) = (server.remote("c.git"), server.remote("d.git"));
    let (one, two) = tokio::join!(push(&c, &request), push(&d, &request));
    let (one, two) = (one.unwrap(), two.unwrap());
    assert!(one.is_complete() && two.is_complete());
    assert_eq!(one.sent, pack.known_length().unwrap());
    assert!(one.sent > 8 << 20);
    assert_eq!(*c.lengths.lock().unwrap(), [None]);
    for copy in &copies {
        copy.fsck();
        assert_eq!(copy.oid("main"), tip);
    }

    let request = PushRequest {
        commands: vec![create("refs/heads/little", little)],
        pack: Some(PackSource::Shared(SharedPack::build(&world.git, &mirror, &[little], &[tip]))),
        ..request
    };
    assert!(push(&c, &request).await.unwrap().is_complete());
    assert!(c.lengths.lock().unwrap()[1].is_some());
}

#[tokio::test]
async fn a_connection_lost_after_the_body_leaves_the_outcome_unknown() {
    let world = World::new();
    let repo = world.bare("a.git", ObjectFormat::Sha1);
    let old = repo.commit("main", "f", "1", 1);
    let copy = world.bare("b.git", ObjectFormat::Sha1);
    let server = Server::start(world.folder.path().to_owned()).await;
    let mirror = world.mirror("m", ObjectFormat::Sha1);
    fetch(&world.git, &server.remote("a.git"), &mirror, &wants([old], &[]), &()).await.unwrap();
    let pack = PackSource::Shared(SharedPack::build(&world.git, &mirror, &[old], &[]));
    let mut request = PushRequest {
        commands: vec![create("refs/heads/main", old)],
        pack: Some(pack),
        format: ObjectFormat::Sha1,
        first: None,
        progress: &(),
    };
    let remote = server.remote("b.git");

    // Cut while the body is being sent: nothing is carried out.
    server.faults.cut_request.store(1, Ordering::SeqCst);
    let error = push(&remote, &request).await.unwrap_err();
    assert!(matches!(error, PushError::OutcomeUnknown { .. }), "{error:?}");
    assert!(copy.refs().is_empty());
    server.faults.cut_request.store(0, Ordering::SeqCst);

    // Cut after all of it was carried out.
    server.faults.swallow_answer.store(true, Ordering::SeqCst);
    let error = push(&remote, &request).await.unwrap_err();
    assert!(matches!(error, PushError::OutcomeUnknown { .. }), "{error:?}");
    assert_eq!(copy.refs().len(), 1);
    server.faults.swallow_answer.store(false, Ordering::SeqCst);

    // Cut in the middle of the report.
    let new = repo.commit("main", "f", "2", 2);
    fetch(&world.git, &server.remote("a.git"), &mirror, &wants([new], &[old]), &()).await.unwrap();
    request.commands = vec![change("refs/heads/main", old, new)];
    request.pack = Some(PackSource::Shared(SharedPack::build(&world.git, &mirror, &[new], &[old])));
    server.faults.cut_answer.store(1, Ordering::SeqCst);
    let error = push(&remote, &request).await.unwrap_err();
    assert!(matches!(error, PushError::OutcomeUnknown { .. }), "{error:?}");
    server.faults.cut_answer.store(0, Ordering::SeqCst);
    // Looking again shows that it happened, and pushing again is found to be unnecessary.
    assert_eq!(ls_refs(&remote).await.unwrap().refs[&name("refs/heads/main")], new);
    let report = push(&remote, &request).await.unwrap();
    assert_eq!(report.outcomes[&name("refs/heads/main")], RefOutcome::Moved { now: Some(new) });
}

#[tokio::test]
async fn a_fetch_that_is_given_up_leaves_nothing() {
    let world = World::new();
    let repo = world.bare("a.git", ObjectFormat::Sha1);
    let tip = repo.history("main", 2000, 0);
    let server = Server::start(world.folder.path().to_owned()).await;
    let remote = server.remote("a.git");
    let mirror = world.mirror("m", ObjectFormat::Sha1);
    let (git, request) = (world.git.clone(), wants([tip], &[]));
    let incoming = mirror.path().join("incoming");
    let task = tokio::spawn({
        let mirror = mirror.clone();
        async move { fetch(&git, &remote, &mirror, &request, &()).await }
    });
    while !std::fs::read_dir(&incoming).is_ok_and(|mut entries| entries.next().is_some()) {
        assert!(!task.is_finished());
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    assert_eq!(std::fs::read_dir(&incoming).unwrap().count(), 0);
    assert!(mirror.holds([tip]).unwrap().is_empty());
}

#[tokio::test]
async fn a_push_that_stops_halfway_says_what_is_known() {
    let world = World::new();
    let repo = world.bare("a.git", ObjectFormat::Sha1);
    let tip = repo.commit("main", "f", "1", 1);
    let copy = world.bare("b.git", ObjectFormat::Sha1);
    let server = Server::start(world.folder.path().to_owned()).await;
    let mirror = world.mirror("m", ObjectFormat::Sha1);
    fetch(&world.git, &server.remote("a.git"), &mirror, &wants([tip], &[]), &()).await.unwrap();
    let first = refray_git::push::FIRST;
    // Only the second of three requests or more is cut: its hook asks for it. How much goes in it hangs on the first.
    let all = 5 * first + 1;
    let commands = (0..all).map(|index| create(&format!("refs/heads/{index:06}"), tip)).collect();
    let source = PackSource::Build { git: world.git.clone(), mirror: mirror.clone(), excluded: Vec::new() };
    let request = PushRequest { commands, pack: Some(source), format: ObjectFormat::Sha1, first: None, progress: &() };
    copy.hook("pre-receive", "test ! -e again || kill -9 $PPID; touch again");
    let report = push(&server.remote("b.git"), &request).await.unwrap();
    assert!(matches!(report.stopped, Some(PushError::OutcomeUnknown { .. })), "{:?}", report.stopped);
    let count = |outcome: &dyn Fn(&RefOutcome) -> bool| report.outcomes.values().filter(|own| outcome(own)).count();
    assert_eq!(count(&|outcome| matches!(outcome, RefOutcome::Ok { .. })), first);
    let unknown = count(&|outcome| matches!(outcome, RefOutcome::Unknown));
    let not_sent = count(&|outcome| matches!(outcome, RefOutcome::NotSent));
    assert!(unknown > 0 && not_sent > 0, "{unknown} and {not_sent}");
    assert_eq!(first + unknown + not_sent, all);
    assert_eq!(copy.refs().len(), first);
}
