//! What is said to the server.

use bytes::Bytes;
use refray_core::{ObjectFormat, Oid};

use crate::pktline::{DELIMITER, FLUSH, encode};
use crate::wire::{AGENT, Capabilities};

/// The parts of a request that stay the same from round to round.
pub(super) struct Ask<'a> {
    pub(super) wants: &'a [Oid],
    pub(super) agent: bool,
    /// The object format, where the server wants it named.
    pub(super) format: Option<ObjectFormat>,
}

impl Ask<'_> {
    /// Makes one round of version 2.
    pub(super) fn v2(&self, haves: &[Oid], done: bool) -> Bytes {
        let mut body = Vec::with_capacity(256 + (self.wants.len() + haves.len()) * 75);
        encode(&mut body, b"command=fetch\n");
        if self.agent {
            encode(&mut body, format!("agent={AGENT}\n").as_bytes());
        }
        if let Some(format) = self.format {
            encode(&mut body, format!("object-format={format}\n").as_bytes());
        }
        body.extend_from_slice(DELIMITER);
        encode(&mut body, b"thin-pack\n");
        encode(&mut body, b"ofs-delta\n");
        for oid in self.wants {
            encode(&mut body, format!("want {oid}\n").as_bytes());
        }
        for oid in haves {
            encode(&mut body, format!("have {oid}\n").as_bytes());
        }
        if done {
            encode(&mut body, b"done\n");
        }
        body.extend_from_slice(FLUSH);
        body.into()
    }

    /// Makes the whole of a version 0 fetch: it fits into one round, because the haves are few.
    pub(super) fn v0(&self, haves: &[Oid], offered: &Capabilities) -> Bytes {
        let mut words: Vec<String> = ["multi_ack_detailed", "thin-pack", "ofs-delta"]
            .into_iter()
            .filter(|name| offered.has(name))
            .map(str::to_owned)
            .collect();
        words.push(if offered.has("side-band-64k") { "side-band-64k" } else { "side-band" }.to_owned());
        if offered.has("agent") {
            words.push(format!("agent={AGENT}"));
        }
        if let Some(format) = self.format {
            words.push(format!("object-format={format}"));
        }
        let mut body = Vec::with_capacity(256 + (self.wants.len() + haves.len()) * 75);
        for (index, oid) in self.wants.iter().enumerate() {
            let line = if index == 0 { format!("want {oid} {}\n", words.join(" ")) } else { format!("want {oid}\n") };
            encode(&mut body, line.as_bytes());
        }
        body.extend_from_slice(FLUSH);
        for oid in haves {
            encode(&mut body, format!("have {oid}\n").as_bytes());
        }
        encode(&mut body, b"done\n");
        body.into()
    }
}
