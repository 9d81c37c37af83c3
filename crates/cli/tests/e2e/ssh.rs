//! Git over ssh, through the user's own `ssh` and a real sshd.

use refray_sim::Kind;
use refray_sim::world::Visibility;

use crate::serve::until;
use crate::world::{OWNER, Place, Sshd, World, has, put, users};

const KINDS: [Kind; 2] = [Kind::GitHub, Kind::Gitea];

/// A repository on one of two forges that are reached over ssh.
async fn world() -> Option<(World, Sshd)> {
    let mut world = World::of_forges(&KINDS).await;
    world.seed(KINDS[0], "one", Visibility::Private);
    let sshd = world.over_ssh(&KINDS)?;
    Some((world, sshd))
}

/// How many requests for git the forges have had over HTTP.
fn git_over_http(world: &World) -> usize {
    let requests = KINDS.iter().flat_map(|kind| world.site(*kind).requests().all());
    requests.filter(|request| request.path.contains(".git/")).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_forges_agree_over_ssh() {
    let Some((world, sshd)) = world().await else { return };
    let site = world.site(Kind::GitHub);
    let id = site.repository(OWNER, "one").unwrap().id;
    let tip = site.commit(OWNER, "one", "main", &[("f", "2")], "second\n").unwrap();
    for number in 0..100 {
        site.move_ref(id, &format!("refs/heads/topic/{number}"), &tip).unwrap();
        site.move_ref(id, &format!("refs/tags/v{number}"), &tip).unwrap();
    }
    world.refray(&["sync"]).exits(0);
    let all = world.agree(&users(&KINDS), "one");
    assert_eq!(all.lines().count(), 202, "{all}");
    let asked = sshd.asked();
    let count = |words: &str| asked.lines().filter(|line| line.contains(words)).count();
    assert_eq!(count("git-upload-pack /github/ada/one.git version=2"), 1, "one to list and to fetch: {asked}");
    assert_eq!(count("git-receive-pack /gitea/ada/one.git"), 1, "one push for all references: {asked}");
    assert_eq!(sshd.log().matches("Accepted publickey").count(), asked.lines().count());

    // What changes goes both ways, and what has not changed costs a listing each.
    world.site(Kind::Gitea).commit(OWNER, "one", "main", &[("f", "3")], "third\n").unwrap();
    site.move_ref(id, "refs/heads/new", &tip).unwrap();
    world.refray(&["sync"]).exits(0);
    assert_ne!(world.agree(&users(&KINDS), "one"), all);
    sshd.asked();
    world.refray(&["sync"]).exits(0);
    assert_eq!(sshd.asked().lines().count(), 2);
    assert_eq!(git_over_http(&world), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forge_over_ssh_and_a_directory_agree_without_version_2() {
    let mut world = World::of_forges(&[Kind::GitLab]).await;
    world.add_folders(&["all"]);
    world.seed(Kind::GitLab, "two", Visibility::Public);
    let Some(sshd) = world.over_ssh_with(&[Kind::GitLab], "") else { return };
    let work = world.seeded("all", "one");
    world.refray(&["sync"]).exits(0);
    let places = [Place::Folder("all"), Place::Forge(Kind::GitLab, OWNER)];
    world.agree(&places, "one");
    world.agree(&places, "two");
    let asked = sshd.asked();
    assert!(!asked.contains("version=2") && asked.contains("git-receive-pack /gitlab/ada/one.git"), "{asked}");
    work.commit("more");
    work.push(&places[0], "one", &["main", "main:refs/heads/side"]);
    world.refray(&["sync"]).exits(0);
    assert!(world.agree(&places, "one").contains("refs/heads/side"));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_repositories_do_not_run_into_the_limit_of_the_server() {
    let mut world = World::of_forges(&KINDS).await;
    for number in 0..20 {
        world.seed(KINDS[number % 2], &format!("repo-{number}"), Visibility::Private);
    }
    // Four for each of the two sites, and whoever comes beyond that is turned away.
    let settings = "AcceptEnv GIT_PROTOCOL\nMaxStartups 8:100:8\n";
    let Some(sshd) = world.over_ssh_with(&KINDS, settings) else { return };
    world.config.head = "jobs = 20\n".into();
    world.refray(&["sync"]).exits(0);
    world.refray(&["sync", "--full"]).exits(0);
    for number in 0..20 {
        world.agree(&users(&KINDS), &format!("repo-{number}"));
    }
    let log = sshd.log();
    assert!(!log.contains("MaxStartups") && log.matches("Accepted publickey").count() >= 60, "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_comes_through_under_serve() {
    let Some((mut world, sshd)) = world().await else { return };
    world.with_webhook();
    let daemon = world.served(&KINDS).await;
    daemon.settles(&world, &KINDS).await;
    for (kind, text) in [(Kind::GitHub, "2"), (Kind::Gitea, "3")] {
        sshd.asked();
        let tip = world.site(kind).commit(OWNER, "one", "main", &[("f", text)], "more\n").unwrap();
        until(&daemon, "the push is on both sides", || {
            users(&KINDS).iter().all(|place| world.refs(place, "one").contains(&format!("{tip} refs/heads/main")))
        })
        .await;
        daemon.settles(&world, &KINDS).await;
        assert_eq!(sshd.asked().matches("git-receive-pack").count(), 1, "one push, and none because of it");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_key_that_is_not_the_known_one_is_refused() {
    let Some((world, sshd)) = world().await else { return };
    let remedy = format!("run `ssh -p {} ", sshd.port);
    let remove = format!("ssh-keygen -R '[127.0.0.1]:{}'", sshd.port);
    let cases = [
        (String::new(), vec!["the ssh server's host key is not known here", &remedy, "compare the fingerprint"]),
        (sshd.other_host_key(), vec!["host key is not the one that is known here", &remove]),
    ];
    for (key, words) in cases {
        match key.as_str() {
            "" => put(&sshd.known_hosts(), ""),
            key => sshd.know(key),
        }
        let known = std::fs::read_to_string(sshd.known_hosts()).unwrap();
        let said = world.refray(&["sync"]).exits(1);
        has(&said, &words);
        assert_eq!(sshd.asked(), "", "git's programs were not even asked for");
        assert_eq!(std::fs::read_to_string(sshd.known_hosts()).unwrap(), known, "no key is noted");
        assert!(!sshd.log().contains("Accepted"), "nobody signed in");
        let said = world.refray(&["doctor"]).exits(1);
        has(&said, &words);
    }
    sshd.know(&sshd.host_key());
    world.refray(&["sync", "--retry-failed"]).exits(0);
    world.agree(&users(&KINDS), "one");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_key_that_the_server_takes_nothing_is_done() {
    let Some((world, sshd)) = world().await else { return };
    world.refray(&["sync"]).exits(0);
    let before = world.agree(&users(&KINDS), "one");
    world.site(Kind::GitHub).commit(OWNER, "one", "main", &[("f", "2")], "second\n").unwrap();
    sshd.forget_the_client();
    let said = world.refray(&["sync"]).exits(1);
    let words = [
        "the ssh server takes none of the keys that it was offered",
        "add the public key to the account on the forge",
        "-o BatchMode=yes",
        "Permission denied (publickey)",
    ];
    has(&said, &words);
    assert_eq!(world.refs(&Place::Forge(Kind::Gitea, OWNER), "one"), before);
    has(&world.refray(&["doctor"]).exits(1), &["FAIL  ssh", words[0]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_protected_branch_stops_itself_alone_over_ssh() {
    let Some((world, sshd)) = world().await else { return };
    world.refray(&["sync"]).exits(0);
    let site = world.site(Kind::GitHub);
    let id = site.repository(OWNER, "one").unwrap().id;
    let tip = site.commit(OWNER, "one", "main", &[("f", "2")], "second\n").unwrap();
    site.move_ref(id, "refs/heads/free", &tip).unwrap();
    sshd.protect(&["refs/heads/main"]);
    let said = world.refray(&["sync"]).exits(1);
    has(&said, &["refused (protected_branch)", "GH006: Protected branch update failed for refs/heads/main"]);
    let refs = world.refs(&Place::Forge(Kind::Gitea, OWNER), "one");
    assert!(refs.contains(&format!("{tip} refs/heads/free")) && !refs.contains(&format!("{tip} refs/heads/main")));
    sshd.protect(&[]);
    world.refray(&["sync", "--retry-failed"]).exits(0);
    world.agree(&users(&KINDS), "one");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repository_that_the_key_may_not_see_is_not_taken_for_deleted() {
    let Some((mut world, sshd)) = world().await else { return };
    world.config.set("delete_missing = true");
    world.refray(&["sync"]).exits(0);
    let before = world.agree(&users(&KINDS), "one");
    sshd.hide("/gitea/ada/one.git");
    let said = world.refray(&["sync", "--full"]).exits(1);
    has(&said, &["ERROR: Repository not found.", "gitea/ada could not be read"]);
    assert_eq!(world.agree(&users(&KINDS), "one"), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_tries_ssh() {
    let Some((world, sshd)) = world().await else { return };
    let said = world.refray(&["doctor"]);
    has(&said.stdout, &["pass  ssh", "ada/one can be read with your key", "not tried: there is no repository to read"]);
    drop(sshd);
    let said = world.refray(&["doctor"]).exits(1);
    has(&said, &["FAIL  ssh", "no connection", "Connection refused", "check the network, and the host and port"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_an_option_is_not_handed_to_ssh() {
    let mut world = World::of_forges(&KINDS).await;
    world.seed(KINDS[0], "one", Visibility::Private);
    world.site(KINDS[0]).set_ssh("ssh://-oProxyCommand=touch${IFS}pwned");
    let line = format!("base_url = \"{}\"", world.site(KINDS[0]).base_url());
    world.config.replace(&line, &format!("{line}\ntransport = \"ssh\""));
    let trap = world.path("started");
    world.env.insert("GIT_SSH_COMMAND".into(), format!("touch '{}'; false", trap.display()));
    let said = world.refray(&["sync"]).exits(1);
    has(
        &said,
        &["the host in `ssh://-oProxyCommand=touch${IFS}pwned/ada/one.git` is not one that may be handed to ssh"],
    );
    assert!(!trap.exists(), "nothing was started");
}
