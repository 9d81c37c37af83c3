//! The one door to other programs: to git, and to the user's own command lines.
//!
//! Git's processes work on local disk only. They start from an empty environment, read no user or system configuration, run no
//! hooks, get no secret, are a process group of their own, and are ended as a group when nobody waits for them any more.
//! `ssh` is the other one that they speak to git servers by: the user's own, with what of the user's environment it needs.
//! A [`shell()`] is for what the configuration names, such as `gh auth token`: that is the user's own program, so it gets
//! the user's environment.

mod command;
mod error;
mod git;
mod process;
mod shell;

pub(crate) use command::{Command, quote_alternate};
pub use error::{ChildError, GitError};
pub use git::{FLOOR, Git, Version};
pub(crate) use process::{Child, bounded_text};
pub use shell::{SHELL_TIME_LIMIT, ShellError, shell};

use std::sync::atomic::{AtomicU64, Ordering};

static STARTED: AtomicU64 = AtomicU64::new(0);

/// Returns how many git processes this process has started so far: lets a test show that a run started none.
pub fn started() -> u64 {
    STARTED.load(Ordering::Relaxed)
}

/// Starts a program other than git that is spoken to like one, and counts it like one.
pub(crate) fn counted(
    command: &mut tokio::process::Command,
    name: &'static str,
    limit: std::time::Duration,
) -> Result<Child, ChildError> {
    count();
    let child = command.spawn().map_err(|source| ChildError::Spawn { command: name, source })?;
    Ok(Child::new(child, name, limit))
}

fn count() {
    STARTED.fetch_add(1, Ordering::Relaxed);
}
