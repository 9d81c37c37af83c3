//! What a program writes to a terminal: text, and how it looks.

/// A colour as escape sequences name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Color {
    /// One of the 256 of the palette.
    Palette(u8),
    /// Any.
    Rgb(u8, u8, u8),
}

/// How a piece of text looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Look {
    pub(crate) color: Option<Color>,
    pub(crate) bold: bool,
    pub(crate) dim: bool,
    pub(crate) italic: bool,
    pub(crate) underline: bool,
}

/// Text of one look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) look: Look,
    pub(crate) text: String,
}

/// Returns a prompt and what is typed after it.
pub(crate) fn command(words: &str) -> Vec<Span> {
    let prompt = Look { color: Some(Color::Palette(2)), bold: true, ..Look::default() };
    let typed = Look { bold: true, ..Look::default() };
    vec![Span { look: prompt, text: "$ ".into() }, Span { look: typed, text: words.to_owned() }]
}

/// Reads lines. The look that one line ends with is the one that the next begins with.
#[derive(Debug, Default)]
pub(crate) struct Parser {
    look: Look,
}

impl Parser {
    /// Splits a line, given without its end, into spans. Background colours and anything else that is not a look are
    /// passed over.
    pub(crate) fn line(&mut self, line: &str) -> Vec<Span> {
        let mut spans: Vec<Span> = Vec::new();
        let mut rest = line.chars();
        while let Some(next) = rest.next() {
            match next {
                '\u{1b}' => self.escape(&mut rest),
                '\t' => push(&mut spans, self.look, ' '),
                next if next.is_control() => {}
                next => push(&mut spans, self.look, next),
            }
        }
        spans
    }

    /// Reads one escape sequence, of which the first character is gone.
    fn escape(&mut self, rest: &mut std::str::Chars<'_>) {
        match rest.next() {
            Some('[') => {
                let mut parameters = String::new();
                for next in rest.by_ref() {
                    if ('\u{40}'..='\u{7e}').contains(&next) {
                        if next == 'm' {
                            self.select(&parameters);
                        }
                        return;
                    }
                    parameters.push(next);
                }
            }
            // A title or a link: ends with BEL, or with ESC and a backslash.
            Some(']') => {
                while let Some(next) = rest.next() {
                    if next == '\u{7}' {
                        return;
                    }
                    if next == '\u{1b}' {
                        rest.next();
                        return;
                    }
                }
            }
            _ => {}
        }
    }

    /// Obeys the parameters of a "select graphic rendition".
    fn select(&mut self, parameters: &str) {
        // An empty parameter counts as 0. What is no number at all changes nothing.
        let mut numbers =
            parameters.split([';', ':']).map(|text| if text.is_empty() { Some(0) } else { text.parse::<u8>().ok() });
        while let Some(number) = numbers.next() {
            let look = &mut self.look;
            match number {
                Some(0) => *look = Look::default(),
                Some(1) => look.bold = true,
                Some(2) => look.dim = true,
                Some(3) => look.italic = true,
                Some(4) => look.underline = true,
                Some(22) => (look.bold, look.dim) = (false, false),
                Some(23) => look.italic = false,
                Some(24) => look.underline = false,
                Some(code @ 30..=37) => look.color = Some(Color::Palette(code - 30)),
                Some(code @ 90..=97) => look.color = Some(Color::Palette(code - 90 + 8)),
                Some(39) => look.color = None,
                Some(38) => look.color = extended(&mut numbers).or(look.color),
                // A background's numbers must not be taken for looks.
                Some(48) => _ = extended(&mut numbers),
                _ => {}
            }
        }
    }
}

/// Reads what follows 38 or 48.
fn extended(numbers: &mut impl Iterator<Item = Option<u8>>) -> Option<Color> {
    match numbers.next()?? {
        5 => Some(Color::Palette(numbers.next()??)),
        2 => Some(Color::Rgb(numbers.next()??, numbers.next()??, numbers.next()??)),
        _ => None,
    }
}

fn push(spans: &mut Vec<Span>, look: Look, character: char) {
    match spans.last_mut() {
        Some(last) if last.look == look => last.text.push(character),
        _ => spans.push(Span { look, text: character.into() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Vec<(Look, String)> {
        Parser::default().line(line).into_iter().map(|span| (span.look, span.text)).collect()
    }

    fn colored(color: Color) -> Look {
        Look { color: Some(color), ..Look::default() }
    }

    #[test]
    fn what_the_program_writes_is_read() {
        let (plain, green) = (Look::default(), colored(Color::Palette(2)));
        let bold = Look { bold: true, ..plain };
        assert_eq!(
            read("\u{1b}[32m+\u{1b}[39m \u{1b}[1mharbour\u{1b}[0m: created"),
            [(green, "+".into()), (plain, " ".into()), (bold, "harbour".into()), (plain, ": created".into())]
        );
        assert_eq!(read("\u{1b}[2mworkshop\u{1b}[0m"), [(Look { dim: true, ..plain }, "workshop".into())]);
        let wrong = Look { bold: true, ..colored(Color::Palette(1)) };
        assert_eq!(read("\u{1b}[31;1m!\u{1b}[22;39m"), [(wrong, "!".into())]);
    }

    #[test]
    fn every_way_to_name_a_colour_is_known() {
        for (codes, color) in [
            ("37", Color::Palette(7)),
            ("90", Color::Palette(8)),
            ("97", Color::Palette(15)),
            ("38;5;208", Color::Palette(208)),
            ("38;2;1;2;3", Color::Rgb(1, 2, 3)),
            ("48;5;1;36", Color::Palette(6)),
            ("48;2;1;1;1;36", Color::Palette(6)),
        ] {
            assert_eq!(read(&format!("\u{1b}[{codes}mx")), [(colored(color), "x".into())], "{codes}");
        }
    }

    #[test]
    fn a_look_lasts_until_it_is_taken_back_even_over_lines() {
        let mut parser = Parser::default();
        parser.line("\u{1b}[3;4m");
        let look = Look { italic: true, underline: true, ..Look::default() };
        assert_eq!(parser.line("x"), [Span { look, text: "x".into() }]);
        assert_eq!(parser.line("\u{1b}[mx"), [Span { look: Look::default(), text: "x".into() }]);
    }

    #[test]
    fn what_is_no_look_leaves_no_trace() {
        assert_eq!(
            read("a\u{1b}[2Kb\u{1b}]8;;http://x\u{1b}\\c\u{1b}]0;title\u{7}d\re"),
            [(Look::default(), "abcde".into())]
        );
        assert_eq!(read("a\u{1b}[3"), [(Look::default(), "a".into())]);
        assert_eq!(read("\u{1b}[999;?mx"), [(Look::default(), "x".into())]);
    }
}
