//! Where tokens come from, what is said when they cannot be had, and what happens when they are replaced.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use refray_sim::Kind;
use refray_sim::world::Visibility;

use crate::serve::until;
use crate::world::{OWNER, Session, World, has, put, users};

const KINDS: [Kind; 2] = [Kind::GitHub, Kind::Gitea];

/// Two forges, the first with a repository.
async fn world() -> World {
    let world = World::of_forges(&KINDS).await;
    world.seed(KINDS[0], "one", Visibility::Private);
    world
}

impl World {
    /// Has the token of a forge come from somewhere else than its variable.
    fn token_from(&mut self, kind: Kind, table: &str) {
        let variable = Self::token_variable(kind);
        self.config.replace(&format!("{{ env = \"{variable}\" }}"), table);
        self.env.remove(&variable);
    }

    /// Writes a token into a file that its owner alone can read.
    fn put_token(&self, name: &str, text: &str) {
        put(&self.path(name), text);
        mode(&self.path(name), 0o600);
    }

    /// Replaces a forge's token: the old one is worth nothing any more.
    fn rotate(&self, kind: Kind, old: &str) -> String {
        let site = self.site(kind);
        let new = site.token(OWNER, &["*"]).unwrap().secret;
        site.revoke_token(old);
        new
    }
}

fn mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_gives_its_first_line() {
    let mut world = world().await;
    let token = world.token(Kind::Gitea).to_owned();
    let script = world.path("helper");
    put(&script, &format!("#!/bin/sh\necho {token}\necho more\necho a notice >&2\n"));
    mode(&script, 0o700);
    world.token_from(Kind::Gitea, &format!("{{ command = \"test -n \\\"$HOME\\\" && '{}'\" }}", script.display()));
    let said = world.refray(&["sync"]).exits(0);
    world.agree(&users(&KINDS), "one");
    assert!(!said.contains("WARN") && !said.contains("a notice"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_gives_no_token_is_named_with_its_site_and_without_its_output() {
    let cases = [
        ("{ command = \"echo s3cret; echo 'not signed in' >&2; exit 3\" }", vec!["exit status: 3", "not signed in"]),
        ("{ command = \"true\" }", vec!["the command's output", "empty"]),
        ("{ file = \"no-such-file\" }", vec!["no-such-file", "cannot be read"]),
        ("{ env = \"NO_SUCH_VARIABLE\" }", vec!["`NO_SUCH_VARIABLE` is not set"]),
        ("{ keyring = \"refray-gitea\" }", vec!["`refray-gitea`", "no D-Bus session", "`file` or `command`"]),
    ];
    for (table, words) in cases {
        let mut world = world().await;
        let nowhere = format!("unix:path={}", world.path("no-bus").display());
        world.env.insert("DBUS_SESSION_BUS_ADDRESS".into(), nowhere);
        world.token_from(Kind::Gitea, table);
        let said = world.refray(&["sync"]).exits(1);
        has(&said, &words);
        has(&said, &["Check the `token` of site `gitea`"]);
        assert!(!said.contains("s3cret"), "{said}");
        has(&world.refray(&["doctor"]).exits(1), &words);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_others_can_read_are_warned_of_once() {
    let mut world = world().await;
    let file = world.path("token");
    world.put_token("token", world.token(Kind::Gitea));
    world.token_from(Kind::Gitea, &format!("{{ file = \"{}\" }}", file.display()));
    let warnings = |said: &str| said.matches("can be read by other").count();
    for (bits, expected) in [(0o600, 0), (0o640, 1), (0o604, 1)] {
        mode(&file, bits);
        let said = world.refray(&["sync"]).exits(0);
        assert_eq!(warnings(&said), expected, "{bits:o}: {said}");
        assert_eq!(said.contains("chmod 600"), expected == 1, "{said}");
    }
    // A token that is refused is read again, which is no reason to say it again.
    put(&file, "refused");
    let said = world.refray(&["sync"]).exits(1);
    assert_eq!(warnings(&said), 1, "{said}");
    has(&said, &["Check the token of site `gitea`"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_configuration_with_a_token_that_others_can_read_is_warned_of() {
    let mut world = world().await;
    let table = format!("{{ value = \"{}\" }}", world.token(Kind::Gitea));
    world.token_from(Kind::Gitea, &table);
    // The file is written anew for each run, and keeps its mode.
    world.refray(&["config", "path"]).exits(0);
    for (bits, warned) in [(0o600, false), (0o644, true)] {
        mode(&world.path("config.toml"), bits);
        let said = world.refray(&["sync"]).exits(0);
        assert_eq!(said.contains("holds a secret and can be read by others: run `chmod 600"), warned, "{said}");
    }
}

#[test]
fn a_configuration_with_a_signing_token_that_others_can_read_is_warned_of() {
    let mut world = World::of_folders(&["a", "b"]);
    world.config.tail += "[webhook]\nsigning_token = { value = \"whsec_AAEC\" }\n";
    world.refray(&["config", "path"]).exits(0);
    mode(&world.path("config.toml"), 0o644);
    has(&world.refray(&["sync"]).exits(0), &["holds a secret and can be read by others: run `chmod 600"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_replaced_is_taken_without_a_restart() {
    let mut world = world().await;
    world.with_webhook();
    let mut tokens: Vec<String> = KINDS.iter().map(|kind| world.token(*kind).to_owned()).collect();
    let (file, other) = (world.path("first"), world.path("second"));
    world.put_token("first", &tokens[0]);
    world.put_token("second", &tokens[1]);
    world.token_from(KINDS[0], &format!("{{ file = \"{}\" }}", file.display()));
    world.token_from(KINDS[1], &format!("{{ command = \"cat '{}'\" }}", other.display()));
    let daemon = world.served(&KINDS).await;
    daemon.settles(&world, &KINDS).await;
    for round in 0..2 {
        for (index, name) in ["first", "second"].into_iter().enumerate() {
            tokens[index] = world.rotate(KINDS[index], &tokens[index]);
            world.put_token(name, &tokens[index]);
        }
        // One that pushes by the new token on one side and reads by the new one on the other.
        let from = world.site(KINDS[round % 2]);
        let tip = from.commit(OWNER, "one", "main", &[("f", &round.to_string())], "more\n").unwrap();
        until(&daemon, "the push is on both sides", || {
            users(&KINDS).iter().all(|place| world.refs(place, "one").contains(&format!("{tip} refs/heads/main")))
        })
        .await;
        daemon.settles(&world, &KINDS).await;
    }
    let log = daemon.log();
    assert!(tokens.iter().all(|token| !log.contains(token)), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_comes_from_the_keyring_and_is_read_again_when_it_is_replaced() {
    let mut world = world().await;
    let folder = world.path("session");
    std::fs::create_dir_all(&folder).unwrap();
    let Some(session) = Session::start(&folder) else { return };
    world.with_webhook();
    let first = world.token(Kind::Gitea).to_owned();
    world.env.insert("DBUS_SESSION_BUS_ADDRESS".into(), session.address.clone());
    world.token_from(Kind::Gitea, "{ keyring = \"gitea\" }");
    let said = world.refray(&["sync"]).exits(1);
    has(&said, &["there is no such entry", "secret-tool store --label 'gitea' service refray username 'gitea'"]);

    store(&session, "gitea", &first).await;
    world.refray(&["sync"]).exits(0);
    world.agree(&users(&KINDS), "one");
    let daemon = world.served(&KINDS).await;
    let second = world.rotate(Kind::Gitea, &first);
    store(&session, "gitea", &second).await;
    let tip = world.site(Kind::GitHub).commit(OWNER, "one", "main", &[("f", "2")], "second\n").unwrap();
    until(&daemon, "the push is on both sides", || {
        users(&KINDS).iter().all(|place| world.refs(place, "one").contains(&format!("{tip} refs/heads/main")))
    })
    .await;

    lock(&session).await;
    has(&world.refray(&["sync"]).exits(1), &["the keyring is locked: unlock it"]);
}

/// Stores an entry as any other program would.
async fn store(session: &Session, name: &str, secret: &str) {
    let service = service(session).await;
    let collection = service.get_default_collection().await.unwrap();
    let attributes = std::collections::HashMap::from([("service", "refray"), ("username", name)]);
    collection.create_item(name, attributes, secret.as_bytes(), true, "text/plain").await.unwrap();
}

async fn lock(session: &Session) {
    service(session).await.get_default_collection().await.unwrap().lock().await.unwrap();
}

async fn service(session: &Session) -> secret_service::SecretService<'static> {
    let connection = zbus::connection::Builder::address(session.address.as_str()).unwrap().build().await.unwrap();
    let encryption = secret_service::EncryptionType::Dh;
    secret_service::SecretService::connect_with_existing(encryption, connection).await.unwrap()
}
