//! Pushing into directories, over one conversation with git's own server.

#![expect(
    clippy::format_push_string,
    clippy::unwrap_used,
    reason = "tests make their input as they like, and fail loudly"
)]

mod common;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use common::{Repo, World, change, create, delete, name};
use refray_core::name::BranchName;
use refray_core::{ObjectFormat, Oid};
use refray_git::fetch::{FetchRequest, fetch};
use refray_git::pack::{PackError, SharedPack};
use refray_git::push::{PackSource, PushCommand, PushError, PushReport, PushRequest, RefOutcome, push};
use refray_git::transport::{LocalRemote, TransportErrorKind};
use refray_git::{Mirror, ProtocolError, ls_refs};

/// Fetches all of `repo` into a new mirror.
async fn mirror_of(world: &World, repo: &Repo) -> Arc<Mirror> {
    let mirror = world.mirror("mirror", ObjectFormat::Sha1);
    let wants = repo.refs().into_values().collect();
    let request = FetchRequest { wants, haves: Vec::new() };
    fetch(&world.git, &world.remote(repo), &mirror, &request, &()).await.unwrap();
    mirror
}

fn request(world: &World, mirror: &Arc<Mirror>, commands: Vec<PushCommand>) -> PushRequest<'static> {
    let pack = PackSource::Build { git: world.git.clone(), mirror: mirror.clone(), excluded: Vec::new() };
    PushRequest { commands, pack: Some(pack), format: ObjectFormat::Sha1, first: None, progress: &() }
}

async fn send(world: &World, mirror: &Arc<Mirror>, to: &Repo, commands: Vec<PushCommand>) -> PushReport {
    push(&world.remote(to), &request(world, mirror, commands)).await.unwrap()
}

#[tokio::test]
async fn branches_and_tags_are_created_moved_and_deleted() {
    let world = World::new();
    let repo = world.bare("a.git", ObjectFormat::Sha1);
    let one = repo.commit("main", "f", "1", 1);
    repo.git(["tag", "-a", "-m", "one", "v1", "main"]);
    let tag = repo.oid("v1");
    let two = repo.commit("main", "f", "2", 2);
    let mirror = mirror_of(&world, &repo).await;
    let copy = world.bare("b.git", ObjectFormat::Sha1);

    let report = send(&world, &mirror, &copy, vec![create("refs/heads/main", one), create("refs/tags/v1", tag)]).await;
    assert!(report.is_complete() && report.unpack_error.is_none(), "{report:?}");
    assert_eq!(report.outcomes[&name("refs/heads/main")], RefOutcome::Ok { now: Some(one) });
    let report = send(&world, &mirror, &copy, vec![change("refs/heads/main", one, two)]).await;
    assert!(report.is_complete());
    // Nothing but deletions: no pack at all, not even an empty one.
    let report = send(&world, &mirror, &copy, vec![delete("refs/tags/v1", tag)]).await;
    assert!(report.is_complete() && report.sent == 0);
    // A reference to what is there already: an empty pack.
    let report = send(&world, &mirror, &copy, vec![create("refs/heads/old", one)]).await;
    assert!(report.is_complete() && report.sent == 32, "{report:?}");
    assert_eq!(copy.refs(), BTreeMap::from([(name("refs/heads/main"), two), (name("refs/heads/old"), one)]));
    copy.fsck();
}

#[tokio::test]
async fn what_moved_is_left_alone() {
    let world = World::new();
    let repo = world.bare("a.git", ObjectFormat::Sha1);
    let one = repo.commit("main", "f", "1", 1);
    let two = repo.commit("main", "f", "2", 2);
    let mirror = mirror_of(&world, &repo).await;
    let copy = world.bare("b.git", ObjectFormat::Sha1);
    send(&world, &mirror, &copy, vec![create("refs/heads/main", one), create("refs/heads/x", one)]).await;
    let foreign = copy.commit("main", "g", "somebody's", 3);

    let commands = vec![
        change("refs/heads/main", one, two),
        create("refs/heads/x", two),
        delete("refs/heads/gone", one),
        create("refs/heads/new", two),
    ];
    let report = send(&world, &mirror, &copy, commands).await;
    assert_eq!(report.outcomes[&name("refs/heads/main")], RefOutcome::Moved { now: Some(foreign) });
    assert_eq!(report.outcomes[&name("refs/heads/x")], RefOutcome::Moved { now: Some(one) });
    assert_eq!(report.outcomes[&name("refs/heads/gone")], RefOutcome::Moved { now: None });
    assert_eq!(report.outcomes[&name("refs/heads/new")], RefOutcome::Ok { now: Some(two) });
    assert_eq!(copy.oid("main"), foreign);
}

#[tokio::test]
async fn what_moves_between_the_advertisement_and_the_update_is_refused() {
    let world = World::new();
    let repo = world.bare("a.git", ObjectFormat::Sha1);
    let one = repo.commit("main", "f", "1", 1);
    let two = repo.commit("main", "f", "2", 2);
    let mirror = mirror_of(&world, &repo).await;
    let copy = world.bare("b.git", ObjectFormat::Sha1);
    send(&world, &mirror, &copy, vec![create("refs/heads/main", one)]).await;
    let foreign = copy.commit("side", "g", "somebody's", 3);
    // Runs after the commands were read and before they are carried out.
    copy.hook("pre-receive", &format!("unset GIT_QUARANTINE_PATH\ngit update-ref refs/heads/main {foreign}"));
    let commands = vec![change("refs/heads/main", one, two), create("refs/heads/new", two)];
    let report = send(&world, &mirror, &copy, commands).await;
    assert!(
        matches!(&report.outcomes[&name("refs/heads/main")], RefOutcome::Refused { reason } if reason.contains("failed to update")),
        "{report:?}"
    );
    assert_eq!(report.outcomes[&name("refs/heads/new")], RefOutcome::Ok { now: Some(two) });
    assert_eq!(copy.oid("main"), foreign);
}

#[tokio::test]
async fn a_hook_refuses_one_and_explains_itself() {
    let world = World::new();
    let repo = world.bare("a.git", ObjectFormat::Sha1);
    let one = repo.commit("main", "f", "1", 1);
    let mirror = mirror_of(&world, &repo).await;
    let copy = world.bare("b.git", ObjectFormat::Sha1);
    copy.hook("update", "case $1 in refs/heads/protected*) echo \"GH006: $1 is protected\" >&2; exit 1;; esac");
    copy.hook("post-receive", "sleep 0.3; touch done; echo $HOME > home");
    let commands =
        vec![create("refs/heads/main", one), create("refs/heads/protected", one), create("refs/tags/t", one)];
    let report = send(&world, &mirror, &copy, commands).await;
    assert_eq!(report.outcomes[&name("refs/heads/protected")], RefOutcome::Refused { reason: "hook declined".into() });
    assert_eq!(report.outcomes[&name("refs/heads/main")], RefOutcome::Ok { now: Some(one) });
    assert_eq!(report.messages[0], "GH006: refs/heads/protected is protected");
    assert_eq!(copy.refs().len(), 2);
    // Hooks that run after the report were given the time to end, in a home of their own.
    assert!(copy.path.join("done").exists());
    let home = std::fs::read_to_string(copy.path.join("home")).unwrap();
    assert!(home.contains("refray-home-"), "{home}");
}

#[tokio::test]
async fn a_branch_makes_room_for_a_folder_and_back() {
    let world = World::new();
    let repo = world.bare("a.git", ObjectFormat::Sha1);
    let one = repo.commit("main", "f", "1", 1);
    let mirror = mirror_of(&world, &repo).await;
    let copy = world.bare("b.git", ObjectFormat::Sha1);
    send(&world, &mirror, &copy, vec![create("refs/heads/a", one), create("refs/heads/x/y", one)]).await;
    let commands = vec![
        create("refs/heads/a/b", one),
        create("refs/heads/x", one),
        delete("refs/heads/a", one),
        delete("refs/heads/x/y", one),
    ];
    let report = send(&world, &mirror, &copy, commands).await;
    assert!(report.is_complete(), "{report:?}");
    assert_eq!(copy.refs().into_keys().collect::<Vec<_>>(), [name("refs/heads/a/b"), name("refs/heads/x")]);
}

#[tokio::test]
async fn very_many_references_go_in_chunks_with_the_default_branch_first() {
    let world = World::new();
    let repo = world.bare("a.git", ObjectFormat::Sha1);
    let tip = repo.history("main", 50, 0);
    let side = repo.commit("side", "only-here", "1", 9);
    let mirror = mirror_of(&world, &repo).await;
    let copy = world.bare("b.git", ObjectFormat::Sha1);
    copy.hook("update", "echo $1 >> order");
    let order = copy.path.join("order");
    let first = BranchName::new("zzz").unwrap();
    let mut wanted = request(&world, &mirror, vec![create("refs/heads/a", tip), create("refs/heads/zzz", tip)]);
    wanted.first = Some(first);
    assert!(push(&world.remote(&copy), &wanted).await.unwrap().is_complete());
    assert_eq!(std::fs::read_to_string(&order).unwrap(), "refs/heads/zzz\nrefs/heads/a\n");
    std::fs::remove_file(copy.path.join("hooks/update")).unwrap();

    // The second chunk is the one that needs an object that only the first one's pack has brought.
    for (stateless, most) in [(false, refray_git::push::MOST), (true, refray_git::push::FIRST)] {
        let mut commands: Vec<_> = (0..most).map(|index| create(&format!("refs/heads/many/{index}"), tip)).collect();
        commands.push(create("refs/heads/side", side));
        commands.push(delete("refs/heads/a", tip));
        let copy = world.bare(if stateless { "c.git" } else { "d.git" }, ObjectFormat::Sha1);
        send(&world, &mirror, &copy, vec![create("refs/heads/a", tip)]).await;
        let remote = LocalRemote::new(world.git.clone(), &copy.path);
        let remote = if stateless { remote.stateless() } else { remote };
        let report = push(&remote, &request(&world, &mirror, commands)).await.unwrap();
        assert!(report.is_complete() && report.stopped.is_none(), "{:?}", report.stopped);
        assert_eq!(copy.refs().len(), most + 1);
        copy.git(["fsck", "--connectivity-only"]);
    }
}

#[tokio::test]
async fn a_pack_that_cannot_be_made_is_no_push() {
    let world = World::new();
    let repo = world.bare("a.git", ObjectFormat::Sha1);
    let one = repo.commit("main", "f", "1", 1);
    let mirror = mirror_of(&world, &repo).await;
    let absent: Oid = "1234567890123456789012345678901234567890".parse().unwrap();
    for stateless in [false, true] {
        let copy = world.bare(&format!("b{stateless}.git"), ObjectFormat::Sha1);
        let remote = LocalRemote::new(world.git.clone(), &copy.path);
        let remote = if stateless { remote.stateless() } else { remote };
        let pack = SharedPack::build(&world.git, &mirror, &[one, absent], &[]);
        let request = PushRequest {
            commands: vec![create("refs/heads/main", one)],
            pack: Some(PackSource::Shared(pack.clone())),
            format: ObjectFormat::Sha1,
            first: None,
            progress: &(),
        };
        let error = push(&remote, &request).await.unwrap_err();
        assert!(matches!(error, PushError::Pack(PackError::Git { damaged: true, .. })), "{error:?}");
        assert!(copy.refs().is_empty());
        assert!(pack.finished().await.is_err());
    }
}

#[tokio::test]
async fn a_first_mirror_is_sent_as_it_came() {
    let world = World::new();
    let repo = world.bare("a.git", ObjectFormat::Sha1);
    repo.history("main", 400, 0);
    repo.history("side", 20, 5000);
    repo.git(["tag", "-a", "-m", "one", "v1", "main"]);
    let mirror = mirror_of(&world, &repo).await;
    let tips: Vec<Oid> = repo.refs().into_values().collect();
    let pack = SharedPack::build(&world.git, &mirror, &tips, &[]);
    assert!(pack.is_verbatim());
    assert!(!SharedPack::build(&world.git, &mirror, &tips[..1], &[]).is_verbatim());
    assert!(!SharedPack::build(&world.git, &mirror, &tips, &tips[..1]).is_verbatim());

    let before = refray_git::child::started();
    let copy = world.bare("b.git", ObjectFormat::Sha1);
    let request = PushRequest {
        commands: repo.refs().iter().map(|(name, oid)| create(&name.full(), *oid)).collect(),
        pack: Some(PackSource::Shared(pack)),
        format: ObjectFormat::Sha1,
        first: None,
        progress: &(),
    };
    assert!(push(&world.remote(&copy), &request).await.unwrap().is_complete());
    assert!(refray_git::child::started() > before);
    copy.fsck();
    assert_eq!(copy.refs(), repo.refs());
    assert_eq!(
        copy.git(["rev-list", "--objects", "--all", "--count"]),
        repo.git(["rev-list", "--objects", "--all", "--count"])
    );
}

#[tokio::test]
async fn a_directory_that_is_none_or_somebody_elses_is_explained() {
    let world = World::new();
    let empty = world.path("empty");
    std::fs::create_dir(&empty).unwrap();
    for path in [&empty, &world.path("missing")] {
        let error = ls_refs(&LocalRemote::new(world.git.clone(), path)).await.unwrap_err();
        assert_eq!(error.transport(), Some(&TransportErrorKind::NotFound), "{error}");
    }
    let repo = world.bare("a.git", ObjectFormat::Sha1);
    // Only root can give a directory away.
    if std::os::unix::fs::chown(&repo.path, Some(12345), None).is_ok() {
        let error = ls_refs(&world.remote(&repo)).await.unwrap_err();
        assert_eq!(error.transport(), Some(&TransportErrorKind::Forbidden), "{error}");
        assert!(error.to_string().contains("belongs to another user"), "{error}");
    }
}

/// A remote whose server process ends in the middle of a push.
#[tokio::test]
async fn a_server_that_dies_leaves_the_outcome_unknown() {
    let world = World::new();
    let repo = world.bare("a.git", ObjectFormat::Sha1);
    let one = repo.commit("main", "f", "1", 1);
    let mirror = mirror_of(&world, &repo).await;
    let copy = world.bare("b.git", ObjectFormat::Sha1);
    copy.hook("update", "kill -9 $PPID");
    let error = push(&world.remote(&copy), &request(&world, &mirror, vec![create("refs/heads/main", one)])).await;
    assert!(matches!(error, Err(PushError::OutcomeUnknown { .. })), "{error:?}");
}

#[tokio::test]
async fn a_server_without_deletions_is_told_nothing_of_them() {
    let world = World::new();
    let repo = world.bare("a.git", ObjectFormat::Sha1);
    let one = repo.commit("main", "f", "1", 1);
    let mirror = mirror_of(&world, &repo).await;
    let copy = world.bare("b.git", ObjectFormat::Sha1);
    send(&world, &mirror, &copy, vec![create("refs/heads/main", one), create("refs/heads/x", one)]).await;
    copy.git(["config", "receive.denyDeletes", "true"]);
    let report = send(&world, &mirror, &copy, vec![delete("refs/heads/x", one)]).await;
    assert!(matches!(&report.outcomes[&name("refs/heads/x")], RefOutcome::Refused { .. }), "{report:?}");
    let nothing = request(&world, &mirror, Vec::new());
    assert_eq!(push(&world.remote(&copy), &nothing).await.unwrap(), PushReport::default());
    let wrong =
        PushRequest { format: ObjectFormat::Sha256, ..request(&world, &mirror, vec![delete("refs/heads/x", one)]) };
    let error = push(&world.remote(&copy), &wrong).await.unwrap_err();
    assert!(matches!(error, PushError::Protocol(ProtocolError::Format { .. })));
    assert!(Path::new(&copy.path).exists());
}

/// Compares with git's own server that is fed the same by hand. Run it alone, because it measures.
#[tokio::test]
#[ignore = "measures time: run it alone"]
async fn thousands_of_references_are_pushed_about_as_fast_as_the_server_takes_them() {
    let world = World::new();
    let repo = world.bare("a.git", ObjectFormat::Sha1);
    repo.history("main", 5000, 0);
    let commits: Vec<Oid> = repo.git(["rev-list", "main"]).lines().map(|hex| hex.parse().unwrap()).collect();
    let mut updates = String::new();
    for (index, oid) in commits.iter().enumerate() {
        updates.push_str(&format!("create refs/heads/b/{index} {oid}\n"));
        if index < 2000 {
            updates.push_str(&format!("create refs/tags/t{index} {oid}\n"));
        }
    }
    repo.try_git(["update-ref", "--stdin"], updates.as_bytes()).unwrap();
    let mirror = mirror_of(&world, &repo).await;
    let refs = repo.refs();
    let commands: Vec<_> = refs.iter().map(|(name, oid)| create(&name.full(), *oid)).collect();

    let mut ours = Vec::new();
    let mut bare = Vec::new();
    for round in 0..3 {
        let copy = world.bare(&format!("ours{round}.git"), ObjectFormat::Sha1);
        let start = std::time::Instant::now();
        let report = send(&world, &mirror, &copy, commands.clone()).await;
        ours.push(start.elapsed());
        assert!(report.is_complete());

        let copy = world.bare(&format!("bare{round}.git"), ObjectFormat::Sha1);
        let start = std::time::Instant::now();
        let mut input = Vec::new();
        for (index, (name, oid)) in refs.iter().enumerate() {
            let caps = if index == 0 { "\0report-status side-band-64k quiet" } else { "" };
            let line = format!("{} {oid} {}{caps}", "0".repeat(40), name.full());
            input.extend(format!("{:04x}{line}", line.len() + 4).into_bytes());
        }
        input.extend(b"0000");
        let pack = SharedPack::build(&world.git, &mirror, &refs.values().copied().collect::<Vec<_>>(), &[]);
        let mut pieces = pack.stream();
        while let Some(piece) = futures_util::StreamExt::next(&mut pieces).await {
            input.extend(piece.unwrap());
        }
        let input_path = world.path("input");
        std::fs::File::create(&input_path).and_then(|mut file| std::io::Write::write_all(&mut file, &input)).unwrap();
        copy.serve_file(&input_path);
        bare.push(start.elapsed());
        assert_eq!(copy.refs().len(), refs.len());
    }
    let (ours, bare) = (ours.iter().min().unwrap(), bare.iter().min().unwrap());
    println!("ours {ours:?}, bare {bare:?}");
    assert!(ours.as_secs_f64() < 1.3 * bare.as_secs_f64(), "ours {ours:?}, bare {bare:?}");
}
