//! What commands say to people, to the letter.

use refray_sim::Kind;
use refray_sim::world::Visibility;

use crate::log::newest;
use crate::output::settings;
use crate::world::{Place, Run, World};

const A: Place = Place::Folder("a");
const B: Place = Place::Folder("b");

fn told(world: &World, name: &str, run: &Run) {
    let mut settings = settings(world);
    for (pattern, with) in [
        (r"\d{8}T\d{6}Z", "[BACKUP]"),
        (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ", "[DATE AND TIME]"),
        (r" +\d+ (s|min)\b", "  [AGE]"),
        (r" +\d+(\.\d+)? (B|KiB)\b", " [SIZE]"),
        (r"http://127\.0\.0\.1:\d+", "http://[FORGE]"),
    ] {
        settings.add_filter(pattern, with);
    }
    let Run { stdout, stderr, code } = run;
    let stderr = if stderr.is_empty() { String::new() } else { format!("\n---- on standard error\n{stderr}") };
    settings
        .bind(|| insta::assert_snapshot!(format!("told_{name}"), format!("{stdout}{stderr}\n---- exit code {code:?}")));
}

/// One that agrees, one that has diverged on two branches, one with held deletions, one that another forge cannot take.
fn scene() -> World {
    let world = World::of_folders(&["a", "b"]);
    world.seeded("a", "fine");
    let (one, two) = (world.seeded("a", "one"), world.seeded("a", "two"));
    one.push(&A, "one", &["main:refs/heads/dev"]);
    for branch in ["b1", "b2", "b3"] {
        two.push(&A, "two", &[&format!("main:refs/heads/{branch}")]);
    }
    world.refray(&["sync"]).exits(0);
    let first = one.tip("main");
    for (side, text) in [(&A, "here"), (&B, "there")] {
        one.git(&["reset", "-q", "--hard", &first]);
        one.commit(text);
        one.push(side, "one", &["main", "main:refs/heads/dev"]);
    }
    for branch in ["main", "b1", "b2", "b3"] {
        world.git("disk/b/two.git", &["update-ref", "-d", &format!("refs/heads/{branch}")]);
    }
    two.git(&["checkout", "-q", "-b", "other"]);
    two.commit("other");
    two.push(&B, "two", &["other"]);
    world
}

#[test]
fn a_day_with_trouble() {
    let world = scene();
    told(&world, "status_at_first", &World::of_folders(&["a", "b"]).refray(&["status"]));
    told(&world, "plan", &world.refray(&["plan", "--jobs", "1"]));
    told(&world, "sync", &world.refray(&["sync", "--jobs", "1"]));
    told(&world, "sync_verbose", &world.refray(&["sync", "--jobs", "1", "-v"]));
    told(&world, "status", &world.refray(&["status"]));
    told(&world, "status_quiet", &world.refray(&["status", "-q"]));
    told(&world, "status_verbose", &world.refray(&["status", "-v"]));
    told(&world, "log", &world.refray(&["log"]));
    let disk = world.path("disk/b");
    std::fs::rename(&disk, world.path("elsewhere")).unwrap();
    told(&world, "sync_unreachable", &world.refray(&["sync", "--jobs", "1"]));
    told(&world, "status_unreachable", &world.refray(&["status"]));
    std::fs::rename(world.path("elsewhere"), &disk).unwrap();
    told(&world, "sync_force", &world.refray(&["sync", "--repo", "one", "--force"]));
}

#[test]
fn the_way_back() {
    let world = World::of_folders(&["a", "b"]);
    told(&world, "log_at_first", &world.refray(&["log"]));
    told(&world, "backup_list_at_first", &world.refray(&["backup", "list"]));
    let one = world.seeded("a", "one");
    one.push(&A, "one", &["main:refs/heads/topic"]);
    world.refray(&["sync"]).exits(0);
    one.push(&A, "one", &[":topic"]);
    world.refray(&["sync"]).exits(0);
    let run = newest(&world);
    told(&world, "log_run", &world.refray(&["log", &run]));
    told(&world, "log_unknown", &world.refray(&["log", "nothing"]));
    told(&world, "backup_list", &world.refray(&["backup", "list"]));
    let id = world.refray(&["backup", "list", "--format", "json"]).events()[0]["backup"].as_str().unwrap().to_owned();
    told(&world, "backup_show", &world.refray(&["backup", "show", &id]));
    told(&world, "backup_restore_dry_run", &world.refray(&["backup", "restore", &id, "--as", "again", "-n"]));
    told(&world, "backup_restore", &world.refray(&["backup", "restore", &id, "--as", "again"]));
    told(&world, "backup_prune", &world.refray(&["backup", "prune"]));
    told(&world, "undo_dry_run", &world.refray(&["undo", &run, "-n"]));
    told(&world, "undo", &world.refray(&["undo", &run]));
}

#[tokio::test(flavor = "multi_thread")]
async fn webhooks() {
    let mut world = World::of_forges(&[Kind::GitHub, Kind::Forgejo]).await;
    for name in ["alpha", "be"] {
        world.seed(Kind::GitHub, name, Visibility::Public);
    }
    world.env.insert("HOOK".into(), "a-secret-of-hooks".into());
    world.config.tail = "[webhook]\nurl = \"https://mirror.example.com/webhook\"\nsecret = { env = \"HOOK\" }\n".into();
    world.refray(&["sync"]).exits(0);
    told(&world, "webhook_status_missing", &world.refray(&["webhook", "status"]));
    told(&world, "webhook_install_dry_run", &world.refray(&["webhook", "install", "-n"]));
    told(&world, "webhook_install", &world.refray(&["webhook", "install"]));
    told(&world, "webhook_status", &world.refray(&["webhook", "status"]));
    let moved = ["webhook", "update", "--url", "https://new.example.com/webhook", "--dry-run"];
    told(&world, "webhook_update_dry_run", &world.refray(&moved));
    told(&world, "webhook_uninstall", &world.refray(&["webhook", "uninstall"]));
}

#[test]
fn what_keeps_a_command_from_starting() {
    let mut world = World::of_folders(&["a", "b"]);
    told(&world, "no_configuration", &world.bare_run(&["sync"]));
    told(&world, "unknown_group", &world.refray(&["sync", "--group", "nobody"]));
    told(&world, "unknown_command", &world.refray(&["snyc"]));
    told(&world, "config_check", &world.refray(&["config", "check"]));
    world.config.set("conflict_resolutoin = \"fail\"");
    told(&world, "config_check_wrong", &world.refray(&["config", "check"]));
    told(&world, "config_check_wrong_json", &world.refray(&["config", "check", "--format", "json"]));
}
