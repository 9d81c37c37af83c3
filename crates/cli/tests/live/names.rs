//! Names that forges fold, take or refuse.

use crate::world::{HERE, Kind, Lab, New, Place, has};

#[test]
#[ignore = "needs named forges"]
fn another_case_is_no_other_name() {
    Lab::each("", |lab| {
        let (upper, lower) = (lab.name("Folded"), lab.name("folded"));
        let work = lab.seed(HERE, &upper);
        lab.create(lab.there(), &lower);
        work.push_as(lab.there(), &lower, &["main"]);
        lab.refray(&["sync"]).exits(0);
        let tip = work.commit("second");
        work.push(HERE, &["main"]);
        has(&lab.refray(&["sync"]).exits(0), &["branch main forwarded on"]);
        has(&lab.refs(lab.there(), &lower), &[&format!("{tip}\trefs/heads/main")]);
        has(&lab.refray(&["sync"]).exits(0), &["1 agreed already", "0 changes"]);
    });
}

/// Endings of names, of which some forges take some.
const ENDINGS: [&str; 14] =
    ["a.b", "a.", "a_b", "a--b", "a..b", "a.wiki", "a.RSS", "a.atom", "a.git.git", "a.lock", "-", "a.keys", "ä", "a+b"];

#[test]
#[ignore = "needs named forges"]
fn a_name_is_made_where_the_forge_takes_it_and_named_where_it_does_not() {
    Lab::each("", |lab| {
        for ending in ENDINGS {
            let name = lab.name(ending);
            lab.seed(Place::Folder, &name);
        }
        let run = lab.refray(&["sync", "--format", "json"]);
        let lines: Vec<String> = run.stdout.lines().map(str::to_owned).collect();
        for ending in ENDINGS {
            let name = lab.name(ending);
            let made = lab.exists(HERE, &name);
            if made {
                continue;
            }
            // The forge itself refuses it as well, in whatever words.
            let body = serde_json::json!({"name": name, "path": name, "private": true, "visibility": "private"});
            let path = if lab.here().kind == Kind::GitLab { "/projects" } else { "/user/repos" };
            let (status, answer) = lab.here().ask(reqwest::Method::POST, path, Some(body));
            println!("{:?} {name}: {status} {}", lab.here().kind, answer["message"]);
            if (200..300).contains(&status) && lab.exists(HERE, &name) {
                panic!("{:?} takes `{ending}`, and it was not made: {run}", lab.here().kind, run = run.stdout);
            }
            assert!(lines.iter().any(|line| line.contains(&name)), "nothing is said of {name}:\n{}", run.stdout);
        }
        let plain = lab.name("a.b");
        lab.agree(&plain);
    });
}

#[test]
#[ignore = "needs named forges"]
fn long_descriptions_are_cut_and_odd_ones_kept() {
    Lab::each("", |lab| {
        let name = lab.name("described");
        let description = format!("{} \u{1f980} \"quoted\" \\ 'and' so on", "word ".repeat(40));
        lab.here().create(&New { name: &name, private: true, description: &description, in_org: false });
        lab.work(&name).push(HERE, &["main"]);
        lab.refray(&["sync"]).exits(0);
        for forge in &lab.forges {
            assert_eq!(forge.seen(&forge.user, &name).unwrap().description, description, "{:?}", forge.kind);
        }
    });
}
