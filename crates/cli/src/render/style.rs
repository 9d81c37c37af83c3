//! Colour, where it is wanted. Nothing is said by colour alone.

use std::fmt::Write as _;
use std::io::IsTerminal;

use owo_colors::OwoColorize;

use crate::args::ColorWhen;

/// Whether output is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Style {
    colored: bool,
}

impl Style {
    /// Decides for standard output.
    pub(crate) fn for_stdout(when: ColorWhen, no_color: bool) -> Self {
        Self::decide(when, no_color, std::io::stdout().is_terminal())
    }

    /// Decides for standard error.
    pub(crate) fn for_stderr(when: ColorWhen, no_color: bool) -> Self {
        Self::decide(when, no_color, std::io::stderr().is_terminal())
    }

    const fn decide(when: ColorWhen, no_color: bool, terminal: bool) -> Self {
        let colored = match when {
            ColorWhen::Always => true,
            ColorWhen::Never => false,
            ColorWhen::Auto => terminal && !no_color,
        };
        Self { colored }
    }

    /// Says whether there is colour.
    pub(crate) const fn is_colored(self) -> bool {
        self.colored
    }

    /// Returns a style without colour.
    #[cfg(test)]
    pub(crate) const fn plain() -> Self {
        Self { colored: false }
    }

    pub(crate) fn good(self, text: &str) -> String {
        if self.colored { text.green().to_string() } else { text.to_owned() }
    }

    pub(crate) fn bad(self, text: &str) -> String {
        if self.colored { text.red().bold().to_string() } else { text.to_owned() }
    }

    pub(crate) fn warn(self, text: &str) -> String {
        if self.colored { text.yellow().to_string() } else { text.to_owned() }
    }

    pub(crate) fn strong(self, text: &str) -> String {
        if self.colored { text.bold().to_string() } else { text.to_owned() }
    }

    pub(crate) fn dim(self, text: &str) -> String {
        if self.colored { text.dimmed().to_string() } else { text.to_owned() }
    }
}

/// Adds to a text what `format_args!` gives, without a text in between.
pub(crate) fn push(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = text.write_fmt(arguments);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_follows_flag_then_environment_then_terminal() {
        let cases = [
            (ColorWhen::Auto, false, true, true),
            (ColorWhen::Auto, true, true, false),
            (ColorWhen::Auto, false, false, false),
            (ColorWhen::Always, true, false, true),
            (ColorWhen::Never, false, true, false),
        ];
        for (when, no_color, terminal, colored) in cases {
            assert_eq!(Style::decide(when, no_color, terminal), Style { colored });
        }
    }
}
