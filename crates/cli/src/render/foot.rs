//! The foot of the terminal, where the bar stands.

use std::io::{Result, Write};
use std::sync::{Mutex, PoisonError};

use indicatif::TermLike;

use crate::environment;

/// Standard error as the bar is to see it: narrower than it is. After a drawing the cursor stands behind the bar, and there
/// the terminal echoes keys; an echo that went on in the next line, as `^C` would, would leave the bar standing.
#[derive(Debug, Default)]
pub(crate) struct Foot {
    /// What is drawn until it is shown, so that it is shown at once.
    drawn: Mutex<Vec<u8>>,
}

/// What a terminal shows of two keys, as in `^C^C`, and one column more: in the last one it would go on in the next line.
const ECHO: usize = 5;

/// Returns how many columns the bar may take.
pub(crate) fn width() -> usize {
    environment::columns(&std::io::stderr()).unwrap_or(80).saturating_sub(ECHO)
}

impl Foot {
    fn draw(&self, text: &str) {
        self.drawn.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(text.as_bytes());
    }

    fn travel(&self, by: usize, direction: char) {
        if by > 0 {
            self.draw(&format!("\u{1b}[{by}{direction}"));
        }
    }
}

impl TermLike for Foot {
    fn width(&self) -> u16 {
        u16::try_from(width()).unwrap_or(u16::MAX)
    }

    fn move_cursor_up(&self, n: usize) -> Result<()> {
        self.travel(n, 'A');
        Ok(())
    }

    fn move_cursor_down(&self, n: usize) -> Result<()> {
        self.travel(n, 'B');
        Ok(())
    }

    fn move_cursor_right(&self, n: usize) -> Result<()> {
        self.travel(n, 'C');
        Ok(())
    }

    fn move_cursor_left(&self, n: usize) -> Result<()> {
        self.travel(n, 'D');
        Ok(())
    }

    fn write_line(&self, s: &str) -> Result<()> {
        self.draw(s);
        self.draw("\n");
        Ok(())
    }

    fn write_str(&self, s: &str) -> Result<()> {
        self.draw(s);
        Ok(())
    }

    fn clear_line(&self) -> Result<()> {
        self.draw("\r\u{1b}[2K");
        Ok(())
    }

    fn flush(&self) -> Result<()> {
        let drawn = std::mem::take(&mut *self.drawn.lock().unwrap_or_else(PoisonError::into_inner));
        let mut out = std::io::stderr().lock();
        out.write_all(&drawn)?;
        out.flush()
    }
}
