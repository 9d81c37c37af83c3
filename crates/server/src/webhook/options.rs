//! What a receiver is to believe, and how much it takes.

use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use refray_core::secret::Secret;

use super::Counters;

/// The settings of a receiver.
#[derive(Clone)]
pub struct ReceiverOptions {
    /// What hooks were installed with: the key of GitHub's, Gitea's and Forgejo's signatures, and GitLab's token. With an
    /// empty one nothing is accepted.
    pub secret: Secret,
    /// GitLab's signing token, `whsec_` and base64. Without one, [`secret`](Self::secret) is taken if it has that form; if
    /// it has not, deliveries that GitLab signed are refused.
    pub signing_token: Option<Secret>,
    /// The most bytes of a body. GitHub sends at most 25 MiB.
    pub body_limit: usize,
    /// How long a body may take altogether.
    pub body_timeout: Duration,
    /// The bytes that have to come each second, after the first two seconds.
    pub body_rate: NonZeroU32,
    /// The most bytes of bodies that are in memory at once. A quarter of it is kept for the first 256 KiB of each body,
    /// which is more than nearly all deliveries have, so that large ones cannot shut out the others.
    pub memory: usize,
    /// How many deliveries are read each second, in the mean; `None` for any number.
    pub per_second: Option<NonZeroU32>,
    /// How many deliveries of one source are refused each minute, in the mean, before it is not listened to; `None` for
    /// any number. Sources in private networks and on this machine are exempt: they may be proxies, behind which
    /// everybody has the same address.
    pub refused_per_minute: Option<NonZeroU32>,
    /// Where the time is taken from: GitLab's signatures are only good for five minutes.
    pub clock: fn() -> Timestamp,
    /// Where it is counted what became of deliveries.
    pub counters: Arc<Counters>,
}

impl ReceiverOptions {
    /// Returns the defaults.
    pub fn new(secret: Secret) -> Self {
        const BODY_RATE: NonZeroU32 = NonZeroU32::new(8 * 1024).expect("it is not zero");
        Self {
            secret,
            signing_token: None,
            body_limit: 25 << 20,
            body_timeout: Duration::from_secs(30),
            body_rate: BODY_RATE,
            memory: 256 << 20,
            per_second: NonZeroU32::new(20_000),
            refused_per_minute: NonZeroU32::new(600),
            clock: Timestamp::now,
            counters: Arc::default(),
        }
    }
}

impl fmt::Debug for ReceiverOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReceiverOptions")
            .field("body_limit", &self.body_limit)
            .field("body_timeout", &self.body_timeout)
            .field("body_rate", &self.body_rate)
            .field("memory", &self.memory)
            .field("per_second", &self.per_second)
            .field("refused_per_minute", &self.refused_per_minute)
            .finish_non_exhaustive()
    }
}
