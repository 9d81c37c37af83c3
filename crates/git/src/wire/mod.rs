//! What listing, fetching and pushing share: capabilities, advertisements, and one way to send over any transport.

mod advertisement;
mod capabilities;
mod error;
mod session;

pub(crate) use advertisement::{Advertisement, read_advertisement};
pub(crate) use capabilities::{AGENT, Capabilities};
pub use error::ProtocolError;
pub(crate) use error::excerpt;
pub(crate) use session::Session;
