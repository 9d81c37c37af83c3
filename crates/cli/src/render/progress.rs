//! The bar at the foot of the terminal.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;
use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use indicatif::style::ProgressTracker;
use indicatif::{HumanBytes, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use refray_core::event::Direction;
use refray_core::name::{EndpointId, RepoName};
use tracing_subscriber::fmt::MakeWriter;

use crate::render::foot::{self, Foot};
use crate::render::layout::{clean, columns, shorten};

/// How many cells the bar has.
const CELLS: usize = 16;
/// What is told per second is that of so many last seconds.
const SPAN: Duration = Duration::from_secs(5);
/// How long is left is only told when it has gone on for so long: before, nobody can know.
const KNOWN: Duration = Duration::from_secs(3);
/// What the spinner takes, with the space behind it.
const SPINNER: usize = 2;
/// Between how far it is and the names.
const GAP: usize = 2;
/// Less of a name says nothing.
const LEAST_NAME: usize = 8;

/// The bar that is shown, so that what is written from elsewhere stands above it. There is one terminal, and so one bar.
static SHOWN: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// How many repositories are done, what is under way, and how many bytes have passed. Invisible unless standard error is
/// a terminal.
pub(crate) struct Progress {
    bar: ProgressBar,
    moved: BTreeMap<(RepoName, EndpointId, Direction), u64>,
    total: Arc<AtomicU64>,
    under_way: Vec<RepoName>,
    names: Arc<Mutex<String>>,
}

impl Progress {
    /// Starts a bar; a hidden one unless `shown`.
    pub(crate) fn new(shown: bool) -> Self {
        let target = if shown {
            ProgressDrawTarget::term_like_with_hz(Box::<Foot>::default(), 10)
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(Some(0), target);
        let (total, names) = (Arc::default(), Arc::default());
        if let Ok(style) = ProgressStyle::with_template("{spinner} {amount}") {
            let amount = Amount { total: Arc::clone(&total), names: Arc::clone(&names), samples: VecDeque::new() };
            bar.set_style(style.with_key("amount", amount));
        }
        if shown {
            bar.enable_steady_tick(Duration::from_millis(120));
            if let Ok(mut current) = SHOWN.lock() {
                *current = Some(bar.clone());
            }
        }
        Self { bar, moved: BTreeMap::new(), total, under_way: Vec::new(), names }
    }

    /// Adds repositories to come.
    pub(crate) fn expect(&self, repositories: usize) {
        self.bar.inc_length(repositories as u64);
    }

    /// Notes that work on one began.
    pub(crate) fn started(&mut self, repository: RepoName) {
        self.under_way.push(repository);
        self.name();
    }

    /// Notes that work on one ended, and counts it.
    pub(crate) fn ended(&mut self, repository: &RepoName) {
        if let Some(at) = self.under_way.iter().position(|known| known == repository) {
            self.under_way.remove(at);
        }
        self.moved.retain(|(known, ..), _| known != repository);
        self.name();
        self.done();
    }

    /// Counts one as done.
    pub(crate) fn done(&self) {
        self.bar.inc(1);
    }

    fn name(&self) {
        let names: Vec<String> = self.under_way.iter().map(|name| clean(name.as_str())).collect();
        if let Ok(mut shown) = self.names.lock() {
            *shown = names.join(", ");
        }
    }

    /// Notes bytes under way.
    pub(crate) fn transfer(&mut self, repository: RepoName, endpoint: EndpointId, direction: Direction, bytes: u64) {
        let before = self.moved.entry((repository, endpoint, direction)).or_default();
        self.total.fetch_add(bytes.saturating_sub(*before), Ordering::Relaxed);
        *before = bytes;
    }

    /// Takes the bar away.
    pub(crate) fn finish(&self) {
        let hidden = self.bar.is_hidden();
        self.bar.finish_and_clear();
        // One that nobody sees may be beside the one that is shown.
        if !hidden && let Ok(mut current) = SHOWN.lock() {
            *current = None;
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        // What is left of it would be drawn over what comes next.
        self.finish();
    }
}

/// Prints above the bar that is shown, whosever it is.
pub(crate) fn above(print: impl FnOnce()) {
    let shown = SHOWN.lock().ok().and_then(|shown| shown.clone());
    match shown {
        Some(bar) => bar.suspend(print),
        None => print(),
    }
}

/// Writes how far it is: `━━━━╌╌╌╌ 12/300  4.2 MiB, 1.1 MiB/s  40 s left  alpha, beta`.
struct Amount {
    total: Arc<AtomicU64>,
    names: Arc<Mutex<String>>,
    samples: VecDeque<(Instant, u64)>,
}

impl Amount {
    fn text(&self, done: u64, all: u64, elapsed: Duration, left: Duration) -> String {
        if all == 0 {
            return "asking what there is".to_owned();
        }
        let cells = usize::try_from(done.min(all) * CELLS as u64 / all).unwrap_or(CELLS);
        // The rest of the line stands still while it counts.
        let digits = all.to_string().len();
        let mut text = format!("{}{} {done:>digits$}/{all}", "━".repeat(cells), "╌".repeat(CELLS - cells));
        let total = self.total.load(Ordering::Relaxed);
        if total > 0 {
            // Writing to a string cannot fail.
            let _ = write!(text, "  {}", HumanBytes(total));
        }
        if let Some(rate) = self.rate().filter(|rate| *rate > 0) {
            let _ = write!(text, ", {}/s", HumanBytes(rate));
        }
        if elapsed >= KNOWN && done > 0 && done < all {
            let seconds = left.as_secs();
            let _ = match seconds {
                0..60 => write!(text, "  {} s left", seconds.max(1)),
                60..3600 => write!(text, "  {} min left", seconds.div_ceil(60)),
                _ => write!(text, "  {} h left", seconds.div_ceil(3600)),
            };
        }
        text
    }

    /// The same with what is under way, as far as there is room.
    fn line(&self, amount: String, width: usize) -> String {
        let names = self.names.lock().map(|names| names.clone()).unwrap_or_default();
        let room = width.saturating_sub(SPINNER + columns(&amount) + GAP);
        if names.is_empty() || room < LEAST_NAME { amount } else { format!("{amount}  {}", shorten(&names, room)) }
    }

    fn rate(&self) -> Option<u64> {
        let ((first, before), (last, now)) = (self.samples.front()?, self.samples.back()?);
        let millis = u64::try_from(last.duration_since(*first).as_millis()).ok()?;
        (millis >= 500).then(|| now.saturating_sub(*before).saturating_mul(1000) / millis)
    }
}

impl ProgressTracker for Amount {
    fn clone_box(&self) -> Box<dyn ProgressTracker> {
        Box::new(Self { total: Arc::clone(&self.total), names: Arc::clone(&self.names), samples: self.samples.clone() })
    }

    fn tick(&mut self, _: &ProgressState, now: Instant) {
        self.samples.push_back((now, self.total.load(Ordering::Relaxed)));
        while self.samples.front().is_some_and(|(at, _)| now.duration_since(*at) > SPAN) {
            self.samples.pop_front();
        }
    }

    fn reset(&mut self, _: &ProgressState, _: Instant) {
        self.samples.clear();
    }

    fn write(&self, state: &ProgressState, w: &mut dyn std::fmt::Write) {
        // What cannot be drawn now is drawn with the next tick.
        let amount = self.text(state.pos(), state.len().unwrap_or(0), state.elapsed(), state.eta());
        let _ = w.write_str(&self.line(amount, foot::width()));
    }
}

/// Standard error, for what is written while a bar may be there.
#[derive(Debug, Default)]
pub(crate) struct AboveBar;

impl<'a> MakeWriter<'a> for AboveBar {
    type Writer = Above;

    fn make_writer(&'a self) -> Above {
        Above(Vec::new())
    }
}

/// Gathers a message and writes it as one.
#[derive(Debug)]
pub(crate) struct Above(Vec<u8>);

impl Write for Above {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Drop for Above {
    fn drop(&mut self) {
        // Nobody is left to tell when this fails.
        above(|| drop(std::io::stderr().write_all(&self.0)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(total: u64, samples: &[(u64, u64)]) -> Amount {
        let start = Instant::now();
        let samples = samples.iter().map(|(millis, bytes)| (start + Duration::from_millis(*millis), *bytes));
        let names = Arc::new(Mutex::new("alpha, beta".to_owned()));
        Amount { total: Arc::new(AtomicU64::new(total)), names, samples: samples.collect() }
    }

    #[test]
    fn names_take_what_room_there_is() {
        let amount = amount(0, &[]);
        for (width, expected) in [(80, "1/2  alpha, beta"), (16, "1/2  alph…beta"), (14, "1/2"), (3, "1/2")] {
            assert_eq!(amount.line("1/2".to_owned(), width), expected, "{width}");
        }
    }

    #[test]
    fn it_says_what_is_known() {
        let second = Duration::from_secs(1);
        assert_eq!(amount(0, &[]).text(0, 0, second, second), "asking what there is");
        assert_eq!(amount(0, &[]).text(0, 300, second, second), "╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌   0/300");
        let moving = amount(4 << 20, &[(0, 1 << 20), (1000, 3 << 20), (2000, 4 << 20)]);
        assert_eq!(
            moving.text(150, 300, second * 5, second * 90),
            "━━━━━━━━╌╌╌╌╌╌╌╌ 150/300  4.00 MiB, 1.50 MiB/s  2 min left"
        );
        // Nothing has moved lately, and all is done.
        let idle = amount(4 << 20, &[(0, 4 << 20), (2000, 4 << 20)]);
        assert_eq!(idle.text(300, 300, second * 5, second), "━━━━━━━━━━━━━━━━ 300/300  4.00 MiB");
    }

    #[test]
    fn more_done_than_expected_is_no_fault() {
        let second = Duration::from_secs(1);
        assert_eq!(amount(0, &[]).text(3, 2, second, second), "━━━━━━━━━━━━━━━━ 3/2");
    }
}
