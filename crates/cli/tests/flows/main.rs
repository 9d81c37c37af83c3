//! What a user sees: the real binary, real git, directories and simulated forges.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod directories;
mod faults;
mod forges;
mod input;
mod safety;
mod world;
