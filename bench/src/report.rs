//! The table that is printed.

use std::process::ExitCode;
use std::time::Duration;

/// Figures that were measured, and the one that others are compared with.
pub(crate) struct Report {
    title: String,
    rows: Vec<(String, Vec<Duration>, String)>,
}

impl Report {
    pub(crate) fn new(title: String) -> Self {
        Self { title, rows: Vec::new() }
    }

    /// Adds a row. The first one is what the others are compared with.
    pub(crate) fn row(&mut self, name: &str, times: Vec<Duration>, note: impl Into<String>) {
        self.rows.push((name.to_owned(), times, note.into()));
    }

    /// Prints everything, medians and their ratio to the first row's.
    #[expect(clippy::print_stdout, reason = "a table is what the program is run for")]
    pub(crate) fn print(&self) {
        println!("\n{}\n", self.title);
        println!("  {:34} {:>9} {:>9} {:>9} {:>7}", "", "min s", "median s", "max s", "ratio");
        let first = self.rows.first().map_or(0.0, |(_, times, _)| median(times));
        for (name, times, note) in &self.rows {
            let seconds: Vec<f64> = times.iter().map(Duration::as_secs_f64).collect();
            let min = seconds.iter().copied().fold(f64::INFINITY, f64::min);
            let max = seconds.iter().copied().fold(0.0, f64::max);
            let ratio = if first > 0.0 { median(times) / first } else { 0.0 };
            println!("  {name:34} {min:9.3} {:9.3} {max:9.3} {ratio:7.2}  {note}", median(times));
        }
    }
}

fn median(times: &[Duration]) -> f64 {
    let mut seconds: Vec<f64> = times.iter().map(Duration::as_secs_f64).collect();
    seconds.sort_by(f64::total_cmp);
    seconds.get(seconds.len() / 2).copied().unwrap_or(0.0)
}

/// Prints a line that fits into no table.
#[expect(clippy::print_stdout, reason = "it is what the program is run for")]
pub(crate) fn say(text: &str) {
    println!("{text}");
}

/// Says what went wrong.
#[expect(clippy::print_stderr, reason = "there is nobody else to tell")]
pub(crate) fn fail(error: &(dyn std::error::Error + 'static)) -> ExitCode {
    eprintln!("error: {error}");
    ExitCode::FAILURE
}
