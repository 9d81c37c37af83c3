//! `refray serve`: the daemon as a child process, forges that deliver to it, and signals.

mod away;
mod daemon;
mod lifecycle;
mod operations;
mod pushes;

use daemon::{Daemon, hook_up, until};
