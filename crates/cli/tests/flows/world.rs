//! A place of its own for each test.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use refray_sim::{Kind, Sim, Site};
use serde_json::Value;
use tempfile::TempDir;

/// What every token of these tests holds, so that a leak can be searched for. The forges make tokens themselves; this one
/// stands for a user's.
pub(crate) const OWNER: &str = "ada";

pub(crate) struct World {
    pub(crate) dir: TempDir,
    pub(crate) sim: Option<Sim>,
    pub(crate) config: String,
    pub(crate) tokens: BTreeMap<String, String>,
}

/// How the binary ended.
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    /// Asserts the exit code and returns everything that was said.
    pub(crate) fn exits(self, code: i32) -> String {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self.stdout + &self.stderr
    }

    /// Parses the lines of `--format json`.
    pub(crate) fn events(&self) -> Vec<Value> {
        self.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

impl World {
    /// Endpoints that are folders.
    pub(crate) fn of_folders(names: &[&str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut config = format!(
            "[[sites]]\nname = \"disk\"\nprovider = \"directory\"\npath = \"{}\"\n\n",
            dir.path().join("disk").display()
        );
        config.push_str("[[mirrors]]\nname = \"all\"\n\n");
        for name in names {
            std::fs::create_dir_all(dir.path().join("disk").join(name)).unwrap();
            write!(config, "[[mirrors.endpoints]]\nsite = \"disk\"\nnamespace = \"{name}\"\n\n").unwrap();
        }
        let world = Self { dir, sim: None, config, tokens: BTreeMap::new() };
        world.prepare();
        world
    }

    /// Endpoints that are users on simulated forges.
    pub(crate) async fn of_forges(kinds: &[Kind], tls: bool) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut builder = Sim::builder().tls(tls);
        for kind in kinds {
            builder = builder.site(name(*kind), *kind);
        }
        let sim = builder.start().await.unwrap();
        let mut config = String::new();
        let mut tokens = BTreeMap::new();
        for kind in kinds {
            let site = sim.site(name(*kind));
            site.user(OWNER).unwrap();
            let token = site.token(OWNER, &["*"]).unwrap().secret;
            let (name, url) = (name(*kind), site.base_url());
            write!(config, "[[sites]]\nname = \"{name}\"\nprovider = \"{name}\"\nbase_url = \"{url}\"\n").unwrap();
            writeln!(config, "token = {{ env = \"TOKEN_{}\" }}", name.to_uppercase()).unwrap();
            if let Some(ca) = site.ca_file() {
                writeln!(config, "ca_file = \"{}\"", ca.display()).unwrap();
            }
            config.push('\n');
            tokens.insert(format!("TOKEN_{}", name.to_uppercase()), token);
        }
        config.push_str("[[mirrors]]\nname = \"all\"\n\n");
        for kind in kinds {
            write!(
                config,
                "[[mirrors.endpoints]]\nsite = \"{}\"\nkind = \"user\"\nnamespace = \"{OWNER}\"\n\n",
                name(*kind)
            )
            .unwrap();
        }
        let world = Self { dir, sim: Some(sim), config, tokens };
        world.prepare();
        world
    }

    fn prepare(&self) {
        std::fs::create_dir_all(self.home()).unwrap();
        // A git in front of the real one, which notes how it was called and with what.
        let bin = self.dir.path().join("bin");
        std::fs::create_dir_all(&bin).unwrap();
        let real = std::env::split_paths(&path()).map(|dir| dir.join("git")).find(|git| git.exists()).unwrap();
        let log = self.dir.path().join("git.log").display().to_string();
        let script = format!("#!/bin/sh\n{{ echo \"git $*\"; env; }} >> '{log}'\nexec '{}' \"$@\"\n", real.display());
        put(&bin.join("git"), &script);
        std::fs::set_permissions(bin.join("git"), std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    pub(crate) fn home(&self) -> PathBuf {
        self.dir.path().join("home")
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.home().join(".local/state/refray")
    }

    pub(crate) fn site(&self, kind: Kind) -> Arc<Site> {
        self.sim.as_ref().unwrap().site(name(kind))
    }

    /// Adds a line to the group.
    pub(crate) fn set(&mut self, line: &str) {
        self.config = self.config.replacen("name = \"all\"\n", &format!("name = \"all\"\n{line}\n"), 1);
    }

    /// How git was called since the last time, with its environment.
    pub(crate) fn git_calls(&self) -> String {
        let log = self.dir.path().join("git.log");
        let text = std::fs::read_to_string(&log).unwrap_or_default();
        drop(std::fs::remove_file(&log));
        text
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let config = self.dir.path().join("config.toml");
        put(&config, &self.config);
        let mut command = command(env!("CARGO_BIN_EXE_refray"));
        let bin = self.dir.path().join("bin").display().to_string();
        command.env_clear().env("HOME", self.home()).env("PATH", format!("{bin}:{}", path().to_string_lossy()));
        command.envs(&self.tokens).arg("--config").arg(&config).args(args).current_dir(self.dir.path());
        command.stdin(Stdio::null());
        command
    }

    /// Runs the binary to its end. The simulator goes on meanwhile, in threads of the test's own runtime.
    pub(crate) fn refray(&self, args: &[&str]) -> Run {
        let output = tokio::task::block_in_place(|| self.command(args).output().unwrap());
        run(&output)
    }

    /// Runs git in a folder below the world's.
    pub(crate) fn git(&self, folder: &str, args: &[&str]) -> String {
        let mut git = command("git");
        git.env_clear().env("PATH", path()).env("HOME", self.home()).env("GIT_CONFIG_NOSYSTEM", "1");
        for (key, value) in [("NAME", "Ada"), ("EMAIL", "ada@example.org"), ("DATE", "1700000000 +0000")] {
            git.env(format!("GIT_AUTHOR_{key}"), value).env(format!("GIT_COMMITTER_{key}"), value);
        }
        let output = git.arg("-C").arg(self.dir.path().join(folder)).args(args).output().unwrap();
        assert!(output.status.success(), "git {args:?} in {folder}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Makes a bare repository with a commit on `main`, and a clone to work in at `work/NAME`.
    pub(crate) fn seed(&self, endpoint: &str, repository: &str) {
        let bare = format!("disk/{endpoint}/{repository}.git");
        self.git(".", &["init", "-q", "--bare", "-b", "main", &bare]);
        let work = format!("work/{repository}");
        self.git(".", &["init", "-q", "-b", "main", &work]);
        self.commit(repository, "first");
        self.push(repository, endpoint, "main");
    }

    /// Commits in the clone, with a file that says so.
    pub(crate) fn commit(&self, repository: &str, text: &str) {
        let work = format!("work/{repository}");
        put(&self.dir.path().join(&work).join(text.replace('/', "-")), text);
        self.git(&work, &["add", "-A"]);
        self.git(&work, &["commit", "-q", "-m", text]);
    }

    /// Pushes from the clone to a folder endpoint.
    pub(crate) fn push(&self, repository: &str, endpoint: &str, what: &str) {
        let to = format!("../../disk/{endpoint}/{repository}.git");
        self.git(&format!("work/{repository}"), &["push", "-q", "--force", &to, what]);
    }

    /// Everything that is synced of a repository in a folder: references, values, HEAD.
    pub(crate) fn refs(&self, endpoint: &str, repository: &str) -> String {
        self.refs_at(&self.dir.path().join(format!("disk/{endpoint}/{repository}.git")))
    }

    pub(crate) fn refs_at(&self, bare: &Path) -> String {
        let bare = bare.to_string_lossy();
        let head = self.git(".", &["-C", &bare, "symbolic-ref", "HEAD"]);
        let refs = self
            .git(".", &["-C", &bare, "for-each-ref", "--format=%(objectname) %(refname)", "refs/heads", "refs/tags"]);
        format!("{head}\n{refs}")
    }

    /// The same on a simulated forge, by the forge's own disk.
    pub(crate) fn refs_on(&self, kind: Kind, owner: &str, repository: &str) -> String {
        self.refs_at(&self.site(kind).bare_path(owner, repository).unwrap())
    }
}

pub(crate) fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::GitHub => "github",
        Kind::GitLab => "gitlab",
        Kind::Gitea => "gitea",
        Kind::Forgejo => "forgejo",
    }
}

pub(crate) const ALL: [Kind; 4] = [Kind::GitHub, Kind::GitLab, Kind::Gitea, Kind::Forgejo];

pub(crate) fn run(output: &Output) -> Run {
    Run {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

#[expect(clippy::disallowed_methods, reason = "tests run the binary and git as a user does")]
fn command(program: &str) -> Command {
    Command::new(program)
}

#[expect(clippy::disallowed_methods, reason = "a file in the test's own folder")]
pub(crate) fn put(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
}

#[expect(clippy::disallowed_methods, reason = "where git is found")]
fn path() -> std::ffi::OsString {
    std::env::var_os("PATH").unwrap_or_default()
}
