//! What the server answers.

use bytes::Bytes;
use refray_core::Oid;

use crate::pktline::{Band, Packet, PacketReader, demultiplex, text};
use crate::wire::ProtocolError;

/// How a round of version 2 ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Round {
    /// The pack follows.
    Pack,
    /// The server wants to hear more; these are the objects that it has, too.
    More(Vec<Oid>),
}

/// Reads a version 2 answer up to the pack.
pub(super) async fn read_round(reader: &mut PacketReader) -> Result<Round, ProtocolError> {
    const WHAT: &str = "the answer to a fetch";
    let mut common = Vec::new();
    loop {
        let Packet::Data(header) = reader.expect(WHAT).await? else {
            return Err(reader.malformed("a section of the answer to a fetch", b"a flush packet"));
        };
        match text(&header) {
            b"packfile" => return Ok(Round::Pack),
            b"acknowledgments" => loop {
                match reader.expect(WHAT).await? {
                    Packet::Data(line) => match text(&line) {
                        b"NAK" | b"ready" => {}
                        ack => {
                            let oid = ack.strip_prefix(b"ACK ").and_then(|hex| Oid::from_hex(hex).ok());
                            common.push(oid.ok_or_else(|| reader.malformed("an acknowledgement", ack))?);
                        }
                    },
                    Packet::Delimiter => break,
                    // Over a conversation the server waits for the next round after this.
                    Packet::Flush | Packet::ResponseEnd => return Ok(Round::More(common)),
                }
            },
            // Other sections are only sent to those who ask for what is in them.
            _ => return Err(reader.malformed("a known section of the answer to a fetch", &header)),
        }
    }
}

/// What comes next of a pack.
pub(super) enum Piece {
    Data(Bytes),
    Message(Bytes),
    End,
}

/// Reads the next part of a pack. In version 0 the acknowledgements stand before it and are passed over.
pub(super) async fn read_piece(reader: &mut PacketReader, skip_acks: bool) -> Result<Piece, ProtocolError> {
    const WHAT: &str = "the pack";
    loop {
        match reader.next().await? {
            None => return Err(reader.truncated(WHAT)),
            Some(Packet::Flush) => return Ok(Piece::End),
            Some(Packet::Data(data)) if skip_acks && (data.starts_with(b"ACK ") || text(&data) == b"NAK") => {}
            Some(Packet::Data(data)) => {
                if let Some(message) = data.strip_prefix(b"ERR ") {
                    return Err(reader.said(text(message)));
                }
                return match demultiplex(data.clone()) {
                    Some(Band::Data(bytes)) => Ok(Piece::Data(bytes)),
                    Some(Band::Message(bytes)) => Ok(Piece::Message(bytes)),
                    Some(Band::Failure(bytes)) => Err(reader.said(&bytes)),
                    None => Err(reader.malformed("a part of the pack", &data)),
                };
            }
            Some(_) => return Err(reader.malformed("a part of the pack", b"another packet")),
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::{FutureExt, StreamExt, stream};
    use proptest::prelude::*;

    use super::*;
    use crate::pktline::{DELIMITER, FLUSH, encode};

    const HEX: &str = "0123456789abcdef0123456789abcdef01234567";

    fn reader(bytes: &[u8]) -> PacketReader {
        let pieces: Vec<_> = bytes.chunks(3).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
        PacketReader::new(stream::iter(pieces).boxed(), "test".into())
    }

    fn round(bytes: &[u8]) -> Result<Round, ProtocolError> {
        read_round(&mut reader(bytes)).now_or_never().expect("nothing to wait for")
    }

    fn answer(ready: bool) -> Vec<u8> {
        let mut bytes = Vec::new();
        encode(&mut bytes, b"acknowledgments\n");
        encode(&mut bytes, format!("ACK {HEX}\n").as_bytes());
        if ready {
            encode(&mut bytes, b"ready\n");
            bytes.extend_from_slice(DELIMITER);
            encode(&mut bytes, b"packfile\n");
            encode(&mut bytes, b"\x02Counting\n");
            encode(&mut bytes, b"\x01PACK");
        }
        bytes.extend_from_slice(FLUSH);
        bytes
    }

    #[test]
    fn rounds_are_told_apart() {
        assert_eq!(round(&answer(true)), Ok(Round::Pack));
        assert_eq!(round(&answer(false)), Ok(Round::More(vec![HEX.parse().unwrap()])));
        let whole = answer(false);
        for length in 0..whole.len() {
            assert!(round(&whole[..length]).is_err());
        }
        let mut refused = Vec::new();
        encode(&mut refused, format!("ERR upload-pack: not our ref {HEX}").as_bytes());
        assert!(matches!(round(&refused), Err(ProtocolError::Remote { .. })));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..60), cut in 0..120_usize) {
            let mut mixed = answer(true);
            mixed.truncate(cut);
            mixed.extend(bytes);
            let mut reader = reader(&mixed);
            if let Some(Ok(Round::Pack)) = read_round(&mut reader).now_or_never() {
                while let Some(Ok(Piece::Data(_) | Piece::Message(_))) = read_piece(&mut reader, true).now_or_never() {}
            }
        }
    }
}
