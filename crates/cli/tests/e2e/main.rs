//! The real binary, against real git, directories and simulated forges: what a user sees, and what stands afterwards.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(
    clippy::format_push_string,
    clippy::needless_range_loop,
    clippy::print_stdout,
    reason = "a test may say why it is skipped, and is read more often than it runs"
)]

mod access;
mod answers;
mod backups;
mod conflicts;
mod crashes;
mod demo;
mod directories;
mod doctor;
mod forges;
mod formats;
mod full_disk;
mod groups;
mod guide;
mod help;
mod input;
mod killed;
mod limits;
mod log;
mod names;
mod network;
mod options;
mod output;
mod peculiar;
mod planned;
mod races;
mod refusals;
mod requests;
mod restored;
mod retry;
mod safety;
mod scenes;
mod secrets;
mod serve;
mod settings;
mod shells;
mod ssh;
mod status;
mod streams;
mod terminals;
mod tokens;
mod told;
mod undo;
mod webhooks;
mod wizard;
mod world;
