use serde_json::Value;

/// What one hook is told, before it is packed and signed.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Message {
    /// The event's name in the header.
    pub(super) event: &'static str,
    /// Gitea's finer name of it.
    pub(super) event_type: &'static str,
    pub(super) payload: Value,
}

impl Message {
    pub(super) fn new(event: &'static str, payload: Value) -> Self {
        Self { event, event_type: event, payload }
    }
}
