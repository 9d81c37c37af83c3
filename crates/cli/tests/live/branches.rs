//! Branches and tags that come, move and go.

use crate::world::{HERE, Lab, has, newest};

#[test]
#[ignore = "needs named forges"]
fn what_is_pushed_anywhere_reaches_all() {
    Lab::each("", |lab| {
        let name = lab.name("pushed");
        let work = lab.seed(HERE, &name);
        lab.refray(&["sync"]).exits(0);
        for (number, place) in lab.places().into_iter().enumerate() {
            let tip = work.commit(&format!("commit {number}"));
            let (branch, tag, annotated) = (format!("b{number}"), format!("t{number}"), format!("a{number}"));
            work.git(&["branch", &branch]);
            work.git(&["tag", &tag]);
            work.git(&["tag", "-a", "-m", "annotated", &annotated]);
            work.push(place, &["main", &branch, &tag, &annotated]);
            has(&lab.refray(&["sync"]).exits(0), &["branch main forwarded on"]);
            let refs = lab.agree(&name);
            for reference in [format!("heads/{branch}"), format!("tags/{tag}"), format!("tags/{annotated}^{{}}")] {
                has(&refs, &[&format!("{tip}\trefs/{reference}")]);
            }
        }
        has(&lab.refray(&["sync"]).exits(0), &["0 changes"]);
    });
}

#[test]
#[ignore = "needs named forges"]
fn a_deleted_and_a_rewritten_branch_are_followed_and_undone() {
    Lab::each("", |lab| {
        let name = lab.name("undone");
        let work = lab.seed(HERE, &name);
        for branch in ["going", "rewritten", "staying"] {
            work.on(branch, "main");
            work.commit(branch);
        }
        work.push(HERE, &["--all"]);
        lab.refray(&["sync"]).exits(0);
        let before = lab.agree(&name);
        work.git(&["checkout", "-q", "rewritten"]);
        work.git(&["commit", "-q", "--amend", "-m", "in other words"]);
        work.push(HERE, &["rewritten", ":going"]);
        lab.refray(&["sync"]).exits(0);
        let after = lab.agree(&name);
        assert!(!after.contains("going") && after.contains(&work.tip("rewritten")), "{after}");
        let run = newest(lab);
        has(&lab.refray(&["backup", "list"]).exits(0), &["going", "rewritten"]);
        has(&lab.refray(&["undo", &run]).exits(0), &["1 synced"]);
        assert_eq!(lab.agree(&name), before);
        has(&lab.refray(&["sync"]).exits(0), &["0 changes"]);
    });
}

#[test]
#[ignore = "needs named forges"]
fn another_default_branch_is_followed_and_the_old_one_can_go() {
    Lab::each("", |lab| {
        let name = lab.name("default");
        let work = lab.seed(HERE, &name);
        for branch in ["trunk", "further"] {
            work.on(branch, "main");
            work.commit(branch);
        }
        work.push(HERE, &["trunk", "further"]);
        lab.refray(&["sync"]).exits(0);
        lab.here().set_default_branch(&name, "trunk");
        lab.refray(&["sync"]).exits(0);
        has(&lab.agree(&name), &["ref: refs/heads/trunk\tHEAD"]);
        work.push(HERE, &[":main"]);
        lab.refray(&["sync"]).exits(0);
        assert!(!lab.agree(&name).contains("refs/heads/main"));
    });
}

#[test]
#[ignore = "needs named forges"]
fn a_tag_that_differs_is_reported_and_left() {
    Lab::each("", |lab| {
        let name = lab.name("tags");
        let work = lab.seed(HERE, &name);
        work.git(&["tag", "v1"]);
        work.push(HERE, &["v1"]);
        lab.refray(&["sync"]).exits(0);
        let tip = work.commit("second");
        work.git(&["tag", "-f", "v1"]);
        work.push(lab.there(), &["main", "v1"]);
        has(&lab.refray(&["sync"]).exits(1), &["v1"]);
        for place in lab.places() {
            has(&lab.refs(place, &name), &[&format!("{tip}\trefs/heads/main")]);
        }
        assert!(!lab.refs(HERE, &name).contains(&format!("{tip}\trefs/tags/v1")));
    });
}
