//! What the tests of this crate share: repositories made by the real git, and remotes.

#![expect(clippy::disallowed_methods, reason = "tests make repositories with the real git")]
#![expect(
    clippy::format_push_string,
    clippy::unwrap_used,
    reason = "tests make their input as they like, and fail loudly"
)]
#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part of this")]

pub mod http;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use refray_core::name::RefName;
use refray_core::{ObjectFormat, Oid};
use refray_git::push::PushCommand;
use refray_git::{Git, LocalRemote, Mirror};
use tempfile::TempDir;

/// A folder for one test, with everything in it.
pub struct World {
    pub folder: TempDir,
    pub git: Git,
}

impl World {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), git: Git::discover().unwrap() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Makes an empty bare repository.
    pub fn bare(&self, name: &str, format: ObjectFormat) -> Repo {
        let path = self.path(name);
        let output = command(self.folder.path())
            .args(["init", "--bare", "-q", "--initial-branch=main", &format!("--object-format={format}")])
            .arg(&path)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Repo { path }
    }

    pub fn mirror(&self, name: &str, format: ObjectFormat) -> Arc<Mirror> {
        Arc::new(Mirror::open_or_create(&self.path(name), format).unwrap())
    }

    pub fn remote(&self, repo: &Repo) -> LocalRemote {
        LocalRemote::new(self.git.clone(), &repo.path)
    }
}

fn command(home: &Path) -> Command {
    let mut command = Command::new("git");
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("HOME", home)
        .env("LC_ALL", "C")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_AUTHOR_NAME", "A U Thor")
        .env("GIT_AUTHOR_EMAIL", "author@example.com")
        .env("GIT_COMMITTER_NAME", "C O Mitter")
        .env("GIT_COMMITTER_EMAIL", "committer@example.com")
        .env("GIT_AUTHOR_DATE", "1700000000 +0000")
        .env("GIT_COMMITTER_DATE", "1700000000 +0000");
    command
}

/// A bare repository that the real git works on.
#[derive(Clone)]
pub struct Repo {
    pub path: PathBuf,
}

impl Repo {
    /// Runs git and returns what it prints.
    pub fn git<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> String {
        self.try_git(args, b"").unwrap_or_else(|stderr| panic!("{stderr}"))
    }

    pub fn try_git<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>, input: &[u8]) -> Result<String, String> {
        let args: Vec<_> = args.into_iter().map(|arg| arg.as_ref().to_owned()).collect();
        let mut child = command(&self.path)
            .arg("--git-dir")
            .arg(&self.path)
            .args(&args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let input = input.to_vec();
        let feeder = std::thread::spawn(move || drop(stdin.write_all(&input)));
        let output = child.wait_with_output().unwrap();
        feeder.join().unwrap();
        if output.status.success() {
            Ok(String::from_utf8(output.stdout).unwrap().trim_end().to_owned())
        } else {
            Err(format!("git {args:?}: {}", String::from_utf8_lossy(&output.stderr)))
        }
    }

    /// Feeds `git fast-import`.
    pub fn import(&self, script: &str) {
        self.try_git(["fast-import", "--quiet", "--force"], script.as_bytes()).unwrap();
    }

    /// Makes a commit on `branch` with `file` changed, at a time of its own, and returns it.
    pub fn commit(&self, branch: &str, file: &str, content: &str, time: u64) -> Oid {
        let from = match self.try_git(["rev-parse", "--verify", "-q", &format!("refs/heads/{branch}")], b"") {
            Ok(_) => format!("from refs/heads/{branch}^0\n"),
            Err(_) => String::new(),
        };
        let message = format!("change {file}");
        self.import(&format!(
            "commit refs/heads/{branch}\nauthor A U Thor <author@example.com> {time} +0000\ncommitter C O Mitter \
             <committer@example.com> {time} +0000\ndata {}\n{message}\n{from}M 100644 inline {file}\ndata {}\n{content}\n\n",
            message.len(),
            content.len()
        ));
        self.oid(&format!("refs/heads/{branch}"))
    }

    /// Makes `count` commits on `branch`.
    pub fn history(&self, branch: &str, count: u64, start: u64) -> Oid {
        let mut script = String::new();
        for index in 0..count {
            let content = format!("{branch} {index}\n").repeat(20);
            let time = 1_600_000_000 + start + index;
            let from = if index == 0 && self.has(&format!("refs/heads/{branch}")) {
                format!("from refs/heads/{branch}^0\n")
            } else {
                String::new()
            };
            script.push_str(&format!(
                "commit refs/heads/{branch}\ncommitter C <c@example.com> {time} +0000\ndata 2\nx\n{from}M 100644 inline \
                 f{}\ndata {}\n{content}\n\n",
                index % 50,
                content.len()
            ));
        }
        self.import(&script);
        self.oid(&format!("refs/heads/{branch}"))
    }

    pub fn has(&self, name: &str) -> bool {
        self.try_git(["rev-parse", "--verify", "-q", name], b"").is_ok()
    }

    pub fn oid(&self, name: &str) -> Oid {
        self.git(["rev-parse", name]).parse().unwrap()
    }

    pub fn refs(&self) -> BTreeMap<RefName, Oid> {
        let listed = self.git(["for-each-ref", "--format=%(objectname) %(refname)", "refs/heads", "refs/tags"]);
        listed
            .lines()
            .map(|line| line.split_once(' ').unwrap())
            .map(|(oid, name)| (name.parse().unwrap(), oid.parse().unwrap()))
            .collect()
    }

    /// Writes an executable hook.
    pub fn hook(&self, name: &str, script: &str) {
        let folder = self.path.join("hooks");
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join(name);
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    }

    pub fn fsck(&self) {
        self.git(["fsck", "--strict", "--full"]);
    }
}

pub fn name(full: &str) -> RefName {
    full.parse().unwrap()
}

pub fn create(full: &str, new: Oid) -> PushCommand {
    PushCommand { name: name(full), old: None, new: Some(new) }
}

pub fn change(full: &str, old: Oid, new: Oid) -> PushCommand {
    PushCommand { name: name(full), old: Some(old), new: Some(new) }
}

pub fn delete(full: &str, old: Oid) -> PushCommand {
    PushCommand { name: name(full), old: Some(old), new: None }
}

impl Repo {
    /// Feeds git's own server a file.
    pub fn serve_file(&self, input: &Path) {
        let output = command(&self.path)
            .args(["receive-pack", "--stateless-rpc"])
            .arg(&self.path)
            .stdin(std::fs::File::open(input).unwrap())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}
