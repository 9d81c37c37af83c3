//! JSON text as a tree that knows where everything stands, and in which order.

use std::ops::Range;

/// A value and its place in the text, in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) at: Range<usize>,
    pub(super) kind: Kind,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// Its members, in the order of the text.
    Object(Vec<(String, Node)>),
    Array(Vec<Node>),
    /// A string, number, boolean or null.
    Plain,
}

impl Node {
    /// Reads a text. One that is not JSON gives `None`, which says nothing of where the fault is.
    pub(super) fn read(text: &str) -> Option<Self> {
        let mut reader = Reader { text, at: 0 };
        let node = reader.value(0)?;
        reader.skip_space();
        (reader.at == text.len()).then_some(node)
    }

    /// Returns an object's member; the last of that name, which is the one that counts.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        match &self.kind {
            Kind::Object(members) => members.iter().rev().find(|(name, _)| name == key).map(|(_, node)| node),
            Kind::Array(_) | Kind::Plain => None,
        }
    }

    pub(super) const fn is_plain(&self) -> bool {
        matches!(self.kind, Kind::Plain)
    }

    /// Says whether it holds nothing, so that leaving it out would mean the same.
    pub(super) fn is_empty(&self, text: &str) -> bool {
        match &self.kind {
            Kind::Object(members) => members.is_empty(),
            Kind::Array(items) => items.is_empty(),
            Kind::Plain => matches!(&text[self.at.clone()], "null" | "false"),
        }
    }
}

/// How deep values may be nested.
const DEEPEST: usize = 100;

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        self.skip_space();
        let there = self.peek() == Some(byte);
        self.at += usize::from(there);
        there.then_some(())
    }

    fn value(&mut self, depth: usize) -> Option<Node> {
        if depth > DEEPEST {
            return None;
        }
        self.skip_space();
        let start = self.at;
        let kind = match self.peek()? {
            b'{' => Kind::Object(self.list(b'}', |reader| {
                reader.skip_space();
                let key = reader.string()?;
                reader.take(b':')?;
                Some((key, reader.value(depth + 1)?))
            })?),
            b'[' => Kind::Array(self.list(b']', |reader| reader.value(depth + 1))?),
            b'"' => {
                self.string()?;
                Kind::Plain
            }
            _ => {
                let rest = &self.text[start..];
                let end = rest.find([',', ']', '}', ' ', '\t', '\r', '\n']).unwrap_or(rest.len());
                serde_json::from_str::<serde_json::Value>(&rest[..end]).ok()?;
                self.at += end;
                Kind::Plain
            }
        };
        Some(Node { at: start..self.at, kind })
    }

    fn list<T>(&mut self, end: u8, mut item: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        self.at += 1;
        let mut items = Vec::new();
        if self.take(end).is_some() {
            return Some(items);
        }
        loop {
            items.push(item(self)?);
            if self.take(b',').is_none() {
                self.take(end)?;
                return Some(items);
            }
        }
    }

    fn string(&mut self) -> Option<String> {
        let start = self.at;
        if self.peek() != Some(b'"') {
            return None;
        }
        self.at += 1;
        loop {
            match self.peek()? {
                b'"' => break,
                // Whatever is escaped, the quote after it is none.
                b'\\' => self.at += 2,
                _ => self.at += 1,
            }
        }
        self.at += 1;
        serde_json::from_str(self.text.get(start..self.at)?).ok()
    }
}
