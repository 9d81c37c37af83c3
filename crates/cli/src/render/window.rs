//! The terminal's window, while something is watched in it.

use std::io::{Stdout, Write};
use std::time::Duration;

use rustix::process::{Pid, Signal, getpid, kill_process};
use rustix::termios::{
    LocalModes, OptionalActions, QueueSelector, Termios, tcflush, tcgetattr, tcgetwinsize, tcsetattr,
};
use tokio::signal::unix::{Signal as Stream, SignalKind, signal};

use crate::render::layout::columns;

/// A screen of its own, on which the cursor is not seen; what stood in the terminal before comes back after it.
const ENTER: &str = "\u{1b}[?1049h\u{1b}[?25l";
const LEAVE: &str = "\u{1b}[?25h\u{1b}[?1049l";
/// Between these a terminal that can shows nothing half-drawn, and lines that are too wide are cut rather than folded.
const BEGIN: &str = "\u{1b}[?2026h\u{1b}[?7l\u{1b}[H";
const END: &str = "\u{1b}[?7h\u{1b}[?2026l";

/// Why a wait was over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wake {
    /// It is time to look again.
    Look,
    /// Whoever watches has seen enough.
    Stop,
}

/// The window. Dropped, it gives the terminal back as it was.
pub(crate) struct Window {
    out: Stdout,
    /// How keys were taken before.
    keys: Option<Termios>,
    /// What is on the screen; nothing when that is not known.
    drawn: Option<(String, (usize, usize))>,
    resized: Stream,
    stops: [Stream; 3],
    paused: Stream,
}

impl Window {
    /// Takes the whole window.
    pub(crate) fn open() -> std::io::Result<Self> {
        // Listened for before anything is changed: from here on no signal ends the process behind the window's back.
        let stops = [signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?, signal(SignalKind::hangup())?];
        let resized = signal(SignalKind::window_change())?;
        let paused = signal(SignalKind::from_raw(Signal::TSTP.as_raw()))?;
        let mut window = Self { out: std::io::stdout(), keys: None, drawn: None, resized, stops, paused };
        window.enter()?;
        Ok(window)
    }

    fn enter(&mut self) -> std::io::Result<()> {
        let input = std::io::stdin();
        if let Ok(before) = tcgetattr(&input) {
            // What is typed would stand in the middle of the text.
            let mut quiet = before.clone();
            quiet.local_modes.remove(LocalModes::ECHO);
            if tcsetattr(&input, OptionalActions::Now, &quiet).is_ok() {
                self.keys = Some(before);
            }
        }
        self.drawn = None;
        self.put(ENTER)
    }

    fn leave(&mut self) -> std::io::Result<()> {
        let left = self.put(LEAVE);
        if let Some(before) = self.keys.take() {
            let input = std::io::stdin();
            // What was typed meanwhile was not meant for whoever reads next.
            let _ = tcflush(&input, QueueSelector::IFlush);
            let _ = tcsetattr(&input, OptionalActions::Now, &before);
        }
        left
    }

    fn put(&mut self, text: &str) -> std::io::Result<()> {
        self.out.write_all(text.as_bytes())?;
        self.out.flush()
    }

    /// Shows a text from the top, as much of it as there is room for. What is there already is not drawn again.
    pub(crate) fn show(&mut self, text: &str) -> std::io::Result<()> {
        let size = tcgetwinsize(&self.out)?;
        // A terminal that does not know its size says that it has none.
        let rows = if size.ws_row == 0 { 24 } else { usize::from(size.ws_row) };
        let size = (usize::from(size.ws_col), rows);
        if self.drawn.as_ref().is_some_and(|(drawn, at)| drawn == text && *at == size) {
            return Ok(());
        }
        self.put(&frame(text, size))?;
        self.drawn = Some((text.to_owned(), size));
        Ok(())
    }

    /// Waits until it is time to look again, which a new size of the window makes it at once, or to stop.
    pub(crate) async fn wait(&mut self, time: Duration) -> Wake {
        let [interrupt, terminate, hangup] = &mut self.stops;
        tokio::select! {
            () = tokio::time::sleep(time) => Wake::Look,
            _ = self.resized.recv() => Wake::Look,
            _ = interrupt.recv() => Wake::Stop,
            _ = terminate.recv() => Wake::Stop,
            _ = hangup.recv() => Wake::Stop,
            _ = self.paused.recv() => self.pause(),
        }
    }

    /// Gives the terminal back for as long as the process is stopped, as Ctrl-Z asks for.
    fn pause(&mut self) -> Wake {
        if self.leave().is_err() {
            return Wake::Stop;
        }
        let this: Pid = getpid();
        // The process stands still in here until it is continued.
        match kill_process(this, Signal::STOP).map_err(Into::into).and_then(|()| self.enter()) {
            Ok(()) => Wake::Look,
            Err(_) => Wake::Stop,
        }
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        // A terminal that went away has nothing to get back.
        drop(self.leave());
    }
}

/// Returns what draws a text over what was drawn before, in a window of so many columns and rows: each line is overwritten and then
/// cleared to its end, so that nothing flickers, and the last one ends without a newline, so that nothing scrolls.
fn frame(text: &str, (width, rows): (usize, usize)) -> String {
    let all: Vec<&str> = text.lines().collect();
    let mut lines: Vec<String> = all.iter().take(rows).map(|line| (*line).to_owned()).collect();
    if all.len() > rows {
        lines.truncate(rows.saturating_sub(1));
        let more = all.len() - lines.len();
        let all = if more == 1 { "1 line more".to_owned() } else { format!("{more} lines more") };
        lines.push(format!("… {all}; `--quiet` shows only what needs a person"));
    }
    let mut frame = String::from(BEGIN);
    for (index, line) in lines.iter().enumerate() {
        if index > 0 {
            frame.push_str("\r\n");
        }
        frame.push_str(line);
        // After a full line the cursor stands on its last letter, which would be cleared.
        if width == 0 || columns(line) < width {
            frame.push_str("\u{1b}[K");
        }
    }
    if lines.len() < rows {
        frame.push_str("\r\n\u{1b}[J");
    }
    frame.push_str(END);
    frame
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_overwrites_and_never_scrolls() {
        let drawn = frame("a\nbb\nccc\n", (2, 5));
        assert_eq!(drawn, format!("{BEGIN}a\u{1b}[K\r\nbb\r\nccc\r\n\u{1b}[J{END}"));
        assert!(!drawn.contains("\u{1b}[2J"), "clearing all of it first is what flickers");
    }

    #[test]
    fn what_has_no_room_is_counted() {
        let text: String = (0..50).map(|line| format!("{line}\n")).collect();
        let drawn = frame(&text, (80, 10));
        assert_eq!(drawn.matches('\n').count(), 9);
        assert!(drawn.contains("8\u{1b}[K\r\n… 41 lines more"), "{drawn:?}");
        assert!(frame(&text, (80, 50)).contains("49\u{1b}[K"));
        assert!(frame(&text, (80, 1)).contains("… 50 lines more"));
    }
}
