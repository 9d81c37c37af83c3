//! `refray serve`: from listeners and an engine to a process that stays.

mod assembly;
mod connections;
mod error;
mod health;
mod listeners;
mod metrics;
mod notify;
mod only;
mod reload;
mod signals;
mod sink;
mod stats;

pub use assembly::{Setup, serve};
pub use error::ServeError;
pub use listeners::Listeners;
pub use notify::Supervisor;
pub use only::OnlyOne;
pub use reload::{Fresh, Reload};
pub use signals::{Ended, Signals};
pub use sink::ServeSink;
pub use stats::Stats;
