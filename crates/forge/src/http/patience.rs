use std::time::Duration;

/// How much waiting one call has left.
#[derive(Debug, Clone)]
pub(crate) struct Patience {
    left: Duration,
    attempts_left: u32,
    backoff: Duration,
}

impl Patience {
    pub(crate) const fn new(total: Duration, attempts: u32, backoff: Duration) -> Self {
        Self { left: total, attempts_left: attempts.saturating_sub(1), backoff }
    }

    /// Returns how long to wait before trying again, or `None` when that is not worth it.
    ///
    /// A time that the forge asked for is kept to, and costs only patience; otherwise the wait doubles from try to try
    /// and the tries are counted. `dice` is a random number from 0 to 1: clients that failed together come back apart.
    pub(crate) fn next(&mut self, asked: Option<Duration>, dice: f64) -> Option<Duration> {
        let wait = if let Some(asked) = asked {
            asked.max(self.backoff / 2) + self.backoff.mul_f64(dice / 2.0)
        } else {
            self.attempts_left = self.attempts_left.checked_sub(1)?;
            let wait = self.backoff.mul_f64(0.5 + dice / 2.0);
            self.backoff = self.backoff.saturating_mul(2);
            wait
        };
        self.left = self.left.checked_sub(wait)?;
        Some(wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn waits_double_and_end() {
        let mut patience = Patience::new(SECOND * 100, 4, SECOND);
        assert_eq!(patience.next(None, 1.0), Some(SECOND));
        assert_eq!(patience.next(None, 0.0), Some(SECOND));
        assert_eq!(patience.next(None, 1.0), Some(SECOND * 4));
        assert_eq!(patience.next(None, 1.0), None);
    }

    #[test]
    fn what_the_forge_asks_for_is_waited_for_within_reason() {
        let mut patience = Patience::new(SECOND * 10, 1, SECOND);
        assert_eq!(patience.next(Some(SECOND * 5), 0.0), Some(SECOND * 5));
        assert_eq!(patience.next(Some(SECOND * 6), 0.0), None);
        let mut patience = Patience::new(SECOND, 1, SECOND);
        let mut tries = 0;
        while patience.next(Some(Duration::ZERO), 0.0).is_some() {
            tries += 1;
        }
        assert_eq!(tries, 2, "a forge that says `now` is not asked for ever");
    }
}
