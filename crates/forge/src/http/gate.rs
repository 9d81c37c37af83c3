use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::sync::futures::Notified;
use tokio::time::Instant;

use super::limits::Left;

/// Two answers speak of the same window when the ends that they name are no further apart: clocks are read in seconds.
const SAME_WINDOW: Duration = Duration::from_secs(2);

/// Holds all requests of a site back while one of its limits is spent: going on would only prolong it.
///
/// Where a forge says how many requests it will still answer, no more than that are let through at once, so that a limit is
/// not run into in the first place.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    state: Mutex<State>,
    /// Somebody came out.
    out: Notify,
}

#[derive(Debug, Default)]
struct State {
    closed_until: Option<Instant>,
    window: Option<Window>,
    under_way: u64,
    /// How often in a row a limit was met that names no time.
    strikes: u32,
}

/// What the forge said last of the limit that it counts by.
#[derive(Debug, Clone, Copy)]
struct Window {
    left: u64,
    until: Instant,
}

/// What somebody finds who wants to go through.
pub(crate) enum Entry<'a> {
    /// Go, and keep the pass until the answer is there.
    Open(Pass<'a>),
    /// Nobody may go for this long.
    Closed(Duration),
    /// As many are under way as will be answered: look again when one of them is back.
    Full(Notified<'a>),
}

/// The right to make one request.
pub(crate) struct Pass<'a> {
    gate: &'a Gate,
    learnt: bool,
}

impl Gate {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Closes the gate for a while, or leaves it closed for longer if it is.
    pub(crate) fn close(&self, now: Instant, wait: Duration) {
        let mut state = self.state();
        let until = now + wait;
        state.closed_until = Some(state.closed_until.map_or(until, |earlier| earlier.max(until)));
    }

    /// Closes the gate for a limit that names no time: for `wait` at first, and each time in a row for twice as long.
    pub(crate) fn close_longer(&self, now: Instant, wait: Duration) {
        let strikes = {
            let mut state = self.state();
            // Requests that were under way together count as one.
            if state.closed_until.is_none_or(|until| until <= now) {
                state.strikes = state.strikes.saturating_add(1);
            }
            state.strikes
        };
        self.close(now, wait.saturating_mul(1 << strikes.saturating_sub(1).min(6)));
    }

    /// Returns for how long the gate is closed yet.
    pub(crate) fn closed_for(&self, now: Instant) -> Option<Duration> {
        self.state().closed_for(now)
    }

    /// Asks to go through.
    pub(crate) fn enter(&self, now: Instant) -> Entry<'_> {
        let mut state = self.state();
        if let Some(left) = state.closed_for(now) {
            return Entry::Closed(left);
        }
        match state.window {
            Some(window) if window.left == 0 => return Entry::Closed(window.until - now),
            Some(window) if state.under_way >= window.left => return Entry::Full(self.out.notified()),
            _ => {}
        }
        state.under_way += 1;
        Entry::Open(Pass { gate: self, learnt: false })
    }
}

impl State {
    fn closed_for(&mut self, now: Instant) -> Option<Duration> {
        self.window = self.window.filter(|window| window.until > now);
        // It stays noted until somebody finds it open, so that a late refusal of the same moment is known as such.
        self.closed_until.map(|until| until.saturating_duration_since(now)).filter(|left| !left.is_zero())
    }

    fn learn(&mut self, now: Instant, left: Left) {
        let until = now + left.reset;
        let told = Window { left: left.requests, until };
        match &mut self.window {
            Some(window) if window.until > now && until <= window.until + SAME_WINDOW => {
                // Answers overtake one another, and one of an older window says nothing of this one.
                if until + SAME_WINDOW >= window.until {
                    window.left = window.left.min(told.left);
                }
            }
            window => *window = Some(told),
        }
    }
}

impl Pass<'_> {
    /// Takes in what an answer says of the limit.
    pub(crate) fn learn(&mut self, now: Instant, left: Option<Left>) {
        let Some(left) = left else { return };
        self.learnt = true;
        self.gate.state().learn(now, left);
    }

    /// Notes that the forge answers again.
    pub(crate) fn served(&self) {
        self.gate.state().strikes = 0;
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        {
            let mut state = self.gate.state();
            state.under_way = state.under_way.saturating_sub(1);
            // What became of a request without an answer is not known: it may have been counted.
            if !self.learnt
                && let Some(window) = &mut state.window
            {
                window.left = window.left.saturating_sub(1);
            }
        }
        self.gate.out.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn left(requests: u64, seconds: u64) -> Option<Left> {
        Some(Left { requests, reset: SECOND * u32::try_from(seconds).unwrap() })
    }

    fn open(gate: &Gate, now: Instant) -> Pass<'_> {
        match gate.enter(now) {
            Entry::Open(pass) => pass,
            Entry::Closed(left) => panic!("closed for {left:?}"),
            Entry::Full(_) => panic!("full"),
        }
    }

    fn closed(gate: &Gate, now: Instant) -> Option<Duration> {
        if let Entry::Closed(left) = gate.enter(now) { Some(left) } else { None }
    }

    #[test]
    fn no_more_go_than_the_forge_will_answer() {
        let (gate, now) = (Gate::default(), Instant::now());
        let mut first = open(&gate, now);
        let others: Vec<Pass<'_>> = (0..9).map(|_| open(&gate, now)).collect();
        first.learn(now, left(11, 30));
        drop(first);
        let more = [open(&gate, now), open(&gate, now)];
        assert!(matches!(gate.enter(now), Entry::Full(_)), "eleven are under way");
        for (mut pass, n) in others.into_iter().chain(more).zip(0..) {
            pass.learn(now, left(10 - n, 30));
        }
        assert_eq!(closed(&gate, now + SECOND), Some(SECOND * 29));
        drop(open(&gate, now + SECOND * 30));
    }

    #[test]
    fn an_answer_of_an_older_window_says_nothing_of_the_new_one() {
        let (gate, now) = (Gate::default(), Instant::now());
        let mut late = open(&gate, now);
        let mut pass = open(&gate, now);
        pass.learn(now, left(100, 60));
        late.learn(now, left(0, 1));
        drop((pass, late));
        drop(open(&gate, now));
        let mut pass = open(&gate, now + SECOND * 30);
        pass.learn(now + SECOND * 30, left(5000, 3600));
        drop(pass);
        assert_eq!(gate.state().window.unwrap().left, 5000, "a later end is another window");
    }

    #[test]
    fn a_request_that_was_lost_counts() {
        let (gate, now) = (Gate::default(), Instant::now());
        let mut pass = open(&gate, now);
        pass.learn(now, left(1, 60));
        drop(pass);
        drop(open(&gate, now));
        assert_eq!(closed(&gate, now), Some(SECOND * 60));
    }

    #[test]
    fn a_limit_without_a_time_is_left_alone_for_longer_and_longer() {
        let (gate, now) = (Gate::default(), Instant::now());
        let pass = open(&gate, now);
        gate.close_longer(now, SECOND);
        gate.close_longer(now, SECOND);
        assert_eq!(gate.closed_for(now), Some(SECOND), "both met the same limit");
        gate.close_longer(now + SECOND, SECOND);
        assert_eq!(gate.closed_for(now + SECOND), Some(SECOND * 2));
        pass.served();
        gate.close_longer(now + SECOND * 3, SECOND);
        assert_eq!(gate.closed_for(now + SECOND * 3), Some(SECOND));
    }
}
