//! What can go wrong with a git process.

use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

use super::git::{FLOOR, Version};

/// No usable git on this machine.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// Not found in `PATH`.
    #[error("git was not found in PATH: install git {FLOOR} or newer")]
    Missing,
    /// Found, but it does not run.
    #[error("{} does not run: reinstall git {FLOOR} or newer", path.display())]
    Broken {
        /// The binary.
        path: PathBuf,
        /// Why it does not run.
        #[source]
        source: io::Error,
    },
    /// What it says of its version cannot be read.
    #[error("{} does not look like git, it says `{said}`: put git {FLOOR} or newer first in PATH", path.display())]
    NotGit {
        /// The binary.
        path: PathBuf,
        /// Its answer to `--version`, shortened.
        said: String,
    },
    /// Older than the floor.
    #[error("{} is git {found}, but {FLOOR} or newer is needed: upgrade git", path.display())]
    TooOld {
        /// The binary.
        path: PathBuf,
        /// Its version.
        found: Version,
    },
    /// The empty home directory of git's processes could not be made.
    #[error("could not make a temporary directory for git's processes")]
    Home(#[source] io::Error),
}

/// A git process that did not do its work.
#[derive(Debug, thiserror::Error)]
pub enum ChildError {
    /// It could not be started.
    #[error("could not start git {command}")]
    Spawn {
        /// The git command's name.
        command: &'static str,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It ended with a failure.
    #[error("git {command} failed ({status}): {stderr}")]
    Failed {
        /// The git command's name.
        command: &'static str,
        /// How it ended.
        status: ExitStatus,
        /// The end of what it wrote to stderr.
        stderr: String,
    },
    /// It did not end in time, and was ended.
    #[error("git {command} was ended after {} s", limit.as_secs())]
    Timeout {
        /// The git command's name.
        command: &'static str,
        /// The limit that it exceeded.
        limit: Duration,
    },
    /// Its input or output broke.
    #[error("could not exchange data with git {command}")]
    Io {
        /// The git command's name.
        command: &'static str,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It wrote more than it has any reason to.
    #[error("git {command} wrote more than {limit} bytes")]
    TooMuch {
        /// The git command's name.
        command: &'static str,
        /// The limit.
        limit: usize,
    },
}
