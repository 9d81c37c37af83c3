//! What refray looks for stands behind a page of what is none of its business.

use crate::world::{HERE, Kind, Lab, has};

/// More than a page of any listing of Gitea's and Forgejo's.
const MANY: usize = 52;

/// Says whether a forge bears so much: others take fewer webhooks, or fewer requests in a minute.
fn bears_it(lab: &Lab) -> bool {
    let bears = matches!(lab.here().kind, Kind::Gitea | Kind::Forgejo);
    if !bears {
        println!("left out: {:?} has limits that this would run into", lab.here().kind);
    }
    bears
}

/// Takes away what lines up the columns.
fn plain(said: &str) -> String {
    said.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
#[ignore = "needs named forges"]
fn its_own_webhook_is_found_behind_others() {
    Lab::each("", |lab| {
        if !bears_it(lab) {
            return;
        }
        let name = lab.name("hooked");
        lab.seed(HERE, &name);
        lab.refray(&["sync"]).exits(0);
        for number in 0..MANY {
            lab.here().add_hook(&name, &format!("https://refray.example.com/other/{number}"));
        }
        lab.config.tail = "[webhook]\nurl = \"https://refray.example.com/own\"\nsecret = { env = \"HOOK\" }\n".into();
        lab.env.insert("HOOK".into(), "a secret of the suite's own".into());
        lab.refray(&["webhook", "install"]).exits(0);
        let foreign = format!("{} installed ({MANY} foreign)", lab.spelled());
        has(&plain(&lab.refray(&["webhook", "status"]).exits(0)), &[&foreign]);
        // Without what it remembers, it still makes no second one.
        std::fs::remove_dir_all(lab.path("home/.local/state/refray")).unwrap();
        lab.refray(&["webhook", "install"]).exits(0);
        has(&plain(&lab.refray(&["webhook", "status"]).exits(0)), &[&foreign]);
        lab.refray(&["webhook", "uninstall"]).exits(0);
        let said = plain(&lab.refray(&["webhook", "status"]).stdout);
        assert!(said.contains(&format!("({MANY} foreign)")) && !said.contains(" installed ("), "{said}");
    });
}

#[test]
#[ignore = "needs named forges"]
fn its_own_request_is_found_behind_others() {
    Lab::each("conflict_resolution = \"pull_request\"", |lab| {
        if !bears_it(lab) {
            return;
        }
        let name = lab.name("asked");
        let work = lab.seed(HERE, &name);
        let mut branches = vec!["main".to_owned()];
        for number in 0..MANY {
            let branch = format!("topic-{number:02}");
            work.on(&branch, "main");
            work.commit(&branch);
            branches.push(branch);
        }
        let pushed: Vec<&str> = branches.iter().map(String::as_str).collect();
        work.push(HERE, &pushed);
        lab.refray(&["sync"]).exits(0);
        work.on("here", "main");
        work.commit("here");
        work.on("there", "main");
        work.commit("there");
        work.push(HERE, &["here:main"]);
        work.push(lab.there(), &["there:main"]);
        has(&lab.refray(&["sync"]).exits(1), &["pull requests show both sides"]);
        for branch in &branches[1..] {
            lab.here().open(&name, branch, "main");
        }
        let newest = |lab: &Lab| {
            lab.here().get(&format!("{}/pulls?state=all&limit=1", lab.here().own(&name)))[0]["number"].clone()
        };
        let before = newest(lab);
        lab.refray(&["sync"]).exits(1);
        assert_eq!(newest(lab), before, "nothing is opened twice");
        work.git(&["merge", "-q", "-m", "by hand", "here"]);
        work.push(HERE, &["there:main"]);
        lab.refray(&["sync"]).exits(0);
        assert!(!lab.agree(&name).contains("refray/conflicts/"));
        assert_eq!(newest(lab), before);
    });
}
