//! The first thing that a server says.

use bytes::Bytes;
use refray_core::Oid;

use super::{Capabilities, ProtocolError};
use crate::pktline::{Packet, PacketReader, text};
use crate::transport::Service;

/// What a server says before anything is asked of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Advertisement {
    /// Versions 0 and 1: capabilities and all references at once.
    V0 {
        /// What the server can do.
        capabilities: Capabilities,
        /// Full names and values, `HEAD` among them; peeled values are left out.
        refs: Vec<(Bytes, Oid)>,
        /// Objects that the server has besides those (`.have`).
        haves: Vec<Oid>,
    },
    /// Version 2: capabilities only.
    V2 {
        /// What the server can do.
        capabilities: Capabilities,
    },
}

/// Reads an advertisement up to and including its flush packet.
pub(crate) async fn read_advertisement(
    reader: &mut PacketReader,
    service: Service,
) -> Result<Advertisement, ProtocolError> {
    const WHAT: &str = "the server's advertisement";
    let mut first = match reader.expect(WHAT).await {
        Ok(packet) => packet,
        Err(ProtocolError::Malformed { remote, found, .. }) => return Err(ProtocolError::NotGit { remote, found }),
        Err(ProtocolError::Truncated { remote, .. }) if reader.has_begun() => {
            return Err(ProtocolError::NotGit { remote, found: "a few bytes".into() });
        }
        Err(error) => return Err(error),
    };
    if let Packet::Data(line) = &first
        && let Some(named) = text(line).strip_prefix(b"# service=")
    {
        if named != service.as_str().as_bytes() {
            return Err(reader.malformed("the advertisement of the service that was asked for", line));
        }
        if reader.expect(WHAT).await? != Packet::Flush {
            return Err(reader.malformed("a flush packet behind the service's name", line));
        }
        first = reader.expect(WHAT).await?;
    }
    match &first {
        Packet::Data(line) if text(line) == b"version 2" => {
            let mut capabilities = Capabilities::default();
            loop {
                match reader.expect(WHAT).await? {
                    Packet::Data(line) => capabilities.push(&String::from_utf8_lossy(text(&line))),
                    Packet::Flush => return Ok(Advertisement::V2 { capabilities }),
                    _ => return Err(reader.malformed(WHAT, b"another packet")),
                }
            }
        }
        Packet::Data(line) if text(line) == b"version 1" => first = reader.expect(WHAT).await?,
        _ => {}
    }
    read_v0(reader, first).await
}

async fn read_v0(reader: &mut PacketReader, mut packet: Packet) -> Result<Advertisement, ProtocolError> {
    const WHAT: &str = "the list of references";
    let mut capabilities = Capabilities::default();
    let mut refs = Vec::new();
    let mut haves = Vec::new();
    let mut is_first = true;
    loop {
        let line = match packet {
            Packet::Data(line) => line,
            Packet::Flush => return Ok(Advertisement::V0 { capabilities, refs, haves }),
            _ => return Err(reader.malformed(WHAT, b"another packet")),
        };
        let mut content = text(&line).len();
        if is_first {
            if let Some(end) = line.iter().position(|byte| *byte == 0) {
                capabilities = Capabilities::parse_v0(&line[end + 1..]);
                content = end;
            }
            is_first = false;
        }
        let content = line.slice(..content);
        let Some(space) = content.iter().position(|byte| *byte == b' ') else {
            return Err(reader.malformed(WHAT, &line));
        };
        let (id, name) = (&content[..space], content.slice(space + 1..));
        if id == b"shallow" || &name[..] == b"capabilities^{}" || name.ends_with(b"^{}") {
            // Nothing of these is a reference's own value.
        } else {
            let Ok(oid) = Oid::from_hex(id) else { return Err(reader.malformed(WHAT, &line)) };
            if &name[..] == b".have" {
                haves.push(oid);
            } else {
                refs.push((name, oid));
            }
        }
        packet = reader.expect(WHAT).await?;
    }
}

#[cfg(test)]
mod tests {
    use futures_util::{StreamExt, stream};
    use proptest::prelude::*;

    use super::*;
    use crate::pktline::encode;

    fn read(bytes: &[u8], service: Service) -> Result<Advertisement, ProtocolError> {
        // Pieces of seven bytes, so that packets are torn everywhere.
        let pieces: Vec<_> = bytes.chunks(7).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
        let mut reader = PacketReader::new(stream::iter(pieces).boxed(), "test".into());
        futures_util::FutureExt::now_or_never(read_advertisement(&mut reader, service)).expect("nothing to wait for")
    }

    const HEX: &str = "0123456789abcdef0123456789abcdef01234567";

    fn v0() -> Vec<u8> {
        let mut bytes = Vec::new();
        encode(&mut bytes, b"# service=git-receive-pack\n");
        bytes.extend(b"0000");
        encode(
            &mut bytes,
            format!("{HEX} refs/heads/main\0report-status side-band-64k symref=HEAD:refs/heads/main\n").as_bytes(),
        );
        encode(&mut bytes, format!("{HEX} refs/tags/v1\n").as_bytes());
        encode(&mut bytes, format!("{HEX} refs/tags/v1^{{}}\n").as_bytes());
        encode(&mut bytes, format!("{HEX} .have\n").as_bytes());
        bytes.extend(b"0000");
        bytes
    }

    #[test]
    fn version_0_is_read() {
        let Advertisement::V0 { capabilities, refs, haves } = read(&v0(), Service::ReceivePack).unwrap() else {
            panic!()
        };
        assert_eq!(
            refs.iter().map(|(name, _)| &name[..]).collect::<Vec<_>>(),
            [&b"refs/heads/main"[..], b"refs/tags/v1"]
        );
        assert_eq!(haves.len(), 1);
        assert!(capabilities.has("report-status") && !capabilities.has("atomic"));
        assert_eq!(capabilities.head_target(), Some("refs/heads/main"));
        assert!(matches!(read(&v0(), Service::UploadPack), Err(ProtocolError::Malformed { .. })));
    }

    #[test]
    fn every_truncation_is_an_error() {
        let whole = v0();
        for length in 0..whole.len() {
            assert!(read(&whole[..length], Service::ReceivePack).is_err(), "{length}");
        }
    }

    #[test]
    fn an_empty_repository_and_version_2_are_read() {
        let mut bytes = Vec::new();
        encode(
            &mut bytes,
            format!("{} capabilities^{{}}\0report-status object-format=sha256\n", "0".repeat(64)).as_bytes(),
        );
        bytes.extend(b"0000");
        let Advertisement::V0 { capabilities, refs, .. } = read(&bytes, Service::UploadPack).unwrap() else { panic!() };
        assert!(refs.is_empty());
        assert_eq!(capabilities.format(), Some(refray_core::ObjectFormat::Sha256));

        let mut bytes = Vec::new();
        for line in [&b"version 2\n"[..], b"agent=git/2.39.5\n", b"ls-refs=unborn\n", b"fetch=shallow\n"] {
            encode(&mut bytes, line);
        }
        bytes.extend(b"0000");
        let Advertisement::V2 { capabilities } = read(&bytes, Service::UploadPack).unwrap() else { panic!() };
        assert!(capabilities.has("ls-refs") && capabilities.has("fetch"));
    }

    #[test]
    fn other_answers_are_named() {
        assert!(matches!(read(b"<!DOCTYPE html><html>", Service::UploadPack), Err(ProtocolError::NotGit { .. })));
        let dumb = format!("{HEX}\trefs/heads/main\n");
        assert!(matches!(read(dumb.as_bytes(), Service::UploadPack), Err(ProtocolError::NotGit { .. })));
        let mut bytes = Vec::new();
        encode(&mut bytes, b"ERR access denied or repository not exported: /x.git\n");
        let error = read(&bytes, Service::UploadPack).unwrap_err();
        assert!(matches!(error, ProtocolError::Remote { message, .. } if message.starts_with("access denied")));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), cut in 0..400_usize) {
            drop(read(&bytes, Service::UploadPack));
            let mut mixed = v0();
            mixed.truncate(cut);
            mixed.extend(bytes);
            drop(read(&mixed, Service::ReceivePack));
        }
    }
}
