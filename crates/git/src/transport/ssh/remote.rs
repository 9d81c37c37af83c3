//! A repository behind ssh, as one conversation for each of git's programs.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt, stream};
use tokio::io::AsyncReadExt;
use tokio::sync::OwnedSemaphorePermit;

use super::address::SshAddress;
use super::program::{Inner, Ssh};
use super::trouble;
use crate::child::{Child, ChildError};
use crate::transport::{
    Body, ByteStream, Conversation, ProtocolMemory, ProtocolVersion, Remote, Service, TransportError,
    TransportErrorKind,
};

/// How long the server may be silent. Its hooks may take their time; whether it is still there, ssh itself finds out.
const SILENCE: Duration = Duration::from_secs(600);

/// How long signing in may take once there is a connection: time enough to touch a security key.
const SIGN_IN: Duration = Duration::from_secs(60);

/// How long a conversation is kept for the next command: a moment, as what is listed is fetched at once or not at all.
const KEPT_FOR: Duration = Duration::from_secs(3);

/// A repository on an ssh server.
pub struct SshRemote {
    ssh: Ssh,
    address: SshAddress,
}

impl SshRemote {
    /// Names the repository at `address`. Nothing is started yet.
    pub const fn new(ssh: Ssh, address: SshAddress) -> Self {
        Self { ssh, address }
    }

    fn error(&self, kind: TransportErrorKind, message: impl Into<String>) -> TransportError {
        TransportError::new(kind, self.describe(), message)
    }

    fn no_requests(&self) -> TransportError {
        self.error(TransportErrorKind::Other, "over ssh there are conversations only")
    }
}

#[async_trait]
impl Remote for SshRemote {
    /// Opens a conversation. Git's programs speak first: whatever goes wrong before they do is told from here, with nothing
    /// sent yet.
    async fn connect(
        &self,
        service: Service,
        version: ProtocolVersion,
    ) -> Result<Option<Conversation>, TransportError> {
        let Inner { kept, slots, .. } = &*self.ssh.inner;
        if is_kept(service, version) {
            // What was listed before is of no use any more.
            drop(kept.take(&self.address));
        }
        let slot = match slots.clone().try_acquire_owned() {
            Ok(slot) => slot,
            Err(_) => {
                kept.drop_oldest();
                let slot = slots.clone().acquire_owned().await;
                slot.map_err(|error| self.error(TransportErrorKind::Other, error.to_string()))?
            }
        };
        let failed = |error: &ChildError| trouble::before_the_first_word(&self.address, error);
        let mut child = self.ssh.spawn(&self.address, service, version).map_err(|error| failed(&error))?;
        let limit = self.ssh.inner.options.connect_timeout + SIGN_IN;
        let first = match tokio::time::timeout(limit, read(&mut child)).await {
            Ok(Ok(Some(piece))) => piece,
            Ok(Ok(None)) => {
                let why = child.succeed().await.err();
                return Err(match why {
                    Some(error) => failed(&error),
                    None => self.error(TransportErrorKind::Broken, "the server ended the connection without a word"),
                });
            }
            Ok(Err(source)) => return Err(failed(&ChildError::Io { command: child.command(), source })),
            Err(_) => return Err(failed(&ChildError::Timeout { command: child.command(), limit })),
        };
        let Some(stdin) = child.stdin.take() else {
            return Err(self.error(TransportErrorKind::Io, "a pipe to the process is missing"));
        };
        let rest = output(child, self.address.clone(), slot);
        Ok(Some(Conversation { incoming: stream::iter([Ok(first)]).chain(rest).boxed(), outgoing: Box::pin(stdin) }))
    }

    fn keeps(&self) -> bool {
        true
    }

    async fn keep(&self, service: Service, version: ProtocolVersion, conversation: Conversation) {
        // As long as there is a slot left, nobody has to wait for those who only might go on.
        if is_kept(service, version) && self.ssh.inner.slots.available_permits() > 0 {
            self.ssh.inner.kept.put(self.address.clone(), conversation);
            let inner = Arc::downgrade(&self.ssh.inner);
            tokio::spawn(async move {
                tokio::time::sleep(KEPT_FOR).await;
                if let Some(inner) = inner.upgrade() {
                    inner.kept.drop_older_than(KEPT_FOR);
                }
            });
        }
    }

    async fn resume(&self, service: Service, version: ProtocolVersion) -> Option<Conversation> {
        if is_kept(service, version) { self.ssh.inner.kept.take(&self.address) } else { None }
    }

    async fn advertise(&self, _service: Service, _version: ProtocolVersion) -> Result<ByteStream, TransportError> {
        Err(self.no_requests())
    }

    async fn request(
        &self,
        _service: Service,
        _version: ProtocolVersion,
        _body: Body,
    ) -> Result<ByteStream, TransportError> {
        Err(self.no_requests())
    }

    fn describe(&self) -> String {
        self.address.to_string()
    }

    fn memory(&self) -> &ProtocolMemory {
        &self.ssh.inner.memory
    }
}

/// Says whether a conversation may go on with another command: one with the program that lists and fetches, in version 2.
fn is_kept(service: Service, version: ProtocolVersion) -> bool {
    service == Service::UploadPack && version == ProtocolVersion::V2
}

/// Reads a piece; `None` at the end.
async fn read(child: &mut Child) -> std::io::Result<Option<Bytes>> {
    let Some(stdout) = child.stdout.as_mut() else { return Ok(None) };
    let mut piece = BytesMut::with_capacity(64 << 10);
    let count = stdout.read_buf(&mut piece).await?;
    Ok((count > 0).then(|| piece.freeze()))
}

/// Streams the rest of what the server says, and holds the slot until that ends or nobody listens any more.
fn output(child: Child, address: SshAddress, slot: OwnedSemaphorePermit) -> ByteStream {
    stream::unfold(Some((child, address, slot)), |state| async move {
        let (mut child, address, slot) = state?;
        let error = match tokio::time::timeout(SILENCE, read(&mut child)).await {
            Ok(Ok(Some(piece))) => return Some((Ok(piece), Some((child, address, slot)))),
            Ok(Ok(None)) => match child.succeed().await {
                Ok(()) => return None,
                Err(error) => error,
            },
            Ok(Err(source)) => ChildError::Io { command: child.command(), source },
            Err(_) => ChildError::Timeout { command: child.command(), limit: SILENCE },
        };
        Some((Err(trouble::later(&address, &error)), None))
    })
    .boxed()
}
