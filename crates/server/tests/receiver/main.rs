//! The webhook receiver, as a forge or somebody else would meet it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod conformance;
mod hostile;
mod samples;
mod simulated;
mod told;
mod traps;
mod world;
