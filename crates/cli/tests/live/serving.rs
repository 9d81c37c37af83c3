//! `refray serve`, woken by what forges deliver to it.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use serde_json::Value;

use crate::world::{HERE, Lab, Place, has, until};

/// A running daemon; killed when it is dropped.
struct Daemon(Child);

impl Drop for Daemon {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

#[test]
#[ignore = "needs named forges"]
fn a_push_is_told_of_and_reaches_all() {
    Lab::each("", |lab| {
        if !lab.forges.iter().all(|forge| forge.is_here()) {
            println!("left out: a forge elsewhere cannot deliver to this machine");
            return;
        }
        // Nothing but a delivery can wake it in time.
        lab.config.tail = "[webhook]\nsecret = { env = \"HOOK\" }\nfull_sync_interval_minutes = 600\n\n[serve]\npoll_interval_seconds = 36000\n".to_owned();
        lab.env.insert("HOOK".into(), "a secret of the suite's own".into());
        let name = lab.name("served");
        let work = lab.seed(HERE, &name);
        lab.refray(&["sync"]).exits(0);

        let log = lab.path("serve.log");
        let mut command =
            lab.command(&["serve", "--listen", "127.0.0.1:0", "--dashboard", "127.0.0.1:0", "--format", "json"]);
        command.stdout(Stdio::piped()).stderr(File::create(&log).unwrap());
        let mut daemon = Daemon(command.spawn().unwrap());
        let mut out = BufReader::new(daemon.0.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        let first: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("it said: {line}"));
        let url = format!("http://{}/webhook", first["listen"].as_str().unwrap());
        // Somebody must read what it says.
        std::thread::spawn(move || out.lines().map_while(Result::ok).for_each(|line| println!("serve: {line}")));
        has(&lab.refray(&["webhook", "install", "--url", &url]).exits(0), &["created"]);
        assert_eq!(lab.here().hooks(&name), [url]);

        for index in 0..lab.forges.len() {
            let branch = format!("from-{index}");
            let tip = work.commit(&branch);
            work.push(Place::Forge(index), &["main", &format!("main:{branch}")]);
            for place in lab.places() {
                until(&format!("{branch} at {place:?}\n{}", std::fs::read_to_string(&log).unwrap()), || {
                    let refs = lab.refs(place, &name);
                    refs.contains(&format!("{tip}\trefs/heads/{branch}"))
                        && refs.contains(&format!("{tip}\trefs/heads/main"))
                });
            }
        }
        work.push(HERE, &[":from-0"]);
        for place in lab.places() {
            until(&format!("the deletion at {place:?}"), || !lab.refs(place, &name).contains("from-0"));
        }
        println!("{}", std::fs::read_to_string(&log).unwrap());
    });
}
