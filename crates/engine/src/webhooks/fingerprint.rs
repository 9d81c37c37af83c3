//! What is remembered of a secret.

use hmac::{Hmac, KeyInit, Mac};
use refray_core::secret::Secret;
use sha2::Sha256;

use crate::store::SecretFingerprint;

/// Hashes a secret with the store's own key. Who has the hash alone learns nothing of the secret.
pub(super) fn fingerprint(key: &[u8], secret: &Secret) -> Option<SecretFingerprint> {
    // A key of any length will do, so there is always one.
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    mac.update(secret.expose().as_bytes());
    Some(SecretFingerprint(mac.finalize().into_bytes().into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_depends_on_the_secret_and_on_the_key() {
        let of = |key: &[u8], secret: &str| fingerprint(key, &Secret::new(secret.into())).unwrap();
        assert_eq!(of(b"k1", "s1"), of(b"k1", "s1"));
        assert_ne!(of(b"k1", "s1"), of(b"k1", "s2"));
        assert_ne!(of(b"k1", "s1"), of(b"k2", "s1"));
    }
}
