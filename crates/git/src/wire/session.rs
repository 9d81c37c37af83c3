//! One way to send and receive over any transport.

use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::task::JoinHandle;

use super::ProtocolError;
use crate::pktline::PacketReader;
use crate::transport::{Body, Conversation, ProtocolVersion, Remote, Service, TransportError, TransportErrorKind};

type Outgoing = Pin<Box<dyn AsyncWrite + Send>>;

/// An exchange with a remote: one conversation, or one request after another.
pub(crate) struct Session<'r> {
    remote: &'r dyn Remote,
    service: Service,
    version: ProtocolVersion,
    name: Arc<str>,
    line: Line,
    reader: Option<PacketReader>,
}

/// The way to the server.
enum Line {
    /// Every message is a request of its own.
    Requests,
    /// A conversation in which it is our turn.
    Ready(Outgoing),
    /// A conversation in which a message is being sent while the answer is read: neither side may wait for the other.
    Sending(Sender),
}

struct Sender(JoinHandle<Result<Outgoing, TransportError>>);

impl Drop for Sender {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl<'r> Session<'r> {
    /// Begins, and returns the session with its reader at the start of the advertisement; without one when the connection
    /// works by requests and `needs_advertisement` says that the server is known well enough.
    pub(crate) async fn open(
        remote: &'r dyn Remote,
        service: Service,
        version: ProtocolVersion,
        needs_advertisement: bool,
    ) -> Result<Self, ProtocolError> {
        let name: Arc<str> = remote.describe().into();
        let (line, reader) = match remote.connect(service, version).await? {
            Some(conversation) => {
                let mut reader = PacketReader::new(conversation.incoming, name.clone());
                if remote.keeps() {
                    reader.record();
                }
                (Line::Ready(conversation.outgoing), Some(reader))
            }
            None if needs_advertisement => {
                let stream = remote.advertise(service, version).await?;
                (Line::Requests, Some(PacketReader::new(stream, name.clone())))
            }
            None => (Line::Requests, None),
        };
        Ok(Self { remote, service, version, name, line, reader })
    }

    /// Goes on with the conversation of the last listing, at what looks like its beginning; nothing if none was kept.
    pub(crate) async fn resume(remote: &'r dyn Remote, service: Service, version: ProtocolVersion) -> Option<Self> {
        let conversation = remote.resume(service, version).await?;
        let name: Arc<str> = remote.describe().into();
        let reader = Some(PacketReader::new(conversation.incoming, name.clone()));
        Some(Self { remote, service, version, name, line: Line::Ready(conversation.outgoing), reader })
    }

    /// Says whether there is an advertisement to be read.
    pub(crate) fn has_advertisement(&self) -> bool {
        self.reader.is_some()
    }

    /// Says whether it is one conversation.
    pub(crate) fn is_conversation(&self) -> bool {
        !matches!(self.line, Line::Requests)
    }

    /// Returns the advertisement as it came, once it was read; nothing where nobody would keep the conversation.
    pub(crate) fn advertisement(&mut self) -> Option<Bytes> {
        self.reader.as_mut()?.recorded()
    }

    /// Gives a conversation back in which another command may follow. `advertisement` is how it began.
    pub(crate) async fn keep(self, advertisement: Bytes) {
        let Self { remote, service, version, name, line, reader, .. } = self;
        let Line::Sending(mut sender) = line else { return };
        // One that is not at the end of a message is dropped, and thereby ended.
        let (Ok(outgoing), Some(rest)) = (finish(&mut sender, &name).await, reader.and_then(PacketReader::into_stream))
        else {
            return;
        };
        let incoming = stream::iter([Ok(advertisement)]).chain(rest).boxed();
        remote.keep(service, version, Conversation { incoming, outgoing }).await;
    }

    /// Returns what the server is saying.
    pub(crate) fn reader(&mut self) -> Result<&mut PacketReader, ProtocolError> {
        let name = &self.name;
        self.reader
            .as_mut()
            .ok_or_else(|| TransportError::new(TransportErrorKind::Other, &**name, "nothing was asked").into())
    }

    /// Asks for the advertisement after all, over a connection that works by requests.
    pub(crate) async fn advertise(&mut self) -> Result<(), ProtocolError> {
        self.reader = None;
        let stream = self.remote.advertise(self.service, self.version).await?;
        self.reader = Some(PacketReader::new(stream, self.name.clone()));
        Ok(())
    }

    /// Sends a message. Its answer is then found in the reader, possibly while the message is still being sent.
    pub(crate) async fn send(&mut self, body: Body) -> Result<(), ProtocolError> {
        match std::mem::replace(&mut self.line, Line::Requests) {
            Line::Requests => {
                // What was answered before holds one of the connections that a site bears at once. Whoever kept it while
                // waiting for another would, among enough of the kind, wait for ever.
                self.reader = None;
                let stream = self.remote.request(self.service, self.version, body).await?;
                self.reader = Some(PacketReader::new(stream, self.name.clone()));
            }
            Line::Ready(outgoing) => self.line = Line::Sending(start(outgoing, body, self.name.clone())),
            Line::Sending(mut sender) => {
                let outgoing = finish(&mut sender, &self.name).await?;
                self.line = Line::Sending(start(outgoing, body, self.name.clone()));
            }
        }
        Ok(())
    }

    /// Tells the server, in a conversation, that nothing more comes.
    pub(crate) async fn hang_up(&mut self) -> Result<(), ProtocolError> {
        match std::mem::replace(&mut self.line, Line::Requests) {
            Line::Requests => {}
            Line::Ready(mut outgoing) => {
                // A server that has already gone has no need to be told.
                drop(outgoing.shutdown().await);
            }
            Line::Sending(mut sender) => {
                let mut outgoing = finish(&mut sender, &self.name).await?;
                drop(outgoing.shutdown().await);
            }
        }
        Ok(())
    }
}

fn start(mut outgoing: Outgoing, body: Body, remote: Arc<str>) -> Sender {
    Sender(tokio::spawn(async move {
        let broken =
            |error: std::io::Error| TransportError::new(TransportErrorKind::Broken, &*remote, error.to_string());
        match body {
            Body::Bytes(bytes) => outgoing.write_all(&bytes).await.map_err(broken)?,
            Body::Stream(mut pieces) => {
                while let Some(piece) = pieces.next().await {
                    outgoing.write_all(&piece?).await.map_err(broken)?;
                }
            }
        }
        outgoing.flush().await.map_err(broken)?;
        Ok(outgoing)
    }))
}

async fn finish(sender: &mut Sender, remote: &str) -> Result<Outgoing, ProtocolError> {
    match (&mut sender.0).await {
        Ok(result) => Ok(result?),
        Err(_) => Err(TransportError::new(TransportErrorKind::Other, remote, "the sender was stopped").into()),
    }
}
