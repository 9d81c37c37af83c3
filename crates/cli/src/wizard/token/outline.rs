//! The shape of a simple YAML file: keys, scalars, and lists of such. Enough for what other tools keep of themselves.

/// A line that says something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// How far in it stands; a list's dash counts as a part of that.
    pub(super) indent: usize,
    /// It begins an element of a list.
    pub(super) begins: bool,
    pub(super) key: String,
    /// Empty for a key that holds more lines.
    pub(super) value: String,
}

/// Reads the entries of a file in their order. What has another shape is left out.
pub(super) fn outline(text: &str) -> Vec<Entry> {
    text.lines().filter_map(entry).collect()
}

/// Returns the entries below the first one of this key at this indentation.
pub(super) fn below<'a>(entries: &'a [Entry], indent: usize, key: &str) -> &'a [Entry] {
    let Some(index) = entries.iter().position(|entry| entry.indent == indent && entry.key == key) else { return &[] };
    let rest = &entries[index + 1..];
    let end = rest.iter().position(|entry| entry.indent <= indent && !entry.begins).unwrap_or(rest.len());
    &rest[..end]
}

fn entry(line: &str) -> Option<Entry> {
    let body = line.trim_start();
    if body.is_empty() || body.starts_with('#') {
        return None;
    }
    let mut indent = line.len() - body.len();
    let dashed = body.strip_prefix("- ");
    let body = match dashed {
        Some(rest) => {
            let inner = rest.trim_start();
            indent += body.len() - inner.len();
            inner
        }
        None => body,
    };
    // A key ends at a colon with a space or nothing behind it: hosts and addresses have other colons.
    let (key, value) = match body.split_once(": ") {
        Some((key, value)) => (key, value),
        None => (body.trim_end().strip_suffix(':')?, ""),
    };
    // An odd tag that one tool writes in front of what it does not want to be taken for a number.
    let value = value.trim().trim_start_matches("!!null").trim();
    Some(Entry { indent, begins: dashed.is_some(), key: unquoted(key.trim()), value: unquoted(value) })
}

fn unquoted(text: &str) -> String {
    let inner = ['"', '\''].iter().find_map(|quote| text.strip_prefix(*quote)?.strip_suffix(*quote));
    inner.unwrap_or(text).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_keep_their_place() {
        let text = "# x\nhosts:\n    git.example:3000:\n        token: !!null \"a b\"\nlogins:\n- name: 'x'\n  url: https://x\n";
        let shown: Vec<_> = outline(text)
            .into_iter()
            .map(|entry| {
                format!("{}{} {}={}", entry.indent, if entry.begins { "-" } else { "" }, entry.key, entry.value)
            })
            .collect();
        assert_eq!(
            shown,
            ["0 hosts=", "4 git.example:3000=", "8 token=a b", "0 logins=", "2- name=x", "2 url=https://x"]
        );
        let entries = outline(text);
        assert_eq!(below(&entries, 0, "hosts").len(), 2);
        assert_eq!(below(&entries, 0, "logins").len(), 2);
        assert_eq!(below(&entries, 0, "nothing").len(), 0);
    }
}
