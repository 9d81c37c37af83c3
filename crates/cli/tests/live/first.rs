//! The first sync: repositories are made wherever they are missing, and look alike.

use std::collections::BTreeSet;

use crate::world::{HERE, Lab, New, Place, Seen, has, until};

#[test]
#[ignore = "needs named forges"]
fn repositories_are_made_with_all_that_describes_them() {
    Lab::each("", |lab| {
        let (hidden, shown) = (lab.name("hidden"), lab.name("shown"));
        for (name, private) in [(&hidden, true), (&shown, false)] {
            lab.here().create(&New { name, private, description: "What it is: ünïcode & <tags>", in_org: false });
            let work = lab.work(name);
            work.git(&["tag", "plain"]);
            work.git(&["tag", "-a", "-m", "an annotated tag", "v1.0"]);
            work.on("trunk", "main");
            work.commit("on the trunk");
            work.on("topic/with a+sign#1".replace(' ', "-").as_str(), "main");
            work.commit("on a topic");
            work.push(HERE, &["--all"]);
            work.push(HERE, &["--tags"]);
            lab.here().set_default_branch(name, "trunk");
        }
        let dry = lab.refray(&["sync", "--dry-run"]).exits(0);
        has(&dry, &["create repository", "(public)", "(private)"]);
        assert!(!lab.exists(Place::Folder, &hidden));
        has(&lab.refray(&["sync"]).exits(0), &["2 repositories: 2 synced"]);
        for (name, private) in [(&hidden, true), (&shown, false)] {
            let refs = lab.agree(name);
            has(&refs, &["ref: refs/heads/trunk\tHEAD", "refs/tags/v1.0^{}", "refs/tags/plain", "topic/with-a+sign#1"]);
            for forge in &lab.forges {
                let expected = Seen {
                    name: name.clone(),
                    private,
                    description: "What it is: ünïcode & <tags>".into(),
                    default_branch: "trunk".into(),
                    archived: false,
                };
                assert_eq!(forge.seen(&forge.user, name).unwrap(), expected, "{:?}", forge.kind);
            }
        }
        has(&lab.refray(&["sync"]).exits(0), &["2 agreed already", "0 changes"]);
        has(&lab.refray(&["sync", "--full"]).exits(0), &["2 agreed already", "0 changes"]);
        // From a folder it comes as a private one.
        let own = lab.name("from-a-folder");
        lab.seed(Place::Folder, &own);
        lab.refray(&["sync"]).exits(0);
        lab.agree(&own);
        assert!(lab.here().seen(&lab.here().user, &own).unwrap().private);
        has(&lab.refray(&["status"]).exits(0), &[&own, "agreed"]);
    });
}

#[test]
#[ignore = "needs named forges"]
fn organisations_are_filled_like_accounts() {
    Lab::each_org("", |lab| {
        let name = lab.name("ours");
        lab.seed(HERE, &name);
        lab.refray(&["sync"]).exits(0);
        lab.agree(&name);
        let other = lab.name("from-a-folder");
        let work = lab.seed(Place::Folder, &other);
        lab.refray(&["sync"]).exits(0);
        work.commit("second");
        work.push(HERE, &["main"]);
        lab.refray(&["sync"]).exits(0);
        has(&lab.agree(&other), &[&work.tip("main")]);
    });
}

#[test]
#[ignore = "needs named forges"]
fn an_empty_repository_is_made_everywhere_and_filled() {
    Lab::each("", |lab| {
        let name = lab.name("empty");
        lab.create(HERE, &name);
        lab.refray(&["sync"]).exits(0);
        for place in lab.places() {
            assert!(lab.exists(place, &name), "{place:?}");
        }
        has(&lab.refray(&["sync"]).exits(0), &["0 changes"]);
        let work = lab.work(&name);
        work.on("develop", "main");
        work.push(lab.there(), &["develop"]);
        lab.refray(&["sync"]).exits(0);
        has(&lab.refs(HERE, &name), &["refs/heads/develop"]);
        // A forge may choose its default branch a moment after the push, and the others follow it then.
        until("one default branch", || {
            lab.refray(&["sync"]).exits(0);
            let copies: BTreeSet<String> = lab.places().into_iter().map(|place| lab.refs(place, &name)).collect();
            copies.len() == 1 && copies.iter().all(|refs| refs.contains("ref: refs/heads/develop\tHEAD"))
        });
        has(&lab.refray(&["sync"]).exits(0), &["0 changes"]);
    });
}
