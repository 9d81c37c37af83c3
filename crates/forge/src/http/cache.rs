use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;

/// An answer that is asked for again with its validator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cached {
    /// The validator, as the forge wrote it.
    pub etag: String,
    /// The body that went with it.
    pub body: Bytes,
    /// The `Link` header that went with it.
    pub link: Option<String>,
}

/// Where answers and their validators are kept, by address.
pub trait ValidatorCache: Send + Sync {
    /// Returns what is kept of an address.
    fn load(&self, key: &str) -> Option<Cached>;

    /// Keeps an answer in the place of an earlier one.
    fn store(&self, key: &str, answer: Cached);
}

/// Keeps answers in memory, the oldest giving way when they become too much.
#[derive(Debug)]
pub struct MemoryCache {
    room: usize,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    answers: HashMap<String, Cached>,
    order: VecDeque<String>,
    bytes: usize,
}

impl MemoryCache {
    /// Makes a cache that holds about that many bytes.
    pub fn new(room: usize) -> Self {
        Self { room, kept: Mutex::default() }
    }
}

impl Default for MemoryCache {
    fn default() -> Self {
        Self::new(16 << 20)
    }
}

fn weight(key: &str, answer: &Cached) -> usize {
    key.len() * 2 + answer.body.len() + answer.etag.len() + answer.link.as_ref().map_or(0, String::len)
}

impl ValidatorCache for MemoryCache {
    fn load(&self, key: &str) -> Option<Cached> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).answers.get(key).cloned()
    }

    fn store(&self, key: &str, answer: Cached) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(old) = kept.answers.remove(key) {
            kept.bytes -= weight(key, &old);
            kept.order.retain(|other| other != key);
        }
        let weight_of_new = weight(key, &answer);
        if weight_of_new > self.room {
            return;
        }
        kept.bytes += weight_of_new;
        kept.order.push_back(key.to_owned());
        kept.answers.insert(key.to_owned(), answer);
        while kept.bytes > self.room {
            let Some(oldest) = kept.order.pop_front() else { break };
            if let Some(old) = kept.answers.remove(&oldest) {
                kept.bytes -= weight(&oldest, &old);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_gives_way() {
        let cache = MemoryCache::new(250);
        let answer = |tag: &str| Cached { etag: tag.into(), body: Bytes::from(vec![b'x'; 100]), link: None };
        cache.store("a", answer("1"));
        cache.store("b", answer("2"));
        cache.store("a", answer("3"));
        assert_eq!(cache.load("a").unwrap().etag, "3");
        cache.store("c", answer("4"));
        assert!(cache.load("b").is_none());
        assert!(cache.load("a").is_some() && cache.load("c").is_some());
        cache.store("d", Cached { etag: "5".into(), body: Bytes::from(vec![0; 1000]), link: None });
        assert!(cache.load("d").is_none() && cache.load("a").is_some());
    }
}
