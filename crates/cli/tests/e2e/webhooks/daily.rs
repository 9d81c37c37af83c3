//! A hundred repositories, from the first install to the last removal, with requests counted.

use refray_sim::Effect;

use super::*;
use crate::world::{files_below, has};

const EACH: usize = 25;

fn name(number: usize) -> String {
    format!("repo-{number:02}")
}

fn each(mut check: impl FnMut(Kind, &str)) {
    for kind in KINDS {
        for number in 0..EACH {
            check(kind, &name(number));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_repositories() {
    let mut world = world(&KINDS).await;
    each(|kind, name| make(&world, kind, name));

    let dry = world.refray(&["webhook", "install", "--dry-run"]);
    has(&dry.exits(0), &["would be created", "100 copies: 100 to be created. Nothing was written."]);
    each(|kind, name| assert!(hooks(&world, kind, name).is_empty()));
    for kind in KINDS {
        assert_eq!(counted(&world, kind).1, 0);
    }

    let run = world.refray(&["webhook", "install", "--format", "json"]);
    assert_eq!(run.events().iter().filter(|event| event["event"] == "webhook").count(), 100);
    assert_eq!(summary(&run)["created"], 100);
    run.exits(0);
    each(|kind, name| {
        let all = hooks(&world, kind, name);
        assert_eq!(all.len(), 1, "{kind} {name}");
        assert_eq!((all[0].url.as_str(), all[0].secret.as_deref(), all[0].active), (URL, Some(SECRET), true));
    });
    for kind in KINDS {
        let (looks, writes, _) = counted(&world, kind);
        assert_eq!((looks, writes), (EACH, EACH), "{kind}");
    }

    has(&world.refray(&["webhook", "install"]).exits(0), &["100 copies: 100 right already.\n"]);
    for kind in KINDS {
        let (looks, writes, all) = counted(&world, kind);
        assert_eq!((looks, writes), (EACH, 0), "{kind}: one page for each repository");
        assert!(all <= EACH + 4, "{kind}: {all} requests");
    }

    let status = world.refray(&["webhook", "status"]);
    has(
        &status.exits(0),
        &["= repo-00  forgejo/ada  installed\n", "= repo-24  gitlab/ada   installed\n", "100 copies: 100 installed."],
    );
    for kind in KINDS {
        assert_eq!(counted(&world, kind).1, 0);
    }

    has(&world.refray(&["webhook", "update", "--url", NEW, "-n"]).exits(0), &["100 to be repaired", "would be"]);
    for kind in KINDS {
        assert_eq!(counted(&world, kind).1, 0);
    }
    has(&world.refray(&["webhook", "update", "--url", NEW]).exits(0), &["100 copies: 100 repaired."]);
    for kind in KINDS {
        let (looks, writes, _) = counted(&world, kind);
        // Gitea and Forgejo cannot change a secret: there it is made anew.
        let for_each = if matches!(kind, Kind::Gitea | Kind::Forgejo) { 2 } else { 1 };
        assert_eq!((looks, writes), (EACH, for_each * EACH), "{kind}");
    }
    each(|kind, name| assert_eq!(urls(&world, kind, name), [NEW]));
    configure(&mut world, "", NEW);
    has(&world.refray(&["webhook", "status"]).exits(0), &["100 copies: 100 installed."]);

    add(&world, Kind::GitHub, "repo-00", ALIEN, "push");
    has(&world.refray(&["webhook", "uninstall", "-n"]).exits(0), &["100 to be removed"]);
    let run = world.refray(&["webhook", "uninstall", "--format", "json"]);
    assert_eq!((&summary(&run)["removed"], &summary(&run)["foreign"]), (&100.into(), &1.into()));
    run.exits(0);
    each(|kind, name| {
        let left: &[&str] = if kind == Kind::GitHub && name == "repo-00" { &[ALIEN] } else { &[] };
        assert_eq!(urls(&world, kind, name), left);
    });
    has(&world.refray(&["webhook", "uninstall"]).exits(0), &["100 copies: 100 had none."]);
    let said = world.refray(&["webhook", "status"]).exits(1);
    has(&said, &["missing (1 foreign)", "100 missing, 1 foreign"]);
    assert_eq!(said.matches("remedy: Run `refray webhook install`").count(), 1, "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_secret_is_in_nothing_that_is_printed_or_kept() {
    let mut world = world(&KINDS).await;
    for kind in KINDS {
        make(&world, kind, "one");
        // A forge that says it back.
        let echo = format!("{{\"message\":\"no such thing as {SECRET}\"}}");
        world.site(kind).faults().add_for(Some("POST"), "/hooks", Some(1), Effect::Status(422, echo)).unwrap();
    }
    let mut said = world.refray(&["webhook", "install", "-vvv"]).exits(1);
    said += &world.refray(&["webhook", "install", "-vvv"]).exits(0);
    let commands: [&[&str]; 4] = [
        &["webhook", "status", "-vvv", "--format", "json"],
        &["webhook", "update", "--url", NEW, "-vvv"],
        &["webhook", "uninstall", "-vvv", "--format", "json"],
        &["config", "show"],
    ];
    for args in commands {
        said += &world.refray(args).exits(0);
    }
    configure(&mut world, "install = true\n", URL);
    said += &world.refray(&["sync", "-vvv"]).exits(0);
    assert_eq!(urls(&world, Kind::GitLab, "one"), [URL]);
    assert!(!said.contains(SECRET), "{said}");
    for file in files_below(&world.home()) {
        let bytes = std::fs::read(&file).unwrap();
        assert!(!bytes.windows(SECRET.len()).any(|part| part == SECRET.as_bytes()), "{}", file.display());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_given_is_asked_for() {
    let mut world = World::of_forges(&[Kind::Gitea]).await;
    make(&world, Kind::Gitea, "one");
    has(&world.refray(&["webhook", "install"]).exits(2), &["no address", "--url", "[webhook].url"]);
    has(&world.refray(&["webhook", "install", "--url", URL]).exits(2), &["no secret", "--secret-env"]);
    has(&world.refray(&["webhook", "install", "--url", "nonsense"]).exits(2), &["`nonsense` is not an address"]);
    has(&world.refray(&["webhook", "status"]).exits(2), &["no address"]);
    let args = ["webhook", "install", "--url", URL, "--secret-env", VARIABLE];
    has(&world.refray(&args).exits(2), &["the environment variable `HOOK_SECRET` is not set"]);
    world.env.insert(VARIABLE.into(), SECRET.into());
    has(&world.refray(&args).exits(0), &["+ one  gitea/ada  created", "`[webhook] ALLOWED_HOST_LIST`"]);
    // What was installed is remembered, without any configuration.
    has(&world.refray(&["webhook", "status"]).exits(0), &["= one  gitea/ada  installed"]);
    has(&world.refray(&["webhook", "uninstall"]).exits(0), &["- one  gitea/ada  removed"]);
    assert!(hooks(&world, Kind::Gitea, "one").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn directories_have_none() {
    let mut world = world(&[Kind::Gitea]).await;
    world.add_folders(&["a"]);
    make(&world, Kind::Gitea, "one");
    world.seeded("a", "two");
    let said = world.refray(&["webhook", "install"]).exits(0);
    has(&said, &["1 copy: 1 created"]);
    assert!(!said.contains("disk/a"), "{said}");
    assert!(!world.refray(&["webhook", "status"]).exits(0).contains("disk/a"));
    has(&world.refray(&["webhook", "status", "-v"]).exits(0), &["= disk/a: a directory, which has no webhooks"]);
}
