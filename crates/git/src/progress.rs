//! How a long exchange tells how far it is.

/// Is told of the progress of a fetch or push. Every method does nothing unless it is overridden.
pub trait Progress: Send + Sync {
    /// Bytes of pack data that have come in so far.
    fn received(&self, _bytes: u64) {}

    /// Bytes of pack data that have been handed to the transport so far.
    fn sent(&self, _bytes: u64) {}

    /// A line that the other side wrote for people to read. Control characters are already taken out.
    fn message(&self, _line: &str) {}
}

/// Nobody listens.
impl Progress for () {}
