//! Diverged branches under the strategies, with requests that are merged on the forge.

use crate::world::{HERE, Lab, Rule, Work, has};

const CONFLICTS: &str = "refray/conflicts/";

/// Copies that agree on a repository, of which two then get a commit of their own each.
fn diverged<'l>(lab: &'l Lab, name: &str) -> Work<'l> {
    let work = lab.seed(HERE, name);
    lab.refray(&["sync"]).exits(0);
    work.on("here", "main");
    work.commit("here");
    work.on("there", "main");
    work.commit("there");
    work.push(HERE, &["here:main"]);
    work.push(lab.there(), &["there:main"]);
    work
}

/// How many requests are open where something happened and elsewhere.
fn open(lab: &Lab, name: &str) -> Vec<usize> {
    lab.forges.iter().map(|forge| forge.pulls(name).len()).collect()
}

#[test]
#[ignore = "needs named forges"]
fn it_is_reported_and_left_alone() {
    Lab::each("", |lab| {
        let name = lab.name("left");
        let work = diverged(lab, &name);
        has(&lab.refray(&["sync"]).exits(1), &[&name, "has diverged"]);
        has(&lab.refs(HERE, &name), &[&work.tip("here")]);
        has(&lab.refs(lab.there(), &name), &[&work.tip("there")]);
        has(&lab.refray(&["status"]).stdout, &["diverged"]);
    });
}

#[test]
#[ignore = "needs named forges"]
fn it_is_merged() {
    Lab::each("conflict_resolution = \"auto_merge\"", |lab| {
        let name = lab.name("merged");
        diverged(lab, &name);
        has(&lab.refray(&["sync"]).exits(0), &["branch main forwarded on"]);
        lab.agree(&name);
    });
}

#[test]
#[ignore = "needs named forges"]
fn it_is_rebased() {
    Lab::each("conflict_resolution = \"auto_rebase\"", |lab| {
        let name = lab.name("rebased");
        diverged(lab, &name);
        has(&lab.refray(&["sync"]).exits(0), &["branch main rebased on"]);
        lab.agree(&name);
        has(&lab.refray(&["sync"]).exits(0), &["0 changes"]);
    });
}

#[test]
#[ignore = "needs named forges"]
fn the_newest_side_is_forced_and_undo_brings_the_other_back() {
    Lab::each("", |lab| {
        let name = lab.name("forced");
        let work = diverged(lab, &name);
        lab.refray(&["sync", "--force"]).exits(0);
        let winner = lab.agree(&name);
        let run = crate::world::newest(lab);
        lab.refray(&["undo", &run]).exits(0);
        let [here, there] = ["here", "there"].map(|side| work.tip(side));
        let (loser, lost) = if winner.contains(&here) { (lab.there(), there) } else { (HERE, here) };
        has(&lab.refs(loser, &name), &[&format!("{lost}\trefs/heads/main")]);
    });
}

#[test]
#[ignore = "needs named forges"]
fn a_request_that_is_merged_settles_it_everywhere() {
    Lab::each("conflict_resolution = \"pull_request\"", |lab| {
        let name = lab.name("requested");
        let work = diverged(lab, &name);
        has(&lab.refray(&["sync"]).exits(1), &["has diverged", "pull requests show both sides", "remedy: Merge"]);
        let pulls = lab.here().pulls(&name);
        assert!(!pulls.is_empty() && open(lab, &name).iter().all(|count| *count > 0), "{pulls:?}");
        assert!(pulls.iter().all(|pull| pull.base == "main" && pull.head.starts_with(CONFLICTS)), "{pulls:?}");
        let before = open(lab, &name);
        lab.refray(&["sync"]).exits(1);
        assert_eq!(open(lab, &name), before, "nothing is opened twice");
        for pull in &pulls {
            lab.here().merge(&name, pull.number);
        }
        has(&lab.refray(&["sync"]).exits(0), &[&name]);
        let refs = lab.agree(&name);
        assert!(!refs.contains(CONFLICTS), "{refs}");
        assert!(open(lab, &name).iter().all(|count| *count == 0));
        for side in ["here", "there"] {
            let address = lab.address(HERE, &name);
            lab.git(&format!("work/{name}"), lab.forge(HERE), &["fetch", "-q", &address, "main"]);
            work.git(&["merge-base", "--is-ancestor", side, "FETCH_HEAD"]);
        }
        has(&lab.refray(&["sync"]).exits(0), &["0 changes"]);
    });
}

#[test]
#[ignore = "needs named forges"]
fn a_forced_update_that_is_refused_becomes_a_request() {
    Lab::each("conflict_resolution = \"auto_rebase_pull_request\"", |lab| {
        let name = lab.name("refused");
        let work = diverged(lab, &name);
        lab.here().protect(&name, "main", Rule::Forced);
        has(&lab.refray(&["sync"]).exits(1), &["refuses forced updates", "pull requests show both sides"]);
        has(&lab.refs(HERE, &name), &[&format!("{}\trefs/heads/main", work.tip("here"))]);
        for pull in lab.here().pulls(&name) {
            lab.here().merge(&name, pull.number);
        }
        lab.refray(&["sync"]).exits(0);
        let refs = lab.agree(&name);
        assert!(!refs.contains(CONFLICTS), "{refs}");
    });
}

#[test]
#[ignore = "needs named forges"]
fn a_content_conflict_becomes_a_request_and_a_push_by_hand_settles_it() {
    Lab::each("conflict_resolution = \"auto_merge_pull_request\"", |lab| {
        let name = lab.name("content");
        let work = lab.seed(HERE, &name);
        lab.refray(&["sync"]).exits(0);
        for side in ["here", "there"] {
            work.on(side, "main");
            crate::world::put(&lab.path(&format!("work/{name}/both")), side);
            work.commit(side);
        }
        work.push(HERE, &["here:main"]);
        work.push(lab.there(), &["there:main"]);
        has(&lab.refray(&["sync"]).exits(1), &["both", "pull requests show both sides"]);
        assert!(!lab.here().pulls(&name).is_empty());
        work.git(&["merge", "-q", "-X", "ours", "-m", "by hand", "here"]);
        work.push(lab.there(), &["there:main"]);
        lab.refray(&["sync"]).exits(0);
        has(&lab.agree(&name), &[&work.tip("there")]);
        assert!(open(lab, &name).iter().all(|count| *count == 0));
    });
}
