//! The report at the end of a push: which refs went through, and GitHub's own reasons for those that did not.

use std::collections::BTreeSet;

use bytes::{BufMut, Bytes, BytesMut};

use super::pktline::{self, Packet};

/// The most that a frame of the side band may hold after its band's number.
const BAND_LIMIT: usize = 65_515;

/// What came of a push.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Report {
    /// Whether there was one: a client may have asked for none.
    pub(super) seen: bool,
    /// The refs that were updated.
    pub(super) ok: BTreeSet<String>,
}

/// Reads the answer to a push, and puts other reasons in for the refs that are named.
pub(super) fn mend(answer: &[u8], side_band: bool, reasons: &[(String, String)]) -> (Report, Bytes) {
    if !side_band {
        return lines(answer, reasons);
    }
    let (mut inner, mut output) = (BytesMut::new(), BytesMut::new());
    let mut input = answer;
    while let Ok(Some(packet)) = pktline::take(&mut input) {
        match packet {
            Packet::Data([1, data @ ..]) => inner.put_slice(data),
            Packet::Data(other) => pktline::put(&mut output, other),
            Packet::Flush | Packet::Mark => {}
        }
    }
    let (report, mended) = lines(&inner, reasons);
    for chunk in mended.chunks(BAND_LIMIT) {
        let mut frame = vec![1];
        frame.extend_from_slice(chunk);
        pktline::put(&mut output, &frame);
    }
    output.put_slice(b"0000");
    output.put_slice(input);
    (report, output.freeze())
}

fn lines(input: &[u8], reasons: &[(String, String)]) -> (Report, Bytes) {
    let (mut report, mut output, mut input) = (Report::default(), BytesMut::new(), input);
    while let Ok(Some(packet)) = pktline::take(&mut input) {
        let Packet::Data(data) = packet else {
            output.put_slice(b"0000");
            continue;
        };
        report.seen = true;
        let line = String::from_utf8_lossy(data);
        let line = line.trim_end_matches('\n');
        if let Some(name) = line.strip_prefix("ok ") {
            report.ok.insert(name.to_owned());
        }
        let name = line.strip_prefix("ng ").and_then(|rest| rest.split_once(' ')).map(|(name, _)| name);
        match name.and_then(|name| reasons.iter().find(|(other, _)| other == name)) {
            Some((name, reason)) => pktline::put(&mut output, format!("ng {name} {reason}\n").as_bytes()),
            None => pktline::put(&mut output, data),
        }
    }
    output.put_slice(input);
    (report, output.freeze())
}

#[cfg(test)]
mod tests {
    use bytes::BytesMut;

    use super::mend;
    use crate::git::pktline;

    #[test]
    fn a_reason_is_put_in_through_the_side_band() {
        let mut inner = BytesMut::new();
        for line in ["unpack ok\n", "ok refs/heads/a\n", "ng refs/heads/b hook declined\n"] {
            pktline::put(&mut inner, line.as_bytes());
        }
        inner.extend_from_slice(b"0000");
        let mut answer = BytesMut::new();
        pktline::put(&mut answer, b"\x02text\n");
        pktline::put(&mut answer, &[b"\x01", inner.as_ref()].concat());
        answer.extend_from_slice(b"0000");
        let reasons = [("refs/heads/b".to_owned(), "protected branch hook declined".to_owned())];
        let (report, mended) = mend(&answer, true, &reasons);
        assert_eq!(report.ok.iter().collect::<Vec<_>>(), ["refs/heads/a"]);
        let text = String::from_utf8_lossy(&mended);
        assert!(text.contains("ng refs/heads/b protected branch hook declined\n"), "{text}");
        let (unchanged_report, unchanged) = mend(&answer, true, &[]);
        assert_eq!((unchanged_report.ok, unchanged.as_ref()), (report.ok, answer.as_ref()));
    }
}
