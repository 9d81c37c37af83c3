//! Object ids.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The hash function of a repository's objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ObjectFormat {
    /// SHA-1: 20 bytes, the format of nearly all repositories.
    #[default]
    Sha1,
    /// SHA-256: 32 bytes.
    Sha256,
}

impl ObjectFormat {
    /// Returns the length of an id of this format in bytes.
    pub const fn id_len(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
        }
    }

    /// Returns the name that git's protocol and configuration use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
        }
    }

    /// Returns the id of all zeros in hex: git's way to say "no object" on the wire.
    pub fn zeros(self) -> String {
        "0".repeat(self.id_len() * 2)
    }
}

impl fmt::Display for ObjectFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The id of an existing object. Never all zeros: "no object" is `Option::None`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Oid {
    format: ObjectFormat,
    bytes: [u8; 32],
}

/// Text or bytes that are not an object id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an object id: 40 or 64 hexadecimal digits, not all zeros, are expected")]
pub struct InvalidOid(pub String);

impl Oid {
    /// Builds an id from its bytes: 20 for SHA-1, 32 for SHA-256.
    ///
    /// # Errors
    /// Any other length, or all zeros.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, InvalidOid> {
        let format = match bytes.len() {
            20 => ObjectFormat::Sha1,
            32 => ObjectFormat::Sha256,
            _ => return Err(InvalidOid(format!("{} bytes", bytes.len()))),
        };
        if bytes.iter().all(|byte| *byte == 0) {
            return Err(InvalidOid(format.zeros()));
        }
        let mut own = [0; 32];
        own[..bytes.len()].copy_from_slice(bytes);
        Ok(Self { format, bytes: own })
    }

    /// Parses the hexadecimal form that git prints.
    ///
    /// # Errors
    /// Anything but 40 or 64 hexadecimal digits, or all zeros.
    pub fn from_hex(hex: &[u8]) -> Result<Self, InvalidOid> {
        let bad = || InvalidOid(String::from_utf8_lossy(hex).into_owned());
        if hex.len() != 40 && hex.len() != 64 {
            return Err(bad());
        }
        let mut bytes = [0_u8; 32];
        for (byte, pair) in bytes.iter_mut().zip(hex.chunks_exact(2)) {
            let digit = |c: u8| (c as char).to_digit(16);
            let (Some(high), Some(low)) = (digit(pair[0]), digit(pair[1])) else {
                return Err(bad());
            };
            *byte = u8::try_from(high * 16 + low).map_err(|_| bad())?;
        }
        Self::from_bytes(&bytes[..hex.len() / 2])
    }

    /// Returns the hash function that made this id.
    pub const fn format(&self) -> ObjectFormat {
        self.format
    }

    /// Returns the id's bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.format.id_len()]
    }

    /// Returns the first ten hexadecimal digits: enough for a person to recognise it.
    pub fn short(&self) -> String {
        let mut hex = self.to_string();
        hex.truncate(10);
        hex
    }
}

impl fmt::Display for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut hex = [0_u8; 64];
        for (pair, byte) in hex.chunks_exact_mut(2).zip(self.as_bytes()) {
            pair[0] = DIGITS[usize::from(byte >> 4)];
            pair[1] = DIGITS[usize::from(byte & 15)];
        }
        let hex = &hex[..self.format.id_len() * 2];
        f.pad(std::str::from_utf8(hex).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Oid({self})")
    }
}

impl FromStr for Oid {
    type Err = InvalidOid;

    fn from_str(text: &str) -> Result<Self, InvalidOid> {
        Self::from_hex(text.as_bytes())
    }
}

impl Serialize for Oid {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Oid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_round_trips_in_both_formats() {
        for hex in ["0123456789abcdef0123456789abcdef01234567", &"ab".repeat(32)] {
            let oid: Oid = hex.parse().unwrap();
            assert_eq!(oid.to_string(), hex);
            assert_eq!(oid.as_bytes().len() * 2, hex.len());
            assert_eq!(Oid::from_bytes(oid.as_bytes()).unwrap(), oid);
        }
    }

    #[test]
    fn what_is_not_an_id_is_refused() {
        for text in ["", "abc", &"0".repeat(40), &"0".repeat(64), &"g".repeat(40), &"a".repeat(41)] {
            assert!(text.parse::<Oid>().is_err(), "{text}");
        }
    }
}
