//! Which word was probably meant, and words that are safe to show.

use super::mask;

/// Returns the candidate that `word` is probably a misspelling of.
pub fn likely<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let plain = plain(word);
    if plain.is_empty() {
        return None;
    }
    candidates
        .into_iter()
        .filter_map(|candidate| Some((distance(&plain, &self::plain(candidate))?, candidate)))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Lower case, without what joins words: `baseUrl`, `base-url` and `base_url` are one.
fn plain(word: &str) -> String {
    word.chars().filter(|c| !matches!(c, '-' | '_' | ' ')).flat_map(char::to_lowercase).collect()
}

fn distance(word: &str, candidate: &str) -> Option<usize> {
    let length = word.chars().count();
    let edits = strsim::osa_distance(word, candidate);
    if edits <= (length / 3).max(1) && edits < length {
        return Some(edits);
    }
    // `whitelist` for `repo_whitelist`, `organization` for `org`: worse than any misspelling.
    let contained = length >= 3 && candidate.contains(word) || candidate.len() >= 3 && word.starts_with(candidate);
    contained.then_some(100 + length.abs_diff(candidate.len()))
}

/// Returns the sentence that proposes the likely word, or the one that lists all of them.
pub(crate) fn propose(word: &str, candidates: &[&str], list: &str) -> String {
    match likely(word, candidates.iter().copied()) {
        Some(likely) => format!("did you mean `{likely}`?"),
        None if candidates.is_empty() => format!("{list}: none"),
        None => format!("{list}: {}", listed(candidates)),
    }
}

/// Joins words as a sentence does: `a`, `b` and `c`.
pub(crate) fn listed(words: &[&str]) -> String {
    let quoted: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [init @ .., last] => format!("{} and {last}", init.join(", ")),
    }
}

/// Returns a word of the file as an error may show it: short, without control characters, and nothing that has the
/// form of a token.
pub(crate) fn shown(word: &str) -> String {
    const LONGEST: usize = 60;
    if mask::looks_like_token(word) {
        return "…".to_owned();
    }
    let escaped: String = mask::without_userinfo(word).escape_debug().collect();
    match escaped.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &escaped[..end]),
        None => escaped,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn likely_words() {
        let keys = ["name", "provider", "base_url", "repo_whitelist", "org", "user", "forgejo"];
        for (word, expected) in [
            ("nmae", Some("name")),
            ("provder", Some("provider")),
            ("baseUrl", Some("base_url")),
            ("base-url", Some("base_url")),
            ("whitelist", Some("repo_whitelist")),
            ("organization", Some("org")),
            ("zebra", None),
            ("", None),
            ("x", None),
        ] {
            assert_eq!(likely(word, keys), expected, "{word}");
        }
    }

    #[test]
    fn words_are_shown_short_and_harmless() {
        assert_eq!(shown("a\u{1b}[31m\n"), "a\\u{1b}[31m\\n");
        assert_eq!(shown("ghp_0123456789abcdef"), "…");
        assert_eq!(shown("https://me:hunter2@host/"), "https://*@host/");
        assert_eq!(shown(&"ü".repeat(100)).chars().count(), 61);
    }
}
