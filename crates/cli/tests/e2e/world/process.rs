//! Starting the binary and git.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;

use super::{Run, World, put};

/// Puts a git in front of the real one that notes its arguments and environment, and then does what a test's own
/// script says, if there is one.
pub(super) fn put_git_in_front(world: &World) {
    let git = world.path("bin/git");
    let (log, before) = (world.path("git.log"), world.path("before-git"));
    let script = format!(
        "#!/bin/sh\n{{ echo \"git $*\"; export -p; IFS= read -r line </proc/$$/cmdline; echo \"$line\"; }} >>'{}'\n[ ! -e '{2}' ] || . '{2}'\nexec '{1}' \"$@\"\n",
        log.display(),
        real_git().display(),
        before.display(),
    );
    put(&git, &script);
    std::fs::set_permissions(git, std::fs::Permissions::from_mode(0o755)).unwrap();
}

impl World {
    /// The binary with its configuration, ready to be started.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let config = self.path("config.toml");
        let text = self.config.to_string();
        // Only what has changed is written: one that was started before may be reading it at this moment.
        if std::fs::read_to_string(&config).ok().as_ref() != Some(&text) {
            put(&config, &text);
        }
        let mut command = self.bare_command(&[]);
        command.arg("--config").arg(&config).args(args);
        command
    }

    /// The binary with what its home holds and no configuration of the test's, ready to be started.
    pub(crate) fn bare_command(&self, args: &[&str]) -> Command {
        let mut command = program(env!("CARGO_BIN_EXE_refray"));
        let path = format!("{}:{}", self.path("bin").display(), path().to_string_lossy());
        // What one that is killed leaves goes with the world.
        command.env_clear().env("HOME", self.home()).env("PATH", path).env("TMPDIR", self.path("tmp")).envs(&self.env);
        command.args(args).current_dir(self.dir.path()).stdin(Stdio::null());
        command
    }

    /// Runs that to its end.
    pub(crate) fn bare_run(&self, args: &[&str]) -> Run {
        self.bare_command(args).output().unwrap().into()
    }

    /// Runs the binary to its end. Forges go on meanwhile, in other threads of the test's runtime.
    pub(crate) fn refray(&self, args: &[&str]) -> Run {
        tokio::task::block_in_place(|| self.command(args).output().unwrap()).into()
    }

    /// How git was called since the last time: arguments, environment, command line.
    pub(crate) fn git_calls(&self) -> String {
        let log = self.path("git.log");
        let text = std::fs::read_to_string(&log).unwrap_or_default();
        drop(std::fs::remove_file(&log));
        text
    }

    /// Lets every git process run these lines of shell first, with `$@` as its arguments.
    pub(crate) fn before_git(&self, lines: &str) {
        put(&self.path("before-git"), lines);
    }

    /// Runs the real git in a folder below the world's, away from the log.
    #[track_caller]
    pub(crate) fn git(&self, folder: &str, args: &[&str]) -> String {
        let output = self.git_command(folder, args).output().unwrap();
        assert!(output.status.success(), "git {args:?} in {folder}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// The same, not started yet.
    pub(crate) fn git_command(&self, folder: &str, args: &[&str]) -> Command {
        let mut git = program(real_git());
        git.env_clear().env("PATH", path()).env("HOME", self.home());
        git.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_TERMINAL_PROMPT", "0");
        for (key, value) in [("NAME", "Ada"), ("EMAIL", "ada@example.org"), ("DATE", "1700000000 +0000")] {
            git.env(format!("GIT_AUTHOR_{key}"), value).env(format!("GIT_COMMITTER_{key}"), value);
        }
        git.arg("-C").arg(self.path(folder)).args(args);
        git
    }
}

/// Starts a command with its output kept.
pub(crate) fn spawn(command: &mut Command) -> Child {
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Waits for a command's end.
pub(crate) fn wait(child: Child) -> Run {
    tokio::task::block_in_place(|| child.wait_with_output().unwrap()).into()
}

#[expect(clippy::disallowed_methods, reason = "tests run the binary and git as a user does")]
pub(crate) fn program(name: impl AsRef<Path>) -> Command {
    Command::new(name.as_ref())
}

/// Where the machine's git is. By its whole path it is started without a copy of the test's process.
pub(crate) fn real_git() -> &'static Path {
    static GIT: LazyLock<PathBuf> =
        LazyLock::new(|| std::env::split_paths(&path()).map(|dir| dir.join("git")).find(|git| git.exists()).unwrap());
    &GIT
}

#[expect(clippy::disallowed_methods, reason = "where git is found")]
pub(super) fn path() -> std::ffi::OsString {
    std::env::var_os("PATH").unwrap_or_default()
}
