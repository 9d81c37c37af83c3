//! Repositories that are renamed, deleted, or become visible to others.

use crate::world::{HERE, Lab, has, newest};

/// So many repositories, in agreement.
fn agreed(lab: &Lab, count: usize) -> Vec<String> {
    let names: Vec<String> = (0..count).map(|number| lab.name(&format!("r{number}"))).collect();
    for name in &names {
        lab.seed(HERE, name);
    }
    lab.refray(&["sync"]).exits(0);
    names
}

#[test]
#[ignore = "needs named forges"]
fn a_rename_is_held_and_neither_a_deletion_nor_a_creation() {
    Lab::each("delete_missing = true", |lab| {
        let names = agreed(lab, 2);
        let better = lab.name("better");
        lab.here().rename(&names[0], &better);
        has(&lab.refray(&["sync"]).exits(1), &["was renamed or moved to", &better, "remedy: "]);
        assert!(!lab.exists(HERE, &names[0]) && lab.exists(lab.there(), &names[0]));
        assert!(!lab.exists(lab.there(), &better));
        has(&lab.refray(&["status"]).stdout, &["held"]);
        // Renamed alike everywhere, it is one again.
        for place in &lab.places()[1..] {
            match lab.forge(*place) {
                Some(forge) => forge.rename(&names[0], &better),
                None => std::fs::rename(lab.bare(&names[0]), lab.bare(&better)).unwrap(),
            }
        }
        lab.refray(&["sync"]).exits(0);
        lab.agree(&better);
    });
}

#[test]
#[ignore = "needs named forges"]
fn a_deleted_repository_is_made_anew_unless_its_deletion_is_wanted() {
    Lab::each("", |lab| {
        let names = agreed(lab, 2);
        let before = lab.agree(&names[0]);
        lab.delete(HERE, &names[0]);
        has(&lab.refray(&["sync", "--no-create"]).stdout, &[&names[0]]);
        assert!(lab.exists(lab.there(), &names[0]) && !lab.exists(HERE, &names[0]));
        has(&lab.refray(&["sync"]).exits(0), &["created on"]);
        assert_eq!(lab.agree(&names[0]), before);
    });
}

#[test]
#[ignore = "needs named forges"]
fn a_deleted_repository_is_followed_after_a_backup_and_undone() {
    Lab::each("delete_missing = true", |lab| {
        let names = agreed(lab, 3);
        let before = lab.refs(HERE, &names[0]);
        lab.delete(HERE, &names[0]);
        let said = lab.refray(&["sync", "--repo", &names[0], "--confirm-deletions"]).exits(0);
        has(&said, &[&names[0]]);
        for place in lab.places() {
            assert!(!lab.exists(place, &names[0]), "{place:?}");
            assert!(lab.exists(place, &names[1]), "{place:?}");
        }
        let run = newest(lab);
        lab.refray(&["undo", &run]).exits(0);
        assert_eq!(lab.agree(&names[0]), before);
        has(&lab.refray(&["sync"]).exits(0), &["0 changes"]);
    });
}

#[test]
#[ignore = "needs named forges"]
fn many_that_vanish_at_once_are_held() {
    Lab::each("delete_missing = true", |lab| {
        let names = agreed(lab, 5);
        for name in &names[..4] {
            lab.delete(HERE, name);
        }
        has(&lab.refray(&["sync"]).exits(1), &["repositories vanished at once", "remedy: "]);
        for name in &names {
            assert!(lab.exists(lab.there(), name), "{name}");
        }
        lab.refray(&["sync", "--repo", &names[0], "--confirm-deletions"]).exits(0);
        assert!(!lab.exists(lab.there(), &names[0]) && lab.exists(lab.there(), &names[1]));
    });
}

#[test]
#[ignore = "needs named forges"]
fn two_unrelated_repositories_of_one_name_are_kept_apart() {
    Lab::each("", |lab| {
        let name = lab.name("twice");
        let work = lab.seed(HERE, &name);
        lab.create(lab.there(), &name);
        work.git(&["checkout", "-q", "--orphan", "other"]);
        work.commit("something else");
        work.push(lab.there(), &["other:main"]);
        has(&lab.refray(&["sync"]).exits(1), &["share no history", "--join"]);
        assert_ne!(lab.refs(HERE, &name), lab.refs(lab.there(), &name));
    });
}

#[test]
#[ignore = "needs named forges"]
fn only_what_is_public_goes_out_when_that_is_asked_for() {
    Lab::each("sync_visibility = \"public\"", |lab| {
        let (hidden, shown) = (lab.name("hidden"), lab.name("shown"));
        lab.seed(HERE, &hidden);
        let new = crate::world::New { name: &shown, private: false, description: "", in_org: false };
        lab.here().create(&new);
        lab.work(&shown).push(HERE, &["main"]);
        lab.refray(&["sync"]).exits(0);
        lab.agree(&shown);
        assert!(!lab.exists(lab.there(), &hidden));
    });
}
