//! Packets to bytes and back.

use bytes::{Buf, Bytes, BytesMut};

/// Ends a section or message.
pub const FLUSH: &[u8] = b"0000";

/// Separates the parts of a version 2 message.
pub const DELIMITER: &[u8] = b"0001";

/// The longest packet, its length included.
const LONGEST: usize = 65520;

/// A packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Packet {
    /// Data, at most 65,516 bytes.
    Data(Bytes),
    /// `0000`
    Flush,
    /// `0001`
    Delimiter,
    /// `0002`
    ResponseEnd,
}

/// Bytes that are not a packet.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a packet's length was expected, not `{}`", found.escape_ascii())]
pub struct InvalidPacket {
    /// The four bytes that stand where a length should.
    pub found: [u8; 4],
}

/// Takes the first packet out of `buffer`; `None` when it is not all there yet.
///
/// # Errors
/// What stands at the front is not the beginning of a packet.
pub fn decode(buffer: &mut BytesMut) -> Result<Option<Packet>, InvalidPacket> {
    let Some(prefix) = buffer.first_chunk::<4>().copied() else { return Ok(None) };
    let invalid = InvalidPacket { found: prefix };
    let mut length = 0;
    for byte in prefix {
        let digit = (byte as char).to_digit(16).ok_or(invalid.clone())?;
        length = length * 16 + digit as usize;
    }
    let special = match length {
        0 => Packet::Flush,
        1 => Packet::Delimiter,
        2 => Packet::ResponseEnd,
        4..=LONGEST => {
            if buffer.len() < length {
                return Ok(None);
            }
            let mut packet = buffer.split_to(length);
            packet.advance(4);
            return Ok(Some(Packet::Data(packet.freeze())));
        }
        _ => return Err(invalid),
    };
    buffer.advance(4);
    Ok(Some(special))
}

/// Appends `data` as a packet. Longer data than one packet can hold becomes several, which only a side band may contain.
pub fn encode(buffer: &mut Vec<u8>, data: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for chunk in data.chunks(LONGEST - 4) {
        let length = chunk.len() + 4;
        buffer.extend([12, 8, 4, 0].map(|shift| DIGITS[(length >> shift) & 15]));
        buffer.extend_from_slice(chunk);
    }
}

/// Returns a packet's line without its line end.
pub fn text(data: &[u8]) -> &[u8] {
    data.strip_suffix(b"\n").unwrap_or(data)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn recorded_packets_are_read() {
        let mut buffer = BytesMut::from(&b"000eversion 2\n0000000100020004fff0"[..]);
        assert_eq!(decode(&mut buffer), Ok(Some(Packet::Data(Bytes::from_static(b"version 2\n")))));
        assert_eq!(decode(&mut buffer), Ok(Some(Packet::Flush)));
        assert_eq!(decode(&mut buffer), Ok(Some(Packet::Delimiter)));
        assert_eq!(decode(&mut buffer), Ok(Some(Packet::ResponseEnd)));
        assert_eq!(decode(&mut buffer), Ok(Some(Packet::Data(Bytes::new()))));
        assert_eq!(decode(&mut buffer), Ok(None));
        for wrong in [&b"0003"[..], b"fff1", b"<htm", b"-001"] {
            assert!(decode(&mut BytesMut::from(wrong)).is_err());
        }
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded(lines in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..300), 0..20)) {
            let mut bytes = Vec::new();
            for line in &lines {
                encode(&mut bytes, line);
            }
            let mut buffer = BytesMut::from(&bytes[..]);
            for line in &lines {
                prop_assert_eq!(decode(&mut buffer), Ok(Some(Packet::Data(Bytes::copy_from_slice(line)))));
            }
            prop_assert!(buffer.is_empty());
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            let mut buffer = BytesMut::from(&bytes[..]);
            while let Ok(Some(_)) = decode(&mut buffer) {}
        }
    }
}
