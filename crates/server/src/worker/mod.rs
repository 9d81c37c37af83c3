//! Workers: what is due in the queue is leased and worked on, as much at a time as `jobs` allows.

mod dispatch;
mod job;

pub(crate) use dispatch::{Pulse, run};
