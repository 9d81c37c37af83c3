//! What is remembered of a server between exchanges.

use std::sync::atomic::{AtomicU8, Ordering};

/// Remembers whether a server speaks protocol version 2, so that a later listing is a single request.
///
/// One per site is enough: all repositories of a site are served by the same software. It is a hint only; a server that
/// answers otherwise than remembered is asked anew.
#[derive(Debug, Default)]
pub struct ProtocolMemory(AtomicU8);

const UNKNOWN: u8 = 0;
const V0: u8 = 1;
const V2: u8 = 2;
const V2_WITH_AGENT: u8 = 3;

impl ProtocolMemory {
    /// Starts with nothing known.
    pub const fn new() -> Self {
        Self(AtomicU8::new(UNKNOWN))
    }

    /// Says whether the server was last seen to speak version 2.
    pub fn speaks_v2(&self) -> bool {
        matches!(self.0.load(Ordering::Relaxed), V2 | V2_WITH_AGENT)
    }

    /// Says whether the server was last seen to speak only version 0 or 1.
    pub fn speaks_only_v0(&self) -> bool {
        self.0.load(Ordering::Relaxed) == V0
    }

    /// Says whether the server takes the `agent` capability.
    pub(crate) fn takes_agent(&self) -> bool {
        self.0.load(Ordering::Relaxed) == V2_WITH_AGENT
    }

    pub(crate) fn saw_v2(&self, agent: bool) {
        self.0.store(if agent { V2_WITH_AGENT } else { V2 }, Ordering::Relaxed);
    }

    pub(crate) fn saw_v0(&self) {
        self.0.store(V0, Ordering::Relaxed);
    }

    /// Forgets what was seen.
    pub fn forget(&self) {
        self.0.store(UNKNOWN, Ordering::Relaxed);
    }
}
