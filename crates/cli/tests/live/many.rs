//! More repositories and branches than a page of a listing holds.

use crate::world::{HERE, Lab, Place, has};

const COUNT: usize = 55;

#[test]
#[ignore = "needs named forges"]
fn more_than_a_page_is_found_to_the_last() {
    Lab::each("delete_missing = true", |lab| {
        let names: Vec<String> = (0..COUNT).map(|number| lab.name(&format!("r{number:02}"))).collect();
        let work = lab.work("template");
        for name in &names {
            lab.create(Place::Folder, name);
            work.push_as(Place::Folder, name, &["main"]);
        }
        has(&lab.refray(&["sync"]).exits(0), &[&format!("{COUNT} repositories: {COUNT} synced")]);
        assert_eq!(lab.here().names(&lab.here().user, &lab.prefix), names);
        std::fs::remove_dir_all(lab.path("home/.local/state/refray")).unwrap();
        has(&lab.refray(&["sync"]).exits(0), &["0 changes"]);
        has(&lab.refray(&["sync"]).exits(0), &[&format!("{COUNT} agreed already"), "0 changes"]);
        lab.agree(&names[0]);
        lab.agree(&names[COUNT - 1]);
    });
}

#[test]
#[ignore = "needs named forges"]
fn more_references_than_a_forge_takes_in_one_go_all_arrive() {
    Lab::each("", |lab| {
        let name = lab.name("wide");
        let work = lab.seed(Place::Folder, &name);
        for number in 0..300 {
            work.git(&["update-ref", &format!("refs/heads/topic/{number:03}"), "main"]);
            work.git(&["update-ref", &format!("refs/tags/v0.{number:03}"), "main"]);
        }
        work.push(Place::Folder, &["--all"]);
        work.push(Place::Folder, &["--tags"]);
        lab.refray(&["sync"]).exits(0);
        let refs = lab.agree(&name);
        assert_eq!(refs.matches("refs/heads/topic/").count() + refs.matches("refs/tags/v0.").count(), 600);
        work.push(HERE, &["--delete", "topic/000", "topic/001"]);
        lab.refray(&["sync"]).exits(0);
        assert!(!lab.agree(&name).contains("topic/001"));
    });
}
