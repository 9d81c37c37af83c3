//! Git's framing: four hex digits of length, then that much.

use bytes::{BufMut, Bytes, BytesMut};

/// One frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Packet<'a> {
    /// `0000`.
    Flush,
    /// `0001`, `0002`: marks within a message of protocol v2.
    Mark,
    /// Something to read.
    Data(&'a [u8]),
}

/// Takes the first frame off; `None` when it is not whole yet. An `Err` holds nothing, as nothing can follow.
pub(crate) fn take<'a>(input: &mut &'a [u8]) -> Result<Option<Packet<'a>>, ()> {
    let Some((head, rest)) = input.split_first_chunk::<4>() else { return Ok(None) };
    let length = std::str::from_utf8(head).ok().and_then(|hex| usize::from_str_radix(hex, 16).ok()).ok_or(())?;
    match length {
        0 => {
            *input = rest;
            Ok(Some(Packet::Flush))
        }
        1 | 2 => {
            *input = rest;
            Ok(Some(Packet::Mark))
        }
        3 => Err(()),
        _ if rest.len() < length - 4 => Ok(None),
        _ => {
            let (data, rest) = rest.split_at(length - 4);
            *input = rest;
            Ok(Some(Packet::Data(data)))
        }
    }
}

/// Adds a frame.
pub(crate) fn put(output: &mut BytesMut, data: &[u8]) {
    output.put_slice(format!("{:04x}", data.len() + 4).as_bytes());
    output.put_slice(data);
}

/// Returns a frame.
pub(crate) fn packet(data: &str) -> Bytes {
    let mut output = BytesMut::new();
    put(&mut output, data.as_bytes());
    output.freeze()
}
