//! Starting the binary and git.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{Forge, Lab, Run, put};

/// Longer than anything takes: a scene that waits for this has failed.
const PATIENCE: Duration = Duration::from_secs(90);

impl Lab {
    /// The binary with the scene's configuration, ready to be started.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let config = self.path("config.toml");
        put(&config, &self.config.to_string());
        let mut command = program(env!("CARGO_BIN_EXE_refray"));
        command.env_clear().env("HOME", self.path("home")).env("PATH", search_path()).envs(&self.env);
        command.arg("--config").arg(&config).args(args).current_dir(self.dir.path()).stdin(Stdio::null());
        command
    }

    /// Runs the binary to its end, and shows what it says.
    pub(crate) fn refray(&self, args: &[&str]) -> Run {
        let run: Run = self.command(args).output().unwrap().into();
        println!("$ refray {}\n{}{}[{:?}]\n", args.join(" "), run.stdout, run.stderr, run.code);
        run
    }

    /// Runs git in a folder, signed in to a forge if one is named.
    #[track_caller]
    pub(crate) fn git(&self, folder: &str, forge: Option<&Forge>, args: &[&str]) -> String {
        let output = self.git_command(folder, forge, args).output().unwrap();
        assert!(output.status.success(), "git {args:?} in {folder}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn git_command(&self, folder: &str, forge: Option<&Forge>, args: &[&str]) -> Command {
        let mut git = program("git");
        git.env_clear().env("PATH", search_path()).env("HOME", self.path("home"));
        git.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_TERMINAL_PROMPT", "0");
        for (key, value) in [("NAME", "Ada"), ("EMAIL", "ada@example.org"), ("DATE", "1700000000 +0000")] {
            git.env(format!("GIT_AUTHOR_{key}"), value).env(format!("GIT_COMMITTER_{key}"), value);
        }
        if let Some(forge) = forge {
            let basic = STANDARD.encode(format!("{}:{}", forge.user, forge.token));
            git.env("GIT_CONFIG_COUNT", "1");
            git.env("GIT_CONFIG_KEY_0", format!("http.{}/.extraHeader", forge.url));
            git.env("GIT_CONFIG_VALUE_0", format!("Authorization: Basic {basic}"));
        }
        git.arg("-C").arg(self.path(folder)).args(args);
        git
    }
}

/// The id of the newest run.
pub(crate) fn newest(lab: &Lab) -> String {
    lab.refray(&["log", "--format", "json"]).events()[0]["run"].as_str().unwrap().to_owned()
}

/// Waits until something is so.
#[track_caller]
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < PATIENCE, "never: {what}");
        std::thread::sleep(Duration::from_millis(200));
    }
}

#[expect(clippy::disallowed_methods, reason = "the suite runs the binary and git as a user does")]
fn program(name: impl AsRef<Path>) -> Command {
    Command::new(name.as_ref())
}

#[expect(clippy::disallowed_methods, reason = "where git is found")]
fn search_path() -> std::ffi::OsString {
    std::env::var_os("PATH").unwrap_or_default()
}
