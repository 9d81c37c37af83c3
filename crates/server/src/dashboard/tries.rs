//! How often a wrong token may be tried.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Mutex;

use jiff::{SignedDuration, Timestamp};

/// Wrong tokens in a row before one has to wait.
const FREE: u32 = 5;
/// How long one waits.
const WAIT: SignedDuration = SignedDuration::from_secs(60);
/// Addresses that are remembered; beyond this all others share one count.
const REMEMBERED: usize = 1024;

/// Wrong tokens, by where they came from.
#[derive(Debug, Default)]
pub(crate) struct Tries(Mutex<HashMap<Option<IpAddr>, (u32, Timestamp)>>);

impl Tries {
    /// Returns for how long no token of this address is looked at.
    pub(crate) fn wait(&self, from: Option<IpAddr>, now: Timestamp) -> Option<SignedDuration> {
        let Ok(mut tries) = self.0.lock() else { return Some(WAIT) };
        tries.retain(|_, (_, last)| *last + WAIT > now);
        let (count, last) = tries.get(&from).or_else(|| tries.get(&None).filter(|_| tries.len() >= REMEMBERED))?;
        (*count >= FREE).then(|| *last + WAIT - now).and_then(|left| SignedDuration::try_from(left).ok())
    }

    /// Counts a wrong one.
    pub(crate) fn wrong(&self, from: Option<IpAddr>, now: Timestamp) {
        let Ok(mut tries) = self.0.lock() else { return };
        let from = if tries.len() < REMEMBERED || tries.contains_key(&from) { from } else { None };
        let (count, last) = tries.entry(from).or_insert((0, now));
        *count += 1;
        *last = now;
    }

    /// Forgets the wrong ones after a right one.
    pub(crate) fn right(&self, from: Option<IpAddr>) {
        if let Ok(mut tries) = self.0.lock() {
            tries.remove(&from);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_a_few_wrong_ones_one_waits() {
        let (tries, now) = (Tries::default(), Timestamp::UNIX_EPOCH);
        let from = Some(IpAddr::from([192, 0, 2, 1]));
        for _ in 0..FREE {
            assert_eq!(tries.wait(from, now), None);
            tries.wrong(from, now);
        }
        assert_eq!(tries.wait(from, now), Some(WAIT));
        assert_eq!(tries.wait(None, now), None);
        assert_eq!(tries.wait(from, now + WAIT), None);
        tries.wrong(from, now);
        tries.right(from);
        assert_eq!(tries.wait(from, now), None);
    }
}
