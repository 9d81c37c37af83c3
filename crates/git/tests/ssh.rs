//! Conversations as over ssh, with a program in its place that runs git here.

#![expect(clippy::unwrap_used, reason = "tests fail loudly")]

mod common;

use std::ffi::OsString;
use std::time::Duration;

use common::{Repo, World, create};
use refray_core::ObjectFormat;
use refray_git::fetch::{FetchRequest, fetch};
use refray_git::ls_refs;
use refray_git::pack::SharedPack;
use refray_git::push::{PackSource, PushError, PushRequest, push};
use refray_git::transport::{Ssh, SshOptions, SshProgram, SshRemote};

/// A repository behind a program that notes its process and runs these lines, in which `$command` is what to run.
fn remote(world: &World, repo: &Repo, lines: &str) -> SshRemote {
    let script = world.path("ssh");
    #[expect(clippy::disallowed_methods, reason = "a script for this test")]
    std::fs::write(
        &script,
        format!("for command; do :; done\necho $$ >>'{}'\n{lines}\n", world.path("started").display()),
    )
    .unwrap();
    #[expect(clippy::disallowed_methods, reason = "where git is found")]
    let path = std::env::var_os("PATH").unwrap();
    let quiet = [("GIT_CONFIG_NOSYSTEM", "1"), ("GIT_CONFIG_GLOBAL", "/dev/null"), ("HOME", "/nonexistent")];
    let mut environment: Vec<(OsString, OsString)> = quiet.map(|(name, value)| (name.into(), value.into())).into();
    environment.push(("PATH".into(), path));
    let program = SshProgram::Line(format!("sh '{}'", script.display()));
    let options = SshOptions { program, environment, connect_timeout: Duration::from_secs(10), at_once: 4 };
    SshRemote::new(Ssh::new(options), format!("git@git.example:{}", repo.path.display()).parse().unwrap())
}

fn started(world: &World) -> Vec<String> {
    let text = std::fs::read_to_string(world.path("started")).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn what_is_listed_is_fetched_in_the_same_conversation() {
    let world = World::new();
    let repo = world.bare("it's.git", ObjectFormat::Sha1);
    let tip = repo.commit("main", "f", "1", 1);
    let remote = remote(&world, &repo, "eval \"exec $command\"");
    let mirror = world.mirror("m", ObjectFormat::Sha1);
    assert!(ls_refs(&remote).await.unwrap().refs.values().any(|oid| *oid == tip));
    let request = FetchRequest { wants: [tip].into(), haves: Vec::new() };
    fetch(&world.git, &remote, &mirror, &request, &()).await.unwrap();
    assert_eq!(mirror.holds([tip]).unwrap().len(), 1);
    assert_eq!(started(&world).len(), 1);

    // A listing is never made in an old conversation: the server's program remembers what it listed first.
    let next = repo.commit("main", "f", "2", 2);
    assert!(ls_refs(&remote).await.unwrap().refs.values().any(|oid| *oid == next));
    let last = repo.commit("main", "f", "3", 3);
    assert!(ls_refs(&remote).await.unwrap().refs.values().any(|oid| *oid == last));
    let request = FetchRequest { wants: [last].into(), haves: vec![tip] };
    fetch(&world.git, &remote, &mirror, &request, &()).await.unwrap();
    assert_eq!(mirror.holds([last]).unwrap().len(), 1);
    assert_eq!(started(&world).len(), 3);
}

#[tokio::test]
async fn a_kept_conversation_that_the_server_has_ended_is_replaced() {
    let world = World::new();
    let repo = world.bare("a.git", ObjectFormat::Sha1);
    let tip = repo.commit("main", "f", "1", 1);
    let remote = remote(&world, &repo, "eval \"exec $command\"");
    let mirror = world.mirror("m", ObjectFormat::Sha1);
    ls_refs(&remote).await.unwrap();
    let pid: i32 = started(&world)[0].parse().unwrap();
    rustix::process::kill_process(rustix::process::Pid::from_raw(pid).unwrap(), rustix::process::Signal::KILL).unwrap();
    let request = FetchRequest { wants: [tip].into(), haves: Vec::new() };
    fetch(&world.git, &remote, &mirror, &request, &()).await.unwrap();
    assert_eq!(mirror.holds([tip]).unwrap().len(), 1);
    assert_eq!(started(&world).len(), 2);
}

#[tokio::test]
async fn a_server_of_version_0_is_understood() {
    let world = World::new();
    let repo = world.bare("a.git", ObjectFormat::Sha1);
    let tip = repo.commit("main", "f", "1", 1);
    let remote = remote(&world, &repo, "unset GIT_PROTOCOL; eval \"exec $command\"");
    let mirror = world.mirror("m", ObjectFormat::Sha1);
    assert_eq!(ls_refs(&remote).await.unwrap().refs.len(), 1);
    let request = FetchRequest { wants: [tip].into(), haves: Vec::new() };
    fetch(&world.git, &remote, &mirror, &request, &()).await.unwrap();
    assert_eq!(mirror.holds([tip]).unwrap().len(), 1);
}

#[tokio::test]
async fn a_push_whose_connection_is_lost_before_the_report_is_looked_at() {
    let world = World::new();
    let (from, to) = (world.bare("from.git", ObjectFormat::Sha1), world.bare("to.git", ObjectFormat::Sha1));
    let tip = from.commit("main", "f", "1", 1);
    let mirror = world.mirror("m", ObjectFormat::Sha1);
    let request = FetchRequest { wants: [tip].into(), haves: Vec::new() };
    fetch(&world.git, &world.remote(&from), &mirror, &request, &()).await.unwrap();
    let pack = SharedPack::build(&world.git, &mirror, &[tip], &[]);
    let request = PushRequest {
        commands: vec![create("refs/heads/main", tip)],
        pack: Some(PackSource::Shared(pack)),
        format: ObjectFormat::Sha1,
        first: None,
        progress: &(),
    };
    // The advertisement comes through and the report does not; and the words are those of an early failure.
    let cut = "size=$(git receive-pack --http-backend-info-refs 'TO' | wc -c)\n\
               eval \"$command\" | { head -c \"$size\"; exec >&-; cat >/dev/null; }\n\
               echo 'git@git.example: Permission denied (publickey).' >&2\nexit 255";
    let cut = cut.replace("TO", &to.path.display().to_string());
    let error = push(&remote(&world, &to, &cut), &request).await.unwrap_err();
    assert!(matches!(error, PushError::OutcomeUnknown { .. }), "{error:?}");
    assert_eq!(to.oid("main"), tip, "as it is, it was carried out");
}
