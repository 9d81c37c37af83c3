//! What has been counted since the start.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};

type Series = (&'static str, Vec<(&'static str, String)>);

/// Counters and gauges, by name and labels.
#[derive(Debug, Default)]
pub struct Stats(Mutex<BTreeMap<Series, u64>>);

impl Stats {
    fn with(&self, name: &'static str, labels: &[(&'static str, &str)], change: impl FnOnce(&mut u64)) {
        let labels = labels.iter().map(|(label, value)| (*label, (*value).to_owned())).collect();
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        change(all.entry((name, labels)).or_default());
    }

    /// Counts one.
    pub(crate) fn count(&self, name: &'static str, labels: &[(&'static str, &str)]) {
        self.add(name, labels, 1);
    }

    /// Counts some.
    pub(crate) fn add(&self, name: &'static str, labels: &[(&'static str, &str)], by: u64) {
        self.with(name, labels, |value| *value = value.saturating_add(by));
    }

    /// Sets a gauge.
    pub(crate) fn set(&self, name: &'static str, labels: &[(&'static str, &str)], to: u64) {
        self.with(name, labels, |value| *value = to);
    }

    /// Returns every series of one name: its labels as Prometheus writes them, and the value.
    pub(super) fn series(&self, name: &str) -> Vec<(String, u64)> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let own = all.iter().filter(|((own, _), _)| *own == name);
        own.map(|((_, labels), value)| (render(labels), *value)).collect()
    }
}

/// Returns labels as Prometheus writes them; nothing for none.
pub(super) fn render<S: AsRef<str>>(labels: &[(&'static str, S)]) -> String {
    let mut text = String::new();
    for (label, value) in labels {
        let open = if text.is_empty() { '{' } else { ',' };
        let value = value.as_ref().replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        // Writing to a string cannot fail.
        let _ = write!(text, "{open}{label}=\"{value}\"");
    }
    if !text.is_empty() {
        text.push('}');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_escaped_and_series_are_told_apart() {
        let stats = Stats::default();
        stats.count("a", &[("x", "1")]);
        stats.add("a", &[("x", "1")], 2);
        stats.count("a", &[("x", "q\"\\\n"), ("y", "2")]);
        stats.set("b", &[], 7);
        let expected = [("{x=\"1\"}".to_owned(), 3), ("{x=\"q\\\"\\\\\\n\",y=\"2\"}".to_owned(), 1)];
        assert_eq!(stats.series("a"), expected);
        assert_eq!(stats.series("b"), [(String::new(), 7)]);
    }
}
