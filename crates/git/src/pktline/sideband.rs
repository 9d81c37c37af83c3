//! Side bands: data, messages and a fatal error in one stream of packets.

use bytes::{Buf, Bytes};

/// What a packet of a multiplexed stream carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Band {
    /// Band 1: the data itself.
    Data(Bytes),
    /// Band 2: text for people.
    Message(Bytes),
    /// Band 3: the other side gave up, and says why.
    Failure(Bytes),
}

/// Tells which band a packet belongs to; `None` for a band that does not exist.
pub fn demultiplex(mut packet: Bytes) -> Option<Band> {
    let band = *packet.first()?;
    packet.advance(1);
    match band {
        1 => Some(Band::Data(packet)),
        2 => Some(Band::Message(packet)),
        3 => Some(Band::Failure(packet)),
        _ => None,
    }
}
