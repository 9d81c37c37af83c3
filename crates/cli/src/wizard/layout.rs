//! Lines that fit a terminal.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Texts are kept this narrow also where there is more room: lines as long as a wide screen are hard to read.
const WIDEST: usize = 96;

/// Returns how wide texts may be on the terminal behind standard error.
pub(crate) fn width() -> usize {
    let size = rustix::termios::tcgetwinsize(std::io::stderr()).map(|size| usize::from(size.ws_col));
    size.ok().filter(|columns| *columns > 0).unwrap_or(80).clamp(30, WIDEST)
}

/// Breaks a text at spaces, and indents what follows the first line. A word that is too long, such as an address, stays
/// whole.
pub(crate) fn wrap(text: &str, width: usize, indent: usize) -> String {
    let body = text.trim_start_matches(' ');
    let mut lines: Vec<String> = Vec::new();
    let mut line = " ".repeat(text.len() - body.len());
    let mut is_fresh = true;
    for word in body.split(' ') {
        if !is_fresh && plain_width(&line) + 1 + plain_width(word) > width {
            lines.push(std::mem::replace(&mut line, " ".repeat(indent)));
            is_fresh = true;
        }
        if !is_fresh {
            line.push(' ');
        }
        line.push_str(word);
        is_fresh = false;
    }
    lines.push(line);
    lines.join("\n")
}

/// Cuts a text that is too wide, and says so with an ellipsis.
pub(crate) fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut taken = 0;
    for char in text.chars() {
        taken += char.width().unwrap_or(0);
        if taken + 1 > width {
            break;
        }
        kept.push(char);
    }
    kept.push('…');
    kept
}

/// Sets what explains each option, behind two spaces, in one column.
pub(crate) fn columns(options: &[String]) -> Vec<String> {
    let parts: Vec<_> = options.iter().map(|option| option.split_once("  ").unwrap_or((option, ""))).collect();
    let explained = parts.iter().filter(|(_, what)| !what.is_empty());
    let column = explained.map(|(word, _)| word.width()).max().unwrap_or(0);
    parts
        .iter()
        .map(|(word, what)| {
            let gap = " ".repeat(column.saturating_sub(word.width()));
            if what.is_empty() { (*word).to_owned() } else { format!("{word}{gap}  {what}") }
        })
        .collect()
}

/// Returns some names, and how many more there are, in at most `width` columns.
pub(crate) fn some(names: &[&str], width: usize) -> String {
    let mut text = String::new();
    for (index, name) in names.iter().enumerate() {
        let rest = names.len() - index - 1;
        let comma = if text.is_empty() { "" } else { ", " };
        let more = if rest == 0 { String::new() } else { format!(" and {rest} more") };
        if !text.is_empty() && text.width() + comma.len() + name.width() + more.len() > width {
            return format!("{text} and {} more", rest + 1);
        }
        text = format!("{text}{comma}{name}");
    }
    text
}

/// Returns how wide a text is without the sequences that colour it.
fn plain_width(text: &str) -> usize {
    let mut width = 0;
    let mut rest = text.chars();
    while let Some(char) = rest.next() {
        if char == '\u{1b}' {
            rest.by_ref().find(char::is_ascii_alphabetic);
        } else {
            width += char.width().unwrap_or(0);
        }
    }
    width
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_break_at_spaces() {
        assert_eq!(wrap("one two three", 7, 2), "one two\n  three");
        assert_eq!(wrap("see https://long.example/path now", 10, 0), "see\nhttps://long.example/path\nnow");
        assert_eq!(wrap("\u{1b}[1mone\u{1b}[0m two", 7, 0), "\u{1b}[1mone\u{1b}[0m two");
        assert_eq!(wrap("  one  two three", 10, 4), "  one  two\n    three");
        assert_eq!(wrap("", 7, 0), "");
    }

    #[test]
    fn what_is_too_wide_is_cut() {
        for (text, width, expected) in [("short", 5, "short"), ("longer", 5, "long…"), ("日本語", 5, "日本…")]
        {
            assert_eq!(cut(text, width), expected);
        }
    }

    #[test]
    fn explanations_stand_in_one_column() {
        let options = ["One  a", "Three  b", "Without any"].map(str::to_owned);
        assert_eq!(columns(&options), ["One    a", "Three  b", "Without any"]);
    }

    #[test]
    fn names_are_counted_where_they_do_not_fit() {
        assert_eq!(some(&["alpha", "beta"], 40), "alpha, beta");
        assert_eq!(some(&["alpha", "beta", "gamma", "delta"], 24), "alpha, beta and 2 more");
        assert_eq!(some(&["a-name-that-is-very-long", "b"], 10), "a-name-that-is-very-long and 1 more");
        assert_eq!(some(&[], 10), "");
    }
}
