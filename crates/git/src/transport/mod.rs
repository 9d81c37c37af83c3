//! What the protocol code needs from a connection, so that it runs over HTTP, a local process and ssh alike.

mod error;
mod local;
mod memory;
mod remote;

pub use error::{TransportError, TransportErrorKind};
pub use local::LocalRemote;
pub use memory::ProtocolMemory;
pub use remote::{Body, ByteStream, Conversation, ProtocolVersion, Remote, Service};
