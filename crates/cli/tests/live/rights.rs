//! What `refray doctor` and `refray sync` say of tokens.

use crate::world::{HERE, Lab, Place, has};

#[test]
#[ignore = "needs named forges"]
fn a_token_with_all_rights_passes() {
    Lab::each("delete_missing = true\nconflict_resolution = \"pull_request\"", |lab| {
        lab.seed(HERE, &lab.name("one"));
        lab.refray(&["sync"]).exits(0);
        let said = lab.refray(&["doctor"]).exits(0);
        let account = format!("account  signed in as {}", lab.here().user);
        has(&said, &["machine\n  pass  git ", &account, ", 0 failed."]);
    });
}

#[test]
#[ignore = "needs named forges"]
fn a_wrong_token_fails_and_deletes_nothing() {
    Lab::each("delete_missing = true", |lab| {
        let name = lab.name("one");
        lab.seed(HERE, &name);
        lab.refray(&["sync"]).exits(0);
        lab.env.insert(Lab::variable(&lab.forges[0]), "0123456789abcdef0123456789abcdef01234567".into());
        has(&lab.refray(&["doctor"]).exits(1), &["FAIL  account", "remedy: "]);
        has(&lab.refray(&["sync"]).exits(1), &[&lab.spelled(), "remedy: "]);
        assert!(lab.exists(lab.there(), &name));
    });
}

#[test]
#[ignore = "needs named forges"]
fn a_token_that_may_only_read_is_named_and_deletes_nothing() {
    Lab::each("delete_missing = true\nconflict_resolution = \"pull_request\"", |lab| {
        let Some(narrow) = lab.here().narrow.clone() else {
            println!("left out: no REFRAY_LIVE_<KIND>_NARROW_TOKEN is set for {:?}", lab.here().kind);
            return;
        };
        let (name, new) = (lab.name("one"), lab.name("new"));
        lab.seed(HERE, &name);
        lab.refray(&["sync"]).exits(0);
        lab.env.insert(Lab::variable(&lab.forges[0]), narrow);
        has(&lab.refray(&["doctor"]).stdout, &["right to push by git", "missing", "remedy: "]);
        let work = lab.clone_of(&name);
        let tip = work.commit("second");
        work.push(lab.there(), &["main"]);
        lab.seed(Place::Folder, &new);
        let said = lab.refray(&["sync"]).exits(1);
        has(&said, &[&lab.spelled(), "remedy: "]);
        assert!(!said.contains("refused (unknown)"), "{said}");
        assert!(!lab.refs(HERE, &name).contains(&tip));
        assert!(lab.exists(lab.there(), &name) && !lab.exists(HERE, &new));
    });
}
