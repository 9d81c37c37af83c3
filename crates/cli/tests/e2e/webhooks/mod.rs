//! Webhooks: put on every repository, looked at, moved, removed; on the forges themselves.

mod daily;
mod deliveries;
mod refused;
mod repaired;
mod selected;
mod syncing;
mod updated;

use refray_sim::Kind;
use refray_sim::world::{Hook, HookTarget, NewRepository, Visibility};

use crate::world::{OWNER, Run, World};

const KINDS: [Kind; 4] = Kind::ALL;
const URL: &str = "http://127.0.0.1:9/webhook";
const NEW: &str = "http://127.0.0.1:9/moved/webhook";
const ALIEN: &str = "http://127.0.0.1:9/somebody/else";
const SECRET: &str = "marker-of-the-hook-5f0c2b";
const VARIABLE: &str = "HOOK_SECRET";

/// Forges whose configuration knows an address and a secret.
async fn world(kinds: &[Kind]) -> World {
    let mut world = World::of_forges(kinds).await;
    configure(&mut world, "", URL);
    world
}

/// Sets what the configuration says of webhooks.
fn configure(world: &mut World, more: &str, url: &str) {
    world.config.tail = format!("[webhook]\nurl = \"{url}\"\nsecret = {{ env = \"{VARIABLE}\" }}\n{more}");
    world.env.entry(VARIABLE.to_owned()).or_insert_with(|| SECRET.to_owned());
}

fn make(world: &World, kind: Kind, name: &str) {
    let new = NewRepository { visibility: Visibility::Private, ..NewRepository::default() };
    world.site(kind).create_repo(OWNER, name, new).unwrap();
}

fn target(world: &World, kind: Kind, name: &str) -> HookTarget {
    HookTarget::Repository(world.site(kind).repository(OWNER, name).unwrap().id)
}

/// The webhooks of a repository of [`OWNER`], oldest first.
fn hooks(world: &World, kind: Kind, name: &str) -> Vec<Hook> {
    let target = target(world, kind, name);
    let site = world.site(kind);
    let there = site.world();
    there.hooks.values().filter(|hook| hook.target == target).cloned().collect()
}

/// Where they send to.
fn urls(world: &World, kind: Kind, name: &str) -> Vec<String> {
    hooks(world, kind, name).into_iter().map(|hook| hook.url).collect()
}

/// Changes the one webhook of a repository, as a person would on the forge's page.
fn alter(world: &World, kind: Kind, name: &str, change: impl FnOnce(&mut Hook)) {
    let mut all = hooks(world, kind, name);
    assert_eq!(all.len(), 1);
    let mut hook = all.remove(0);
    change(&mut hook);
    world.site(kind).world().hooks.insert(hook.id, hook);
}

/// Adds a webhook that is not refray's.
fn add(world: &World, kind: Kind, name: &str, url: &str, event: &str) -> Hook {
    let mut hook = Hook::new(target(world, kind, name), url);
    hook.events.insert(event.to_owned());
    world.site(kind).world().add_hook(hook)
}

/// How many requests about webhooks there were since the last time: looks, writes. And all there were of any kind.
fn counted(world: &World, kind: Kind) -> (usize, usize, usize) {
    let site = world.site(kind);
    let all = site.requests().all();
    site.requests().clear();
    let about = all.iter().filter(|request| request.path.contains("/hooks"));
    let (looks, writes): (Vec<_>, Vec<_>) = about.partition(|request| request.method == "GET");
    (looks.len(), writes.len(), all.len())
}

/// The last line that `--format json` prints.
fn summary(run: &Run) -> serde_json::Value {
    let last = run.events().pop().unwrap();
    assert_eq!(last["event"], "webhooks_finished");
    last["summary"].clone()
}

/// Asserts that a further install finds all as it should be, and writes nothing.
#[track_caller]
fn is_settled(world: &World, kinds: &[Kind]) {
    for kind in kinds {
        counted(world, *kind);
    }
    world.refray(&["webhook", "install"]).exits(0);
    for kind in kinds {
        assert_eq!(counted(world, *kind).1, 0, "{kind}");
    }
}
