//! What doctor finds on this machine: the state, the mirrors, the address for webhooks.

use refray_sim::Kind;
use refray_sim::world::Visibility;

use crate::world::{OWNER, Place, World, files_below, has, put};

/// Everything below the world's folder that refray may have made or changed.
fn everything(world: &World) -> Vec<(std::path::PathBuf, std::time::SystemTime)> {
    let own = [world.home(), world.state(), world.cache()];
    let files = own.iter().filter(|folder| folder.exists()).flat_map(|folder| files_below(folder));
    files.map(|file| (file.clone(), file.metadata().unwrap().modified().unwrap())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_made_or_changed_by_a_look() {
    let mut world = World::of_forges(&[Kind::GitHub, Kind::Gitea]).await;
    world.config.set("delete_missing = true");
    world.seed(Kind::GitHub, "one", Visibility::Private);
    let said = world.refray(&["doctor"]).exits(0);
    has(&said, &["pass  state file       none yet; the first sync makes it"]);
    assert!(!world.state().exists() && !world.cache().exists(), "not even folders");
    world.refray(&["sync"]).exits(0);
    let before = (everything(&world), world.requests());
    let said = world.refray(&["doctor"]).exits(0);
    has(&said, &["pass  state file       can be read, and is sound"]);
    assert_eq!(everything(&world), before.0);
    for kind in [Kind::GitHub, Kind::Gitea] {
        let log = world.site(kind).requests().all();
        let written = log.iter().rev().take_while(|logged| logged.method == "GET").count();
        assert!(written >= 4, "{kind}: only reads since");
    }
}

#[test]
fn a_state_that_cannot_be_opened_keeps_nothing_else_from_being_looked_at() {
    let world = World::of_folders(&["a", "b"]);
    world.seeded("a", "one");
    world.refray(&["sync"]).exits(0);
    let file = world.state().join("state.db");
    let good = std::fs::read(&file).unwrap();
    let mut damaged = good.clone();
    for byte in damaged.iter_mut().skip(4096) {
        *byte = 0xa5;
    }
    let newer: Vec<u8> = [&good[..60], &77_u32.to_be_bytes(), &good[64..]].concat();
    for (content, words) in [
        (
            b"no database at all, but long enough for a header of one, which has a hundred bytes; so this goes on"
                .to_vec(),
            "is damaged",
        ),
        (damaged, "is damaged"),
        (newer, "has format 77, and this refray knows formats up to"),
    ] {
        for name in ["state.db-wal", "state.db-shm"] {
            drop(std::fs::remove_file(world.state().join(name)));
        }
        put(&file, &content);
        let said = world.refray(&["doctor"]).exits(1);
        has(&said, &["FAIL  state file", words, "remedy:", "disk/a\n", "listing", "1 repository", ", 1 failed."]);
    }
}

#[test]
fn a_configuration_whose_sites_cannot_all_be_connected_is_looked_at_as_a_whole() {
    let mut world = World::of_folders(&["a"]);
    world.config.site(
        "broken",
        "provider = \"gitea\"\nbase_url = \"https://gitea.example.org\"\ntoken = { value = \"x\" }\nca_file = \"/no/such/file.pem\"\n",
    );
    world.config.endpoint("broken", &format!("kind = \"user\"\nnamespace = \"{OWNER}\""));
    let said = world.refray(&["doctor"]).exits(1);
    has(&said, &["broken\n  FAIL  connection  ", "/no/such/file.pem", "remedy:", "disk/a\n  pass", ", 1 failed."]);
}

#[test]
fn files_in_lfs_are_named_once_there_are_mirrors() {
    let world = World::of_folders(&["a", "b"]);
    let (plain, large) = (world.seeded("a", "plain"), world.seeded("a", "large"));
    drop(plain);
    let said = world.refray(&["doctor"]).exits(0);
    assert!(!said.contains("git lfs"), "nothing is known yet: {said}");
    put(&world.path("work/large/.gitattributes"), "*.bin filter=lfs diff=lfs merge=lfs -text\n");
    large.commit("large files");
    large.push(&Place::Folder("a"), "large", &["main"]);
    world.refray(&["sync"]).exits(0);
    let said = world.refray(&["doctor"]).exits(0);
    has(&said, &["all\n  warn  git lfs  files are kept outside of git in large\n", "Only pointers travel by git"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_address_for_webhooks_is_tried_from_here() {
    let mut world = World::of_forges(&[Kind::Gitea]).await;
    let settings = |url: &str, secret: &str| format!("[webhook]\nurl = \"{url}\"\n{secret}\n");
    world.config.tail = settings("http://127.0.0.1:9/webhook", "secret = { env = \"NOWHERE\" }");
    let said = world.refray(&["doctor"]).exits(1);
    has(
        &said,
        &["webhooks\n  warn  address  http://127.0.0.1:9/webhook does not answer as it should: ", "`refray serve`"],
    );
    has(&said, &["FAIL  secret   ", "NOWHERE"]);
    // Any server that answers, but not with what refray would say.
    let other = world.site(Kind::Gitea).base_url().trim_end_matches('/').to_owned() + "/nothing/is/here";
    world.config.tail = settings(&other, "secret = { value = \"s\" }");
    let said = world.refray(&["doctor"]).exits(0);
    has(&said, &["does not answer as it should: 404", "pass  secret   can be had"]);
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let world = World::of_folders(&["a"]);
    put(&world.path("in-the-way"), "");
    let state = world.path("in-the-way/state");
    let run = world.refray(&["doctor", "--state-dir", state.to_str().unwrap()]);
    has(&run.exits(1), &["FAIL  state directory", "remedy:", "disk/a\n  pass"]);
}

#[test]
fn a_namespace_that_is_no_folder_is_named_before_a_sync_makes_it() {
    let world = World::of_folders(&["a", "b"]);
    drop(world.seeded("a", "one"));
    let b = world.path("disk/b");
    std::fs::remove_dir(&b).unwrap();
    let said = world.refray(&["doctor"]).exits(0);
    has(
        &said,
        &["warn  folder", "disk/b is not there", "remedy: If it is new, the first sync makes it.", ", 1 to look at"],
    );
    world.refray(&["sync"]).exits(0);
    world.refray(&["doctor"]).exits(0);
    std::fs::remove_dir_all(&b).unwrap();
    has(&world.refray(&["sync"]).exits(1), &["there is no such folder"]);
    has(&world.refray(&["doctor"]).exits(0), &["disk/b is not there", "mount the disk or correct the namespace"]);
}
