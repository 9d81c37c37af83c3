//! It can stop at any instant.

use std::time::Duration;

use refray_sim::Kind;
use refray_sim::world::Visibility;

use crate::world::{OWNER, Place, World, has, program, spawn, users, wait};

const KINDS: [Kind; 3] = [Kind::GitHub, Kind::Gitea, Kind::GitLab];

fn signal(child: &std::process::Child, name: &str) {
    assert!(program("kill").args([format!("-{name}"), child.id().to_string()]).status().unwrap().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_whenever_a_git_process_starts_the_next_run_converges() {
    let world = World::of_forges(&KINDS).await;
    for number in 0..3 {
        world.seed(KINDS[number], &format!("repo-{number}"), Visibility::Private);
    }
    // The so-manieth git process takes its parent with it.
    for moment in 1..8 {
        let (count, killed) = (world.path("count"), world.path("killed"));
        drop((std::fs::remove_file(&count), std::fs::remove_dir(&killed)));
        // Several may start at once and count alike; the folder can be made once.
        world.before_git(&format!(
            "echo x >>'{0}'\nif [ \"$(wc -l <'{0}')\" -ge {moment} ] && mkdir '{1}' 2>/dev/null; then kill -9 $PPID; sleep 0.2; fi\n",
            count.display(),
            killed.display()
        ));
        let run = world.refray(&["sync"]);
        if moment < 4 {
            assert_eq!(run.code, None, "it was killed: {}{}", run.stdout, run.stderr);
        }
        let site = world.site(Kind::GitHub);
        site.commit(OWNER, "repo-0", "main", &[("f", &moment.to_string())], "on and on\n").unwrap();
        let topic = site.commit(OWNER, "repo-0", "topic", &[("f", &moment.to_string())], "a topic\n").unwrap();
        let id = site.repository(OWNER, "repo-0").unwrap().id;
        site.move_ref(id, &format!("refs/heads/topic-{moment}"), &topic).unwrap();
    }
    world.before_git("");
    world.refray(&["sync"]).exits(0);
    for number in 0..3 {
        let refs = world.agree(&users(&KINDS), &format!("repo-{number}"));
        if number == 0 {
            assert_eq!(refs.lines().count(), 10, "{refs}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_time_the_next_run_converges() {
    let world = World::of_forges(&KINDS).await;
    for number in 0..4 {
        world.seed(KINDS[number % 3], &format!("repo-{number}"), Visibility::Private);
    }
    for kind in KINDS {
        world.site(kind).faults().latency(Duration::from_millis(15));
    }
    for moment in 0..10_u64 {
        let files = [("g", &*moment.to_string())];
        world.site(KINDS[0]).commit(OWNER, "repo-0", "side", &files, "there\n").unwrap();
        let mut child = spawn(&mut world.command(&["sync"]));
        tokio::time::sleep(Duration::from_millis(20 + moment * 45)).await;
        child.kill().unwrap();
        wait(child);
    }
    for kind in KINDS {
        world.site(kind).faults().clear();
    }
    world.refray(&["sync"]).exits(0);
    for number in 0..4 {
        world.agree(&users(&KINDS), &format!("repo-{number}"));
    }
}

#[test]
fn killed_in_the_middle_of_a_rewrite_nothing_is_lost() {
    let world = World::of_folders(&["a", "b", "c"]);
    let (a, b) = (Place::Folder("a"), Place::Folder("b"));
    let work = world.seeded("a", "one");
    work.on("topic");
    let mut old = vec![work.commit("topic 0")];
    work.push(&a, "one", &["topic"]);
    world.refray(&["sync"]).exits(0);
    let count = world.path("count");
    for moment in 1..10 {
        old.push(work.amend(&format!("topic {moment}")));
        work.push(&b, "one", &["topic"]);
        drop(std::fs::remove_file(&count));
        world.before_git(&format!(
            "echo x >>'{0}'\nif [ \"$(wc -l <'{0}')\" = {moment} ]; then kill -9 $PPID; sleep 0.2; fi\n",
            count.display()
        ));
        world.refray(&["sync"]);
        world.before_git("");
        world.refray(&["sync"]).exits(0);
        world.agree(&[a.clone(), b.clone(), Place::Folder("c")], "one");
    }
    // Every tip that was agreed on is in a bundle, save the last, which still stands.
    world.git(".", &["init", "-q", "--bare", "empty.git"]);
    let mut heads = String::new();
    for bundle in crate::world::files_below(&world.state().join("backups/all/one")) {
        let bundle = bundle.display().to_string();
        // One that was being written when the end came has another name.
        if bundle.ends_with(".bundle") {
            world.git("empty.git", &["bundle", "verify", "-q", &bundle]);
            heads += &world.git("empty.git", &["bundle", "list-heads", &bundle]);
        }
    }
    for oid in &old[..old.len() - 1] {
        assert!(heads.contains(oid), "{oid} is in no bundle");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupt_lets_what_is_in_hand_finish() {
    let kinds = [Kind::GitHub, Kind::Gitea];
    let world = World::of_forges(&kinds).await;
    for number in 0..12 {
        world.seed(Kind::GitHub, &format!("repo-{number}"), Visibility::Private);
    }
    world.site(Kind::Gitea).faults().latency(Duration::from_millis(100));
    for name in ["INT", "TERM"] {
        let child = spawn(&mut world.command(&["sync", "--jobs", "1"]));
        tokio::time::sleep(Duration::from_millis(1200)).await;
        signal(&child, name);
        let run = wait(child);
        let said = run.exits(3);
        assert!(said.contains("stopping when what is in hand is done"), "{said}");
        has(&said, &["; interrupted, ", " not looked at. "]);
        has(&world.refray(&["log"]).exits(0), &[" not looked at: interrupted"]);
    }
    let there = world.site(Kind::Gitea).world().repositories.len();
    assert!(there < 12, "it did not go on to the end");
    world.site(Kind::Gitea).faults().clear();
    world.refray(&["sync"]).exits(0);
    for number in 0..12 {
        world.agree(&users(&kinds), &format!("repo-{number}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_interrupt_stops_at_once() {
    let world = World::of_forges(&[Kind::GitHub, Kind::Gitea]).await;
    world.seed(Kind::GitHub, "one", Visibility::Private);
    world.site(Kind::Gitea).faults().latency(Duration::from_secs(8));
    let child = spawn(&mut world.command(&["sync"]));
    let mut started = false;
    for _ in 0..100 {
        tokio::time::sleep(Duration::from_millis(20)).await;
        started = world.site(Kind::GitHub).requests().count() > 0;
        if started {
            break;
        }
    }
    assert!(started);
    signal(&child, "INT");
    tokio::time::sleep(Duration::from_millis(200)).await;
    signal(&child, "INT");
    let ended = tokio::time::timeout(Duration::from_secs(5), tokio::task::spawn_blocking(|| wait(child))).await;
    ended.unwrap().unwrap().exits(3);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_doctor_leaves_nothing_and_says_so_by_its_code() {
    let world = World::of_forges(&[Kind::GitHub, Kind::Gitea]).await;
    world.site(Kind::Gitea).faults().latency(Duration::from_secs(8));
    let child = spawn(&mut world.command(&["doctor"]));
    for _ in 0..500 {
        if world.site(Kind::GitHub).requests().count() > 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    signal(&child, "INT");
    let ended = tokio::time::timeout(Duration::from_secs(5), tokio::task::spawn_blocking(|| wait(child))).await;
    ended.unwrap().unwrap().exits(3);
    assert_eq!(std::fs::read_dir(world.path("tmp")).unwrap().count(), 0);
}
