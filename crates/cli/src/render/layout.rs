//! Text that fits into a terminal, and that no terminal obeys.

use unicode_width::UnicodeWidthStr;

/// Below this width what belongs together stands on two lines rather than one.
pub(crate) const NARROW: usize = 72;

/// Takes out of others' words what a terminal would obey, or what turns the text around it.
pub(crate) fn clean(text: &str) -> String {
    let obeyed = |c: char| {
        c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars()
        .map(|c| {
            if c == '\n' || c == '\t' {
                ' '
            } else if obeyed(c) {
                '\u{fffd}'
            } else {
                c
            }
        })
        .collect()
}

/// Returns how many columns a text takes. Colours and links take none.
pub(crate) fn columns(text: &str) -> usize {
    if text.contains('\u{1b}') { visible(text).width() } else { text.width() }
}

/// Takes the escape sequences out that [`Style`](super::Style) puts in.
fn visible(text: &str) -> String {
    let mut visible = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        if char != '\u{1b}' {
            visible.push(char);
            continue;
        }
        match chars.next() {
            Some('[') => drop(chars.by_ref().find(|c| ('@'..='~').contains(c))),
            // A link's address ends with `ESC \`.
            Some(']') => drop(chars.by_ref().find(|c| *c == '\\')),
            _ => {}
        }
    }
    visible
}

/// Pads a text, which may be coloured, to a width.
pub(crate) fn pad(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(columns(text))))
}

/// Breaks lines that are wider than the terminal at spaces, and sets what follows in by two more than the line itself.
/// Without a width nothing is broken: whatever reads a pipe wants whole lines.
pub(crate) fn fit(text: &str, width: Option<usize>) -> String {
    let Some(width) = width else { return text.to_owned() };
    let mut fitted = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let (line, end) = line.strip_suffix('\n').map_or((line, ""), |line| (line, "\n"));
        if columns(line) <= width {
            fitted.push_str(line);
        } else {
            break_line(&mut fitted, line, width);
        }
        fitted.push_str(end);
    }
    fitted
}

fn break_line(fitted: &mut String, line: &str, width: usize) {
    let words = line.trim_start_matches(' ');
    let indent = line.len() - words.len();
    let hanging = indent + 2;
    let (mut at, mut gap, mut first) = (indent, 0, true);
    fitted.push_str(&" ".repeat(indent));
    for word in words.split(' ') {
        if word.is_empty() {
            gap += 1;
            continue;
        }
        let wide = columns(word);
        if !first && at + gap + wide > width && at > hanging {
            fitted.push('\n');
            fitted.push_str(&" ".repeat(hanging));
            (at, gap) = (hanging, 0);
        }
        fitted.push_str(&" ".repeat(gap));
        fitted.push_str(word);
        at += gap + wide;
        (gap, first) = (1, false);
    }
}

/// Breaks a text at spaces into lines that fit.
pub(crate) fn wrap(text: &str, room: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() && columns(&line) + 1 + columns(word) > room {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    lines
}

/// Shortens a plain text in its middle: names that are alike tend to differ at their ends.
pub(crate) fn shorten(text: &str, room: usize) -> String {
    if text.width() <= room {
        return text.to_owned();
    }
    let keep = room.saturating_sub(1);
    let take = |chars: &mut dyn Iterator<Item = char>, room: usize| {
        let mut taken = String::new();
        for char in chars {
            taken.push(char);
            if taken.width() > room {
                taken.pop();
                break;
            }
        }
        taken
    };
    let start = take(&mut text.chars(), keep.div_ceil(2));
    let end: String = take(&mut text.chars().rev(), keep / 2).chars().rev().collect();
    format!("{start}…{end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_obeys_is_taken_out() {
        let hostile = "a\u{1b}]8;;https://evil\u{1b}\\b\u{9b}2Jc\u{7}\u{202e}d\ne\rf\u{200f}";
        let cleaned = clean(hostile);
        assert!(cleaned.chars().all(|c| !c.is_control()), "{cleaned:?}");
        assert_eq!(cleaned, "a\u{fffd}]8;;https://evil\u{fffd}\\b\u{fffd}2Jc\u{fffd}\u{fffd}d e\u{fffd}f\u{fffd}");
    }

    #[test]
    fn colours_and_links_take_no_columns() {
        assert_eq!(columns("\u{1b}[1m\u{1b}]8;;https://forge.example/a\u{1b}\\名前\u{1b}]8;;\u{1b}\\\u{1b}[0m!"), 5);
        assert_eq!(pad("\u{1b}[1mab\u{1b}[0m", 4), "\u{1b}[1mab\u{1b}[0m  ");
    }

    #[test]
    fn lines_are_broken_at_spaces_and_set_in() {
        let text = "+ one: created on github/ada  and gitlab/ada\n    short\n      remedy: do this or that\n";
        assert_eq!(fit(text, None), text);
        assert_eq!(
            fit(text, Some(24)),
            "+ one: created on\n  github/ada  and\n  gitlab/ada\n    short\n      remedy: do this or\n        that\n"
        );
        // What has no place to be broken at is left whole, on a line of its own.
        assert_eq!(
            fit("see https://forge.example/a/very/long/path now", Some(20)),
            "see\n  https://forge.example/a/very/long/path\n  now"
        );
        let link = "a \u{1b}]8;;https://forge.example/a/very/long/path\u{1b}\\b\u{1b}]8;;\u{1b}\\ c";
        assert_eq!(fit(link, Some(5)), link);
    }

    #[test]
    fn names_are_shortened_in_the_middle() {
        assert_eq!(shorten("short", 5), "short");
        assert_eq!(shorten("a-service-of-ours-eu", 9), "a-se…s-eu");
        assert_eq!(shorten("名前名前名前", 7), "名…前");
        assert!(shorten("名前名前名前", 7).width() <= 7);
    }
}
