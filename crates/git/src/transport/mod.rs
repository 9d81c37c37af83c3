//! What the protocol code needs from a connection, so that it runs over HTTP, a local process and ssh alike.

mod error;
mod local;
mod memory;
mod remote;
mod ssh;

pub use error::{TransportError, TransportErrorKind};
pub use local::LocalRemote;
pub use memory::ProtocolMemory;
pub use remote::{Body, ByteStream, Conversation, ProtocolVersion, Remote, Service};
pub use ssh::{Ssh, SshAddress, SshAddressError, SshOptions, SshProgram, SshRemote};
