//! The mirror, history questions, backups and directories, against the real git.

#![expect(
    clippy::format_push_string,
    clippy::unwrap_used,
    reason = "tests make their input as they like, and fail loudly"
)]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use common::{Repo, World, name};
use refray_core::ancestry::Question;
use refray_core::name::BranchName;
use refray_core::{ObjectFormat, Oid};
use refray_git::backup::{self, BackupRequest};
use refray_git::fetch::{FetchError, FetchRequest, fetch};
use refray_git::mirror::MirrorError;
use refray_git::{Mirror, local, ls_refs};

async fn bring(world: &World, repo: &Repo, mirror: &Arc<Mirror>) -> BTreeMap<String, Oid> {
    let refs = repo.refs();
    let request = FetchRequest { wants: refs.values().copied().collect(), haves: Vec::new() };
    fetch(&world.git, &world.remote(repo), mirror, &request, &()).await.unwrap();
    refs.iter().map(|(name, oid)| (name.full().replacen("refs/", "refs/refray/", 1), *oid)).collect()
}

#[tokio::test]
async fn what_is_kept_is_held_and_survives_reopening() {
    let world = World::new();
    let repo = world.bare("a.git", ObjectFormat::Sha1);
    let first = repo.commit("main", "f", "1", 1);
    let tip = repo.commit("main", "f", "2", 2);
    repo.git(["tag", "-a", "-m", "one", "v1", "main"]);
    let tag = repo.oid("v1");
    let mirror = world.mirror("m", ObjectFormat::Sha1);
    assert!(mirror.holds([tip]).unwrap().is_empty());
    let refs = bring(&world, &repo, &mirror).await;
    assert_eq!(mirror.holds([first, tip, tag]).unwrap().len(), 3);

    // What came in but is kept by nothing is not trusted after a restart: nobody knows whether it was checked.
    let reopened = Mirror::open(mirror.path()).unwrap();
    assert!(reopened.holds([first, tip, tag]).unwrap().is_empty());
    assert!(matches!(reopened.keep(&refs), Err(MirrorError::NotHeld { .. })));

    mirror.keep(&refs).unwrap();
    assert_eq!(Mirror::open(mirror.path()).unwrap().holds([first, tip, tag]).unwrap().len(), 3);
    assert_eq!(reopened.holds([tip]).unwrap().len(), 1, "a change by another process is seen");
    let real = Repo { path: mirror.path().to_owned() };
    real.fsck();
    assert_eq!(real.git(["for-each-ref", "--format=%(refname)"]).lines().count(), 2);
    assert!(!mirror.path().join("refs/refray").exists(), "there is no loose reference");

    let wrong = [("refs/x/..".to_owned(), tip)].into();
    assert!(matches!(mirror.keep(&wrong), Err(MirrorError::Name { .. })));
    assert_eq!(mirror.refs("refs/").unwrap(), refs);
    assert!(matches!(
        Mirror::open_or_create(mirror.path(), ObjectFormat::Sha256),
        Err(MirrorError::Format { found: ObjectFormat::Sha1, .. })
    ));
}

#[tokio::test]
async fn damage_is_found_and_wiped() {
    let world = World::new();
    let repo = world.bare("a.git", ObjectFormat::Sha1);
    repo.commit("main", "f", "1", 1);
    let mirror = world.mirror("m", ObjectFormat::Sha1);
    let refs = bring(&world, &repo, &mirror).await;
    mirror.keep(&refs).unwrap();
    let path = mirror.path().to_owned();
    drop(mirror);
    type Damage = (&'static str, fn(&std::path::Path));
    let damages: [Damage; 3] = [
        ("packs gone", |path| {
            std::fs::remove_dir_all(path.join("objects/pack")).unwrap();
            std::fs::create_dir(path.join("objects/pack")).unwrap();
        }),
        ("references torn", |path| {
            let file = std::fs::File::options().write(true).open(path.join("packed-refs")).unwrap();
            file.set_len(50).unwrap();
        }),
        ("no repository", |path| std::fs::remove_file(path.join("HEAD")).unwrap()),
    ];
    for (what, damage) in damages {
        damage(&path);
        let error = Mirror::open_or_create(&path, ObjectFormat::Sha1);
        assert!(matches!(error, Err(MirrorError::Damaged { .. })), "{what}: {error:?}");
        Mirror::wipe(&path).unwrap();
        let mirror = Arc::new(Mirror::open_or_create(&path, ObjectFormat::Sha1).unwrap());
        let refs = bring(&world, &repo, &mirror).await;
        mirror.keep(&refs).unwrap();
    }
    Mirror::wipe(&path).unwrap();
    Mirror::wipe(&path).unwrap();
    let left: Vec<_> =
        std::fs::read_dir(world.folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["a.git"], "nothing else is left");
}

#[tokio::test]
async fn an_incomplete_history_is_not_let_in() {
    let world = World::new();
    let repo = world.bare("a.git", ObjectFormat::Sha1);
    let tip = repo.history("main", 20, 0);
    // The other side claims to have what it does not: a tree of the middle of its history is gone.
    let victim = repo.git(["rev-parse", "main~10^{tree}"]);
    let objects = repo.git(["rev-list", "--objects", "--all"]);
    let kept: String =
        objects.lines().filter(|line| !line.starts_with(&victim)).map(|line| format!("{}\n", &line[..40])).collect();
    let broken = world.bare("broken.git", ObjectFormat::Sha1);
    let pack = broken.path.join("objects/pack/pack");
    repo.try_git(["pack-objects".as_ref(), "-q".as_ref(), pack.as_os_str()], kept.as_bytes()).unwrap();
    broken.git(["update-ref", "refs/heads/main", &tip.to_string()]);
    let mirror = world.mirror("m", ObjectFormat::Sha1);
    let request = FetchRequest { wants: BTreeSet::from([tip]), haves: Vec::new() };
    let error = fetch(&world.git, &world.remote(&broken), &mirror, &request, &()).await.unwrap_err();
    assert!(!matches!(error, FetchError::Mirror(_)), "{error:?}");
    assert!(mirror.holds([tip]).unwrap().is_empty());
    // The same objects are then had from somewhere else.
    fetch(&world.git, &world.remote(&repo), &mirror, &request, &()).await.unwrap();
    assert!(mirror.holds([tip]).unwrap().contains(&tip));
}

/// A history with many merges, by a small generator of numbers.
fn tangle(repo: &Repo, commits: usize) -> Vec<Oid> {
    let mut state = 42_u64;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % below
    };
    let mut script = String::new();
    for index in 1..=commits {
        // Clocks are wrong now and then.
        let time = 1_600_000_000 + index * 10 - if random(10) == 0 { 500 } else { 0 };
        script.push_str(&format!("commit refs/heads/t\nmark :{index}\ncommitter C <c@e> {time} +0000\ndata 1\nx\n"));
        if index > 1 {
            let parents: BTreeSet<usize> =
                (0..=random(3)).map(|_| 1 + random(index - 1).max(index.saturating_sub(30).min(index - 2))).collect();
            for (nth, parent) in parents.iter().enumerate() {
                script.push_str(&format!("{} :{parent}\n", if nth == 0 { "from" } else { "merge" }));
            }
        }
        script.push_str(&format!("M 100644 inline f\ndata {}\n{index}\n\n", index.to_string().len()));
        script.push_str(&format!("reset refs/heads/c/{index}\nfrom :{index}\n\n"));
    }
    repo.import(&script);
    (1..=commits).map(|index| repo.oid(&format!("refs/heads/c/{index}"))).collect()
}

#[tokio::test]
async fn ancestry_is_what_git_says() {
    let world = World::new();
    let repo = world.bare("a.git", ObjectFormat::Sha1);
    let commits = tangle(&repo, 60);
    repo.git(["tag", "-a", "-m", "x", "annotated", &commits[5].to_string()]);
    repo.git(["tag", "tree", &format!("{}^{{tree}}", commits[0])]);
    let mirror = world.mirror("m", ObjectFormat::Sha1);
    let refs = bring(&world, &repo, &mirror).await;
    mirror.keep(&refs).unwrap();
    let questions: Vec<Question> = commits
        .iter()
        .flat_map(|ancestor| commits.iter().map(|descendant| Question { ancestor: *ancestor, descendant: *descendant }))
        .collect();
    let mut expected = BTreeMap::new();
    for descendant in &commits {
        let reached: BTreeSet<Oid> =
            repo.git(["rev-list", &descendant.to_string()]).lines().map(|hex| hex.parse().unwrap()).collect();
        expected.insert(*descendant, reached);
    }
    for graph in [false, true] {
        if graph {
            Repo { path: mirror.path().to_owned() }.git(["commit-graph", "write", "--reachable"]);
        }
        let answers = mirror.ancestry(&questions).unwrap();
        for (question, answer) in questions.iter().zip(answers) {
            let truth = expected[&question.descendant].contains(&question.ancestor);
            assert_eq!(answer, Some(truth), "{question:?}, commit-graph: {graph}");
        }
    }
    let tag = repo.oid("annotated");
    let tree = repo.oid("tree");
    let absent: Oid = "1234567890123456789012345678901234567890".parse().unwrap();
    let ask = |ancestor, descendant| mirror.ancestry(&[Question { ancestor, descendant }]).unwrap()[0];
    assert_eq!(ask(commits[5], tag), Some(true));
    assert_eq!(ask(tag, commits[5]), Some(true));
    assert_eq!(ask(tree, commits[5]), Some(false));
    assert_eq!(ask(commits[5], tree), Some(false));
    assert_eq!(ask(absent, commits[5]), None);
}

#[tokio::test]
async fn shared_history_times_and_logs() {
    let world = World::new();
    let repo = world.bare("a.git", ObjectFormat::Sha1);
    let base = repo.commit("main", "f", "1", 100);
    let left = repo.commit("main", "f", "2", 200);
    repo.git(["update-ref", "refs/heads/side", &base.to_string()]);
    let right = repo.commit("side", "g", "3", 300);
    let right2 = repo.commit("side", "h", "3", 400);
    let other = repo.commit("unrelated", "z", "1", 50);
    let mirror = world.mirror("m", ObjectFormat::Sha1);
    bring(&world, &repo, &mirror).await;
    assert!(mirror.share_history(&[left], &[right2]).unwrap());
    assert!(!mirror.share_history(&[left, right], &[other]).unwrap());
    assert!(mirror.share_history(&[left, other], &[other]).unwrap());
    let clusters = mirror.clusters(&[vec![left], vec![other], vec![right], vec![]]).unwrap();
    assert_eq!(clusters, [BTreeSet::from([0, 2]), BTreeSet::from([1]), BTreeSet::from([3])]);
    assert_eq!(mirror.commit_time(left), Some(200));
    let log = mirror.log_between(right2, left, 10).unwrap();
    assert_eq!(log.iter().map(|entry| entry.oid).collect::<Vec<_>>(), [right2, right]);
    assert_eq!((log[0].subject.as_str(), log[0].author.as_str(), log[0].date), ("change h", "A U Thor", 400));
    assert_eq!(mirror.log_between(right2, left, 1).unwrap().len(), 1);
}

#[tokio::test]
async fn a_backup_restores_into_an_empty_mirror() {
    for format in [ObjectFormat::Sha1, ObjectFormat::Sha256] {
        let world = World::new();
        let repo = world.bare("a.git", format);
        let tip = repo.history("main", 30, 0);
        repo.git(["tag", "-a", "-m", "one", "v1", "main"]);
        let tag = repo.oid("v1");
        let mirror = world.mirror("m", format);
        bring(&world, &repo, &mirror).await;
        let branch = BranchName::new("feature/x").unwrap();
        let refs = BTreeMap::from([
            (backup::branch_ref(&branch, "20240102T030405Z", tip), tip),
            ("refs/refray-backups/repos/20240102T030405Z/e/tags/v1".to_owned(), tag),
        ]);
        let folder = world.path("backups/group/repo");
        let request = BackupRequest { refs: refs.clone(), folder: &folder, name: "20240102T030405Z" };
        let made = backup::backup(&world.git, &mirror, &request).await.unwrap();
        let mode =
            |path: &std::path::Path| std::os::unix::fs::PermissionsExt::mode(&path.metadata().unwrap().permissions());
        assert_eq!((mode(&made.bundle) & 0o777, mode(&folder) & 0o777), (0o600, 0o700));
        let again = backup::backup(&world.git, &mirror, &request).await.unwrap();
        assert_ne!(again.bundle, made.bundle, "a backup is never overwritten");
        assert_eq!(backup::list(&folder).unwrap().len(), 2);
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 2, "nothing else is left");

        // Backups stay when everything else is dropped, until they are dropped by name.
        mirror.keep(&BTreeMap::new()).unwrap();
        assert_eq!(mirror.refs("refs/").unwrap(), refs);
        mirror.drop_refs(&refs.keys().cloned().collect()).unwrap();
        assert!(mirror.refs("refs/").unwrap().is_empty());

        let fresh = world.mirror("fresh", format);
        let bundle = backup::restore(&world.git, &fresh, &made.bundle).await.unwrap();
        assert_eq!((&bundle.refs, bundle.prerequisites.len()), (&refs, 0));
        fresh.keep_also(&bundle.refs).unwrap();
        Repo { path: fresh.path().to_owned() }.fsck();

        let torn = world.path("torn.bundle");
        std::fs::copy(&made.bundle, &torn).unwrap();
        let length = torn.metadata().unwrap().len();
        std::fs::File::options().write(true).open(&torn).unwrap().set_len(length - 30).unwrap();
        let empty = world.mirror("empty", format);
        assert!(backup::restore(&world.git, &empty, &torn).await.is_err());
        assert!(empty.holds([tip]).unwrap().is_empty());

        let absent = Oid::from_bytes(&[7; 32][..format.id_len()]).unwrap();
        let refs = BTreeMap::from([("refs/refray-backups/x".to_owned(), absent)]);
        let request = BackupRequest { refs, folder: &folder, name: "none" };
        assert!(backup::backup(&world.git, &mirror, &request).await.is_err());
        assert_eq!(backup::list(&folder).unwrap().len(), 2);
    }
}

#[tokio::test]
async fn directories_are_made_changed_listed_and_removed() {
    let world = World::new();
    let folder = world.path("site/group");
    let path = folder.join("a.git");
    let main = BranchName::new("trunk").unwrap();
    local::create(&path, &main, ObjectFormat::Sha1).unwrap();
    assert!(matches!(local::create(&path, &main, ObjectFormat::Sha1), Err(local::LocalError::AlreadyExists { .. })));
    let repo = Repo { path: path.clone() };
    assert_eq!(repo.git(["symbolic-ref", "HEAD"]), "refs/heads/trunk");
    assert!(local::snapshot(&path).unwrap().is_empty());
    repo.commit("trunk", "f", "1", 1);
    let tip = repo.commit("other", "f", "1", 1);
    repo.git(["symbolic-ref", "refs/heads/alias", "refs/heads/other"]);
    repo.git(["symbolic-ref", "refs/heads/dangling", "refs/heads/none"]);
    repo.git(["pack-refs", "--all"]);
    repo.git(["tag", "loose", "trunk"]);
    let snapshot = local::snapshot(&path).unwrap();
    assert_eq!(snapshot.default_branch.as_ref(), Some(&main));
    assert_eq!(snapshot.refs[&name("refs/heads/alias")], tip);
    assert_eq!(snapshot, ls_refs(&world.remote(&repo)).await.unwrap());

    local::set_default_branch(&path, &BranchName::new("other").unwrap()).unwrap();
    assert_eq!(repo.git(["symbolic-ref", "HEAD"]), "refs/heads/other");
    assert_eq!(local::description(&path).unwrap(), "");
    local::set_description(&path, "what it is for").unwrap();
    assert_eq!(local::description(&path).unwrap(), "what it is for");
    let identity = local::identity(&path).unwrap();
    let moved = folder.join("b.git");
    local::rename(&path, &moved).unwrap();
    assert_eq!(local::identity(&moved).unwrap(), identity);
    std::fs::create_dir(folder.join("not-one.git")).unwrap();
    assert_eq!(local::list(&folder).unwrap(), std::slice::from_ref(&moved));
    assert!(matches!(local::snapshot(&folder), Err(local::LocalError::NotARepository { .. })));
    assert!(matches!(local::snapshot(&path), Err(local::LocalError::Missing { .. })));
    assert!(matches!(local::list(&path), Err(local::LocalError::Missing { .. })));

    // A reference that cannot be read is an error, never a shorter list.
    let broken = moved.join("refs/heads/broken");
    std::fs::File::create(&broken).and_then(|mut file| std::io::Write::write_all(&mut file, b"garbage\n")).unwrap();
    assert!(matches!(local::snapshot(&moved), Err(local::LocalError::Unreadable { .. })));
    std::fs::remove_file(broken).unwrap();
    Repo { path: moved.clone() }.git(["config", "extensions.refStorage", "reftable"]);
    assert!(local::snapshot(&moved).is_err());
    local::delete(&moved).unwrap();
    assert!(local::list(&folder).unwrap().is_empty());
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
}

#[test]
fn references_that_are_packed_meanwhile_are_not_missed() {
    let world = World::new();
    let repo = world.bare("a.git", ObjectFormat::Sha1);
    let tip = repo.commit("main", "f", "1", 1);
    let names: Vec<String> = (0..200).map(|index| format!("create refs/heads/b{index} {tip}\n")).collect();
    repo.try_git(["update-ref", "--stdin"], names.concat().as_bytes()).unwrap();
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for round in 0.. {
                if stop.load(std::sync::atomic::Ordering::Relaxed) {
                    return;
                }
                // One loose reference after another is packed and becomes loose again.
                let other = if round % 2 == 0 { repo.commit("extra", "f", &round.to_string(), round) } else { tip };
                let update: String =
                    (0..200).step_by(7).map(|index| format!("update refs/heads/b{index} {other}\n")).collect();
                repo.try_git(["update-ref", "--stdin"], update.as_bytes()).unwrap();
                repo.git(["pack-refs", "--all"]);
            }
        });
        for _ in 0..300 {
            let count =
                local::snapshot(&repo.path).unwrap().refs.keys().filter(|name| name.short().starts_with('b')).count();
            assert_eq!(count, 200);
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
    });
}

#[tokio::test]
async fn what_a_killed_process_left_is_removed() {
    let world = World::new();
    let mirror = world.mirror("m", ObjectFormat::Sha1);
    let path = mirror.path().to_owned();
    let stale = path.join("incoming/in-stale");
    std::fs::create_dir_all(stale.join("objects/pack")).unwrap();
    std::fs::File::create(stale.join("lock")).unwrap();
    drop(Mirror::open(&path).unwrap());
    assert!(stale.exists(), "it may just have been made");
    let long_ago = std::time::SystemTime::UNIX_EPOCH;
    std::fs::File::open(&stale).unwrap().set_modified(long_ago).unwrap();
    let lock = std::fs::File::open(stale.join("lock")).unwrap();
    rustix::fs::flock(&lock, rustix::fs::FlockOperation::LockExclusive).unwrap();
    drop(Mirror::open(&path).unwrap());
    assert!(stale.exists(), "somebody works there");
    drop(lock);
    drop(Mirror::open(&path).unwrap());
    assert!(!stale.exists());
}

#[tokio::test]
async fn maintenance_loses_nothing() {
    let world = World::new();
    let repo = world.bare("a.git", ObjectFormat::Sha1);
    let mirror = world.mirror("m", ObjectFormat::Sha1);
    let mut commits = Vec::new();
    for index in 0..45 {
        let before = commits.last().copied();
        let tip = repo.commit("main", "f", &index.to_string(), index);
        commits.push(tip);
        let request = FetchRequest { wants: BTreeSet::from([tip]), haves: before.into_iter().collect() };
        fetch(&world.git, &world.remote(&repo), &mirror, &request, &()).await.unwrap();
    }
    let packs = || std::fs::read_dir(mirror.path().join("objects/pack")).unwrap().count();
    let before = packs();
    let done = refray_git::mirror::maintain(&world.git, &mirror).await.unwrap();
    assert!(done.repacked && packs() < before);
    // None of it is kept by a reference yet, and all of it is still there.
    assert_eq!(mirror.holds(commits.iter().copied()).unwrap().len(), commits.len());
    mirror.keep(&[("refs/refray/main".to_owned(), commits[44])].into()).unwrap();
    Repo { path: mirror.path().to_owned() }.fsck();
}
