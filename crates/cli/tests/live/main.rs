//! The real binary against real forges that the environment names: `REFRAY_LIVE_<KIND>_URL`, `_USER` and `_TOKEN`, where
//! the kind is `GITHUB`, `GITLAB`, `GITEA` or `FORGEJO`. All of it is ignored unless it is asked for with `--ignored`.
//!
//! One named forge is synced with a folder, several with one another and a folder. Each scene has a prefix of its own for
//! the names of its repositories, touches no other repository, and deletes its own at the end, also when it fails.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::print_stdout, clippy::format_push_string, reason = "a scene says why a part of it is left out")]

mod branches;
mod conflicts;
mod first;
mod hooks;
mod many;
mod names;
mod pages;
mod protected;
mod repositories;
mod rights;
mod serving;
mod world;
