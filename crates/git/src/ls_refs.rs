//! Listing a repository's references.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use bytes::Bytes;
use refray_core::name::{BranchName, RefName};
use refray_core::snapshot::Snapshot;
use refray_core::{ObjectFormat, Oid};

use crate::pktline::{DELIMITER, FLUSH, Packet, PacketReader, encode, text};
use crate::transport::{Body, ProtocolMemory, ProtocolVersion, Remote, Service, TransportErrorKind};
use crate::wire::{AGENT, Advertisement, Capabilities, ProtocolError, Session, read_advertisement};

/// Lists the branches, the tags and the default branch of a repository.
///
/// A single request, unless the server does not speak protocol version 2, which the remote's [memory](Remote::memory) keeps.
///
/// # Errors
/// The remote cannot be reached, or its answer is not a whole listing. A short list is never returned.
pub async fn ls_refs(remote: &dyn Remote) -> Result<Snapshot, ProtocolError> {
    ls_refs_of(remote, None).await
}

/// Does what [`ls_refs`] does for a repository whose hash function was seen before, which saves a request where it is not
/// SHA-1.
///
/// # Errors
/// As for [`ls_refs`].
pub async fn ls_refs_of(remote: &dyn Remote, format: Option<ObjectFormat>) -> Result<Snapshot, ProtocolError> {
    let memory = remote.memory();
    // Every server of today speaks version 2: a request that assumes so and is not understood costs less than asking first.
    let known = !memory.speaks_only_v0();
    let mut session = Session::open(remote, Service::UploadPack, ProtocolVersion::V2, !known).await?;
    if !session.has_advertisement() {
        let format = format.unwrap_or_default();
        let asked = ask(&mut session, memory.takes_agent(), (format != ObjectFormat::Sha1).then_some(format), format);
        match asked.await {
            // The server may have been replaced by one that speaks only version 0, or the repository may use another hash
            // function: both make for an answer that says little.
            Err(error) if may_be_misunderstood(&error) => session.advertise().await?,
            Ok(snapshot) => {
                if !memory.speaks_v2() {
                    memory.saw_v2(false);
                }
                return Ok(snapshot);
            }
            Err(error) => return Err(error),
        }
    }
    match read_advertisement(session.reader()?, Service::UploadPack).await? {
        Advertisement::V0 { capabilities, refs, .. } => {
            memory.saw_v0();
            let snapshot = from_v0(session.reader()?, &capabilities, refs, format);
            leave(&mut session).await;
            snapshot
        }
        Advertisement::V2 { capabilities } => {
            let advertisement = session.advertisement();
            let format = check_v2(session.reader()?, &capabilities, memory)?;
            let say = capabilities.has("object-format").then_some(format);
            let snapshot = ask(&mut session, capabilities.has("agent"), say, format).await?;
            match advertisement {
                // What is listed is often fetched right away, and a new connection is dear.
                Some(advertisement) => session.keep(advertisement).await,
                None => leave(&mut session).await,
            }
            Ok(snapshot)
        }
    }
}

/// Ends a conversation politely. What was wanted is already there, so nothing that goes wrong now matters.
pub(crate) async fn leave(session: &mut Session<'_>) {
    if session.is_conversation() && session.send(Body::Bytes(Bytes::from_static(FLUSH))).await.is_ok() {
        drop(session.hang_up().await);
    }
}

/// Notes that the server speaks version 2, and checks that it offers what is needed.
pub(crate) fn check_v2(
    reader: &PacketReader,
    capabilities: &Capabilities,
    memory: &ProtocolMemory,
) -> Result<ObjectFormat, ProtocolError> {
    for needed in ["ls-refs", "fetch"] {
        if !capabilities.has(needed) {
            return Err(ProtocolError::Unsupported { remote: reader.remote().to_string(), capability: needed });
        }
    }
    memory.saw_v2(capabilities.has("agent"));
    capabilities.format().ok_or_else(|| reader.malformed("a known object format", b"another one"))
}

/// Says whether a failed request may succeed when the server is first asked what it speaks.
pub(crate) fn may_be_misunderstood(error: &ProtocolError) -> bool {
    match error {
        ProtocolError::Transport(error) => {
            matches!(error.kind, TransportErrorKind::Refused { .. } | TransportErrorKind::Other)
                // How a server process on this machine ends when it cannot make sense of a request.
                || matches!(error.kind, TransportErrorKind::Broken)
        }
        ProtocolError::Truncated { .. }
        | ProtocolError::Malformed { .. }
        | ProtocolError::Remote { .. }
        | ProtocolError::NotGit { .. }
        | ProtocolError::Format { .. } => true,
        ProtocolError::TooLarge { .. } | ProtocolError::Unsupported { .. } => false,
    }
}

/// Asks for the references by version 2. `say` is the object format to name, where the server wants it named.
async fn ask(
    session: &mut Session<'_>,
    agent: bool,
    say: Option<ObjectFormat>,
    format: ObjectFormat,
) -> Result<Snapshot, ProtocolError> {
    let mut body = Vec::with_capacity(256);
    encode(&mut body, b"command=ls-refs\n");
    if agent {
        encode(&mut body, format!("agent={AGENT}\n").as_bytes());
    }
    if let Some(format) = say {
        encode(&mut body, format!("object-format={format}\n").as_bytes());
    }
    body.extend_from_slice(DELIMITER);
    for line in ["symrefs\n", "ref-prefix HEAD\n", "ref-prefix refs/heads/\n", "ref-prefix refs/tags/\n"] {
        encode(&mut body, line.as_bytes());
    }
    body.extend_from_slice(FLUSH);
    session.send(Body::Bytes(body.into())).await?;
    read_v2(session.reader()?, format).await
}

async fn read_v2(reader: &mut PacketReader, format: ObjectFormat) -> Result<Snapshot, ProtocolError> {
    const WHAT: &str = "the list of references";
    let mut builder = Builder::new(format);
    loop {
        let line = match reader.expect(WHAT).await? {
            Packet::Data(line) => line,
            Packet::Flush => return Ok(builder.finish()),
            _ => return Err(reader.malformed(WHAT, b"another packet")),
        };
        let mut words = text(&line).split(|byte| *byte == b' ');
        let (Some(id), Some(name)) = (words.next(), words.next()) else {
            return Err(reader.malformed(WHAT, &line));
        };
        if name == b"HEAD" {
            builder.head(words.find_map(|word| word.strip_prefix(b"symref-target:")));
            continue;
        }
        if id == b"unborn" {
            continue;
        }
        let Ok(oid) = Oid::from_hex(id) else { return Err(reader.malformed(WHAT, &line)) };
        builder.add(reader, name, oid)?;
    }
}

fn from_v0(
    reader: &PacketReader,
    capabilities: &Capabilities,
    refs: Vec<(Bytes, Oid)>,
    seen: Option<ObjectFormat>,
) -> Result<Snapshot, ProtocolError> {
    let said = capabilities.format().ok_or_else(|| reader.malformed("a known object format", b"another one"))?;
    // Of an empty repository some servers say nothing at all, so that what was seen before is all there is to go by.
    let format = if refs.is_empty() && capabilities.is_empty() { seen.unwrap_or(said) } else { said };
    let mut builder = Builder::new(format);
    builder.head(capabilities.head_target().map(str::as_bytes));
    for (name, oid) in refs {
        builder.add(reader, &name, oid)?;
    }
    Ok(builder.finish())
}

/// Puts a snapshot together.
pub(crate) struct Builder {
    snapshot: Snapshot,
    head: Option<String>,
}

/// A reference that was listed twice.
pub(crate) struct Twice;

impl Builder {
    pub(crate) fn new(format: ObjectFormat) -> Self {
        Self { snapshot: Snapshot { format, ..Snapshot::default() }, head: None }
    }

    /// Notes what HEAD points to.
    pub(crate) fn head(&mut self, target: Option<&[u8]>) {
        self.head = target.and_then(|target| std::str::from_utf8(target).ok()).map(str::to_owned);
    }

    fn add(&mut self, reader: &PacketReader, name: &[u8], oid: Oid) -> Result<(), ProtocolError> {
        if oid.format() != self.snapshot.format {
            return Err(ProtocolError::Format {
                remote: reader.remote().to_string(),
                ours: self.snapshot.format,
                theirs: oid.format(),
            });
        }
        self.put(name, oid).map_err(|Twice| reader.malformed("every reference once", name))
    }

    /// Adds a reference, if it is a branch or a tag.
    pub(crate) fn put(&mut self, name: &[u8], oid: Oid) -> Result<(), Twice> {
        if !name.starts_with(b"refs/heads/") && !name.starts_with(b"refs/tags/") {
            return Ok(());
        }
        let parsed = std::str::from_utf8(name).ok().and_then(|name| RefName::from_full(name).ok());
        let Some(parsed) = parsed else {
            self.snapshot.unsupported.push(String::from_utf8_lossy(name).into_owned());
            return Ok(());
        };
        let map: &mut BTreeMap<RefName, Oid> =
            if parsed.is_conflict_branch() { &mut self.snapshot.conflict_branches } else { &mut self.snapshot.refs };
        match map.entry(parsed) {
            Entry::Vacant(entry) => {
                entry.insert(oid);
                Ok(())
            }
            Entry::Occupied(_) => Err(Twice),
        }
    }

    pub(crate) fn finish(mut self) -> Snapshot {
        // The order in which a server lists names must not make two equal repositories look different.
        self.snapshot.unsupported.sort();
        self.snapshot.default_branch = self
            .head
            .and_then(|target| BranchName::new(target.strip_prefix("refs/heads/")?).ok())
            .filter(|branch| self.snapshot.refs.contains_key(&RefName::Branch(branch.clone())));
        self.snapshot
    }
}

#[cfg(test)]
mod tests {
    use futures_util::{FutureExt, StreamExt, stream};
    use proptest::prelude::*;

    use super::*;

    const HEX: &str = "0123456789abcdef0123456789abcdef01234567";

    fn read(bytes: &[u8]) -> Result<Snapshot, ProtocolError> {
        let pieces: Vec<_> = bytes.chunks(5).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
        let mut reader = PacketReader::new(stream::iter(pieces).boxed(), "test".into());
        read_v2(&mut reader, ObjectFormat::Sha1).now_or_never().expect("nothing to wait for")
    }

    fn lines(lines: &[&[u8]]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for line in lines {
            let mut whole = HEX.as_bytes().to_vec();
            whole.extend_from_slice(line);
            encode(&mut bytes, &whole);
        }
        bytes.extend_from_slice(FLUSH);
        bytes
    }

    #[test]
    fn a_listing_is_sorted_into_its_kinds() {
        let bytes = lines(&[
            b" HEAD symref-target:refs/heads/main\n",
            b" refs/heads/main\n",
            b" refs/heads/refray/conflicts/main/abc\n",
            b" refs/heads/caf\xe9\n",
            b" refs/tags/v1 peeled:0123456789abcdef0123456789abcdef01234567\n",
            b" refs/pull/1/head\n",
        ]);
        let snapshot = read(&bytes).unwrap();
        assert_eq!(
            snapshot.refs.keys().map(ToString::to_string).collect::<Vec<_>>(),
            ["refs/heads/main", "refs/tags/v1"]
        );
        assert_eq!(snapshot.default_branch.unwrap().as_str(), "main");
        assert_eq!(snapshot.conflict_branches.len(), 1);
        assert_eq!(snapshot.unsupported, ["refs/heads/caf\u{fffd}"]);
    }

    #[test]
    fn a_head_without_its_branch_is_no_default() {
        let bytes = lines(&[b" HEAD symref-target:refs/heads/gone\n", b" refs/heads/main\n"]);
        assert_eq!(read(&bytes).unwrap().default_branch, None);
    }

    #[test]
    fn a_short_list_is_an_error() {
        let whole = lines(&[b" refs/heads/a\n", b" refs/heads/b\n"]);
        assert_eq!(read(&whole).unwrap().refs.len(), 2);
        for length in 0..whole.len() {
            assert!(matches!(read(&whole[..length]), Err(ProtocolError::Truncated { .. })), "{length}");
        }
        let twice = lines(&[b" refs/heads/a\n", b" refs/heads/a\n"]);
        assert!(matches!(read(&twice), Err(ProtocolError::Malformed { .. })));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(line in prop::collection::vec(any::<u8>(), 0..120)) {
            drop(read(&lines(&[&line])));
            drop(read(&line));
        }
    }
}
