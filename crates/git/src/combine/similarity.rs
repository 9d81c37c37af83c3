//! How much of a file's content is found in another, measured as git does for renames.

use std::collections::HashMap;

use super::text::is_binary;

/// Longer lines are looked at in pieces.
const PIECE: usize = 64;

/// How many different pieces git tells apart.
const PIECES: u32 = 107_927;

/// A content as a bag of pieces, each known by a number only: what git takes for the same piece must be the same here.
#[derive(Debug)]
pub(super) struct Sketch {
    size: u64,
    /// How many bytes there are in pieces of one number.
    pieces: HashMap<u32, u64>,
}

/// The number of a piece, as it is worked out byte by byte.
#[derive(Debug, Default)]
struct Number {
    state: u64,
    length: usize,
}

impl Number {
    fn add(&mut self, byte: u8) {
        let turned = self.state.rotate_left(7);
        let (high, low) = halves(turned);
        self.state = u64::from(high) << 32 | u64::from(low.wrapping_add(u32::from(byte)));
        self.length += 1;
    }

    /// Notes the piece, if there is one, and starts the next.
    fn close(&mut self, pieces: &mut HashMap<u32, u64>) {
        let (high, low) = halves(self.state);
        if self.length > 0 {
            *pieces.entry(low.wrapping_add(high.wrapping_mul(0x61)) % PIECES).or_default() += self.length as u64;
        }
        *self = Self::default();
    }
}

/// Splits a number into its upper and lower half.
fn halves(value: u64) -> (u32, u32) {
    let bytes = value.to_be_bytes();
    let half = |at: usize| u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
    (half(0), half(4))
}

impl Sketch {
    pub(super) fn of(content: &[u8]) -> Self {
        let is_text = !is_binary(content);
        let mut pieces = HashMap::new();
        let mut number = Number::default();
        let mut bytes = content.iter().copied().peekable();
        while let Some(byte) = bytes.next() {
            // How the lines of a text end does not count.
            if is_text && byte == b'\r' && bytes.peek() == Some(&b'\n') {
                continue;
            }
            number.add(byte);
            if number.length >= PIECE || byte == b'\n' {
                number.close(&mut pieces);
            }
        }
        number.close(&mut pieces);
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
        assert_eq!(score("\0\0abc\n", "abc\n"), 66, "git passes over zeros at the start of a line");
        assert!(sizes_allow(50, 100, 50) && !sizes_allow(49, 100, 50));
    }
}
