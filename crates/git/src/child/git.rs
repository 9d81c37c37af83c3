//! Which git is used.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;

use super::command::Command;
use super::error::GitError;

/// The oldest git that is supported.
pub const FLOOR: Version = Version { major: 2, minor: 39 };

/// How long a process may work on local disk before it counts as stuck.
const TIME_LIMIT: Duration = Duration::from_secs(2 * 60 * 60);

/// A version of git.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// The first number.
    pub major: u32,
    /// The second number.
    pub minor: u32,
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// The git binary, found once and then passed around. Cheap to clone.
#[derive(Clone)]
pub struct Git {
    inner: Arc<Inner>,
}

struct Inner {
    binary: PathBuf,
    version: Version,
    path: OsString,
    home: TempDir,
    time_limit: Duration,
}

impl Git {
    /// Finds git in this process's `PATH`.
    ///
    /// # Errors
    /// There is none, it does not run, or it is too old.
    pub fn discover() -> Result<Self, GitError> {
        #[expect(
            clippy::disallowed_methods,
            reason = "git and the programs it starts are looked for where a shell would"
        )]
        let path = std::env::var_os("PATH").unwrap_or_default();
        Self::discover_in(&path)
    }

    /// Finds git in the directories of `path`, which has the form of the `PATH` variable and becomes that of git itself.
    ///
    /// # Errors
    /// There is none, it does not run, or it is too old.
    pub fn discover_in(path: &OsStr) -> Result<Self, GitError> {
        let binary = std::env::split_paths(path)
            .filter(|folder| folder.is_absolute())
            .map(|folder| folder.join("git"))
            .find(|candidate| is_executable(candidate))
            .ok_or(GitError::Missing)?;
        let home = tempfile::Builder::new().prefix("refray-home-").tempdir().map_err(GitError::Home)?;
        let version = ask_version(&binary, path, home.path())?;
        if version < FLOOR {
            return Err(GitError::TooOld { path: binary, found: version });
        }
        let inner = Inner { binary, version, path: path.to_owned(), home, time_limit: TIME_LIMIT };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Returns the binary's path.
    pub fn binary(&self) -> &Path {
        &self.inner.binary
    }

    /// Returns the binary's version.
    pub fn version(&self) -> Version {
        self.inner.version
    }

    pub(crate) fn path(&self) -> &OsStr {
        &self.inner.path
    }

    pub(crate) fn home(&self) -> &Path {
        self.inner.home.path()
    }

    pub(crate) fn time_limit(&self) -> Duration {
        self.inner.time_limit
    }

    /// Starts to describe a process that runs the git command `verb`.
    pub(crate) fn command(&self, verb: &'static str) -> Command {
        Command::new(self.clone(), verb)
    }
}

impl fmt::Debug for Git {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Git({} {})", self.inner.binary.display(), self.inner.version)
    }
}

fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

#[expect(clippy::disallowed_methods, reason = "this is the module that starts git")]
fn ask_version(binary: &Path, path: &OsStr, home: &Path) -> Result<Version, GitError> {
    super::count();
    let output = std::process::Command::new(binary)
        .arg("--version")
        .env_clear()
        .env("PATH", path)
        .env("HOME", home)
        .env("LC_ALL", "C")
        .stdin(std::process::Stdio::null())
        .output()
        .map_err(|source| GitError::Broken { path: binary.to_owned(), source })?;
    let said = String::from_utf8_lossy(&output.stdout);
    parse_version(&said)
        .ok_or_else(|| GitError::NotGit { path: binary.to_owned(), said: said.trim().chars().take(80).collect() })
}

/// Reads the answer to `git --version`.
fn parse_version(said: &str) -> Option<Version> {
    let mut numbers = said.strip_prefix("git version ")?.split(['.', ' ', '\n']);
    Some(Version { major: numbers.next()?.parse().ok()?, minor: numbers.next()?.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_and_compared() {
        for (said, expected) in [
            ("git version 2.39.5\n", Some((2, 39))),
            ("git version 2.39.5 (Apple Git-154)\n", Some((2, 39))),
            ("git version 2.50.1.windows.1\n", Some((2, 50))),
            ("git version 3.0\n", Some((3, 0))),
            ("hg 6\n", None),
            ("git version next\n", None),
        ] {
            assert_eq!(parse_version(said), expected.map(|(major, minor)| Version { major, minor }), "{said}");
        }
        assert!(Version { major: 2, minor: 38 } < FLOOR && Version { major: 3, minor: 0 } > FLOOR);
    }

    #[test]
    fn a_missing_or_old_git_is_named_with_its_remedy() {
        let folder = tempfile::tempdir().unwrap();
        let missing = Git::discover_in(folder.path().as_os_str()).unwrap_err();
        assert!(matches!(missing, GitError::Missing) && missing.to_string().contains("install git 2.39"));

        let script = folder.path().join("git");
        #[expect(clippy::disallowed_methods, reason = "a script for this test")]
        std::fs::write(&script, "#!/bin/sh\necho git version 2.20.1\n").unwrap();
        let mut mode = script.metadata().unwrap().permissions();
        std::os::unix::fs::PermissionsExt::set_mode(&mut mode, 0o755);
        std::fs::set_permissions(&script, mode).unwrap();
        let old = Git::discover_in(folder.path().as_os_str()).unwrap_err();
        assert!(matches!(old, GitError::TooOld { found: Version { major: 2, minor: 20 }, .. }), "{old}");
    }
}
