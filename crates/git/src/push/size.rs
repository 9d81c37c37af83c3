use std::time::Duration;

/// The most commands that are sent in the first request over HTTP. Most servers take it in no time, but one that runs a
/// program for each command says nothing while it does, and on a busy machine gets through no more than two in a second.
pub const FIRST: usize = 100;
/// However slow the server is.
const LEAST: usize = 20;
/// The most that are sent in one request, however fast the server is, and in one conversation.
pub const MOST: usize = 10_000;
/// How many times as many as the last time go at most.
const GROWTH: usize = 4;
/// How long one request is to keep a server busy. What stands in between gives up after a minute of silence, as a rule.
const AIM: Duration = Duration::from_secs(15);

/// How many commands go in one request: as many as the server will get through in good time, going by what it took so far.
#[derive(Debug)]
pub(super) struct Size(usize);

impl Size {
    /// Begins with as many as go first. In a conversation nothing stands in between that would lose its patience: all go at
    /// once, short of what no server should have to take.
    pub(super) const fn new(conversation: bool) -> Self {
        Self(if conversation { MOST } else { FIRST })
    }

    /// Returns how many of those that are left go now.
    pub(super) fn of(&self, left: usize) -> usize {
        self.0.min(left)
    }

    /// Learns how long a request with that many commands took.
    pub(super) fn took(&mut self, commands: usize, time: Duration) {
        let millis = usize::try_from(time.as_millis()).unwrap_or(usize::MAX).max(1);
        let aim = usize::try_from(AIM.as_millis()).unwrap_or(usize::MAX);
        let fitting = commands.saturating_mul(aim) / millis;
        self.0 = fitting.clamp(LEAST, self.0.saturating_mul(GROWTH).min(MOST));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the sizes of the requests that so many commands make for a server that takes so long for each.
    fn sizes(mut left: usize, each: Duration) -> Vec<usize> {
        let (mut size, mut sizes) = (Size::new(false), Vec::new());
        while left > 0 {
            let now = size.of(left);
            size.took(now, each * u32::try_from(now).unwrap());
            sizes.push(now);
            left -= now;
        }
        sizes
    }

    #[test]
    fn a_fast_server_gets_everything_in_a_few_requests() {
        assert_eq!(sizes(150, Duration::ZERO), [100, 50]);
        assert_eq!(sizes(5_000, Duration::from_micros(20)), [100, 400, 1_600, 2_900]);
        assert_eq!(sizes(30_000, Duration::from_micros(20)), [100, 400, 1_600, 6_400, 10_000, 10_000, 1_500]);
    }

    #[test]
    fn no_request_keeps_a_slow_server_busy_for_a_minute() {
        assert_eq!(sizes(900, Duration::from_millis(50)), [100, 300, 300, 200]);
        assert_eq!(sizes(400, Duration::from_millis(250)), [100, 60, 60, 60, 60, 60]);
        assert_eq!(sizes(170, Duration::from_millis(500)), [100, 30, 30, 10]);
    }

    #[test]
    fn what_a_large_pack_took_is_forgotten_soon() {
        let mut size = Size::new(false);
        size.took(FIRST, Duration::from_secs(600));
        assert_eq!(size.of(10_000), LEAST);
        for expected in [80, 320, 1_280, 5_120, 10_000] {
            size.took(size.of(10_000), Duration::from_millis(5));
            assert_eq!(size.of(10_000), expected);
        }
    }
}
