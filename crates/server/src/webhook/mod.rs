//! What forges deliver to: a receiver that believes nothing it cannot verify, and answers once a wake-up is durable.
//!
//! A delivery passes these gates in this order, so that what is refused costs little: its headers name a forge and hold a
//! proof of the right form; its source has not been refused too often; its type is one that forges send; its body fits
//! into the limits of size, time and memory; the proof fits the body; the body can be parsed.
//!
//! The address of the sender is taken from axum's `ConnectInfo<SocketAddr>`: serve the router with
//! `into_make_service_with_connect_info`. Without it nobody is limited by address.

mod body;
mod counters;
mod headers;
mod limits;
mod options;
mod payload;
mod proof;
mod receiver;
mod recent;

pub use counters::{Counters, Outcome};
pub use options::ReceiverOptions;
pub use receiver::router;
