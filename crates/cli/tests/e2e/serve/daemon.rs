//! A daemon that a test runs, and what can be asked of it.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use refray_sim::Kind;
use refray_sim::world::{Hook, HookTarget};
use serde_json::Value;

use crate::world::{OWNER, World, program};

/// Longer than anything takes: a test that waits for this has failed.
const PATIENCE: Duration = Duration::from_secs(90);
/// What deliveries are signed with.
const SECRET: &str = "a secret that only the test and its forges know";

/// A running `refray serve`; killed when it is dropped.
pub(crate) struct Daemon {
    child: Child,
    pub(crate) listen: String,
    pub(crate) dashboard: String,
    log: PathBuf,
    lines: Arc<Mutex<Vec<Value>>>,
}

impl World {
    /// Lets the configuration name the secret that deliveries are signed with.
    pub(crate) fn with_webhook(&mut self) {
        self.config.tail += "[webhook]\nsecret = { env = \"REFRAY_WEBHOOK_SECRET\" }\n";
        self.env.insert("REFRAY_WEBHOOK_SECRET".into(), SECRET.into());
    }

    /// Starts a daemon on free ports, and waits until it says where.
    pub(crate) fn serve(&self, args: &[&str]) -> Daemon {
        self.serve_on("127.0.0.1:0", args)
    }

    /// The same, with the dashboard at another address.
    pub(crate) fn serve_on(&self, dashboard: &str, args: &[&str]) -> Daemon {
        let log = self.path(&format!("serve-{}.log", self.requests()));
        let mut command = self.command(&["serve", "--dashboard", dashboard, "--format", "json"]);
        if !args.contains(&"--listen") {
            command.args(["--listen", "127.0.0.1:0"]);
        }
        command.args(args).stdout(Stdio::piped()).stderr(File::create(&log).unwrap());
        let mut child = command.spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut first = String::new();
        out.read_line(&mut first).unwrap();
        let said = || std::fs::read_to_string(&log).unwrap();
        let first: Value = serde_json::from_str(&first).unwrap_or_else(|_| panic!("it did not start:\n{}", said()));
        assert_eq!(first["event"], "serving", "{first}");
        let lines = Arc::new(Mutex::new(Vec::new()));
        let further = lines.clone();
        std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                further.lock().unwrap().push(serde_json::from_str(&line).unwrap());
            }
        });
        let text = |key: &str| first[key].as_str().unwrap().to_owned();
        Daemon { child, listen: text("listen"), dashboard: text("dashboard"), log, lines }
    }

    /// Starts a daemon, lets the forges deliver to it, and waits until its first full sync has ended.
    pub(crate) async fn served(&self, kinds: &[Kind]) -> Daemon {
        let daemon = self.serve(&[]);
        for kind in kinds {
            hook_up(self, *kind, &daemon);
        }
        until(&daemon, "the first full sync", || daemon.sum("refray_full_syncs_total") > 0).await;
        daemon
    }
}

/// Lets a forge tell a daemon of everything in the account of [`OWNER`].
pub(crate) fn hook_up(world: &World, kind: Kind, daemon: &Daemon) {
    let site = world.site(kind);
    let account = site.account(OWNER).unwrap().id;
    let mut hook = Hook::new(HookTarget::Account(account), format!("http://{}/webhook", daemon.listen));
    hook.secret = Some(SECRET.to_owned());
    hook.events.insert("*".to_owned());
    let mut world = site.world();
    world.hooks.clear();
    world.add_hook(hook);
}

/// Waits until something is so; a test that waits for long has failed, and shows the log.
pub(crate) async fn until(daemon: &Daemon, what: &str, mut is_so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !tokio::task::block_in_place(&mut is_so) {
        assert!(started.elapsed() < PATIENCE, "never: {what}\n{}", daemon.log());
        tokio::time::sleep(Duration::from_millis(15)).await;
    }
}

impl Daemon {
    /// Everything that it has logged.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    /// The events that it has printed.
    pub(crate) fn events(&self) -> Vec<Value> {
        self.lines.lock().unwrap().clone()
    }

    /// Asks its second address, and returns the status and the body.
    pub(crate) fn ask(&self, path: &str, headers: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.dashboard).unwrap();
        write!(stream, "GET {path} HTTP/1.0\r\nHost: {}\r\n{headers}\r\n", self.dashboard).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }

    /// The sum of all series of `/metrics` that start like this.
    pub(crate) fn sum(&self, start: &str) -> u64 {
        let (status, text) = self.ask("/metrics", "");
        assert_eq!(status, 200, "{text}");
        let own = text.lines().filter(|line| line.starts_with(start));
        own.map(|line| line.rsplit_once(' ').unwrap().1.parse::<f64>().unwrap() as u64).sum()
    }

    /// How many repositories were worked on from the queue.
    pub(crate) fn visits(&self) -> u64 {
        self.sum("refray_visits_total")
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.sum("refray_queue_entries") == 0
    }

    /// Waits until every delivery has come and nothing is left to do.
    pub(crate) async fn settles(&self, world: &World, kinds: &[Kind]) {
        let mut before = None;
        until(self, "the end of the queue", || {
            let delivered: usize = kinds.iter().map(|kind| world.site(*kind).deliveries().all().len()).sum();
            let now = (delivered, self.visits(), self.is_idle());
            let is_settled = now.2 && before == Some(now);
            before = Some(now);
            // A forge delivers a moment after it was pushed to.
            std::thread::sleep(Duration::from_millis(if is_settled { 0 } else { 150 }));
            is_settled
        })
        .await;
    }

    pub(crate) fn signal(&self, name: &str) {
        let sent = program("kill").args([format!("-{name}"), self.child.id().to_string()]).status();
        assert!(sent.unwrap().success());
    }

    /// Waits for its end, and returns the exit code and the log.
    pub(crate) fn ends(mut self) -> (Option<i32>, String) {
        let status = tokio::task::block_in_place(|| self.child.wait().unwrap());
        (status.code(), self.log())
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
