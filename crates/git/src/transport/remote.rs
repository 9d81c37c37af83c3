//! The abstract remote.

use std::fmt;
use std::pin::Pin;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::Stream;
use tokio::io::AsyncWrite;

use super::{ProtocolMemory, TransportError};

/// Bytes that arrive piece by piece. It ends without an error only at the real end of what was sent.
pub type ByteStream = Pin<Box<dyn Stream<Item = Result<Bytes, TransportError>> + Send>>;

/// Which of git's two programs is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// Listing and fetching.
    UploadPack,
    /// Pushing.
    ReceivePack,
}

impl Service {
    /// Returns the name in URLs and media types: `git-upload-pack` or `git-receive-pack`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UploadPack => "git-upload-pack",
            Self::ReceivePack => "git-receive-pack",
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The protocol version that is asked for. A server may answer in an older one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProtocolVersion {
    /// The original protocol; nothing is asked for.
    V0,
    /// Version 2.
    V2,
}

impl ProtocolVersion {
    /// Returns the value of the `Git-Protocol` header or `GIT_PROTOCOL` variable; `None` when it is to be left out.
    pub const fn header(self) -> Option<&'static str> {
        match self {
            Self::V0 => None,
            Self::V2 => Some("version=2"),
        }
    }
}

/// The body of a request.
pub enum Body {
    /// All of it: sent with its length.
    Bytes(Bytes),
    /// Piece by piece, length not known: sent in chunks. An error in it means that the body must not look complete.
    Stream(ByteStream),
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(bytes) => write!(f, "Body({} bytes)", bytes.len()),
            Self::Stream(_) => f.write_str("Body(stream)"),
        }
    }
}

/// One conversation with a server that stays on the line. Dropping both halves ends it.
pub struct Conversation {
    /// What the server says, beginning with its advertisement. A server that ends with a failure ends this with an error.
    pub incoming: ByteStream,
    /// What is said to the server. Shutting it down tells the server that nothing more comes.
    pub outgoing: Pin<Box<dyn AsyncWrite + Send>>,
}

/// A repository on a git server.
#[async_trait]
pub trait Remote: Send + Sync {
    /// Opens one conversation, where the connection is one (a local process, ssh); `None` where every exchange is a request
    /// of its own (HTTP), which is then made with [`advertise`](Self::advertise) and [`request`](Self::request).
    async fn connect(
        &self,
        _service: Service,
        _version: ProtocolVersion,
    ) -> Result<Option<Conversation>, TransportError> {
        Ok(None)
    }

    /// Says whether it is of use to hand a conversation back with [`keep`](Self::keep).
    fn keeps(&self) -> bool {
        false
    }

    /// Takes a conversation back in which a listing was made, so that what was listed can be fetched in it.
    async fn keep(&self, _service: Service, _version: ProtocolVersion, _conversation: Conversation) {}

    /// Returns the conversation that was kept after the last listing, if there is one. It looks like one that has just
    /// begun, but the server may have gone since, and what it lists would be as old as that listing.
    async fn resume(&self, _service: Service, _version: ProtocolVersion) -> Option<Conversation> {
        None
    }

    /// Asks for the advertisement. HTTP: `GET {url}/info/refs?service=…`, with a `Git-Protocol` header for version 2.
    async fn advertise(&self, service: Service, version: ProtocolVersion) -> Result<ByteStream, TransportError>;

    /// Sends one request. HTTP: `POST {url}/{service}`.
    async fn request(
        &self,
        service: Service,
        version: ProtocolVersion,
        body: Body,
    ) -> Result<ByteStream, TransportError>;

    /// Returns what to call it in errors and logs. Never holds a secret.
    fn describe(&self) -> String;

    /// Returns what is remembered of the server.
    fn memory(&self) -> &ProtocolMemory;
}
