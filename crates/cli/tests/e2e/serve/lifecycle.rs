//! Ends of every kind, and beginnings after them.

use std::time::Duration;

use refray_sim::world::Visibility;
use refray_sim::{Effect, Kind};

use super::{hook_up, until};
use crate::world::{OWNER, World, has, put, users};

const KINDS: [Kind; 3] = [Kind::GitHub, Kind::GitLab, Kind::Gitea];

async fn world_of(count: usize) -> World {
    let mut world = World::of_forges(&KINDS).await;
    world.with_webhook();
    for number in 0..count {
        world.seed(Kind::GitHub, &format!("repo-{number}"), Visibility::Private);
    }
    world
}

fn push_all(world: &World, count: usize, text: &str) {
    for number in 0..count {
        let name = format!("repo-{number}");
        world.site(Kind::GitHub).commit(OWNER, &name, "main", &[("f", text)], "onward\n").unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_it_is_busy_it_takes_its_work_up_again() {
    let world = world_of(8).await;
    let mut daemon = world.served(&KINDS).await;
    for round in 0..4_u64 {
        for kind in KINDS {
            world.site(kind).faults().latency(Duration::from_millis(20));
        }
        push_all(&world, 8, &round.to_string());
        until(&daemon, "it is busy", || daemon.sum("refray_queue_entries{state=\"in_hand\"}") > 0).await;
        tokio::time::sleep(Duration::from_millis(round * 60)).await;
        daemon.signal("KILL");
        daemon.ends();
        for kind in KINDS {
            world.site(kind).faults().clear();
        }
        daemon = world.serve(&[]);
        for kind in KINDS {
            hook_up(&world, kind, &daemon);
        }
        until(&daemon, "the queue's work is done", || daemon.is_idle() && daemon.sum("refray_full_syncs_total") > 0)
            .await;
        daemon.settles(&world, &KINDS).await;
        for number in 0..8 {
            world.agree(&users(&KINDS), &format!("repo-{number}"));
        }
        if round == 0 {
            has(&daemon.log(), &["work that an earlier process left behind is taken up again"]);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn asked_to_end_it_finishes_what_is_in_hand() {
    let world = world_of(6).await;
    let daemon = world.served(&KINDS).await;
    for kind in KINDS {
        world.site(kind).faults().latency(Duration::from_millis(25));
    }
    push_all(&world, 6, "2");
    until(&daemon, "it is busy", || daemon.sum("refray_queue_entries{state=\"in_hand\"}") > 0).await;
    daemon.signal("TERM");
    let (code, log) = daemon.ends();
    assert_eq!(code, Some(0), "{log}");
    has(&log, &["stopping when what is in hand is done", "\"stopped\""]);
    for kind in KINDS {
        world.site(kind).faults().clear();
    }
    // Nobody has it any more: what was not begun waits, without an owner.
    let daemon = world.serve(&[]);
    assert!(!daemon.log().contains("left behind"), "{}", daemon.log());
    daemon.settles(&world, &KINDS).await;
    until(&daemon, "all is done", || daemon.is_idle() && daemon.sum("refray_full_syncs_total") > 0).await;
    for number in 0..6 {
        world.agree(&users(&KINDS), &format!("repo-{number}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_still_waited_at_its_end_is_settled_by_a_sync() {
    let world = world_of(2).await;
    let daemon = world.served(&KINDS).await;
    daemon.settles(&world, &KINDS).await;
    // What fails is tried again later, and that moment does not come any more.
    world.site(Kind::GitLab).faults().add("git-receive-pack", None, Effect::Status(503, String::new())).unwrap();
    push_all(&world, 2, "2");
    until(&daemon, "it waits for another turn", || daemon.sum("refray_queue_entries{state=\"waiting\"}") == 2).await;
    daemon.signal("TERM");
    assert_eq!(daemon.ends().0, Some(0));
    world.site(Kind::GitLab).faults().clear();
    has(&world.refray(&["sync", "-n"]).exits(0), &["2 to change"]);
    world.refray(&["status"]).exits(1);
    has(&world.refray(&["sync"]).exits(0), &["2 synced"]);
    has(&world.refray(&["status"]).exits(0), &["2 agreed"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn asked_twice_it_ends_at_once() {
    let world = world_of(1).await;
    let daemon = world.served(&KINDS).await;
    daemon.settles(&world, &KINDS).await;
    // No push to GitLab ends before the test does.
    world.site(Kind::GitLab).faults().add("git-receive-pack", None, Effect::Delay(Duration::from_secs(600))).unwrap();
    push_all(&world, 1, "2");
    until(&daemon, "it is at it", || daemon.sum("refray_queue_entries{state=\"in_hand\"}") > 0).await;
    daemon.signal("TERM");
    until(&daemon, "the end has begun", || daemon.log().contains("once more stops at once")).await;
    daemon.signal("TERM");
    assert_eq!(daemon.ends().0, Some(3));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_good_configuration_is_taken_over_while_it_runs_and_a_bad_one_is_not() {
    let mut world = world_of(2).await;
    world.config.set("repo_blacklist = \"repo-1\"");
    let daemon = world.served(&KINDS).await;
    assert!(world.site(Kind::Gitea).repository(OWNER, "repo-1").is_err());
    let config = world.path("config.toml");

    let good = world.config.to_string();
    put(&config, &good.replace("repo_blacklist", "repo_blaklist"));
    daemon.signal("HUP");
    until(&daemon, "it says what is wrong", || daemon.log().contains("the old one stays")).await;
    has(&daemon.log(), &["unknown key `repo_blaklist`", "did you mean `repo_blacklist`?", "config.toml"]);
    push_all(&world, 2, "2");
    daemon.settles(&world, &KINDS).await;
    world.agree(&users(&KINDS), "repo-0");
    assert!(world.site(Kind::Gitea).repository(OWNER, "repo-1").is_err());

    put(&config, &good.replace("repo_blacklist = \"repo-1\"", "repo_blacklist = \"repo-0\""));
    daemon.signal("HUP");
    until(&daemon, "it has taken it over", || daemon.log().contains("the configuration was read anew")).await;
    push_all(&world, 2, "3");
    until(&daemon, "what was left out is there", || world.site(Kind::Gitea).repository(OWNER, "repo-1").is_ok()).await;
    daemon.settles(&world, &KINDS).await;
    world.agree(&users(&KINDS), "repo-1");
    assert_ne!(world.refs(&users(&KINDS)[0], "repo-0"), world.refs(&users(&KINDS)[2], "repo-0"));
    assert_eq!(daemon.sum("refray_config_reloads_total"), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_do_not_serve_from_one_state_directory_and_a_sync_beside_one_works() {
    let world = world_of(2).await;
    let daemon = world.served(&KINDS).await;
    let second = world.refray(&["serve", "--listen", "127.0.0.1:0", "--dashboard", "127.0.0.1:0"]);
    has(&second.exits(2), &["another `refray serve` runs", "--state-dir"]);
    world.site(Kind::GitHub).world().hooks.clear();
    push_all(&world, 2, "2");
    world.refray(&["sync"]).exits(0);
    daemon.settles(&world, &KINDS).await;
    for number in 0..2 {
        world.agree(&users(&KINDS), &format!("repo-{number}"));
    }
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn enough_files_may_be_open() {
    use std::io::{BufRead, BufReader};
    use std::process::Stdio;

    let world = World::of_folders(&["a", "b"]);
    let serve = world.command(&["serve", "--listen", "127.0.0.1:0", "--dashboard", "127.0.0.1:0"]);
    let mut command = crate::world::program("sh");
    // The limit that programs are given at first, and that they may raise.
    command.args(["-c", "ulimit -Sn 256 && exec \"$0\" \"$@\""]).arg(serve.get_program()).args(serve.get_args());
    for (name, value) in serve.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut said = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut said).unwrap();
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", child.id()));
    child.kill().unwrap();
    child.wait().unwrap();
    has(&said, &["webhooks are received at"]);
    let limits = limits.unwrap();
    let files = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    let words: Vec<u64> = files.split_whitespace().skip(3).map(|word| word.parse().unwrap_or(u64::MAX)).collect();
    assert_eq!(words[0], words[1].min(65_536), "{files}");
}
