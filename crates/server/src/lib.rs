//! What goes on for as long as `refray serve` runs: webhooks are received, repositories are synced when they are woken or
//! when their time has come, and pages show how things stand.

pub mod dashboard;
pub mod hint;
pub mod intake;
mod live;
mod schedule;
pub mod serve;
mod waker;
pub mod webhook;
mod worker;

pub use live::Live;
pub use waker::QueueWaker;
