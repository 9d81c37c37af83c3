use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;

/// The time that a site goes by, in whole seconds.
#[derive(Debug)]
pub enum Clock {
    /// The machine's clock.
    Real,
    /// A clock that moves on by one second with every change to the site, so that two changes never share a time.
    Fixed(AtomicI64),
}

impl Clock {
    /// Returns a clock that starts here and moves only with what happens.
    #[must_use]
    pub fn fixed(start: Timestamp) -> Self {
        Self::Fixed(AtomicI64::new(start.as_second()))
    }

    /// Returns the time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let second = match self {
            Self::Real => Timestamp::now().as_second(),
            Self::Fixed(second) => second.load(Ordering::Relaxed),
        };
        Timestamp::from_second(second).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// Returns the time for a change.
    #[must_use]
    pub fn tick(&self) -> Timestamp {
        self.advance(1);
        self.now()
    }

    /// Moves a fixed clock on.
    pub fn advance(&self, seconds: i64) {
        if let Self::Fixed(second) = self {
            second.fetch_add(seconds, Ordering::Relaxed);
        }
    }
}
