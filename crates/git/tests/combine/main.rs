//! Rebase and merge in memory, against the real git.

#![expect(clippy::unwrap_used, reason = "tests fail loudly")]

#[path = "../common/mod.rs"]
mod common;
mod lab;
mod merging;
mod property;
mod rebasing;
mod story;
