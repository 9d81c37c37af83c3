//! The journal, as it is shown.

use crate::world::{Place, World, has};

const A: Place = Place::Folder("a");

/// The id of the newest run.
pub(crate) fn newest(world: &World) -> String {
    let runs = world.refray(&["log", "--format", "json", "--limit", "1"]).events();
    runs[0]["run"].as_str().unwrap().to_owned()
}

#[test]
fn runs_are_listed_newest_first_with_what_they_did() {
    let world = World::of_folders(&["a", "b"]);
    has(&world.refray(&["log"]).exits(0), &["There is no run"]);
    let work = world.seeded("a", "One");
    let first = work.tip("HEAD");
    work.push(&A, "One", &["main:refs/heads/topic"]);
    world.seeded("b", "two");
    world.refray(&["sync"]).exits(0);
    let earlier = newest(&world);
    let second = work.commit("second");
    work.push(&A, "One", &["main", ":topic"]);
    world.refray(&["sync"]).exits(0);

    let run = world.refray(&["log", "--format", "json"]);
    let runs = run.events();
    assert_eq!(runs.len(), 2, "{}", run.stdout);
    assert_eq!((&runs[1]["run"], &runs[1]["command"]), (&earlier.as_str().into(), &"sync".into()));
    assert!(runs[0]["run"].as_str() > runs[1]["run"].as_str(), "newest first");
    for time in ["started", "finished"] {
        runs[0][time].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    }
    assert_eq!(runs[0]["summary"]["actions"], 2);
    let actions = runs[0]["actions"].as_array().unwrap();
    let brief = |action: &serde_json::Value| {
        let fields = ["kind", "repository", "group", "endpoint", "ref", "old", "new", "cause", "outcome"];
        fields.map(|field| action[field].as_str().unwrap_or("-").to_owned()).join(" ")
    };
    let lines: Vec<String> = actions.iter().map(brief).collect();
    let expected = [
        format!("update_ref One all disk/b refs/heads/main {first} {second} fast_forward done"),
        format!("update_ref One all disk/b refs/heads/topic {first} - delete done"),
    ];
    assert_eq!(lines, expected);

    let said = world.refray(&["log"]).exits(0);
    has(&said, &["sync: 2 repositories, 2 changes; 1 changed", &earlier]);
    let said = world.refray(&["log", &newest(&world)]).exits(0);
    has(&said, &["all/One", &format!("forward branch main on disk/b: {} → {}", &first[..10], &second[..10])]);
    has(&said, &["(fast_forward, done)", "delete branch topic on disk/b", "(delete, done)"]);
    let said = world.refray(&["log", &earlier[..earlier.len() - 1], "--repo", "TWO"]).exits(0);
    has(&said, &["create repository two on disk/a"]);
    assert!(!said.contains("One"), "{said}");
    assert_eq!(world.refray(&["log", "--repo", "two", "--format", "json"]).events().len(), 1, "one run was about it");
    has(&world.refray(&["log", "2"]).exits(2), &["several runs begin with `2`"]);
    has(&world.refray(&["log", "nothing"]).exits(2), &["there is no run `nothing`"]);
}

#[test]
fn what_was_refused_is_told_with_its_remedy() {
    let world = World::of_folders(&["a", "b"]);
    let work = world.seeded("a", "one");
    world.refray(&["sync"]).exits(0);
    let hook = world.bare(&Place::Folder("b"), "one").join("hooks/update");
    crate::world::put(&hook, "#!/bin/sh\necho no way\nexit 1\n");
    std::fs::set_permissions(&hook, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    work.commit("more");
    work.push(&A, "one", &["main"]);
    let refused = world.refray(&["sync"]).code == Some(1);
    let said = world.refray(&["log", &newest(&world)]).exits(0);
    if refused {
        has(&said, &["(fast_forward, refused)", "remedy:"]);
    } else {
        has(&said, &["(fast_forward, done)"]);
    }
}
