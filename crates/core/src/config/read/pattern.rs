//! Reads regular expressions, and marks what is wrong in one.

use regex::Regex;
use toml_edit::{Item, Value};

use super::table::Table;
use crate::config::keys::{Key, Patterns};
use crate::config::problem::{ProblemKind, Span};

/// Reads a regular expression or a list of them.
pub(crate) fn read(table: &Table<'_>, key: &Key<Patterns>) -> Vec<Regex> {
    let Some((item, span)) = table.item(key) else { return Vec::new() };
    match item {
        Item::Value(Value::String(text)) => compile(table, key.name, text.value(), &span).into_iter().collect(),
        Item::Value(Value::Array(array)) => array
            .iter()
            .filter_map(|value| {
                let span = value.span().unwrap_or_else(|| span.clone());
                if let Some(text) = value.as_str() {
                    return compile(table, key.name, text, &span);
                }
                let item = Item::Value(value.clone());
                table.wrong_type(key.name, &item, &span, "a list of texts").help("write each in quotes");
                None
            })
            .collect(),
        _ => {
            table.wrong_type(key.name, item, &span, "a text or a list of texts");
            Vec::new()
        }
    }
}

fn compile(table: &Table<'_>, name: &str, pattern: &str, span: &Span) -> Option<Regex> {
    let (within, why) = match Regex::new(pattern) {
        Ok(regex) => return Some(regex),
        Err(error) => match fault(pattern) {
            Some(fault) => fault,
            None if matches!(error, regex::Error::CompiledTooBig(_)) => {
                (None, "it would take too much memory".to_owned())
            }
            None => (None, "it cannot be compiled".to_owned()),
        },
    };
    let raw = table.context.text.get(span.clone()).unwrap_or_default();
    let marked = within
        .and_then(|within| inside(raw, within))
        .map_or_else(|| span.clone(), |inner| span.start + inner.start..span.start + inner.end);
    let draft = table
        .context
        .sink
        .error(ProblemKind::BadRegex, format!("`{name}` holds a regular expression that cannot be read"))
        .at(&marked, why);
    if raw.starts_with('"') && raw.contains('\\') {
        drop(draft.help("in TOML, 'single quotes' leave backslashes as they are"));
    }
    None
}

/// Returns what is wrong with a pattern, and where in it.
fn fault(pattern: &str) -> Option<(Option<Span>, String)> {
    let (span, why) = match regex_syntax::parse(pattern) {
        Err(regex_syntax::Error::Parse(error)) => (*error.span(), error.kind().to_string()),
        Err(regex_syntax::Error::Translate(error)) => (*error.span(), error.kind().to_string()),
        _ => return None,
    };
    Some((Some(span.start.offset..span.end.offset), why))
}

/// Finds the place in a quoted text, as it is written, at which some part of its meaning stands. An empty part becomes
/// the character that it is in front of, or the closing quote.
fn inside(raw: &str, part: Span) -> Option<Span> {
    let quote = raw.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    // Texts of several lines drop newlines and blanks by rules of their own.
    if raw.len() < 2 || raw.starts_with("\"\"\"") || raw.starts_with("'''") {
        return None;
    }
    let body = &raw[1..raw.len() - 1];
    let mut starts = Vec::new();
    let (mut written, mut meant) = (0, 0);
    while let Some(c) = body[written..].chars().next() {
        starts.push((meant, written + 1));
        let (length, means) = match (quote, c) {
            ('"', '\\') => escape(&body[written..])?,
            _ => (c.len_utf8(), c.len_utf8()),
        };
        written += length;
        meant += means;
    }
    starts.push((meant, written + 1));
    let place = |offset: usize| starts.iter().find(|(meant, _)| *meant >= offset).map(|(_, written)| *written);
    let start = place(part.start)?;
    let end = place(part.end)?;
    let least = raw[start..].chars().next().map_or(0, char::len_utf8);
    Some(start..end.max(start + least))
}

/// Returns the length of an escape sequence and of what it stands for.
fn escape(text: &str) -> Option<(usize, usize)> {
    let digits = match text.as_bytes().get(1)? {
        b'x' => 2,
        b'u' => 4,
        b'U' => 8,
        _ => return Some((2, 1)),
    };
    let code = u32::from_str_radix(text.get(2..2 + digits)?, 16).ok()?;
    Some((2 + digits, char::from_u32(code)?.len_utf8()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_found_as_they_are_written() {
        for (raw, part, expected) in [
            (r#""abc""#, 1..2, "b"),
            ("'a\\b'", 1..2, "\\"),
            (r#""\\d(""#, 2..3, "("),
            (r#""\u00fc(x""#, 2..3, "("),
            (r#""ü(x""#, 2..3, "("),
            (r#""ab""#, 2..2, "\""),
            (r#""a\tb""#, 1..2, "\\t"),
        ] {
            let span = inside(raw, part).unwrap();
            assert_eq!(&raw[span], expected, "{raw}");
        }
        assert_eq!(inside("'''a'''", 0..1), None);
    }
}
