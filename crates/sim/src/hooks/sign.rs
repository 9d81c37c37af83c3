use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::Sha256;

use crate::ids::to_hex;

/// Returns the HMAC-SHA256 in hex.
pub(super) fn sha256(secret: &str, body: &[u8]) -> String {
    to_hex(&hmac_sha256(secret.as_bytes(), body))
}

/// Returns the HMAC-SHA1 in hex.
pub(super) fn sha1(secret: &str, body: &[u8]) -> String {
    // A key of any length will do.
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(secret.as_bytes()) else { return String::new() };
    mac.update(body);
    to_hex(&mac.finalize().into_bytes())
}

/// Returns GitLab's signature by a signing token, `None` when the token is not one.
pub(super) fn standard(token: &str, id: &str, timestamp: i64, body: &[u8]) -> Option<String> {
    let key = STANDARD.decode(token.strip_prefix("whsec_")?).ok()?;
    let mut text = format!("{id}.{timestamp}.").into_bytes();
    text.extend_from_slice(body);
    Some(format!("v1,{}", STANDARD.encode(hmac_sha256(&key, &text))))
}

fn hmac_sha256(key: &[u8], body: &[u8]) -> Vec<u8> {
    // A key of any length will do.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return Vec::new() };
    mac.update(body);
    mac.finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_published_vector_fits() {
        assert_eq!(
            super::sha256("It's a Secret to Everybody", b"Hello, World!"),
            "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
        );
    }

    #[test]
    fn a_signing_token_is_decoded_first() {
        let made = super::standard("whsec_MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI=", "id", 1, b"{}");
        assert!(made.is_some_and(|it| it.starts_with("v1,")));
        assert_eq!(super::standard("plain", "id", 1, b"{}"), None);
    }
}
