//! What a key can hold.

use serde_json::{Value, json};

/// A key of a table. `S` is what it holds.
pub(crate) struct Key<S: 'static> {
    /// As it is written in the file.
    pub(crate) name: &'static str,
    /// The file cannot be used without it.
    pub(crate) required: bool,
    /// What it holds.
    pub(crate) shape: S,
    /// What it means, in Markdown.
    pub(crate) doc: &'static str,
}

/// A table of the file and its keys.
pub(crate) struct TableSpec {
    /// How its header is written, or the key that it stands behind.
    pub(crate) header: &'static str,
    /// What one of them is, with its article.
    pub(crate) what: &'static str,
    /// What it is for, in Markdown.
    pub(crate) doc: &'static str,
    /// Its keys, in the order in which they are shown.
    pub(crate) keys: &'static [&'static dyn Entry],
}

impl TableSpec {
    /// Says whether it has a key of that name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.keys.iter().any(|key| key.name() == name)
    }

    /// Returns the names of its keys.
    pub(crate) fn names(&self) -> Vec<&'static str> {
        self.keys.iter().map(|key| key.name()).collect()
    }
}

/// A [`Key`] of whatever shape.
pub(crate) trait Entry: Sync {
    fn name(&self) -> &'static str;
    fn required(&self) -> bool;
    fn doc(&self) -> &'static str;
    fn shape(&self) -> &dyn Shape;
}

impl<S: Shape> Entry for Key<S> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn required(&self) -> bool {
        self.required
    }

    fn doc(&self) -> &'static str {
        self.doc
    }

    fn shape(&self) -> &dyn Shape {
        &self.shape
    }
}

/// What schema and reference have to know of what a key holds.
pub(crate) trait Shape: Sync + 'static {
    /// Returns the JSON Schema of its values. A table's is asked of its [`TableSpec`].
    fn schema(&self) -> Value;

    /// Returns the words for its values, in Markdown.
    fn words(&self) -> String;

    /// Returns what holds when the key is missing.
    fn default(&self) -> Option<Value> {
        None
    }

    /// Returns the table that it holds.
    fn nested(&self) -> Option<&'static TableSpec> {
        None
    }

    /// Says whether it holds any number of tables.
    fn is_list(&self) -> bool {
        false
    }
}

/// `true` or `false`.
pub(crate) struct Flag {
    pub(crate) default: bool,
}

impl Shape for Flag {
    fn schema(&self) -> Value {
        json!({ "type": "boolean" })
    }

    fn words(&self) -> String {
        "`true` or `false`".to_owned()
    }

    fn default(&self) -> Option<Value> {
        Some(self.default.into())
    }
}

/// A whole number that is at least 1.
pub(crate) struct Number {
    pub(crate) default: u32,
    /// The highest one.
    pub(crate) most: u32,
}

impl Shape for Number {
    fn schema(&self) -> Value {
        json!({ "type": "integer", "minimum": 1, "maximum": self.most })
    }

    fn words(&self) -> String {
        match self.most {
            u32::MAX => "a whole number from 1".to_owned(),
            most => format!("a whole number from 1 to {most}"),
        }
    }

    fn default(&self) -> Option<Value> {
        Some(self.default.into())
    }
}

/// A time between two of something. 0 means never, and so does a missing key.
pub(crate) struct Interval;

impl Shape for Interval {
    fn schema(&self) -> Value {
        json!({ "type": "integer", "minimum": 0, "maximum": u32::MAX })
    }

    fn words(&self) -> String {
        "a whole number; 0 is never".to_owned()
    }

    fn default(&self) -> Option<Value> {
        Some(0.into())
    }
}

/// One word of a [`Choice`].
pub(crate) struct Word<T> {
    /// As it is written in the file.
    pub(crate) word: &'static str,
    /// What it stands for.
    pub(crate) value: T,
    /// What it means, in Markdown.
    pub(crate) doc: &'static str,
}

/// One of several words.
pub(crate) struct Choice<T: 'static> {
    pub(crate) options: &'static [Word<T>],
    pub(crate) default: Option<T>,
}

impl<T: Copy + PartialEq> Choice<T> {
    /// Returns the word for a value.
    pub(crate) fn word(&self, value: T) -> &'static str {
        self.options.iter().find(|option| option.value == value).map_or("", |option| option.word)
    }

    /// Returns all its words.
    pub(crate) fn all_words(&self) -> Vec<&'static str> {
        self.options.iter().map(|option| option.word).collect()
    }
}

impl<T: Copy + PartialEq + Sync + 'static> Shape for Choice<T> {
    fn schema(&self) -> Value {
        let options: Vec<_> =
            self.options.iter().map(|option| json!({ "const": option.word, "description": option.doc })).collect();
        json!({ "type": "string", "oneOf": options })
    }

    fn words(&self) -> String {
        self.options.iter().map(|option| format!("`\"{}\"`", option.word)).collect::<Vec<_>>().join(", ")
    }

    fn default(&self) -> Option<Value> {
        self.default.map(|value| self.word(value).into())
    }
}

/// A text.
pub(crate) struct Text {
    /// It may be empty.
    pub(crate) may_be_empty: bool,
    /// What kind of text.
    pub(crate) words: &'static str,
}

impl Shape for Text {
    fn schema(&self) -> Value {
        if self.may_be_empty { json!({ "type": "string" }) } else { json!({ "type": "string", "minLength": 1 }) }
    }

    fn words(&self) -> String {
        self.words.to_owned()
    }
}

/// An `https` address.
pub(crate) struct Address;

impl Shape for Address {
    fn schema(&self) -> Value {
        json!({ "type": "string", "format": "uri", "pattern": "^[Hh][Tt][Tt][Pp][Ss]?://" })
    }

    fn words(&self) -> String {
        "an address".to_owned()
    }
}

/// A regular expression or a list of them.
pub(crate) struct Patterns;

impl Shape for Patterns {
    fn schema(&self) -> Value {
        // Not `"format": "regex"`: that would be JavaScript's dialect.
        json!({ "oneOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }] })
    }

    fn words(&self) -> String {
        "a regular expression or a list of them".to_owned()
    }

    fn default(&self) -> Option<Value> {
        Some(json!([]))
    }
}

/// Names of repositories, each with another one.
pub(crate) struct Pairs;

impl Shape for Pairs {
    fn schema(&self) -> Value {
        let name = json!({ "type": "string", "minLength": 1, "pattern": r"^[^/\\]+$" });
        json!({ "type": "object", "propertyNames": name, "additionalProperties": name })
    }

    fn words(&self) -> String {
        "a table: the name in the group `=` the name there".to_owned()
    }

    fn default(&self) -> Option<Value> {
        Some(json!({}))
    }
}

/// A table, or any number of them.
pub(crate) struct Nested {
    pub(crate) table: &'static TableSpec,
    pub(crate) list: bool,
}

impl Shape for Nested {
    fn schema(&self) -> Value {
        json!({})
    }

    fn words(&self) -> String {
        format!("see `{}`", self.table.header)
    }

    fn nested(&self) -> Option<&'static TableSpec> {
        Some(self.table)
    }

    fn is_list(&self) -> bool {
        self.list
    }
}
