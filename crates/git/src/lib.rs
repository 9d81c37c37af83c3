//! Git's smart protocol, the local mirror, and the only door to the git binary.
//!
//! References are listed, fetched and pushed by code in this crate, over whatever implements [`transport::Remote`]: the
//! forges' HTTP client, a directory on this machine, later ssh. Packs are made and indexed by git itself, in isolated
//! child processes that never see the network or a secret. Objects and history are read in-process.

pub mod backup;
pub mod child;
pub mod combine;
pub mod fetch;
pub mod local;
mod ls_refs;
pub mod mirror;
pub mod pack;
pub mod pktline;
mod progress;
pub mod push;
pub mod transport;
mod wire;
mod words;

pub use child::Git;
pub use ls_refs::{ls_refs, ls_refs_of};
pub use mirror::Mirror;
pub use progress::Progress;
pub use transport::LocalRemote;
pub use wire::ProtocolError;
