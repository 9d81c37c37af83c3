//! How ssh is run, seen from a program that stands in for it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use futures_util::StreamExt;

use super::{Ssh, SshAddress, SshOptions, SshProgram, SshRemote};
use crate::transport::{Conversation, ProtocolVersion, Remote, Service, TransportError, TransportErrorKind};

struct Lab {
    folder: tempfile::TempDir,
}

impl Lab {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.file(name)).unwrap_or_default()
    }

    /// An ssh that is these lines of shell, in the folder of the lab.
    fn remote(&self, lines: &str, at_once: usize) -> SshRemote {
        let script = self.file("ssh");
        #[expect(clippy::disallowed_methods, reason = "a script for this test")]
        std::fs::write(&script, format!("cd '{}'\n{lines}\n", self.folder.path().display())).unwrap();
        remote(SshProgram::Line(format!("sh '{}'", script.display())), at_once)
    }
}

fn remote(program: SshProgram, at_once: usize) -> SshRemote {
    #[expect(clippy::disallowed_methods, reason = "where the shell is found")]
    let path = std::env::var_os("PATH").unwrap();
    let environment: Vec<(OsString, OsString)> = vec![("PATH".into(), path), ("HOME".into(), "/nonexistent".into())];
    let ssh = Ssh::new(SshOptions { program, environment, connect_timeout: Duration::from_secs(7), at_once });
    let address: SshAddress = "ssh://git@git.example:2222/o/it's.git".parse().unwrap();
    SshRemote::new(ssh, address)
}

async fn open(remote: &SshRemote) -> Result<Conversation, TransportError> {
    remote.connect(Service::UploadPack, ProtocolVersion::V2).await.map(Option::unwrap)
}

#[tokio::test]
async fn it_gets_its_options_and_nothing_of_the_environment_but_what_it_may_have() {
    let lab = Lab::new();
    let remote = lab.remote("printf '%s\\n' \"$@\" >args; env >env; printf 0000; cat >said", 1);
    let conversation = open(&remote).await.unwrap();
    let args = lab.read("args");
    assert_eq!(
        args.lines().collect::<Vec<_>>().join(" "),
        "-T -a -x -o BatchMode=yes -o ConnectTimeout=7 -o ServerAliveInterval=30 -o ClearAllForwardings=yes -o \
         SendEnv=GIT_PROTOCOL -p 2222 git@git.example git-upload-pack '/o/it'\\''s.git'"
    );
    let env = lab.read("env");
    let env: BTreeMap<&str, &str> = env.lines().filter_map(|line| line.split_once('=')).collect();
    assert_eq!((env["GIT_PROTOCOL"], env["LC_ALL"], env["HOME"]), ("version=2", "C", "/nonexistent"));
    // Those of the shell itself aside.
    let own = ["PATH", "HOME", "GIT_PROTOCOL", "LC_ALL", "SSH_ASKPASS_REQUIRE", "PWD", "OLDPWD", "SHLVL", "_"];
    assert!(env.keys().all(|name| own.contains(name)), "{env:?}");
    drop(conversation);
}

#[tokio::test]
async fn what_is_said_goes_both_ways() {
    let lab = Lab::new();
    let remote = lab.remote("printf hello; cat", 1);
    let mut conversation = open(&remote).await.unwrap();
    use tokio::io::AsyncWriteExt;
    conversation.outgoing.write_all(b", you").await.unwrap();
    conversation.outgoing.shutdown().await.unwrap();
    drop(conversation.outgoing);
    let mut heard = Vec::new();
    while let Some(piece) = conversation.incoming.next().await {
        heard.extend_from_slice(&piece.unwrap());
    }
    assert_eq!(heard, b"hello, you");
}

#[tokio::test]
async fn only_so_many_conversations_are_had_at_once() {
    let lab = Lab::new();
    let remote = lab.remote("echo x >>started; printf 0000; cat", 2);
    let started = || lab.read("started").lines().count();
    let (first, second) = (open(&remote).await.unwrap(), open(&remote).await.unwrap());
    let third = open(&remote);
    tokio::pin!(third);
    let early = tokio::time::timeout(Duration::from_millis(200), &mut third).await;
    assert!(early.is_err() && started() == 2, "the third waits");
    drop(first);
    third.await.unwrap();
    assert_eq!(started(), 3);
    drop(second);
}

#[tokio::test]
async fn a_conversation_that_is_kept_goes_on_for_whoever_asks_and_makes_way_for_others() {
    const FETCH: (Service, ProtocolVersion) = (Service::UploadPack, ProtocolVersion::V2);
    let lab = Lab::new();
    let remote = lab.remote("echo x >>started; printf 0000; cat", 2);
    let started = || lab.read("started").lines().count();
    let keep = async |conversation| remote.keep(FETCH.0, FETCH.1, conversation).await;
    let resume = async || remote.resume(FETCH.0, FETCH.1).await;
    assert!(resume().await.is_none());
    keep(open(&remote).await.unwrap()).await;
    let first = resume().await.unwrap();
    assert!(resume().await.is_none() && started() == 1, "it is the same one");
    let second = open(&remote).await.unwrap();
    // While all slots are taken, somebody may be waiting.
    keep(second).await;
    assert!(resume().await.is_none());
    keep(first).await;
    // A listing is of now: it begins anew, and what was kept before it is of no use any more.
    let third = open(&remote).await.unwrap();
    assert!(resume().await.is_none() && started() == 3);
    drop(third);

    let push = async || remote.connect(Service::ReceivePack, ProtocolVersion::V0).await.unwrap().unwrap();
    remote.keep(Service::ReceivePack, ProtocolVersion::V0, push().await).await;
    assert!(remote.resume(Service::ReceivePack, ProtocolVersion::V0).await.is_none(), "a push is for once");
    keep(open(&remote).await.unwrap()).await;
    let (_one, _two) = (push().await, push().await);
    assert!(resume().await.is_none() && started() == 7, "one that is kept ends when its slot is needed");
}

#[tokio::test]
async fn failures_are_told_by_what_ssh_says_and_how_it_ends() {
    use TransportErrorKind as K;
    let lab = Lab::new();
    for (lines, kind, words) in [
        ("echo 'Host key verification failed.' >&2; exit 255", K::HostKeyUnknown, "run `ssh -p 2222 git@git.example`"),
        (
            "echo 'Host key for [git.example]:2222 has changed and you have requested strict checking.' >&2; exit 255",
            K::HostKeyChanged,
            "ssh-keygen -R '[git.example]:2222'",
        ),
        ("echo 'git@git.example: Permission denied (publickey).' >&2; exit 255", K::KeyRefused, "BatchMode=yes"),
        ("echo 'ssh: Could not resolve hostname x: No such host' >&2; exit 255", K::Connect, "check the network"),
        ("echo 'ERROR: Repository not found.' >&2; exit 1", K::NotFound, "Repository not found"),
        ("echo 'ERROR: Permission to o/r.git denied to you.' >&2; exit 1", K::Forbidden, "give the account"),
        ("echo 'of no use' >&2; exit 255", K::Broken, "of no use"),
        ("exit 255", K::Broken, "gave no reason"),
        ("exit 3", K::Other, "exit status: 3"),
        ("no-such-program-anywhere", K::Io, "could not be run"),
        ("exit 0", K::Broken, "without a word"),
    ] {
        let error = open(&lab.remote(lines, 1)).await.err().unwrap();
        assert_eq!(error.kind, kind, "{lines}: {error}");
        assert!(error.to_string().contains(words), "{lines}: {error}");
        assert_eq!(error.remote, "ssh://git@git.example:2222/o/it's.git");
    }
    let missing = remote(SshProgram::Other(Path::new("/nonexistent/ssh").into()), 1);
    let error = open(&missing).await.err().unwrap();
    assert!(error.kind == K::Io && error.to_string().contains("install OpenSSH's client"), "{error}");
}

#[tokio::test]
async fn what_breaks_in_the_middle_may_have_been_carried_out() {
    let lab = Lab::new();
    // Even if the words are those of a failure at the start: whoever runs the server can write anything.
    let remote = lab.remote("printf 0000; echo 'Host key verification failed.' >&2; exit 255", 1);
    let mut conversation = open(&remote).await.unwrap();
    assert_eq!(conversation.incoming.next().await.unwrap().unwrap(), &b"0000"[..]);
    let error = conversation.incoming.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind, TransportErrorKind::Broken);
    assert!(!error.is_certainly_undone() && conversation.incoming.next().await.is_none());
}
