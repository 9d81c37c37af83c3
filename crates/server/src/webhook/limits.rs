//! How many deliveries are listened to.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// The most sources that are remembered. Others are let through: a forge may be among them.
const MOST_SOURCES: usize = 8192;

/// An allowance that grows with time.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    left: f64,
    at: Instant,
}

/// How fast an allowance grows, and how far.
#[derive(Debug, Clone, Copy)]
struct Rate {
    per_second: f64,
    most: f64,
}

impl Bucket {
    fn full(rate: Rate, now: Instant) -> Self {
        Self { left: rate.most, at: now }
    }

    fn refill(&mut self, rate: Rate, now: Instant) {
        let seconds = now.saturating_duration_since(self.at).as_secs_f64();
        self.left = (self.left + seconds * rate.per_second).min(rate.most);
        self.at = now;
    }

    /// Takes one, if there is one left.
    fn take(&mut self, rate: Rate, now: Instant) -> bool {
        self.refill(rate, now);
        let left = self.left >= 1.0;
        if left {
            self.left -= 1.0;
        }
        left
    }
}

/// The limit on all deliveries together.
#[derive(Debug)]
pub(super) struct Overall(Option<(Rate, Mutex<Bucket>)>);

impl Overall {
    pub(super) fn new(per_second: Option<NonZeroU32>, now: Instant) -> Self {
        Self(per_second.map(|rate| {
            let rate = f64::from(rate.get());
            let rate = Rate { per_second: rate, most: rate };
            (rate, Mutex::new(Bucket::full(rate, now)))
        }))
    }

    /// Counts a delivery. Returns whether it is one too many.
    pub(super) fn exceeded(&self, now: Instant) -> bool {
        let Some((rate, bucket)) = &self.0 else { return false };
        !bucket.lock().unwrap_or_else(PoisonError::into_inner).take(*rate, now)
    }
}

/// The limit on what one source may get wrong.
#[derive(Debug)]
pub(super) struct Sources(Option<(Rate, Mutex<HashMap<IpAddr, Bucket>>)>);

impl Sources {
    pub(super) fn new(per_minute: Option<NonZeroU32>) -> Self {
        Self(per_minute.map(|rate| {
            let most = f64::from(rate.get());
            (Rate { per_second: most / 60.0, most }, Mutex::default())
        }))
    }

    /// Returns whether a source has been refused too often lately.
    pub(super) fn shut_out(&self, source: Option<IpAddr>, now: Instant) -> bool {
        let (Some((rate, buckets)), Some(source)) = (&self.0, source.and_then(limited)) else { return false };
        let mut buckets = buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let found = buckets.get_mut(&source);
        found.is_some_and(|bucket| {
            bucket.refill(*rate, now);
            bucket.left < 1.0
        })
    }

    /// Remembers that a source was refused.
    pub(super) fn blame(&self, source: Option<IpAddr>, now: Instant) {
        let (Some((rate, buckets)), Some(source)) = (&self.0, source.and_then(limited)) else { return };
        let mut buckets = buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= MOST_SOURCES && !buckets.contains_key(&source) {
            buckets.retain(|_, bucket| {
                bucket.refill(*rate, now);
                bucket.left < rate.most
            });
            if buckets.len() >= MOST_SOURCES {
                return;
            }
        }
        buckets.entry(source).or_insert_with(|| Bucket::full(*rate, now)).take(*rate, now);
    }
}

/// Returns what a source is remembered by; `None` for one that may be a proxy. A network of IPv6 that one customer gets
/// counts as one source.
fn limited(source: IpAddr) -> Option<IpAddr> {
    match source.to_canonical() {
        IpAddr::V4(it) if it.is_loopback() || it.is_private() || it.is_link_local() => None,
        IpAddr::V6(it) if it.is_loopback() || it.is_unique_local() || it.is_unicast_link_local() => None,
        IpAddr::V4(it) => Some(IpAddr::V4(it)),
        IpAddr::V6(it) => Some(IpAddr::V6(Ipv6Addr::from_bits(it.to_bits() >> 64 << 64))),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn source(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn a_source_is_shut_out_for_as_long_as_its_allowance_takes_to_grow() {
        let (sources, now) = (Sources::new(NonZeroU32::new(60)), Instant::now());
        let (bad, good) = (source("203.0.113.7"), source("203.0.113.8"));
        for _ in 0..60 {
            assert!(!sources.shut_out(bad, now));
            sources.blame(bad, now);
        }
        assert!(sources.shut_out(bad, now) && !sources.shut_out(good, now) && !sources.shut_out(None, now));
        assert!(!sources.shut_out(bad, now + Duration::from_millis(1100)));
    }

    #[test]
    fn a_customer_is_one_source_and_a_proxy_none() {
        let (sources, now) = (Sources::new(NonZeroU32::new(1)), Instant::now());
        sources.blame(source("2001:db8:0:1::5"), now);
        assert!(sources.shut_out(source("2001:db8:0:1:ffff::1"), now));
        assert!(!sources.shut_out(source("2001:db8:0:2::5"), now));
        for proxy in ["127.0.0.1", "::1", "10.1.2.3", "172.17.0.1", "::ffff:192.168.0.1", "fd00::1", "fe80::1"] {
            sources.blame(source(proxy), now);
            assert!(!sources.shut_out(source(proxy), now), "{proxy}");
        }
    }

    #[test]
    fn many_sources_take_no_more_memory_than_some() {
        let (sources, now) = (Sources::new(NonZeroU32::new(1)), Instant::now());
        let buckets = || sources.0.as_ref().unwrap().1.lock().unwrap().len();
        for number in 0..10_000_u32 {
            sources.blame(Some(IpAddr::V4((0x0800_0000 + number).into())), now);
        }
        assert_eq!(buckets(), MOST_SOURCES);
        let later = now + Duration::from_secs(60);
        sources.blame(source("203.0.113.7"), later);
        assert!(sources.shut_out(source("203.0.113.7"), later), "what grew back made room");
        assert_eq!(buckets(), 1);
    }

    #[test]
    fn all_together_have_one_allowance() {
        let now = Instant::now();
        let overall = Overall::new(NonZeroU32::new(2), now);
        assert_eq!([0; 3].map(|_| overall.exceeded(now)), [false, false, true]);
        let later = now + Duration::from_millis(600);
        assert_eq!([0; 2].map(|_| overall.exceeded(later)), [false, true]);
        assert!(!Overall::new(None, now).exceeded(now));
    }
}
