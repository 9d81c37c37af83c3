//! The simulator as its clients see it: by git, by HTTP, and at the receiving end of its webhooks.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod faults;
mod git;
mod gitea;
mod hooks;
mod support;
mod tls;
