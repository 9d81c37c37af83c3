//! Takes the secrets out of a file's text, so that parts of it can be shown.
//!
//! What is hidden becomes asterisks of the same length in bytes: every place in the file is still the same place.

use std::sync::LazyLock;

use regex::Regex;
use toml_edit::{Item, Table, TableLike, Value};

use super::keys::{self, TableSpec};
use super::problem::Span;

/// Credentials that are known by their form, wherever they stand.
#[expect(clippy::unwrap_used, reason = "the pattern is fixed and a test builds it")]
static TOKEN: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\b(?:gh[a-z]_|github_pat_|gl[a-z]{2,6}-)[A-Za-z0-9_.-]{8,}").unwrap());

/// The user name and password of an address, whatever they hold.
#[expect(clippy::unwrap_used, reason = "the pattern is fixed and a test builds it")]
static USERINFO: LazyLock<Regex> = LazyLock::new(|| Regex::new(r#"(://)([^\s"']+)(@)"#).unwrap());

/// A comment in which a credential seems to be set: usually a line that was commented out.
#[expect(clippy::unwrap_used, reason = "the pattern is fixed and a test builds it")]
static COMMENT: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?im)#.*?(?:token|secret|value|passw)[^=:\n]*[=:](.*)$").unwrap());

/// Says whether a text has the form of a forge's token.
pub(crate) fn looks_like_token(text: &str) -> bool {
    TOKEN.is_match(text)
}

/// Returns an address without its user name and password.
pub(crate) fn without_userinfo(text: &str) -> std::borrow::Cow<'_, str> {
    USERINFO.replace_all(text, "$1*$3")
}

/// Hides the secrets of a file that was read.
pub(crate) fn document(text: &str, root: &Table) -> String {
    let mut hidden = Hidden::new(text);
    hide_table(&mut hidden, root, false);
    hidden.everywhere();
    hidden.finish()
}

/// Hides what may be a secret in a file that is not TOML. There is no saying what belongs to what in there, so that
/// nothing is shown of a line and of those that follow it, unless it starts with a harmless word that refray knows.
pub(crate) fn broken(text: &str) -> String {
    let mut hidden = Hidden::new(text);
    let mut hiding = true;
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let lower = line.to_lowercase();
        let suspicious = ["token", "secret", "value", "passw", "@"].iter().any(|word| lower.contains(word));
        let trimmed = line.trim();
        if !trimmed.is_empty() && !trimmed.starts_with('#') {
            hiding = suspicious || (hiding && !is_harmless(trimmed)) || (!is_harmless(trimmed) && !is_tail(trimmed));
        }
        if hiding {
            hide_unknown_words(&mut hidden, start, line);
        }
        start += line.len();
    }
    hidden.everywhere();
    hidden.finish()
}

/// Says whether a line starts with a key or header that no secret goes with.
fn is_harmless(line: &str) -> bool {
    let word_end = |text: &str| text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    if let Some(header) = line.strip_prefix('[') {
        let header = header.trim_start_matches('[').trim_start();
        return is_plain_key(&header[..word_end(header)]);
    }
    let end = word_end(line);
    is_plain_key(&line[..end]) && line[end..].trim_start().starts_with('=')
}

/// Says whether a line only goes on with what a harmless line began, such as a list.
fn is_tail(line: &str) -> bool {
    line.starts_with(['"', '\'', ']', '}', ','])
}

fn hide_unknown_words(hidden: &mut Hidden<'_>, start: usize, line: &str) {
    let mut word: Option<usize> = None;
    for (index, c) in line.char_indices().chain([(line.len(), ' ')]) {
        let inside = !c.is_whitespace() && !"\"'{}[](),=#".contains(c);
        match (inside, word) {
            (true, None) => word = Some(index),
            (false, Some(from)) => {
                if !is_known_word(&line[from..index]) {
                    hidden.hide(start + from..start + index);
                }
                word = None;
            }
            _ => {}
        }
    }
}

fn is_known_word(word: &str) -> bool {
    keys::ALL.iter().any(|table| table.has(word))
}

/// Says whether `key` is known and never goes with a secret itself.
fn is_plain_key(key: &str) -> bool {
    keys::ALL.iter().filter(|table| !is_secret_table(table)).any(|table| table.has(key)) && !is_secret_key(key)
}

fn is_secret_key(key: &str) -> bool {
    keys::ALL
        .iter()
        .flat_map(|table| table.keys)
        .any(|entry| entry.name() == key && entry.shape().nested().is_some_and(is_secret_table))
}

fn is_address(key: &str) -> bool {
    [keys::site::BASE_URL.name, keys::site::API_URL.name, keys::webhook::URL.name].contains(&key)
}

fn is_secret_table(table: &TableSpec) -> bool {
    std::ptr::eq(table, &keys::secret::TABLE)
}

fn hide_table(hidden: &mut Hidden<'_>, table: &dyn TableLike, in_secret: bool) {
    for (key, item) in table.iter() {
        if is_secret_key(key) {
            hide_item(hidden, item, true, true);
        } else if let (true, Some(span)) = (is_address(key) && item.is_str(), item.span()) {
            hidden.hide_address(span);
        } else {
            // Where a secret comes from may be shown; the secret itself, and what a misspelt key holds, may not.
            let plain = if in_secret {
                key != keys::secret::VALUE.name && keys::secret::TABLE.has(key)
            } else {
                is_plain_key(key)
            };
            hide_item(hidden, item, !plain, in_secret);
        }
    }
}

fn hide_item(hidden: &mut Hidden<'_>, item: &Item, scalars: bool, in_secret: bool) {
    match item {
        Item::None => {}
        Item::Value(value) => hide_value(hidden, value, scalars, in_secret),
        Item::Table(table) => hide_table(hidden, table, in_secret),
        Item::ArrayOfTables(tables) => tables.iter().for_each(|table| hide_table(hidden, table, in_secret)),
    }
}

fn hide_value(hidden: &mut Hidden<'_>, value: &Value, scalars: bool, in_secret: bool) {
    match value {
        Value::InlineTable(table) => hide_table(hidden, table, in_secret),
        Value::Array(array) => array.iter().for_each(|value| hide_value(hidden, value, scalars, in_secret)),
        _ if scalars => hidden.hide_scalar(value.span()),
        _ => {}
    }
}

struct Hidden<'a> {
    text: &'a str,
    bytes: Vec<bool>,
}

impl<'a> Hidden<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, bytes: vec![false; text.len()] }
    }

    fn hide(&mut self, span: Span) {
        if let Some(bytes) = self.bytes.get_mut(span) {
            bytes.fill(true);
        }
    }

    /// Hides a value but for its quotes.
    fn hide_scalar(&mut self, span: Option<Span>) {
        let Some(span) = span else { return };
        let raw = self.text.get(span.clone()).unwrap_or_default();
        let quoted = raw.len() >= 2 && raw.starts_with(['"', '\'']);
        self.hide(if quoted { span.start + 1..span.end - 1 } else { span });
    }

    /// Hides what goes before the host of an address and behind its path, even if it is not quite an address.
    fn hide_address(&mut self, span: Span) {
        let raw = self.text.get(span.clone()).unwrap_or_default();
        let start = raw.find("://").map_or(1, |colon| colon + 3);
        if let Some(at) = raw.rfind('@').filter(|at| *at > start) {
            self.hide(span.start + start..span.start + at);
        }
        if let Some(query) = raw.find(['?', '#']) {
            self.hide(span.start + query + 1..span.end - 1);
        }
    }

    fn everywhere(&mut self) {
        let text = self.text;
        for found in TOKEN.find_iter(text) {
            self.hide(found.range());
        }
        for (regex, group) in [(&USERINFO, 2), (&COMMENT, 1)] {
            for found in regex.captures_iter(text).filter_map(|captures| captures.get(group)) {
                self.hide(found.range());
            }
        }
    }

    fn finish(self) -> String {
        let mut masked = String::with_capacity(self.text.len());
        for (index, c) in self.text.char_indices() {
            if self.bytes[index] && !matches!(c, '\n' | '\r' | ' ') {
                masked.extend(std::iter::repeat_n('*', c.len_utf8()));
            } else {
                masked.push(c);
            }
        }
        masked
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mask(text: &str) -> String {
        let masked =
            toml_edit::Document::parse(text).map_or_else(|_| broken(text), |file| document(text, file.as_table()));
        assert_eq!(masked.len(), text.len());
        masked
    }

    #[test]
    fn secrets_are_hidden_wherever_they_stand() {
        for text in [
            "token = { value = 'hunter2' }",
            "token = \"hunter2\"",
            "tokn = \"hunter2\"",
            "tokne = { value = 'hunter2' }",
            "[[sites]]\nname = { value = 'hunter2' }",
            "[[sites]]\ntoken = ['hunter2', { value = 'hunter2' }]",
            "[[sites]]\n[sites.token]\nvalue = \"\"\"\nname = \nhunter2\"\"\"",
            "[[sites]]\ntoken.value = 'hunter2'",
            "[[sites]]\ntoken = { valeu = 'hunter2', deep = { env = 1, file = { value = 'hunter2' } } }",
            "[webhook]\nsecret = { value = 'hunter2' }",
            "[[sites]]\nbase_url = 'https://me:hunter2@host'",
            "[[sites]]\nbase_url = 'https://me:hun/hunter2@host'",
            "[[sites]]\nbase_url = 'me:hunter2@host'",
            "[webhook]\nurl = 'https://host/?key=hunter2'",
            "jobs = 8 # token = 'hunter2'",
            "[hunter]\nx = 'hunter2'",
            // Not TOML.
            "token = { value = hunter2 }",
            "token = { value = \"hunter2 }",
            "[[sites]]\nname = 'a' token = { value = 'hunter2' }",
            "[[sites]]\nname = 'a'\ntoken = { value = \"\"\"\nhunter2\n",
            "[[sites]]\ntoken = {\n value =\n 'hunter2' x }",
            "-----BEGIN KEY-----\nhunter2\n-----END KEY-----",
            "token = ghp_hunter2hunter2",
            "[[sites]]\nbase_url = 'me:hunter2@host",
            "name = 'ghp_hunter2hunter2",
            "# the token: hunter2\n[",
        ] {
            let masked = mask(text);
            assert!(!masked.contains("hunter2"), "{text}\n{masked}");
        }
    }

    #[test]
    fn the_rest_stays() {
        for text in [
            "[[sites]]\nname = \"github\"\ntoken = { env = \"GITHUB_TOKEN\" }\n[[mirrors]]\nrepo_whitelist = [\"^a\"]",
            "[[sites]]\nname = \"git hub\"\nprovider = github",
            "[[mirrors]]\nrepo_whitelist = [\n\"^a\",\n",
        ] {
            assert_eq!(mask(text), text);
        }
        assert_eq!(mask("token = { env = \"X\" "), "token = { env = \"*\" ");
    }
}
