//! The dashboard's pages over a seeded store, without a network.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod actions;
mod guard;
mod large;
mod pages;
mod world;
