//! Webhooks: put on every repository, looked at, moved, removed.

use crate::world::{HERE, Lab, has};

// Nobody listens there. A forge that takes no address of a machine of its own gets one that is nobody's.
const LOCAL: [&str; 2] = ["http://127.0.0.1:9/webhook", "http://127.0.0.1:9/moved"];
const PUBLIC: [&str; 2] = ["https://refray.example.com/webhook", "https://refray.example.com/moved"];

#[test]
#[ignore = "needs named forges"]
fn they_are_installed_looked_at_moved_and_removed() {
    Lab::each("", |lab| {
        let [url, moved] = if lab.forges.iter().all(|forge| forge.is_here()) { LOCAL } else { PUBLIC };
        lab.config.tail = format!("[webhook]\nurl = \"{url}\"\nsecret = {{ env = \"HOOK\" }}\n");
        lab.env.insert("HOOK".into(), "a secret of the suite's own".into());
        let names = [lab.name("one"), lab.name("two")];
        for name in &names {
            lab.seed(HERE, name);
        }
        lab.refray(&["sync"]).exits(0);
        let all = |lab: &Lab| -> Vec<Vec<String>> {
            lab.forges.iter().flat_map(|forge| names.iter().map(|name| forge.hooks(name))).collect()
        };
        has(&lab.refray(&["webhook", "install", "--dry-run"]).exits(0), &["would be created"]);
        assert!(all(lab).iter().all(Vec::is_empty));
        let copies = 2 * lab.forges.len();
        has(&lab.refray(&["webhook", "install"]).exits(0), &[&format!("{copies} copies: {copies} created")]);
        assert_eq!(all(lab), vec![vec![url.to_owned()]; copies]);
        has(&lab.refray(&["webhook", "install"]).exits(0), &[&format!("{copies} right already")]);
        has(&lab.refray(&["webhook", "status"]).exits(0), &[&format!("{copies} installed")]);
        // Without what it remembers, it finds its own again.
        std::fs::remove_dir_all(lab.path("home/.local/state/refray")).unwrap();
        has(&lab.refray(&["webhook", "install"]).exits(0), &[&format!("{copies} copies")]);
        assert_eq!(all(lab), vec![vec![url.to_owned()]; copies]);
        has(&lab.refray(&["webhook", "update", "--url", moved]).exits(0), &[&format!("{copies} repaired")]);
        assert_eq!(all(lab), vec![vec![moved.to_owned()]; copies]);
        lab.config.tail = lab.config.tail.replace(url, moved);
        has(&lab.refray(&["webhook", "status"]).exits(0), &[&format!("{copies} installed")]);
        has(&lab.refray(&["webhook", "uninstall"]).exits(0), &[&format!("{copies} removed")]);
        assert!(all(lab).iter().all(Vec::is_empty));
    });
}
