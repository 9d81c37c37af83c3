//! The deliveries that were accepted lately.

use std::collections::{HashSet, VecDeque};
use std::sync::{Mutex, PoisonError};

use refray_core::config::Provider;
use sha2::{Digest, Sha256};

/// How many are remembered: what a busy forge sends in some minutes, in a megabyte.
const MOST: usize = 16_384;

/// What tells a delivery from all others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct DeliveryKey([u8; 32]);

impl DeliveryKey {
    /// Makes the key of a delivery. No signature covers the id, so the body counts as well: what says something else is
    /// not the same delivery, whatever its id is.
    pub(super) fn new(forge: Provider, id: &str, body: &[u8]) -> Self {
        let parts = [forge.as_str().as_bytes(), b"\n", id.as_bytes(), b"\n", body];
        Self(parts.iter().fold(Sha256::new(), |hash, part| hash.chain_update(part)).finalize().into())
    }
}

/// The deliveries that were accepted lately. Only those whose wake-up is durable are put here: any other that is sent
/// again has to have another chance.
#[derive(Debug, Default)]
pub(super) struct Recent(Mutex<Remembered>);

#[derive(Debug, Default)]
struct Remembered {
    keys: HashSet<DeliveryKey>,
    order: VecDeque<DeliveryKey>,
}

impl Recent {
    pub(super) fn contains(&self, key: &DeliveryKey) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).keys.contains(key)
    }

    pub(super) fn remember(&self, key: DeliveryKey) {
        let mut remembered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !remembered.keys.insert(key) {
            return;
        }
        remembered.order.push_back(key);
        if remembered.order.len() > MOST
            && let Some(oldest) = remembered.order.pop_front()
        {
            remembered.keys.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: usize) -> DeliveryKey {
        DeliveryKey::new(Provider::Github, &number.to_string(), b"{}")
    }

    #[test]
    fn the_oldest_are_forgotten() {
        let recent = Recent::default();
        for number in 0..=MOST {
            recent.remember(key(number));
            recent.remember(key(number));
        }
        assert!(!recent.contains(&key(0)) && recent.contains(&key(1)) && recent.contains(&key(MOST)));
        let remembered = recent.0.lock().unwrap();
        assert_eq!((remembered.keys.len(), remembered.order.len()), (MOST, MOST));
    }

    #[test]
    fn forge_id_and_body_all_count() {
        let same = key(1);
        assert_eq!(same, key(1));
        assert_ne!(same, key(2));
        assert_ne!(same, DeliveryKey::new(Provider::Gitea, "1", b"{}"));
        assert_ne!(same, DeliveryKey::new(Provider::Github, "1", b"{ }"));
    }
}
