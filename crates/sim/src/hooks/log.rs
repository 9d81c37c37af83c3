use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

/// A webhook delivery and what came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delivery {
    /// The id of the hook.
    pub hook: u64,
    /// The event, in the forge's words.
    pub event: String,
    /// Where it went.
    pub url: String,
    /// The headers it had.
    pub headers: Vec<(String, String)>,
    /// The body it had.
    pub body: String,
    /// The status that came back.
    pub status: Option<u16>,
    /// Why nothing came back.
    pub error: Option<String>,
}

impl Delivery {
    /// Returns a header's value, by its name in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

/// The deliveries that a site made, in the order in which they ended.
#[derive(Debug, Default)]
pub struct DeliveryLog {
    entries: Mutex<Vec<Delivery>>,
    added: Notify,
}

impl DeliveryLog {
    /// Returns all entries.
    #[must_use]
    pub fn all(&self) -> Vec<Delivery> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Forgets all entries.
    pub fn clear(&self) {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Waits until there are so many entries, or for so long, and returns what there is.
    pub async fn wait(&self, count: usize, most: Duration) -> Vec<Delivery> {
        let enough = async {
            loop {
                let added = self.added.notified();
                if self.all().len() >= count {
                    return;
                }
                added.await;
            }
        };
        // Out of time: the caller looks at what there is.
        drop(tokio::time::timeout(most, enough).await);
        self.all()
    }

    pub(crate) fn add(&self, delivery: Delivery) {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).push(delivery);
        self.added.notify_waiters();
    }
}
