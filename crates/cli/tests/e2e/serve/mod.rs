//! `refray serve`: the daemon as a child process, forges that deliver to it, and signals.

mod away;
// Both crates drive the same pages; a browser is driven in one way.
#[path = "../../../../server/tests/browser/browser.rs"]
mod browser;
mod confirmed;
mod daemon;
mod lifecycle;
mod operations;
mod pushes;

pub(crate) use daemon::{hook_up, until};

use daemon::Daemon;
