//! What the other side writes for people.

use crate::progress::Progress;

/// More lines than this are not kept.
const MOST_LINES: usize = 200;

/// Longer lines than this are cut.
const LONGEST_LINE: usize = 2000;

/// Collects band 2: whole lines are kept, progress that overwrites itself is only passed on.
#[derive(Debug, Default)]
pub(crate) struct Messages {
    lines: Vec<String>,
    partial: Vec<u8>,
}

impl Messages {
    pub(crate) fn push(&mut self, bytes: &[u8], progress: &dyn Progress) {
        for byte in bytes {
            match byte {
                b'\n' => self.end_line(true, progress),
                b'\r' => self.end_line(false, progress),
                _ if self.partial.len() < LONGEST_LINE => self.partial.push(*byte),
                _ => {}
            }
        }
    }

    fn end_line(&mut self, keep: bool, progress: &dyn Progress) {
        let bytes = std::mem::take(&mut self.partial);
        // Text from elsewhere must not be able to steer a terminal.
        let line: String = strip_escapes(&String::from_utf8_lossy(&bytes));
        let line = line.trim_end();
        if line.is_empty() {
            return;
        }
        progress.message(line);
        if keep && self.lines.len() < MOST_LINES {
            self.lines.push(line.to_owned());
        }
    }

    /// Returns the lines that were kept.
    pub(crate) fn finish(mut self, progress: &dyn Progress) -> Vec<String> {
        self.end_line(true, progress);
        self.lines
    }
}

/// Takes out control characters, and with them the colour sequences that they begin.
fn strip_escapes(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '\u{1b}' && chars.peek() == Some(&'[') {
            chars.next();
            while chars.next().is_some_and(|c| !c.is_ascii_alphabetic()) {}
        } else if c == '\t' {
            clean.push(' ');
        } else if !c.is_control() {
            clean.push(c);
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_kept_and_progress_is_not() {
        let mut messages = Messages::default();
        messages.push(b"Resolving deltas:  50%\rResolving deltas: 100%, done.\nGL-HOOK-ERR: \x1b[31mno", &());
        messages.push(b"\x1b[0m way\n\n\nlast \x07word", &());
        let lines = messages.finish(&());
        assert_eq!(lines, ["Resolving deltas: 100%, done.", "GL-HOOK-ERR: no way", "last word"]);
    }

    #[test]
    fn there_is_a_bound() {
        let mut messages = Messages::default();
        for _ in 0..1000 {
            messages.push(&[b'x'; 3000], &());
            messages.push(b"\n", &());
        }
        let lines = messages.finish(&());
        assert_eq!((lines.len(), lines[0].len()), (MOST_LINES, LONGEST_LINE));
    }
}
