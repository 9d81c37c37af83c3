//! Reading the server's report.

use std::collections::BTreeMap;

use bytes::{Bytes, BytesMut};
use refray_core::Oid;

use crate::pktline::{Band, Messages, Packet, PacketReader, decode, demultiplex, text};
use crate::progress::Progress;
use crate::wire::ProtocolError;

/// What the server says of each reference, by full name.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Status {
    /// `None` when the server took the objects, else why not.
    pub(super) unpack: Option<String>,
    pub(super) refs: BTreeMap<String, Line>,
}

/// What the server says of one reference.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    Ok {
        /// The value that it has now, if the server changed it on the way.
        now: Option<Option<Oid>>,
    },
    Refused(String),
}

/// Reads the report that comes without side bands.
pub(super) async fn read_plain(reader: &mut PacketReader) -> Result<Status, ProtocolError> {
    let mut parser = Parser::default();
    loop {
        match reader.expect("the report").await? {
            Packet::Data(line) => {
                if !parser.line(&line) {
                    return Err(reader.malformed("a line of the report", &line));
                }
            }
            Packet::Flush if parser.has_unpack => return Ok(parser.status),
            _ => return Err(reader.malformed("a report", b"an empty one")),
        }
    }
}

/// Reads the report that comes in band 1, and collects what comes in band 2.
///
/// Once the report is complete, it holds, whatever happens to the connection after it.
pub(super) async fn read_banded(
    reader: &mut PacketReader,
    messages: &mut Messages,
    progress: &dyn Progress,
) -> Result<Status, ProtocolError> {
    let mut parser = Parser::default();
    let mut inner = BytesMut::new();
    let mut complete = false;
    loop {
        let packet = match reader.next().await {
            Ok(Some(packet)) => packet,
            Ok(None) | Err(_) if complete => return Ok(parser.status),
            Ok(None) => return Err(reader.truncated("the report")),
            Err(error) => return Err(error),
        };
        let data = match packet {
            Packet::Data(data) => data,
            Packet::Flush if complete => return Ok(parser.status),
            _ => return Err(reader.malformed("a report", b"an empty one")),
        };
        match demultiplex(data.clone()) {
            Some(Band::Data(bytes)) => {
                inner.extend_from_slice(&bytes);
                complete |= parse_inner(reader, &mut parser, &mut inner)?;
            }
            Some(Band::Message(bytes)) => messages.push(&bytes, progress),
            Some(Band::Failure(bytes)) => {
                messages.push(&bytes, progress);
                messages.push(b"\n", progress);
                if complete {
                    return Ok(parser.status);
                }
                return Err(reader.said(&bytes));
            }
            None => {
                return Err(match data.strip_prefix(b"ERR ") {
                    Some(message) => reader.said(text(message)),
                    None => reader.malformed("a part of the report", &data),
                });
            }
        }
    }
}

/// Takes whole packets out of what came in band 1 and says whether the report ended.
fn parse_inner(reader: &PacketReader, parser: &mut Parser, inner: &mut BytesMut) -> Result<bool, ProtocolError> {
    loop {
        match decode(inner) {
            Ok(Some(Packet::Data(line))) => {
                if !parser.line(&line) {
                    return Err(reader.malformed("a line of the report", &line));
                }
            }
            Ok(Some(Packet::Flush)) if parser.has_unpack => return Ok(true),
            Ok(None) => return Ok(false),
            Ok(Some(_)) | Err(_) => return Err(reader.malformed("a report", inner)),
        }
    }
}

#[derive(Default)]
struct Parser {
    status: Status,
    has_unpack: bool,
    /// The reference that option lines belong to.
    current: Option<String>,
}

impl Parser {
    /// Takes a line; `false` if it is none of a report.
    fn line(&mut self, line: &Bytes) -> bool {
        let line = String::from_utf8_lossy(text(line));
        if !self.has_unpack {
            let Some(result) = line.strip_prefix("unpack ") else { return false };
            self.status.unpack = (result != "ok").then(|| clean(result));
            self.has_unpack = true;
            return true;
        }
        if let Some(name) = line.strip_prefix("ok ") {
            self.status.refs.insert(name.to_owned(), Line::Ok { now: None });
            self.current = Some(name.to_owned());
        } else if let Some(rest) = line.strip_prefix("ng ") {
            let (name, reason) = rest.split_once(' ').unwrap_or((rest, "no reason given"));
            self.status.refs.insert(name.to_owned(), Line::Refused(clean(reason)));
            self.current = None;
        } else if let Some(option) = line.strip_prefix("option ") {
            let current = self.current.as_ref().and_then(|name| self.status.refs.get_mut(name));
            if let (Some(Line::Ok { now }), Some(hex)) = (current, option.strip_prefix("new-oid ")) {
                *now = Some(hex.parse().ok());
            }
        } else {
            return false;
        }
        true
    }
}

/// Makes what a server says safe to show.
fn clean(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(1000).collect()
}

#[cfg(test)]
mod tests {
    use futures_util::{FutureExt, StreamExt, stream};
    use proptest::prelude::*;

    use super::*;
    use crate::pktline::{FLUSH, encode};

    const HEX: &str = "0123456789abcdef0123456789abcdef01234567";

    fn banded(bytes: &[u8]) -> (Result<Status, ProtocolError>, Vec<String>) {
        let pieces: Vec<_> = bytes.chunks(3).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
        let mut reader = PacketReader::new(stream::iter(pieces).boxed(), "test".into());
        let mut messages = Messages::default();
        let status = read_banded(&mut reader, &mut messages, &()).now_or_never().expect("nothing to wait for");
        (status, messages.finish(&()))
    }

    fn sample() -> Vec<u8> {
        let mut report = Vec::new();
        for line in [
            "unpack ok\n",
            "ok refs/heads/a\n",
            "ok refs/heads/b\n",
            "option refname refs/heads/b\n",
            &format!("option new-oid {HEX}\n"),
            "ng refs/heads/main protected branch hook declined\n",
        ] {
            encode(&mut report, line.as_bytes());
        }
        report.extend_from_slice(FLUSH);
        let mut bytes = Vec::new();
        encode(&mut bytes, b"\x02GitLab: You are not allowed to push\n");
        // Torn across packets, as long reports are.
        for piece in report.chunks(50) {
            encode(&mut bytes, &[b"\x01", piece].concat());
        }
        bytes
    }

    #[test]
    fn a_report_is_read() {
        let mut whole = sample();
        whole.extend_from_slice(FLUSH);
        let (status, messages) = banded(&whole);
        let status = status.unwrap();
        assert_eq!(status.unpack, None);
        assert_eq!(status.refs["refs/heads/a"], Line::Ok { now: None });
        assert_eq!(status.refs["refs/heads/b"], Line::Ok { now: Some(HEX.parse().ok()) });
        assert_eq!(status.refs["refs/heads/main"], Line::Refused("protected branch hook declined".into()));
        assert_eq!(messages, ["GitLab: You are not allowed to push"]);
    }

    #[test]
    fn a_report_counts_only_when_it_is_complete() {
        let whole = sample();
        for length in 0..whole.len() {
            assert!(banded(&whole[..length]).0.is_err(), "{length}");
        }
        assert!(banded(&whole).0.is_ok(), "what follows the report does not matter");
        assert!(matches!(banded(FLUSH).0, Err(ProtocolError::Malformed { .. })));
    }

    #[test]
    fn a_fatal_error_is_passed_on() {
        let mut bytes = Vec::new();
        encode(&mut bytes, b"\x03fatal: early EOF\n");
        assert!(
            matches!(banded(&bytes).0, Err(ProtocolError::Remote { message, .. }) if message == "fatal: early EOF")
        );
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..80), cut in 0..400_usize) {
            let mut mixed = sample();
            mixed.truncate(cut);
            mixed.extend(bytes);
            drop(banded(&mixed));
        }
    }
}
