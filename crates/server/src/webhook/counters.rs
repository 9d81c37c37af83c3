//! What became of deliveries.

use std::sync::atomic::{AtomicU64, Ordering};

use axum::response::{IntoResponse, Response};
use http::header::RETRY_AFTER;
use http::{HeaderValue, StatusCode};

/// When a sender that was put off may come again, in seconds.
const PATIENCE: HeaderValue = HeaderValue::from_static("10");

/// What became of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// A wake-up is durable.
    Accepted,
    /// What it tells is known: refray's own push came back.
    Known,
    /// The same delivery was accepted before.
    Repeated,
    /// It is about a repository that is not synced.
    Unknown,
    /// It is about something that is not synced, or only a trial.
    Ignored,
    /// Its signature or token is missing or wrong.
    Unauthorized,
    /// Its body is larger than allowed.
    TooLarge,
    /// Its body is compressed, or of a type that no forge sends.
    Unsupported,
    /// It is not what a forge would send.
    Malformed,
    /// Its body came too slowly.
    Slow,
    /// There were too many.
    Limited,
    /// There was no room for its body.
    Busy,
    /// The wake-up could not be made durable.
    Failed,
}

impl Outcome {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 13] = [
        Self::Accepted,
        Self::Known,
        Self::Repeated,
        Self::Unknown,
        Self::Ignored,
        Self::Unauthorized,
        Self::TooLarge,
        Self::Unsupported,
        Self::Malformed,
        Self::Slow,
        Self::Limited,
        Self::Busy,
        Self::Failed,
    ];

    /// Returns the name that a metric has for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Known => "known",
            Self::Repeated => "repeated",
            Self::Unknown => "unknown",
            Self::Ignored => "ignored",
            Self::Unauthorized => "unauthorized",
            Self::TooLarge => "too_large",
            Self::Unsupported => "unsupported",
            Self::Malformed => "malformed",
            Self::Slow => "slow",
            Self::Limited => "limited",
            Self::Busy => "busy",
            Self::Failed => "failed",
        }
    }

    /// Returns the status that the sender is told.
    pub const fn status(self) -> StatusCode {
        match self {
            Self::Accepted => StatusCode::ACCEPTED,
            // The sender did nothing wrong; anything but success would make it turn the hook off.
            Self::Known | Self::Repeated | Self::Unknown | Self::Ignored => StatusCode::OK,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Unsupported => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Malformed => StatusCode::BAD_REQUEST,
            Self::Slow => StatusCode::REQUEST_TIMEOUT,
            Self::Limited => StatusCode::TOO_MANY_REQUESTS,
            Self::Busy | Self::Failed => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// Returns whether the sender is to blame.
    pub(super) const fn blames_sender(self) -> bool {
        matches!(self, Self::Unauthorized | Self::TooLarge | Self::Unsupported | Self::Malformed | Self::Slow)
    }

    const fn text(self) -> &'static str {
        match self {
            Self::Accepted => "accepted\n",
            Self::Known => "nothing new\n",
            Self::Repeated => "received before\n",
            Self::Unknown => "not a repository that is synced\n",
            Self::Ignored => "received, nothing to do\n",
            Self::Unauthorized => "the signature or token is missing or wrong\n",
            Self::TooLarge => "the body is too large\n",
            Self::Unsupported => "the body has to be uncompressed, and of a type that forges send\n",
            Self::Malformed => "not a webhook that can be understood\n",
            Self::Slow => "the body came too slowly\n",
            Self::Limited => "too many deliveries\n",
            Self::Busy => "too many large deliveries at once\n",
            Self::Failed => "the delivery could not be stored\n",
        }
    }
}

impl IntoResponse for Outcome {
    fn into_response(self) -> Response {
        let mut response = (self.status(), self.text()).into_response();
        if matches!(self, Self::Limited | Self::Busy | Self::Failed) {
            response.headers_mut().insert(RETRY_AFTER, PATIENCE);
        }
        response
    }
}

/// How many deliveries came to what, since the start.
#[derive(Debug, Default)]
pub struct Counters([AtomicU64; Outcome::ALL.len()]);

impl Counters {
    /// Returns how many came to `outcome`.
    pub fn get(&self, outcome: Outcome) -> u64 {
        self.0[outcome as usize].load(Ordering::Relaxed)
    }

    /// Returns all counts with the names that metrics have for them.
    pub fn all(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        Outcome::ALL.into_iter().map(|outcome| (outcome.as_str(), self.get(outcome)))
    }

    /// Counts one.
    pub(super) fn add(&self, outcome: Outcome) {
        self.0[outcome as usize].fetch_add(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_outcome_has_its_own_counter() {
        let counters = Counters::default();
        for (count, outcome) in Outcome::ALL.into_iter().enumerate() {
            (0..count).for_each(|_| counters.add(outcome));
        }
        for (count, outcome) in Outcome::ALL.into_iter().enumerate() {
            assert_eq!(counters.get(outcome), count as u64, "{outcome:?}");
        }
        assert_eq!(counters.all().nth(5), Some(("unauthorized", 5)));
    }
}
