//! The process's own key, and what is made with it.

use std::fmt::Write as _;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// A key that nobody else has and that ends with the process.
pub(super) struct Key([u8; 32]);

impl Key {
    /// Draws a new one; fails where the operating system has no random.
    pub(super) fn new() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// Signs a text for one purpose: what is signed for one is of no use for another.
    pub(super) fn sign(&self, purpose: &str, text: &str) -> String {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else {
            unreachable!("every length is a key's length")
        };
        mac.update(purpose.as_bytes());
        mac.update(&[0]);
        mac.update(text.as_bytes());
        hex(&mac.finalize().into_bytes())
    }

    /// Says in constant time whether two texts are the same; not even their lengths are told.
    pub(super) fn same(&self, one: &str, other: &str) -> bool {
        let (one, other) = (self.sign("compare", one), self.sign("compare", other));
        one.as_bytes().ct_eq(other.as_bytes()).into()
    }
}

/// Returns random that cannot be guessed, as text.
pub(super) fn random() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    Ok(hex(&bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
