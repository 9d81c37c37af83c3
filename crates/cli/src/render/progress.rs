//! The bar at the foot of the terminal.

use std::collections::BTreeMap;
use std::time::Duration;

use indicatif::{HumanBytes, ProgressBar, ProgressDrawTarget, ProgressStyle};
use refray_core::event::Direction;
use refray_core::name::{EndpointId, RepoName};

/// How many repositories are done, and how many bytes are under way. Invisible unless standard error is a terminal.
pub(crate) struct Progress {
    bar: ProgressBar,
    moved: BTreeMap<(RepoName, EndpointId, Direction), u64>,
    total: u64,
}

impl Progress {
    /// Starts a bar; a hidden one unless `shown`.
    pub(crate) fn new(shown: bool) -> Self {
        let target = if shown { ProgressDrawTarget::stderr_with_hz(10) } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(0), target);
        if let Ok(style) = ProgressStyle::with_template("{spinner} {pos}/{len} repositories {wide_bar} {msg} {elapsed}")
        {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(120));
        Self { bar, moved: BTreeMap::new(), total: 0 }
    }

    /// Adds repositories to come.
    pub(crate) fn expect(&self, repositories: usize) {
        self.bar.inc_length(repositories as u64);
    }

    /// Counts one as done.
    pub(crate) fn done(&self) {
        self.bar.inc(1);
    }

    /// Notes bytes under way.
    pub(crate) fn transfer(&mut self, repository: RepoName, endpoint: EndpointId, direction: Direction, bytes: u64) {
        let before = self.moved.entry((repository, endpoint, direction)).or_default();
        self.total += bytes.saturating_sub(*before);
        *before = bytes;
        self.bar.set_message(HumanBytes(self.total).to_string());
    }

    /// Prints above the bar.
    pub(crate) fn above(&self, print: impl FnOnce()) {
        self.bar.suspend(print);
    }

    /// Takes the bar away.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
