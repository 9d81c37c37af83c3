//! How much of a file's content is found in another, measured as git does for renames.

use std::collections::HashMap;

use super::text::is_binary;

/// Longer lines are looked at in pieces.
const PIECE: usize = 64;

/// A content as a bag of pieces.
#[derive(Debug)]
pub(super) struct Sketch {
    size: u64,
    pieces: HashMap<Box<[u8]>, u64>,
}

impl Sketch {
    pub(super) fn of(content: &[u8]) -> Self {
        let is_text = !is_binary(content);
        let mut pieces: HashMap<Box<[u8]>, u64> = HashMap::new();
        let mut piece = Vec::with_capacity(PIECE);
        let mut bytes = content.iter().copied().peekable();
        while let Some(byte) = bytes.next() {
            // How the lines of a text end does not count.
            if is_text && byte == b'\r' && bytes.peek() == Some(&b'\n') {
                continue;
            }
            piece.push(byte);
            if piece.len() >= PIECE || byte == b'\n' {
                *pieces.entry(piece.as_slice().into()).or_default() += piece.len() as u64;
                piece.clear();
            }
        }
        if !piece.is_empty() {
            *pieces.entry(piece.as_slice().into()).or_default() += piece.len() as u64;
        }
        Self { size: content.len() as u64, pieces }
    }

    /// Returns the share of the larger content, in percent, that is the same in both.
    pub(super) fn score(&self, other: &Self) -> u64 {
        let larger = self.size.max(other.size);
        if larger == 0 {
            return 0;
        }
        let (few, many) = if self.pieces.len() <= other.pieces.len() { (self, other) } else { (other, self) };
        let common: u64 =
            few.pieces.iter().filter_map(|(piece, count)| many.pieces.get(piece).map(|other| *count.min(other))).sum();
        common * 100 / larger
    }
}

/// Says whether two contents of these sizes can be the same to the extent of `percent` of the larger.
pub(super) fn sizes_allow(a: u64, b: u64, percent: u64) -> bool {
    a.min(b) * 100 >= a.max(b) * percent
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_score_is_the_share_of_the_larger_content() {
        let score = |a: &str, b: &str| Sketch::of(a.as_bytes()).score(&Sketch::of(b.as_bytes()));
        assert_eq!(score("a\nb\nc\nd\n", "a\nb\nc\nd\n"), 100);
        assert_eq!(score("a\nb\nc\nd\n", "d\nc\n"), 50);
        assert_eq!(score("a\nb\n", "c\nd\n"), 0);
        assert_eq!(score("", ""), 0);
        assert_eq!(score("a\r\nb\r\n", "a\nb\n"), 66, "ends of lines are passed over, but count in the size");
        assert!(sizes_allow(50, 100, 50) && !sizes_allow(49, 100, 50));
    }
}
