//! What `refray doctor` finds.

mod here;
mod rights;

use refray_sim::Kind;
use refray_sim::world::{Protection, PushRule, Visibility};

use crate::world::{OWNER, World, has};

#[tokio::test(flavor = "multi_thread")]
async fn all_is_well_on_four_forges_and_nothing_is_changed() {
    let mut world = World::of_forges(&Kind::ALL).await;
    world.config.set("delete_missing = true");
    world.seed(Kind::GitHub, "one", Visibility::Private);
    world.refray(&["sync"]).exits(0);
    let said = world.refray(&["doctor"]).exits(0);
    has(&said, &["machine\n  pass  git ", "github\n  pass  account  signed in as ada", "gitlab/ada\n", ", 0 failed."]);
    assert!(!said.contains("FAIL"), "{said}");
    for kind in Kind::ALL {
        let log = world.site(kind).requests().all();
        let writes = log.iter().rev().take_while(|logged| logged.method == "GET").count();
        assert!(writes >= 3, "{kind}: the last requests only read");
    }
    let run = world.refray(&["doctor", "--format", "json"]);
    let events = run.events();
    let last = events.last().unwrap();
    assert_eq!((last["event"].as_str(), last["fail"].as_u64()), (Some("doctor_finished"), Some(0)));
    assert!(events.iter().any(|event| event["check"]["about"] == "gitea/ada" && event["check"]["level"] == "pass"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_forgejo_does_not_tell_of_a_token_is_not_made_up() {
    let mut world = World::of_forges(&[Kind::Forgejo]).await;
    world.config.set("delete_missing = true");
    world.seed(Kind::Forgejo, "one", Visibility::Private);
    let token =
        world.site(Kind::Forgejo).token(OWNER, &["read:user", "read:repository", "write:issue"]).unwrap().secret;
    let run = world.command(&["doctor"]).env(World::token_variable(Kind::Forgejo), token).output().unwrap();
    let said = String::from_utf8(run.stdout).unwrap();
    // Whether one may push, the server says before anything is sent; all else would have to be tried.
    has(
        &said,
        &["FAIL  right to push by git", "missing, and syncing asks for it", "Give the token `write:repository`."],
    );
    has(&said, &["warn  other rights", "without trying: fetch by git and read repositories, create repositories, "]);
    has(&said, &["Check on the forge that the token has `read:repository`, `write:user`, `write:repository`.\n"]);
    assert_eq!(said.matches("missing").count(), 1, "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_for_default_branches_are_named_on_each_forge() {
    for kind in Kind::ALL {
        let mut world = World::of_forges(&[kind]).await;
        world.config.set("conflict_resolution = \"auto_rebase\"");
        for name in ["closed", "unforced", "free"] {
            world.seed(kind, name, Visibility::Private);
        }
        let site = world.site(kind);
        let id = |name| site.repository(OWNER, name).unwrap().id;
        let closed = Protection { push: PushRule::Nobody, admins_included: true, ..Protection::new("main") };
        let closed = if kind == Kind::GitHub { Protection { pull_request_required: true, ..closed } } else { closed };
        site.protect(id("closed"), closed).unwrap();
        site.protect(id("unforced"), Protection { force_push: false, ..Protection::new("main") }).unwrap();
        let said = world.refray(&["doctor"]).exits(1);
        has(&said, &[&format!("{kind}/ada: closed\n  FAIL  default branch  `main` cannot be pushed to")]);
        has(&said, &[&format!("{kind}/ada: unforced\n  warn  default branch  `main` can be pushed to but not forced")]);
        // GitLab protects every default branch of itself.
        assert_eq!(said.contains(": free"), kind == Kind::GitLab, "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_sites_names_and_endpoints_is_named() {
    let mut world = World::of_forges(&[Kind::GitHub, Kind::Gitea]).await;
    world.add_folders(&["disk"]);
    world.init("disk", "größe", "sha1");
    let said = world.refray(&["doctor"]).exits(0);
    has(&said, &["warn  names", "`größe` cannot be made there", "github/ada", "gitea/ada"]);
    let run = world.command(&["doctor"]).env(World::token_variable(Kind::Gitea), "wrong").output().unwrap();
    let said = String::from_utf8(run.stdout).unwrap();
    has(&said, &["gitea\n  FAIL  account", "github\n  pass  account", "remedy:"]);
    world.config.replace("namespace = \"ada\"", "namespace = \"nobody\"");
    let said = world.refray(&["doctor"]).exits(1);
    has(&said, &["github/nobody\n  FAIL  namespace", "remedy:"]);
}
