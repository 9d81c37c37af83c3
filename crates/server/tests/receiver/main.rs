//! The webhook receiver, as a forge or somebody else would meet it.

mod conformance;
mod hostile;
mod samples;
mod simulated;
mod told;
mod traps;
mod world;
