//! Misbehaviour, switched on and off while a site runs.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use regex::Regex;

use crate::Site;

/// What happens to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It is not carried out; this status and text come back.
    Status(u16, String),
    /// It is carried out, and the connection breaks after this many bytes of the answer's body; before the answer, where it
    /// has no body.
    Reset(usize),
    /// It is not carried out; the connection breaks before any answer.
    Drop,
    /// It is carried out this much later.
    Delay(Duration),
    /// It is carried out, but its listing lacks the headers that lead to the next page.
    NoNextPage,
    /// It is carried out, but if it asks for this page, the page comes back empty.
    EmptyPage(u64),
    /// It is carried out, but its listing lacks this many of its last items.
    LessItems(usize),
}

/// A fault that waits for requests.
#[derive(Debug)]
struct Rule {
    path: Regex,
    method: Option<String>,
    left: Option<u64>,
    effect: Effect,
}

/// A limit on the number of API requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limit {
    pub(crate) limit: u64,
    pub(crate) used: u64,
    /// Unix seconds.
    pub(crate) reset: i64,
    window: i64,
}

impl Limit {
    /// Returns a limit of which nothing is used.
    pub(crate) fn fresh(limit: u64, reset: i64) -> Self {
        Self { limit, used: 0, reset, window: 3600 }
    }
}

/// What happens to a push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReceiveFault {
    /// No file can be written.
    DiskFull,
}

type Hook = Box<dyn FnOnce(&Site) + Send>;

/// The switches for a site's misbehaviour.
#[derive(Default)]
pub struct Faults(Mutex<State>);

#[derive(Default)]
struct State {
    rules: Vec<Rule>,
    latency: Duration,
    limit: Option<Limit>,
    secondary: Option<(u64, u64)>,
    v2_off: bool,
    ls_refs_refused: bool,
    receive: Vec<ReceiveFault>,
    before_receive: Vec<(u64, Hook)>,
    late_intake: Option<u64>,
    not_taken_in: BTreeMap<u64, Waiting>,
}

/// What was pushed into an empty repository and waits to be taken in.
#[derive(Debug)]
struct Waiting {
    looks: u64,
    branch: Option<String>,
}

impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Faults").field("rules", &self.state().rules).finish_non_exhaustive()
    }
}

impl Faults {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Switches everything off.
    pub fn clear(&self) {
        *self.state() = State::default();
    }

    /// Holds every request up for this long.
    pub fn latency(&self, latency: Duration) {
        self.state().latency = latency;
    }

    /// Lets something happen to requests whose path with its query fits: to the next `times`, or to all of them.
    ///
    /// # Errors
    ///
    /// Fails when the path is not a regular expression.
    pub fn add(&self, path: &str, times: Option<u64>, effect: Effect) -> Result<(), regex::Error> {
        self.add_for(None, path, times, effect)
    }

    /// The same, for requests with this method only.
    ///
    /// # Errors
    ///
    /// Fails when the path is not a regular expression.
    pub fn add_for(
        &self,
        method: Option<&str>,
        path: &str,
        times: Option<u64>,
        effect: Effect,
    ) -> Result<(), regex::Error> {
        let path = Regex::new(path)?;
        self.state().rules.push(Rule { path, method: method.map(str::to_owned), left: times, effect });
        Ok(())
    }

    /// Allows this many API requests in every window of so many seconds, from now on.
    pub fn rate_limit(&self, limit: u64, window: Duration) {
        let window = i64::try_from(window.as_secs()).unwrap_or(i64::MAX / 2).max(1);
        let reset = Timestamp::now().as_second() + window;
        self.state().limit = Some(Limit { limit, used: 0, reset, window });
    }

    /// Answers the next `times` API requests with GitHub's secondary limit (elsewhere: 429), to be obeyed for so many
    /// seconds.
    pub fn secondary_limit(&self, times: u64, retry_after: u64) {
        self.state().secondary = Some((times, retry_after));
    }

    /// Speaks only version 0 of git's protocol.
    pub fn v2_off(&self, off: bool) {
        self.state().v2_off = off;
    }

    /// Refuses the listing of refs by version 2 of git's protocol.
    pub fn refuse_ls_refs(&self, refuse: bool) {
        self.state().ls_refs_refused = refuse;
    }

    /// Lets the next push go wrong.
    pub fn break_receive(&self, fault: ReceiveFault) {
        self.state().receive.push(fault);
    }

    /// Does something just before the next push to a repository is carried out, after the pusher has seen its refs: the
    /// moment at which another pusher wins the race.
    pub fn before_receive(&self, repository: u64, hook: impl FnOnce(&Site) + Send + 'static) {
        self.state().before_receive.push((repository, Box::new(hook)));
    }

    /// Takes in what is pushed into an empty repository only after so many API requests about it: until then it counts as
    /// empty, and then its default branch is chosen. Gitea and Forgejo do so a moment after the push.
    pub fn late_intake(&self, looks: u64) {
        self.state().late_intake = Some(looks);
    }

    /// Says whether what was pushed is taken in later, and remembers which branch is the default one then.
    pub(crate) fn puts_off(&self, repository: u64, branch: Option<&str>) -> bool {
        let mut state = self.state();
        let Some(looks) = state.late_intake else { return false };
        state.not_taken_in.insert(repository, Waiting { looks, branch: branch.map(str::to_owned) });
        true
    }

    /// Counts a look at a repository, and returns the default branch to be when it is time to take in what was pushed.
    pub(crate) fn look(&self, repository: u64) -> Option<Option<String>> {
        let mut state = self.state();
        let waiting = state.not_taken_in.get_mut(&repository)?;
        waiting.looks = waiting.looks.saturating_sub(1);
        if waiting.looks > 0 {
            return None;
        }
        state.not_taken_in.remove(&repository).map(|waiting| waiting.branch)
    }

    pub(crate) fn v2_is_off(&self) -> bool {
        self.state().v2_off
    }

    pub(crate) fn ls_refs_are_refused(&self) -> bool {
        self.state().ls_refs_refused
    }

    pub(crate) fn take_receive_fault(&self) -> Option<ReceiveFault> {
        self.state().receive.pop()
    }

    pub(crate) fn take_before_receive(&self, repository: u64) -> Vec<Hook> {
        let mut state = self.state();
        let (taken, kept) =
            std::mem::take(&mut state.before_receive).into_iter().partition(|(id, _)| *id == repository);
        state.before_receive = kept;
        let taken: Vec<(u64, Hook)> = taken;
        taken.into_iter().map(|(_, hook)| hook).collect()
    }

    /// Returns what happens to a request, and counts it.
    pub(crate) fn meet(&self, method: &str, path_and_query: &str) -> Vec<Effect> {
        let mut state = self.state();
        let mut effects = Vec::new();
        if !state.latency.is_zero() {
            effects.push(Effect::Delay(state.latency));
        }
        for rule in &mut state.rules {
            let fits = rule.method.as_deref().is_none_or(|it| it.eq_ignore_ascii_case(method))
                && rule.path.is_match(path_and_query);
            if fits && rule.left != Some(0) {
                rule.left = rule.left.map(|left| left - 1);
                effects.push(rule.effect.clone());
            }
        }
        effects
    }

    /// Returns how the limit stands once this request is counted, and whether the request is beyond it.
    pub(crate) fn count(&self) -> Option<(Limit, bool)> {
        let mut state = self.state();
        let limit = state.limit.as_mut()?;
        let now = Timestamp::now().as_second();
        if now >= limit.reset {
            limit.reset = now + limit.window;
            limit.used = 0;
        }
        let beyond = limit.used >= limit.limit;
        if !beyond {
            limit.used += 1;
        }
        Some((*limit, beyond))
    }

    /// Returns how the limit stands, without counting anything.
    pub(crate) fn standing(&self) -> Option<Limit> {
        self.state().limit
    }

    /// Takes back the counting of a request that turned out to be free.
    pub(crate) fn uncount(&self) {
        if let Some(limit) = self.state().limit.as_mut() {
            limit.used = limit.used.saturating_sub(1);
        }
    }

    /// Returns the seconds to wait when this request falls under the secondary limit.
    pub(crate) fn secondary(&self) -> Option<u64> {
        let mut state = self.state();
        let (left, retry_after) = state.secondary.as_mut()?;
        if *left == 0 {
            return None;
        }
        *left -= 1;
        Some(*retry_after)
    }
}
