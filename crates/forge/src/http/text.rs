/// Shortens a text to that many characters, with a mark that something is missing.
pub fn shorten(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most.saturating_sub(1)).collect::<String>() + "…"
}

/// Makes one line of a text, without control characters, and shortens it. What a forge takes for a description.
pub fn one_line(text: &str, most: usize) -> String {
    let line = text.split(char::is_control).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
    shorten(line.trim(), most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_at_characters() {
        assert_eq!(shorten("äöü", 3), "äöü");
        assert_eq!(shorten("äöüß", 3), "äö…");
        assert_eq!(one_line("a\r\n\tb\n", 10), "a b");
    }
}
