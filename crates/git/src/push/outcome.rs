//! What a push did.

use std::collections::BTreeMap;

use refray_core::Oid;
use refray_core::name::RefName;

use super::error::PushError;

/// What became of one command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefOutcome {
    /// Done.
    Ok {
        /// The value that the reference has now. It differs from the one that was sent if the server says so.
        now: Option<Oid>,
    },
    /// The server refused.
    Refused {
        /// Its reason: `pre-receive hook declined`, `failed to update ref`, …
        reason: String,
    },
    /// The reference no longer had the expected value, so the command was not sent.
    Moved {
        /// The value that it has.
        now: Option<Oid>,
    },
    /// It was sent, and what became of it is not known.
    Unknown,
    /// It was not sent, because the push ended before its turn.
    NotSent,
}

/// What a push did, reference by reference.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PushReport {
    /// What became of each command.
    pub outcomes: BTreeMap<RefName, RefOutcome>,
    /// What the server wrote for people: hooks and rules explain themselves here.
    pub messages: Vec<String>,
    /// Why the server could not take the objects, if so. The commands that needed them are refused then.
    pub unpack_error: Option<String>,
    /// What ended the push after a part of it was answered. Commands are then `Unknown` or `NotSent`.
    pub stopped: Option<PushError>,
    /// Bytes of pack data that were sent.
    pub sent: u64,
}

impl PushReport {
    /// Says whether every command was carried out.
    pub fn is_complete(&self) -> bool {
        self.outcomes.values().all(|outcome| matches!(outcome, RefOutcome::Ok { .. }))
    }
}
