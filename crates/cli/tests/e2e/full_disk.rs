//! Disks that are full.

use std::path::{Path, PathBuf};

use refray_sim::Kind;
use refray_sim::world::Visibility;

use crate::world::{OWNER, Place, World, has, program, put, users};

/// A small file system of a test's own, taken away at the end.
struct Small(PathBuf);

impl Small {
    /// Mounts one of so many KiB; `None` where that is not allowed.
    fn mount(path: &Path, kib: u32) -> Option<Self> {
        std::fs::create_dir_all(path).unwrap();
        let size = format!("size={kib}k,mode=0700");
        let mut mount = program("mount");
        let output = mount.args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(path).output();
        let mounted = output.is_ok_and(|output| output.status.success());
        if !mounted {
            println!("skipped: a small file system can only be mounted by root");
        }
        mounted.then(|| Self(path.to_owned()))
    }

    /// Fills all the space that is left. The system may say that there is none a little early, and then has some: so it is
    /// filled again until it counts none.
    fn fill(&self) {
        for _ in 0..100 {
            self.fill_once();
            let free = program("stat").args(["-f", "-c", "%a"]).arg(&self.0).output().unwrap().stdout;
            if free == b"0\n" {
                return;
            }
        }
        panic!("{} cannot be filled", self.0.display());
    }

    fn fill_once(&self) {
        let mut size = 1 << 20;
        while size > 0 {
            let name = self.0.join(format!("ballast-{size}-{}", std::fs::read_dir(&self.0).unwrap().count()));
            let file = std::fs::File::create(&name);
            let full = file.and_then(|mut file| std::io::Write::write_all(&mut file, &vec![1; size])).is_err();
            if full {
                drop(std::fs::remove_file(&name));
                size /= 4;
            }
        }
    }

    fn make_room(&self) {
        for entry in std::fs::read_dir(&self.0).unwrap() {
            let path = entry.unwrap().path();
            if path.file_name().unwrap().to_string_lossy().starts_with("ballast-") {
                std::fs::remove_file(path).unwrap();
            }
        }
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        drop(program("umount").arg("-l").arg(&self.0).status());
    }
}

const KINDS: [Kind; 2] = [Kind::GitHub, Kind::Gitea];

/// Two forges that agree on a repository, which then gets a change that needs room.
async fn moved_on(args: &[&str]) -> World {
    let world = World::of_forges(&KINDS).await;
    world.seed(Kind::GitHub, "one", Visibility::Private);
    world.refray(&[args, &["sync"]].concat()).exits(0);
    let mut noise = String::new();
    let mut seed = 1_u64;
    for _ in 0..60_000 {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        noise += &format!("{seed:x}");
    }
    let site = world.site(Kind::GitHub);
    site.commit(OWNER, "one", "main", &[("large", &noise)], "large\n").unwrap();
    site.commit(OWNER, "one", "topic", &[("large", &noise)], "as it was\n").unwrap();
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn without_room_for_mirrors_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let Some(disk) = Small::mount(&folder.path().join("small"), 2048) else { return };
    let work = disk.0.join("work").display().to_string();
    let world = moved_on(&["--work-dir", &work]).await;
    let before: Vec<_> = users(&KINDS).iter().map(|place| world.refs(place, "one")).collect();
    disk.fill();
    let said = world.refray(&["--work-dir", &work, "sync"]).exits(1);
    has(&said, &["! one", "remedy: "]);
    let after: Vec<_> = users(&KINDS).iter().map(|place| world.refs(place, "one")).collect();
    assert_eq!(after, before);
    disk.make_room();
    world.refray(&["--work-dir", &work, "sync"]).exits(0);
    world.agree(&users(&KINDS), "one");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_room_to_remember_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let Some(disk) = Small::mount(&folder.path().join("small"), 2048) else { return };
    let state = disk.0.join("state").display().to_string();
    let world = moved_on(&["--state-dir", &state]).await;
    disk.fill();
    let run = world.refray(&["--state-dir", &state, "sync"]);
    assert!(matches!(run.code, Some(1 | 2)), "{:?}: {}{}", run.code, run.stdout, run.stderr);
    let said = run.stdout + &run.stderr;
    has(&said.to_lowercase(), &["disk", "space"]);
    for place in users(&KINDS) {
        has(&world.refs(&place, "one"), &[" refs/heads/main"]);
    }
    disk.make_room();
    world.refray(&["--state-dir", &state, "sync"]).exits(0);
    world.agree(&users(&KINDS), "one");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_room_for_a_backup_nothing_is_rewritten() {
    let folder = tempfile::tempdir().unwrap();
    let Some(disk) = Small::mount(&folder.path().join("small"), 3072) else { return };
    let state = disk.0.join("state");
    let given = state.display().to_string();
    let world = moved_on(&["--state-dir", &given]).await;
    world.refray(&["--state-dir", &given, "sync"]).exits(0);
    let tea = world.site(Kind::Gitea);
    let there = tea.repository(OWNER, "one").unwrap();
    tea.move_ref(there.id, "refs/heads/topic", there.object_format.zeros()).unwrap();
    let new = tea.commit(OWNER, "one", "topic", &[("t", "2")], "as it is\n").unwrap();
    let before = world.refs(&Place::Forge(Kind::GitHub, OWNER), "one");
    disk.fill();
    let run = world.refray(&["--state-dir", &given, "sync"]);
    assert!(matches!(run.code, Some(1 | 2)), "{:?}: {}{}", run.code, run.stdout, run.stderr);
    assert_eq!(world.refs(&Place::Forge(Kind::GitHub, OWNER), "one"), before, "no backup, no write");
    disk.make_room();
    world.refray(&["--state-dir", &given, "sync"]).exits(0);
    has(&world.agree(&users(&KINDS), "one"), &[&format!("{new} refs/heads/topic")]);
}

#[test]
fn without_room_on_the_other_side_nothing_is_lost() {
    let world = World::of_folders(&["a", "b", "small"]);
    let Some(disk) = Small::mount(&world.path("disk/small"), 1024) else { return };
    let work = world.seeded("a", "one");
    world.seeded("a", "two");
    world.refray(&["sync"]).exits(0);
    put(&world.path("work/one/large"), &"0123456789abcdef".repeat(1 << 16));
    work.commit("large");
    work.push(&Place::Folder("a"), "one", &["main"]);
    let before = world.refs(&Place::Folder("small"), "one");
    disk.fill();
    let said = world.refray(&["sync"]).exits(1);
    has(&said, &["forward branch main on disk/small", "remedy: "]);
    assert_eq!(world.refs(&Place::Folder("small"), "one"), before);
    world.agree(&[Place::Folder("a"), Place::Folder("b")], "one");
    disk.make_room();
    world.refray(&["sync"]).exits(0);
    world.agree(&[Place::Folder("a"), Place::Folder("b"), Place::Folder("small")], "one");
}

#[test]
fn a_place_that_cannot_be_written_to_is_named() {
    let world = World::of_folders(&["a", "b"]);
    world.seeded("a", "one");
    put(&world.path("file"), "in the way");
    let inside = world.path("file/below").display().to_string();
    let said = world.refray(&["sync", "--state-dir", &inside]).exits(2);
    has(&said, &["file/below"]);
    assert!(!world.bare(&Place::Folder("b"), "one").exists());
    let said = world.refray(&["sync", "--work-dir", &inside]).exits(1);
    has(&said, &["file/below", "remedy: "]);
    world.refray(&["sync"]).exits(0);
}
