//! Webhooks: what is told to whom, how it is signed, and what became of it.

mod delivery;
mod gitea;
mod github;
mod gitlab;
mod log;
mod message;
mod sign;

pub(crate) use delivery::run;
pub use log::{Delivery, DeliveryLog};
