//! What a server says it can do.

use refray_core::ObjectFormat;

/// How refray names itself to servers.
pub(crate) const AGENT: &str = concat!("refray/", env!("CARGO_PKG_VERSION"));

/// A server's capabilities. A name may occur more than once (`symref`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Capabilities(Vec<(String, Option<String>)>);

impl Capabilities {
    /// Reads the list of version 0, which is separated by spaces.
    pub(crate) fn parse_v0(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let mut own = Self::default();
        for word in text.split_ascii_whitespace() {
            own.push(word);
        }
        own
    }

    /// Adds one capability, `name` or `name=value`.
    pub(crate) fn push(&mut self, word: &str) {
        let (name, value) = match word.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (word, None),
        };
        self.0.push((name.to_owned(), value));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(own, _)| own == name)
    }

    pub(crate) fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(own, _)| own == name).filter_map(|(_, value)| value.as_deref())
    }

    /// Returns what HEAD points to, where a version 0 server says so.
    pub(crate) fn head_target(&self) -> Option<&str> {
        self.values("symref").find_map(|value| value.strip_prefix("HEAD:"))
    }

    /// Returns the repository's hash function: SHA-1 where nothing is said, `None` for one that is not known.
    pub(crate) fn format(&self) -> Option<ObjectFormat> {
        match self.values("object-format").next() {
            None | Some("sha1") => Some(ObjectFormat::Sha1),
            Some("sha256") => Some(ObjectFormat::Sha256),
            Some(_) => None,
        }
    }
}
