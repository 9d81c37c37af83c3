//! A secret is seen by nobody.

use refray_sim::world::Visibility;
use refray_sim::{Effect, Kind};

use crate::serve::{hook_up, until};
use crate::world::{OWNER, Place, World, files_below, has, put, users};

const KINDS: [Kind; 4] = Kind::ALL;

/// All that tells a token: as it is, and as it goes over the wire with each user name that forges take.
fn tells(token: &str) -> Vec<String> {
    let names = ["", OWNER, "oauth2", "x-access-token", "git", "token"];
    let pairs = names.map(|name| format!("{name}:{token}"));
    // The end of a base64 text depends on what stands before, so that all of them are made whole.
    let encoded = pairs.iter().map(|pair| base64(pair.as_bytes()).trim_end_matches('=').to_owned());
    let reversed: String = token.chars().rev().collect();
    encoded.chain([token.to_owned(), reversed, base64(token.as_bytes())]).collect()
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let number = chunk.iter().fold(0_u32, |number, byte| number << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let letter = LETTERS[(number >> (18 - 6 * place)) as usize & 63] as char;
            text.push(if place <= chunk.len() { letter } else { '=' });
        }
    }
    text
}

fn assert_silent(secrets: &[String], text: &[u8], place: &str) {
    for secret in secrets.iter().flat_map(|token| tells(token)) {
        let found = text.windows(secret.len()).position(|window| window == secret.as_bytes());
        assert_eq!(found, None, "a secret is in {place}: {}", String::from_utf8_lossy(text));
    }
}

fn assert_clean(world: &World, secrets: &[String], said: &str) {
    assert_silent(secrets, said.as_bytes(), "what was printed");
    let calls = world.git_calls();
    assert_silent(secrets, calls.as_bytes(), "the arguments or the environment of a child");
    // Everything but where the test itself put them.
    let own = [world.path("config.toml"), world.path("secrets")];
    for file in files_below(world.dir.path()).iter().filter(|file| !own.iter().any(|own| file.starts_with(own))) {
        assert_silent(secrets, &std::fs::read(file).unwrap(), &file.display().to_string());
        let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(file).unwrap().permissions());
        if file.starts_with(world.state()) {
            assert_eq!(mode & 0o077, 0, "{} is for its owner alone", file.display());
        }
    }
}

async fn world() -> (World, Vec<String>) {
    let mut world = World::of_forges(&KINDS).await;
    let secrets: Vec<String> = KINDS.iter().map(|kind| world.token(*kind).to_owned()).collect();
    // Each way to give a token.
    let file = world.path("secrets/token");
    put(&file, &format!("{}\n", world.token(Kind::GitLab)));
    world.config.replace("{ env = \"TOKEN_GITLAB\" }", &format!("{{ file = \"{}\" }}", file.display()));
    let cat = format!("{{ command = \"cat '{}'\" }}", world.path("secrets/other").display());
    put(&world.path("secrets/other"), world.token(Kind::Gitea));
    world.config.replace("{ env = \"TOKEN_GITEA\" }", &cat);
    let value = format!("{{ value = \"{}\" }}", world.token(Kind::Forgejo));
    world.config.replace("{ env = \"TOKEN_FORGEJO\" }", &value);
    for variable in ["TOKEN_GITLAB", "TOKEN_GITEA", "TOKEN_FORGEJO"] {
        world.env.remove(variable);
    }
    (world, secrets)
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_that_go_well_leave_no_secret_behind() {
    let (world, secrets) = world().await;
    for (number, kind) in KINDS.into_iter().enumerate() {
        world.seed(kind, &format!("repo-{number}"), Visibility::Private);
    }
    let mut said = world.refray(&["sync", "-vvv"]).exits(0);
    world.site(Kind::GitLab).commit(OWNER, "repo-1", "main", &[("f", "2")], "second\n").unwrap();
    let commands: [&[&str]; 6] = [
        &["sync", "-v"],
        &["sync", "--full", "--format", "json", "-vvv"],
        &["config", "show"],
        &["config", "check"],
        &["config", "show", "--format", "json"],
        &["sync", "--dry-run", "-vvv", "--full"],
    ];
    for args in commands {
        said += &world.refray(args).exits(0);
    }
    let calls = std::fs::read_to_string(world.path("git.log")).unwrap();
    assert!(calls.contains("index-pack"), "git was at work: {calls}");
    assert!(!calls.contains("TOKEN_GITHUB"), "not even the name of a variable is handed on");
    world.agree(&users(&KINDS), "repo-0");
    assert_clean(&world, &secrets, &said);
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_that_fail_leave_no_secret_behind() {
    let (world, secrets) = world().await;
    world.seed(Kind::GitHub, "one", Visibility::Private);
    let mut said = world.refray(&["sync"]).exits(0);
    world.site(Kind::GitHub).commit(OWNER, "one", "main", &[("f", "2")], "second\n").unwrap();
    // Forges that say the secret back to whoever told it.
    for (index, kind) in KINDS.into_iter().enumerate() {
        let echo = format!(
            "no entry with {} or Basic {}",
            secrets[index],
            base64(format!("ada:{}", secrets[index]).as_bytes())
        );
        world.site(kind).faults().add("git-receive-pack", Some(4), Effect::Status(403, echo.clone())).unwrap();
        world.site(kind).faults().add("git-upload-pack", Some(1), Effect::Status(500, echo)).unwrap();
    }
    said += &world.refray(&["sync", "-vvv"]).exits(1);
    for (index, kind) in KINDS.into_iter().enumerate() {
        world.site(kind).faults().clear();
        let echo = format!("{{\"message\":\"bad token {}\"}}", secrets[index]);
        world.site(kind).faults().add("/api/", None, Effect::Status(422, echo)).unwrap();
    }
    said += &world.refray(&["sync", "-vvv", "--format", "json"]).exits(1);
    for (index, kind) in KINDS.into_iter().enumerate() {
        world.site(kind).faults().clear();
        world.site(kind).revoke_token(&secrets[index]);
    }
    said += &world.refray(&["sync", "-vvv"]).exits(1);
    assert_clean(&world, &secrets, &said);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_leaves_no_secret_behind_and_shows_none() {
    let (mut world, mut secrets) = world().await;
    world.with_webhook();
    world.config.tail += "[dashboard]\ntoken = { env = \"DASHBOARD_TOKEN\" }\n";
    world.env.insert("DASHBOARD_TOKEN".into(), "open-sesame-0123456789".into());
    secrets.extend(["open-sesame-0123456789".to_owned(), world.env["REFRAY_WEBHOOK_SECRET"].clone()]);
    world.seed(Kind::GitHub, "one", Visibility::Private);
    let daemon = world.serve(&["-vvv"]);
    for kind in KINDS {
        hook_up(&world, kind, &daemon);
    }
    until(&daemon, "the first full sync", || daemon.ask("/readyz", "").0 == 200).await;
    until(&daemon, "the first copies", || KINDS.iter().all(|kind| world.site(*kind).repository(OWNER, "one").is_ok()))
        .await;
    // What goes wrong is shown as well: a forge that says back what it was told.
    let echo = format!("no entry with {} or ada:{}", secrets[1], secrets[1]);
    world.site(Kind::GitLab).faults().add("git-receive-pack", None, Effect::Status(403, echo.clone())).unwrap();
    world.site(Kind::GitLab).faults().add("info/refs", None, Effect::Status(403, echo)).unwrap();
    let tip = world.site(Kind::GitHub).commit(OWNER, "one", "main", &[("f", "2")], "second\n").unwrap();
    let at = Place::Forge(Kind::Gitea, OWNER);
    until(&daemon, "the push is on the others", || world.refs(&at, "one").contains(&tip)).await;
    let bearer = "Authorization: Bearer open-sesame-0123456789\r\n";
    let mut shown = String::new();
    for path in ["/", "/groups/all", "/groups/all/one", "/runs", "/queue", "/metrics", "/login", "/no-such-page"] {
        let (status, page) = daemon.ask(path, bearer);
        assert!(matches!(status, 200 | 303 | 401 | 404), "{path}: {status}");
        shown += &page;
    }
    assert!(shown.contains("refray_full_syncs_total") && shown.len() > 2000, "{shown}");
    for event in daemon.events() {
        shown += &event.to_string();
    }
    daemon.signal("TERM");
    let (code, log) = daemon.ends();
    assert_eq!(code, Some(0), "{log}");
    assert!(log.lines().count() > 20, "it was to say everything: {log}");
    assert_clean(&world, &secrets, &(shown + &log));
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_over_ssh_leave_no_secret_behind() {
    let (mut world, secrets) = world().await;
    world.seed(Kind::GitHub, "one", Visibility::Private);
    let Some(_sshd) = world.over_ssh(&KINDS) else { return };
    world.env.insert("AN_UNRELATED_SECRET".into(), secrets[1].clone());
    let said = world.refray(&["sync", "-vvv"]).exits(0);
    let calls = std::fs::read_to_string(world.path("git.log")).unwrap();
    has(&calls, &["ssh -F ", "git-receive-pack '/gitlab/ada/one.git'", "GIT_PROTOCOL='version=2'"]);
    for name in ["TOKEN_GITHUB", "AN_UNRELATED_SECRET", "GIT_SSH_COMMAND"] {
        assert!(!calls.contains(name), "not even the name of `{name}` is handed on");
    }
    assert_clean(&world, &secrets, &said);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mistake_in_the_line_of_a_secret_does_not_show_it() {
    let (mut world, secrets) = world().await;
    let given = format!("{{ value = \"{}\" }}", secrets[3]);
    let mut said = String::new();
    for wrong in [
        format!("\"{}\"", secrets[3]),
        format!("{{ valeu = \"{}\" }}", secrets[3]),
        format!("{{ value = \"{}\", env = \"X\" }}", secrets[3]),
        format!("{{ value = \"{}\"", secrets[3]),
    ] {
        world.config.replace(&given, &wrong);
        said += &world.refray(&["config", "check"]).exits(2);
        said += &world.refray(&["sync", "--format", "json", "-vvv"]).exits(2);
        world.config.replace(&wrong, &given);
    }
    assert_clean(&world, &secrets, &said);
}

/// A server that sends every visitor to another one.
async fn gatekeeper(to: String) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = vec![0; 8192];
            let read = stream.read(&mut request).await.unwrap_or_default();
            let text = String::from_utf8_lossy(&request[..read]).into_owned();
            let path = text.split(' ').nth(1).unwrap_or("/").to_owned();
            let answer =
                format!("HTTP/1.1 302 Found\r\nLocation: {to}{path}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            drop(stream.write_all(answer.as_bytes()).await);
        }
    });
    url
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_to_another_host_gets_no_token() {
    let mut world = World::of_forges(&[Kind::GitHub, Kind::Gitea]).await;
    world.seed(Kind::GitHub, "one", Visibility::Private);
    world.seed(Kind::Gitea, "two", Visibility::Public);
    let url = world.site(Kind::Gitea).base_url().to_owned();
    let door = gatekeeper(url.clone()).await;
    world.config.replace(&url, &door);
    world.refray(&["sync"]).exits(1);
    assert!(!world.site(Kind::Gitea).requests().saw_token(world.token(Kind::Gitea)), "it was for the door alone");
    assert!(world.site(Kind::GitHub).requests().saw_token(world.token(Kind::GitHub)));
}

#[test]
fn the_encoding_is_the_usual_one() {
    assert_eq!(base64(b"ada:x"), "YWRhOng=");
    assert_eq!(base64(b"ad"), "YWQ=");
    assert_eq!(base64(b"a"), "YQ==");
    assert_eq!(base64(b"ada"), "YWRh");
}
