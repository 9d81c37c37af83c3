use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

const WINDOW: Duration = Duration::from_secs(60);
/// GitHub bears about 80 content-creating requests a minute.
const MOST: usize = 78;
/// From here on writes are spaced, as GitHub asks.
const NEAR: usize = 60;
const SPACE: Duration = Duration::from_secs(1);

/// Spaces writes out so that GitHub's limit on content creation is not run into.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    starts: Mutex<VecDeque<Instant>>,
}

impl Pace {
    /// Books the next write and returns when it may start.
    pub(crate) fn book(&self, now: Instant) -> Instant {
        let mut starts = self.starts.lock().unwrap_or_else(PoisonError::into_inner);
        while starts.front().is_some_and(|first| *first + WINDOW <= now) {
            starts.pop_front();
        }
        let mut at = now;
        if starts.len() >= NEAR
            && let Some(last) = starts.back()
        {
            at = at.max(*last + SPACE);
        }
        if starts.len() >= MOST {
            at = at.max(starts[starts.len() - MOST] + WINDOW);
        }
        starts.push_back(at);
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_writes_go_at_once_and_many_never_pass_the_limit() {
        let pace = Pace::default();
        let now = Instant::now();
        let starts: Vec<Instant> = (0..400).map(|_| pace.book(now)).collect();
        assert!(starts[..NEAR].iter().all(|start| *start == now));
        assert!(starts[NEAR] >= now + SPACE);
        for start in &starts {
            let within = starts.iter().filter(|other| **other >= *start && **other < *start + WINDOW).count();
            assert!(within <= MOST, "{within}");
        }
        assert!(starts.is_sorted());
    }
}
