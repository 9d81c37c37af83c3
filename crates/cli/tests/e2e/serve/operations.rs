//! What whoever runs it sees of it.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::unix::net::UnixDatagram;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use refray_sim::Kind;
use refray_sim::world::Visibility;

use super::until;
use crate::world::{OWNER, Place, World, has, put};

#[tokio::test(flavor = "multi_thread")]
async fn health_and_metrics_are_on_the_second_address() {
    let mut world = World::of_forges(&[Kind::GitHub, Kind::Gitea]).await;
    world.with_webhook();
    world.seed(Kind::GitHub, "one", Visibility::Private);
    let daemon = world.served(&[Kind::GitHub, Kind::Gitea]).await;
    assert_eq!(daemon.ask("/healthz", ""), (200, "ok\n".to_owned()));
    assert_eq!(daemon.ask("/readyz", ""), (200, "ready\n".to_owned()));
    let (_, metrics) = daemon.ask("/metrics", "");
    has(
        &metrics,
        &[
            "refray_full_syncs_total{outcome=\"good\"} 1\n",
            "refray_actions_total{kind=\"create_repository\",outcome=\"done\"} 1\n",
            "refray_actions_total{kind=\"update_ref\",outcome=\"done\"} 1\n",
            "refray_repositories{group=\"all\",status=\"synced\"} 1\n",
            "refray_git_transfers_total{direction=\"push\"} 1\n",
            "refray_queue_entries{state=\"due\"} 0\n",
            "refray_queue_oldest_due_seconds 0\n",
            "# TYPE refray_visits_total counter\n",
            "process_resident_memory_bytes ",
        ],
    );
    for line in metrics.lines().filter(|line| !line.starts_with('#')) {
        let (_, value) = line.rsplit_once(' ').unwrap();
        assert!(value.parse::<f64>().is_ok(), "{line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_token_metrics_are_for_those_who_show_it() {
    let mut world = World::of_folders(&["a", "b"]);
    world.config.tail += "[dashboard]\ntoken = { env = \"DASHBOARD_TOKEN\" }\n";
    world.env.insert("DASHBOARD_TOKEN".into(), "open sesame".into());
    let mut daemon = world.serve_on("0.0.0.0:0", &[]);
    daemon.dashboard = daemon.dashboard.replace("0.0.0.0", "127.0.0.1");
    assert_eq!(daemon.ask("/metrics", "").0, 401);
    assert_eq!(daemon.ask("/metrics", "Authorization: Bearer open sesam\r\n").0, 401);
    assert_eq!(daemon.ask("/metrics", "Authorization: Bearer open sesame\r\n").0, 200);
    assert_eq!(daemon.ask("/healthz", "").0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_is_not_guessed_at_the_metrics() {
    let mut world = World::of_folders(&["a", "b"]);
    world.config.tail += "[dashboard]\ntoken = { env = \"DASHBOARD_TOKEN\" }\n";
    world.env.insert("DASHBOARD_TOKEN".into(), "open sesame".into());
    let daemon = world.serve(&[]);
    assert_eq!(daemon.ask("/metrics", "").0, 401);
    for _ in 0..5 {
        assert_eq!(daemon.ask("/metrics", "Authorization: Bearer guess\r\n").0, 401);
    }
    for path in ["/metrics", "/"] {
        assert_eq!(daemon.ask(path, "Authorization: Bearer open sesame\r\n").0, 429, "{path}");
    }
    assert_eq!(daemon.ask("/healthz", "").0, 200);
}

#[test]
fn what_cannot_be_listened_on_is_named() {
    let world = World::of_folders(&["a", "b"]);
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let run = |args: &[&str]| crate::world::Run::from(world.command(args).output().unwrap()).exits(2);
    let said = run(&["serve", "--listen", &address, "--dashboard", "127.0.0.1:0"]);
    has(&said, &["cannot listen on", &address, "--listen"]);
    let said = run(&["serve", "--listen", "127.0.0.1:0", "--dashboard", &address]);
    has(&said, &["cannot listen on", &address, "--dashboard"]);
    let said = run(&["serve", "--listen", "127.0.0.1:0", "--dashboard", "0.0.0.0:0"]);
    has(&said, &["is not loopback", "`[dashboard].token`"]);
    assert!(!world.state().join("state.db").exists(), "nothing was begun");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_manager_is_told_how_it_goes() {
    let mut world = World::of_folders(&["a", "b"]);
    let socket = UnixDatagram::bind(world.path("notify")).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    world.env.insert("NOTIFY_SOCKET".into(), world.path("notify").display().to_string());
    world.env.insert("WATCHDOG_USEC".into(), "40000".into());
    // What was told up to a message that starts like this.
    let told = |start: &str| {
        let mut buffer = [0; 500];
        loop {
            let length = socket.recv(&mut buffer).unwrap_or_else(|_| panic!("never: {start}"));
            let message = String::from_utf8_lossy(&buffer[..length]).into_owned();
            if message.starts_with(start) {
                return message;
            }
        }
    };
    let daemon = world.serve(&[]);
    told("READY=1");
    told("WATCHDOG=1");
    daemon.signal("HUP");
    has(&told("RELOADING=1"), &["MONOTONIC_USEC="]);
    told("READY=1");
    daemon.signal("TERM");
    told("STOPPING=1");
    assert_eq!(daemon.ends().0, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_webhook_covers_is_looked_at_every_so_often() {
    let mut world = World::of_folders(&["a", "b", "c"]);
    let (a, b) = (Place::Folder("a"), Place::Folder("b"));
    let work = world.seeded("a", "one");
    let tip = work.commit("second");
    let folder = world.path("work/one").display().to_string();
    world.config.tail += "[serve]\npoll_interval_seconds = 1\n";
    let daemon = world.serve(&[]);
    let listed = |place: &Place, name: &str| {
        let bare = world.bare(place, name);
        if bare.exists() { world.refs(place, name) } else { String::new() }
    };
    until(&daemon, "the first sync", || listed(&b, "one").contains("refs/heads/main")).await;
    let to = world.bare(&a, "one").display().to_string();
    world.git(".", &["-C", &folder, "push", "-q", &to, "main"]);
    until(&daemon, "the push was found", || listed(&b, "one").contains(&tip)).await;
    // A new one is found as well.
    world.git(".", &["clone", "-q", "--bare", &to, "disk/c/two.git"]);
    until(&daemon, "the new one was found", || listed(&a, "two").contains(&tip)).await;
    assert!(daemon.sum("refray_poll_changes_total") >= 2);
}

/// An address of this machine at which nothing listens.
fn free_address() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_for_webhooks_that_does_not_answer_is_warned_of() {
    for (is_there, value) in [(false, 0), (true, 1)] {
        let mut world = World::of_folders(&["a", "b"]);
        let address = free_address();
        world.config.tail += &format!(
            "[webhook]\nurl = \"http://{address}/webhook\"\nsecret = {{ value = \"s\" }}\nreachability_check_interval_minutes = 1\n"
        );
        let listen = ["--listen", &*address];
        let daemon = world.serve(if is_there { &listen } else { &[] });
        let known = || daemon.ask("/metrics", "").1.contains("\nrefray_webhook_reachable ");
        until(&daemon, "a look at the address", known).await;
        assert_eq!(daemon.sum("refray_webhook_reachable "), value, "{}", daemon.log());
        let warned = daemon.log().contains("the address for webhooks does not answer as it should");
        assert_eq!(warned, !is_there, "{}", daemon.log());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_for_webhooks_that_answers_again_is_told_of() {
    let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = proxy.local_addr().unwrap();
    let is_up = Arc::new(AtomicBool::new(false));
    let up = is_up.clone();
    std::thread::spawn(move || {
        for mut stream in proxy.incoming().map_while(Result::ok) {
            // One request a connection, which has come whole when its empty line has.
            let head = BufReader::new(&stream).lines().map_while(Result::ok);
            head.take_while(|line| !line.is_empty()).for_each(drop);
            let status = if up.load(Ordering::SeqCst) { "204 No Content" } else { "502 Bad Gateway" };
            drop(write!(stream, "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"));
        }
    });
    let mut world = World::of_folders(&["a", "b"]);
    world.config.tail += &format!(
        "[webhook]\nurl = \"http://{address}/webhook\"\nsecret = {{ value = \"s\" }}\nreachability_check_interval_minutes = 1\n"
    );
    let daemon = world.serve(&[]);
    until(&daemon, "the warning", || daemon.log().contains("the address for webhooks does not answer")).await;
    is_up.store(true, Ordering::SeqCst);
    // A reload looks at once.
    daemon.signal("HUP");
    until(&daemon, "the good news", || daemon.log().contains("the address for webhooks answers")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_gitlab_signs_with_a_token_of_its_own_is_believed() {
    const TOKEN: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    let kinds = [Kind::GitLab, Kind::Gitea];
    let mut world = World::of_forges(&kinds).await;
    world.with_webhook();
    world.config.tail += "signing_token = { env = \"GITLAB_SIGNING\" }\n";
    world.env.insert("GITLAB_SIGNING".into(), TOKEN.into());
    world.seed(Kind::GitLab, "one", Visibility::Private);
    let daemon = world.served(&kinds).await;
    let site = world.site(Kind::GitLab);
    for hook in site.world().hooks.values_mut() {
        hook.secret = None;
        hook.signing_token = Some(TOKEN.to_owned());
    }
    let tip = site.commit(crate::world::OWNER, "one", "main", &[("f", "2")], "signed\n").unwrap();
    let there = || world.refs(&Place::Forge(Kind::Gitea, crate::world::OWNER), "one").contains(&tip);
    until(&daemon, "the push is on Gitea", there).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_configuration_is_logged_without_colours() {
    let world = World::of_folders(&["a", "b"]);
    // It hears signals from the moment that it says where it serves.
    let daemon = world.serve(&["--color", "always"]);
    put(&world.path("config.toml"), &world.config.to_string().replace("name = \"all\"", "naem = \"all\""));
    daemon.signal("HUP");
    until(&daemon, "it says what is wrong", || daemon.log().contains("the old one stays")).await;
    let log = daemon.log();
    has(&log, &["unknown key `naem`", " │ "]);
    assert!(!log.contains("x1b") && !log.contains("u001b"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visit_that_holds_something_is_a_run() {
    const BOTH: [Kind; 2] = [Kind::GitHub, Kind::Gitea];
    let mut world = World::of_forges(&BOTH).await;
    world.with_webhook();
    world.seed(Kind::GitHub, "one", Visibility::Private);
    let hub = Place::Forge(Kind::GitHub, OWNER);
    let branches: Vec<String> = (1..=7).map(|number| format!("t{number}")).collect();
    for branch in &branches {
        world.site(Kind::GitHub).commit(OWNER, "one", branch, &[("f", branch.as_str())], "a topic\n").unwrap();
    }
    let daemon = world.served(&BOTH).await;
    daemon.settles(&world, &BOTH).await;
    assert!(!world.refray(&["log"]).stdout.contains("held"));
    let gone: Vec<String> = branches.iter().map(|branch| format!(":{branch}")).collect();
    world.work("w").push(&hub, "one", &gone.iter().map(String::as_str).collect::<Vec<_>>());
    until(&daemon, "it is held", || world.refray(&["log"]).stdout.contains("serve: 1 repository, no change; 1 held"))
        .await;
    daemon.settles(&world, &BOTH).await;
    assert!(world.refs(&Place::Forge(Kind::Gitea, OWNER), "one").contains("refs/heads/t7"));
    // Whoever looks again and finds the same does not say so again.
    let visits = daemon.visits();
    daemon.signal("TERM");
    daemon.ends();
    let log = world.refray(&["log"]).stdout;
    assert_eq!(log.matches("1 held").count(), 1, "{visits} visits\n{log}");
}
