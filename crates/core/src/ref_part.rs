//! Any text as one part of a reference's name, and back.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

/// How many bytes of a hash tell apart texts that had to be cut.
const HASH_BYTES: usize = 8;

/// How texts become parts of references' names: letters, digits, `-` and `_` stay, everything else is written as a mark and
/// two hexadecimal digits.
#[derive(Debug, Clone, Copy)]
pub struct RefPart {
    /// What announces two hexadecimal digits.
    pub mark: char,
    /// How long a part may be, in bytes, before it is cut and ends in the mark, `7E` and a hash instead: a reference may be a
    /// file, whose name has a limit.
    pub longest: usize,
    /// Whether dots stay where git allows them.
    pub dots: bool,
}

impl RefPart {
    /// Makes a part of `text`: two different ones of two different texts.
    pub fn encode(self, text: &str) -> String {
        let mut part = String::with_capacity(text.len());
        let bytes = text.as_bytes();
        for (index, byte) in bytes.iter().enumerate() {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => part.push(char::from(*byte)),
                b'.' if self.dots && dot_is_allowed(bytes, index) => part.push('.'),
                // Writing to a string cannot fail.
                _ => write!(part, "{}{byte:02X}", self.mark).unwrap_or_default(),
            }
        }
        if part.len() > self.longest {
            let hash: [u8; 32] = Sha256::digest(bytes).into();
            part.truncate(self.longest);
            part.push(self.mark);
            part.push_str("7E");
            for byte in &hash[..HASH_BYTES] {
                write!(part, "{byte:02x}").unwrap_or_default();
            }
        }
        part
    }

    /// Takes [`encode`](Self::encode) back; `None` when something was cut off, or when it made no such part.
    pub fn decode(self, part: &str) -> Option<String> {
        let mut bytes = Vec::with_capacity(part.len());
        let mut rest = part;
        while let Some(first) = rest.chars().next() {
            let after = &rest[first.len_utf8()..];
            if first != self.mark {
                bytes.extend_from_slice(&rest.as_bytes()[..first.len_utf8()]);
                rest = after;
                continue;
            }
            let digits = after.get(..2).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))?;
            let byte = u8::from_str_radix(digits, 16).ok()?;
            if byte == b'~' {
                // No reference has one: what was longer ends here.
                return None;
            }
            bytes.push(byte);
            rest = &after[2..];
        }
        String::from_utf8(bytes).ok()
    }
}

/// Says whether git takes a dot at that place of a part: not at an end, no two in a row, and no `.lock`.
fn dot_is_allowed(bytes: &[u8], index: usize) -> bool {
    index > 0
        && bytes.get(index + 1).is_some_and(|next| *next != b'.')
        && !bytes[index..].eq_ignore_ascii_case(b".lock")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::name::RefName;

    const PERCENT: RefPart = RefPart { mark: '%', longest: 180, dots: false };
    const EQUALS: RefPart = RefPart { mark: '=', longest: 150, dots: true };

    #[test]
    fn parts_are_as_long_as_a_file_name_may_be() {
        for part in [PERCENT, EQUALS] {
            let long = |end| part.encode(&format!("{}{end}", "ü".repeat(300)));
            assert!(long("a").len() < 200);
            assert_ne!(long("a"), long("b"));
            assert_eq!(part.decode(&long("a")), None);
        }
    }

    #[test]
    fn what_is_no_part_is_not_decoded() {
        for text in ["%", "%4", "%zz", "%FF", "a%7Eb", "%+1", "%üa"] {
            assert_eq!(PERCENT.decode(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn parts_are_taken_back_and_are_what_git_allows(text in "[a-zA-Z0-9./=%_ü-]{1,40}(\\.lock|\\.)?") {
            for part in [PERCENT, EQUALS] {
                let encoded = part.encode(&text);
                let name = RefName::from_full(&format!("refs/heads/part/{encoded}"));
                prop_assert!(name.is_ok(), "{:?}", name);
                prop_assert_eq!(part.decode(&encoded), Some(text.clone()));
            }
        }

        #[test]
        fn two_texts_never_share_a_part(a in "[a-c./=%]{1,200}", b in "[a-c./=%]{1,200}") {
            for part in [PERCENT, EQUALS] {
                prop_assert_eq!(part.encode(&a) == part.encode(&b), a == b);
            }
        }
    }
}
