//! The one door to the git binary.
//!
//! Children work on local disk only. They start from an empty environment, read no user or system configuration, run no
//! hooks, get no secret, are a process group of their own, and are ended as a group when nobody waits for them any more.

mod command;
mod error;
mod git;
mod process;

pub(crate) use command::{Command, quote_alternate};
pub use error::{ChildError, GitError};
pub use git::{FLOOR, Git, Version};
pub(crate) use process::{Child, bounded_text};

use std::sync::atomic::{AtomicU64, Ordering};

static STARTED: AtomicU64 = AtomicU64::new(0);

/// Returns how many git processes this process has started so far: lets a test show that a run started none.
pub fn started() -> u64 {
    STARTED.load(Ordering::Relaxed)
}

fn count() {
    STARTED.fetch_add(1, Ordering::Relaxed);
}
