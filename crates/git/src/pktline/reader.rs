//! Packets from a stream of bytes.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;

use super::codec::{Packet, decode, text};
use crate::transport::ByteStream;
use crate::wire::{ProtocolError, excerpt};

/// More than this is no listing or report that refray could handle.
const MOST_BYTES: u64 = 1 << 30;

/// Reads packets from what a remote sends.
pub(crate) struct PacketReader {
    stream: ByteStream,
    buffer: BytesMut,
    remote: Arc<str>,
    /// How much more may come in; `None` while a pack is read.
    left: Option<u64>,
    /// Whether anything has come in.
    begun: bool,
    /// What came in since that was asked for.
    recorded: Option<Vec<u8>>,
}

impl PacketReader {
    pub(crate) fn new(stream: ByteStream, remote: Arc<str>) -> Self {
        Self { stream, buffer: BytesMut::new(), remote, left: Some(MOST_BYTES), begun: false, recorded: None }
    }

    pub(crate) fn remote(&self) -> Arc<str> {
        self.remote.clone()
    }

    /// Lifts the limit on what may come in.
    pub(crate) fn lift_limit(&mut self) {
        self.left = None;
    }

    /// Says whether anything has come in.
    pub(crate) fn has_begun(&self) -> bool {
        self.begun
    }

    /// Begins to note what comes in.
    pub(crate) fn record(&mut self) {
        self.recorded = Some(self.buffer.to_vec());
    }

    /// Ends that, and returns what was read of it as packets.
    pub(crate) fn recorded(&mut self) -> Option<Bytes> {
        let mut recorded = self.recorded.take()?;
        recorded.truncate(recorded.len().checked_sub(self.buffer.len())?);
        Some(recorded.into())
    }

    /// Returns the stream, if everything that came in so far was read as packets.
    pub(crate) fn into_stream(self) -> Option<ByteStream> {
        self.buffer.is_empty().then_some(self.stream)
    }

    /// Returns the next packet; `None` at an end between two packets.
    pub(crate) async fn next(&mut self) -> Result<Option<Packet>, ProtocolError> {
        loop {
            match decode(&mut self.buffer) {
                Ok(Some(packet)) => return Ok(Some(packet)),
                Ok(None) => {}
                Err(_) => {
                    return Err(ProtocolError::Malformed {
                        remote: self.remote.to_string(),
                        what: "a packet",
                        found: excerpt(&self.buffer),
                    });
                }
            }
            let Some(piece) = self.stream.next().await else {
                if self.buffer.is_empty() {
                    return Ok(None);
                }
                return Err(self.truncated("a packet"));
            };
            let piece = piece?;
            self.begun |= !piece.is_empty();
            if let Some(left) = &mut self.left {
                let Some(rest) = left.checked_sub(piece.len() as u64) else {
                    return Err(ProtocolError::TooLarge { remote: self.remote.to_string(), limit: MOST_BYTES });
                };
                *left = rest;
            }
            if let Some(recorded) = &mut self.recorded {
                recorded.extend_from_slice(&piece);
            }
            self.push(piece);
        }
    }

    fn push(&mut self, piece: Bytes) {
        if self.buffer.is_empty() {
            // Saves a copy of everything that comes in, where the piece is nobody else's.
            match piece.try_into_mut() {
                Ok(own) => self.buffer = own,
                Err(shared) => self.buffer.extend_from_slice(&shared),
            }
        } else {
            self.buffer.extend_from_slice(&piece);
        }
    }

    /// Returns the next packet of a section that must not end here; an `ERR` packet becomes an error.
    pub(crate) async fn expect(&mut self, what: &'static str) -> Result<Packet, ProtocolError> {
        match self.next().await? {
            Some(Packet::Data(data)) => match data.strip_prefix(b"ERR ") {
                Some(message) => Err(self.said(text(message))),
                None => Ok(Packet::Data(data)),
            },
            Some(packet) => Ok(packet),
            None => Err(self.truncated(what)),
        }
    }

    /// Reads on to the end and forgets what comes.
    pub(crate) async fn drain(&mut self) -> Result<(), ProtocolError> {
        while let Some(piece) = self.stream.next().await {
            drop(piece?);
        }
        Ok(())
    }

    pub(crate) fn truncated(&self, what: &'static str) -> ProtocolError {
        ProtocolError::Truncated { remote: self.remote.to_string(), what }
    }

    pub(crate) fn malformed(&self, what: &'static str, found: &[u8]) -> ProtocolError {
        ProtocolError::Malformed { remote: self.remote.to_string(), what, found: excerpt(found) }
    }

    /// Makes an error of what the other side said.
    pub(crate) fn said(&self, message: &[u8]) -> ProtocolError {
        ProtocolError::Remote { remote: self.remote.to_string(), message: crate::child::bounded_text(message) }
    }
}
