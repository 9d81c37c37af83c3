//! Colour and links, where they are wanted. Nothing is said by them alone.

use std::fmt::Write as _;
use std::io::IsTerminal;

use owo_colors::OwoColorize;

use crate::args::ColorWhen;
use crate::environment;

/// Whether output is coloured, and whether names in it can be clicked on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Style {
    colored: bool,
    linked: bool,
}

/// What is known of where output goes.
#[derive(Debug, Clone, Copy, Default)]
struct Stream {
    /// It is a terminal.
    terminal: bool,
    /// The terminal is one that only shows letters.
    dumb: bool,
    /// The terminal is known to follow links.
    links: bool,
    /// `NO_COLOR` is set.
    no_color: bool,
    /// `CLICOLOR_FORCE` is set.
    forced: bool,
    /// `CLICOLOR` is `0`.
    unwanted: bool,
}

impl Stream {
    fn read(terminal: bool, no_color: bool) -> Self {
        Self {
            terminal,
            no_color,
            dumb: environment::is_dumb(),
            links: supports_hyperlinks::supports_hyperlinks(),
            forced: environment::var("CLICOLOR_FORCE").is_some_and(|value| value != "0"),
            unwanted: environment::var("CLICOLOR").as_deref() == Some("0"),
        }
    }
}

impl Style {
    /// Decides for standard output.
    pub(crate) fn for_stdout(when: ColorWhen, no_color: bool) -> Self {
        Self::decide(when, Stream::read(std::io::stdout().is_terminal(), no_color))
    }

    /// Decides for standard error.
    pub(crate) fn for_stderr(when: ColorWhen, no_color: bool) -> Self {
        Self::decide(when, Stream::read(std::io::stderr().is_terminal(), no_color))
    }

    /// The flag goes first, then the environment, in the order that other tools have: `NO_COLOR`, `CLICOLOR_FORCE`,
    /// `CLICOLOR`. Links are for terminals alone: a file that is coloured on purpose gains nothing by them.
    const fn decide(when: ColorWhen, stream: Stream) -> Self {
        let colored = match when {
            ColorWhen::Always => true,
            ColorWhen::Never => false,
            ColorWhen::Auto if stream.no_color => false,
            ColorWhen::Auto if stream.forced => true,
            ColorWhen::Auto => stream.terminal && !stream.dumb && !stream.unwanted,
        };
        let linked = colored && !stream.no_color && stream.terminal && !stream.dumb && stream.links;
        Self { colored, linked }
    }

    /// Says whether there is colour.
    pub(crate) const fn is_colored(self) -> bool {
        self.colored
    }

    /// Returns a style without colour.
    #[cfg(test)]
    pub(crate) const fn plain() -> Self {
        Self { colored: false, linked: false }
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

    /// Makes a text, which may be coloured, lead to a page. An address that is not purely one is left out: nothing in it
    /// can end the link early.
    pub(crate) fn link(self, text: &str, url: Option<&str>) -> String {
        let safe = |url: &&str| {
            (url.starts_with("https://") || url.starts_with("http://"))
                && url.bytes().all(|byte| byte.is_ascii_graphic())
        };
        match url.filter(safe) {
            Some(url) if self.linked => {
                format!("\u{1b}]8;;{}\u{1b}\\{text}\u{1b}]8;;\u{1b}\\", url.replace('\\', "%5C"))
            }
            _ => text.to_owned(),
        }
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

    const TERMINAL: Stream =
        Stream { terminal: true, dumb: false, links: true, no_color: false, forced: false, unwanted: false };

    #[test]
    fn colour_follows_flag_then_environment_then_terminal() {
        let pipe = Stream { terminal: false, ..TERMINAL };
        let cases = [
            (ColorWhen::Auto, TERMINAL, true),
            (ColorWhen::Auto, pipe, false),
            (ColorWhen::Auto, Stream { no_color: true, ..TERMINAL }, false),
            (ColorWhen::Auto, Stream { no_color: true, forced: true, ..TERMINAL }, false),
            (ColorWhen::Auto, Stream { forced: true, unwanted: true, ..pipe }, true),
            (ColorWhen::Auto, Stream { unwanted: true, ..TERMINAL }, false),
            (ColorWhen::Auto, Stream { dumb: true, ..TERMINAL }, false),
            (ColorWhen::Always, Stream { no_color: true, ..pipe }, true),
            (ColorWhen::Never, Stream { forced: true, ..TERMINAL }, false),
        ];
        for (when, stream, colored) in cases {
            assert_eq!(Style::decide(when, stream).colored, colored, "{when:?} {stream:?}");
        }
    }

    #[test]
    fn links_are_for_terminals_that_can() {
        assert!(Style::decide(ColorWhen::Auto, TERMINAL).linked);
        for (when, stream) in [
            (ColorWhen::Auto, Stream { links: false, ..TERMINAL }),
            (ColorWhen::Always, Stream { terminal: false, ..TERMINAL }),
            (ColorWhen::Always, Stream { dumb: true, ..TERMINAL }),
            (ColorWhen::Always, Stream { no_color: true, ..TERMINAL }),
            (ColorWhen::Never, TERMINAL),
        ] {
            assert!(!Style::decide(when, stream).linked, "{when:?} {stream:?}");
        }
    }

    #[test]
    fn nothing_gets_out_of_a_link() {
        let style = Style { colored: false, linked: true };
        assert_eq!(style.link("one", Some("https://f/one")), "\u{1b}]8;;https://f/one\u{1b}\\one\u{1b}]8;;\u{1b}\\");
        assert_eq!(
            style.link("one", Some("https://f/o\\ne")),
            "\u{1b}]8;;https://f/o%5Cne\u{1b}\\one\u{1b}]8;;\u{1b}\\"
        );
        for url in ["https://f/\u{1b}\\", "https://f/a b", "https://f/\u{9c}", "javascript:alert(1)", "file:///etc"] {
            assert_eq!(style.link("one", Some(url)), "one");
        }
        assert_eq!(Style::plain().link("one", Some("https://f/one")), "one");
    }
}
