//! The proof that a delivery comes from a forge that knows the secret.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use http::HeaderMap;
use jiff::Timestamp;
use refray_core::config::Provider;
use refray_core::secret::Secret;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::headers::{Several, single};

/// How far the time of a signed delivery may be off, in seconds.
const LEEWAY: u64 = 300;

/// The most signatures of one delivery that are looked at. Two are there while a signing token is exchanged.
const MOST_SIGNATURES: usize = 8;

/// What deliveries are checked with.
pub(super) struct Keys {
    /// Keyed with the secret.
    mac: Hmac<Sha256>,
    /// The secret's hash: tokens are compared by theirs, so that the time this takes tells nothing of the length.
    token: [u8; 32],
    /// Keyed with GitLab's signing token.
    signing: Option<Hmac<Sha256>>,
    /// Nobody can prove to know a secret that is empty.
    empty: bool,
}

/// A proof as the headers give it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Proof {
    /// A digest of the body, or, where [`covers_json`](Proof::covers_json), of the JSON in it.
    Digest { digest: [u8; 32], forge: Provider },
    /// The secret itself, which fits.
    Token,
    /// One of these digests is to fit this prefix followed by the body.
    Signed { prefix: Vec<u8>, digests: Vec<[u8; 32]> },
}

/// There is no proof, or one that cannot be right whatever the body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NoProof;

impl From<Several> for NoProof {
    fn from(_: Several) -> Self {
        Self
    }
}

impl Keys {
    /// Prepares a secret, and GitLab's signing token if there is one.
    pub(super) fn new(secret: &Secret, signing_token: Option<&Secret>) -> Self {
        let text = secret.expose();
        Self {
            mac: keyed(text.as_bytes()),
            token: Sha256::digest(text).into(),
            signing: signing_key(signing_token.unwrap_or(secret).expose()).map(|key| keyed(&key)),
            empty: text.is_empty(),
        }
    }
}

impl Proof {
    /// Reads the proof of a delivery. What is missing or cannot fit is found out here, before the body is read.
    pub(super) fn of(headers: &HeaderMap, forge: Provider, keys: &Keys, now: Timestamp) -> Result<Self, NoProof> {
        match forge {
            Provider::Github => Self::digest(forge, prefixed(single(headers, "x-hub-signature-256")?)?),
            Provider::Gitea => Self::bare(headers, forge, &["x-gitea-signature"]),
            Provider::Forgejo => Self::bare(headers, forge, &["x-forgejo-signature", "x-gitea-signature"]),
            // With a signature the token does not count, or else leaving out the signature's key would be a way in.
            Provider::Gitlab if headers.contains_key("webhook-signature") => Self::signed(headers, keys, now),
            Provider::Gitlab => {
                let token = single(headers, "x-gitlab-token")?.ok_or(NoProof)?;
                let token: [u8; 32] = Sha256::digest(token).into();
                if !keys.empty && bool::from(token.ct_eq(&keys.token)) { Ok(Self::Token) } else { Err(NoProof) }
            }
            Provider::Directory => Err(NoProof),
        }
    }

    /// Reads the first of Gitea's or Forgejo's own headers that is there, or else the one that looks like GitHub's.
    fn bare(headers: &HeaderMap, forge: Provider, names: &[&str]) -> Result<Self, NoProof> {
        for name in names {
            if let Some(value) = single(headers, name)? {
                return Self::digest(forge, value);
            }
        }
        Self::digest(forge, prefixed(single(headers, "x-hub-signature-256")?)?)
    }

    fn digest(forge: Provider, hex: &[u8]) -> Result<Self, NoProof> {
        Ok(Self::Digest { digest: unhex(hex).ok_or(NoProof)?, forge })
    }

    /// Reads what GitLab sends for a hook with a signing token.
    fn signed(headers: &HeaderMap, keys: &Keys, now: Timestamp) -> Result<Self, NoProof> {
        if keys.signing.is_none() {
            return Err(NoProof);
        }
        let id = single(headers, "webhook-id")?.filter(|id| !id.is_empty()).ok_or(NoProof)?;
        let time = single(headers, "webhook-timestamp")?.ok_or(NoProof)?;
        if !time.iter().all(u8::is_ascii_digit) {
            return Err(NoProof);
        }
        let seconds: i64 = std::str::from_utf8(time).ok().and_then(|time| time.parse().ok()).ok_or(NoProof)?;
        if seconds.abs_diff(now.as_second()) > LEEWAY {
            return Err(NoProof);
        }
        let entries = single(headers, "webhook-signature")?.ok_or(NoProof)?;
        let entries = std::str::from_utf8(entries).map_err(|_| NoProof)?.split(' ');
        // Others than `v1` are made with keys that refray does not have.
        let digests = entries.filter_map(|entry| {
            let decoded = STANDARD.decode(entry.strip_prefix("v1,")?).ok()?;
            <[u8; 32]>::try_from(decoded).ok()
        });
        let digests: Vec<[u8; 32]> = digests.take(MOST_SIGNATURES).collect();
        if digests.is_empty() {
            return Err(NoProof);
        }
        Ok(Self::Signed { prefix: [id, b".", time, b"."].concat(), digests })
    }

    /// Returns whether the JSON inside a form is what was signed. GitHub signs the form as it is sent.
    pub(super) fn covers_json(&self) -> bool {
        matches!(self, Self::Digest { forge: Provider::Gitea | Provider::Forgejo, .. })
    }

    /// Returns whether the proof fits what it covers, in a time that does not depend on what is wrong.
    pub(super) fn fits(&self, keys: &Keys, covered: &[u8]) -> bool {
        if keys.empty {
            return false;
        }
        match self {
            Self::Digest { digest, .. } => keys.mac.clone().chain_update(covered).verify_slice(digest).is_ok(),
            Self::Token => true,
            Self::Signed { prefix, digests } => {
                let Some(mac) = keys.signing.clone() else { return false };
                let mac: [u8; 32] = mac.chain_update(prefix).chain_update(covered).finalize().into_bytes().into();
                digests.iter().fold(subtle::Choice::from(0), |found, digest| found | digest.ct_eq(&mac)).into()
            }
        }
    }
}

/// Reads a signing token: the key is what it encodes.
fn signing_key(token: &str) -> Option<Vec<u8>> {
    STANDARD.decode(token.strip_prefix("whsec_")?).ok().filter(|key| !key.is_empty())
}

fn keyed(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("a key of any length will do")
}

fn prefixed(value: Option<&[u8]>) -> Result<&[u8], NoProof> {
    value.and_then(|value| value.strip_prefix(b"sha256=")).ok_or(NoProof)
}

/// Reads 64 hexadecimal digits as forges write them: in lower case.
fn unhex(hex: &[u8]) -> Option<[u8; 32]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let mut bytes = [0; 32];
    if hex.len() != 64 {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(hex.chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_vector_fits_and_its_neighbours_do_not() {
        let keys = Keys::new(&Secret::new("It's a Secret to Everybody".to_owned()), None);
        let hex = b"757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        let proof = Proof::digest(Provider::Github, hex).unwrap();
        assert!(proof.fits(&keys, b"Hello, World!"));
        assert!(!proof.fits(&keys, b"Hello, World"));
        assert!(!proof.fits(&Keys::new(&Secret::new(String::new()), None), b"Hello, World!"));
    }

    #[test]
    fn only_a_text_of_the_right_form_is_a_signing_token() {
        assert_eq!(signing_key("whsec_AAEC"), Some(vec![0, 1, 2]));
        for text in ["whsec_", "whsec_%", "AAEC", "WHSEC_AAEC", ""] {
            assert_eq!(signing_key(text), None, "{text}");
        }
    }

    #[test]
    fn digests_are_lower_case_and_whole() {
        assert_eq!(unhex("0f".repeat(32).as_bytes()), Some([15; 32]));
        for text in ["0F".repeat(32), "0f".repeat(31), "0f".repeat(33), "0g".repeat(32), String::new()] {
            assert_eq!(unhex(text.as_bytes()), None, "{text}");
        }
    }
}
