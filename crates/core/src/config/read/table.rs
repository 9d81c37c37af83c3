//! A table that is being read: it knows which keys it may have, and which were asked for.

use std::cell::RefCell;

use toml_edit::{Item, TableLike, Value};

use super::context::{Context, Marked};
use crate::config::keys::{ALL, Choice, Flag, Interval, Key, Nested, Number, Shape, TableSpec, Text};
use crate::config::problem::{ProblemKind, Span};
use crate::config::spell::{likely, listed, propose, shown};

pub(crate) struct Table<'a> {
    pub(crate) context: &'a Context<'a>,
    spec: &'static TableSpec,
    table: &'a dyn TableLike,
    span: Span,
    asked: RefCell<Vec<&'static str>>,
}

impl<'a> Table<'a> {
    /// Starts reading. `span` is what is marked when a key is missing.
    pub(crate) fn new(
        context: &'a Context<'a>,
        spec: &'static TableSpec,
        table: &'a dyn TableLike,
        span: Span,
    ) -> Self {
        Self { context, spec, table, span, asked: RefCell::default() }
    }

    /// Returns what stands for the table as a whole.
    pub(crate) fn span(&self) -> &Span {
        &self.span
    }

    /// Returns what is written for a key, and where.
    pub(crate) fn item<S>(&self, key: &Key<S>) -> Option<(&'a Item, Span)> {
        self.asked.borrow_mut().push(key.name);
        let (written, item) = self.table.get_key_value(key.name)?;
        let span = item.span().or_else(|| written.span()).unwrap_or_else(|| self.span.clone());
        if item.is_none() { None } else { Some((item, span)) }
    }

    /// Returns where a key itself stands, when it is there.
    pub(crate) fn key_span<S>(&self, key: &Key<S>) -> Option<Span> {
        let (written, item) = self.table.get_key_value(key.name)?;
        written.span().or_else(|| item.span()).or_else(|| Some(self.span.clone()))
    }

    /// Reads `true` or `false`.
    pub(crate) fn flag(&self, key: &Key<Flag>) -> Marked<bool> {
        let Some((item, span)) = self.item(key) else {
            return Marked { value: key.shape.default, span: self.span.clone() };
        };
        let value = item.as_bool().unwrap_or_else(|| {
            let meant = item.as_str().map(str::to_ascii_lowercase);
            let meant = match meant.as_deref() {
                Some("true" | "yes" | "on" | "1") => "true",
                Some("false" | "no" | "off" | "0") => "false",
                _ => "true` or `false",
            };
            let help = format!("write `{meant}`, without quotes");
            self.wrong_type(key.name, item, &span, "`true` or `false`").help(help);
            key.shape.default
        });
        Marked { value, span }
    }

    /// Reads a number that is at least 1.
    pub(crate) fn number(&self, key: &Key<Number>) -> u32 {
        self.whole(key, 1, key.shape.most).unwrap_or(key.shape.default)
    }

    /// Reads a time between two of something.
    pub(crate) fn interval(&self, key: &Key<Interval>) -> Option<u32> {
        self.whole(key, 0, u32::MAX).filter(|value| *value != 0)
    }

    fn whole<S>(&self, key: &Key<S>, least: u32, most: u32) -> Option<u32> {
        let (item, span) = self.item(key)?;
        let Some(written) = item.as_integer() else {
            let meant = item.as_str().and_then(|text| text.trim().parse::<u32>().ok());
            let help = meant.map_or_else(
                || "write a whole number, without quotes".to_owned(),
                |meant| format!("write `{meant}`, without quotes"),
            );
            self.wrong_type(key.name, item, &span, "a whole number").help(help);
            return None;
        };
        let value = u32::try_from(written).ok().filter(|value| (least..=most).contains(value));
        if value.is_none() {
            let limit = if written < 1 { format!("at least {least}") } else { format!("at most {most}") };
            self.context
                .sink
                .error(ProblemKind::BadValue, format!("`{}` is out of range", key.name))
                .at(&span, format!("it must be {limit}"))
                .help("leave it out to have the default");
        }
        value
    }

    /// Reads a text. A required one that is missing is a problem.
    pub(crate) fn text(&self, key: &Key<Text>) -> Option<Marked<String>> {
        let text = self.string(key)?;
        if text.value.is_empty() && !key.shape.may_be_empty {
            self.context
                .sink
                .error(ProblemKind::BadValue, format!("`{}` is empty", key.name))
                .at(&text.span, format!("{} belongs here", key.shape.words));
            return None;
        }
        Some(text)
    }

    /// Reads one of several words. The default is for the caller.
    pub(crate) fn choice<T: Copy + PartialEq + Sync>(&self, key: &Key<Choice<T>>) -> Option<Marked<T>> {
        let Marked { value: word, span } = self.string(key)?;
        if let Some(option) = key.shape.options.iter().find(|option| option.word == word) {
            return Some(Marked { value: option.value, span });
        }
        self.context
            .sink
            .error(ProblemKind::UnknownValue, format!("`{}` is not a known `{}`", shown(&word), key.name))
            .at(&span, "not known")
            .help(propose(&word, &key.shape.all_words(), "known are"));
        None
    }

    /// Reads a string of any shape of key. A required one that is missing is a problem.
    pub(crate) fn string<S: Shape>(&self, key: &Key<S>) -> Option<Marked<String>> {
        let Some((item, span)) = self.item(key) else {
            if key.required {
                self.missing(key, "");
            }
            return None;
        };
        let text = item.as_str();
        if text.is_none() {
            self.wrong_type(key.name, item, &span, "a text").help("write it in quotes");
        }
        text.map(|text| Marked { value: text.to_owned(), span })
    }

    /// Returns the table behind a key.
    pub(crate) fn table(&self, key: &Key<Nested>) -> Option<Self> {
        let (item, span) = self.item(key)?;
        if let Some(table) = item.as_table_like() {
            return Some(Table::new(self.context, key.shape.table, table, span));
        }
        let header = key.shape.table.header;
        self.wrong_type(key.name, item, &span, "a table").help(format!("write it as `{header}`"));
        None
    }

    /// Returns the tables behind a key, be they written with headers or inside of a list; `None` when the key is
    /// missing or holds something else.
    pub(crate) fn tables(&self, key: &Key<Nested>) -> Option<Vec<Self>> {
        let spec = key.shape.table;
        let start = |table: &'a dyn TableLike, span: Option<Span>| {
            Table::new(self.context, spec, table, span.unwrap_or_else(|| self.span.clone()))
        };
        let (item, span) = self.item(key)?;
        match item {
            Item::ArrayOfTables(tables) => Some(tables.iter().map(|table| start(table, table.span())).collect()),
            Item::Value(Value::Array(array)) => {
                let mut tables = Vec::new();
                for value in array {
                    if let Some(table) = value.as_inline_table() {
                        tables.push(start(table, table.span()));
                    } else {
                        let span = value.span().unwrap_or_else(|| span.clone());
                        self.context
                            .sink
                            .error(ProblemKind::WrongType, format!("`{}` holds something that is no table", key.name))
                            .at(&span, format!("expected a table, found {}", found_value(value)));
                    }
                }
                Some(tables)
            }
            _ => {
                self.wrong_type(key.name, item, &span, "a list of tables")
                    .help(format!("write `{}`, with two brackets, once for each", spec.header));
                None
            }
        }
    }

    /// Notes that a key is missing. `help` says how to write it, if not empty.
    pub(crate) fn missing<S: Shape>(&self, key: &Key<S>, help: &str) {
        let draft = self
            .context
            .sink
            .error(ProblemKind::MissingKey, format!("{} has no `{}`", self.spec.what, key.name))
            .at(&self.span, format!("`{}` is missing here", key.name));
        if help.is_empty() {
            drop(draft.help(format!("{} It takes {}.", key.doc, key.shape.words())));
        } else {
            drop(draft.help(help));
        }
    }

    /// Notes that a key does not go with the rest of the table.
    pub(crate) fn unfit<S>(&self, key: &Key<S>, message: impl Into<String>, help: &str) {
        let span = self.key_span(key).unwrap_or_else(|| self.span.clone());
        self.context.sink.error(ProblemKind::UnfitKey, message).at(&span, "does not belong here").help(help);
    }

    /// Notes that a value is of the wrong type.
    pub(crate) fn wrong_type(
        &self,
        name: &str,
        item: &Item,
        span: &Span,
        expected: &str,
    ) -> crate::config::problem::Draft<'_> {
        self.context
            .sink
            .error(ProblemKind::WrongType, format!("`{name}` has the wrong type"))
            .at(span, format!("expected {expected}, found {}", found(item)))
    }

    /// Ends reading: what was not asked for is unknown.
    pub(crate) fn finish(&self) {
        debug_assert!(
            self.spec.keys.iter().all(|key| self.asked.borrow().contains(&key.name())),
            "a key of {} is in the list of keys and is not read",
            self.spec.header
        );
        for (name, item) in self.table.iter() {
            if !self.spec.has(name) {
                let span = self.table.key(name).and_then(toml_edit::Key::span).or_else(|| item.span());
                self.unknown(name, &span.unwrap_or_else(|| self.span.clone()));
            }
        }
    }

    fn unknown(&self, name: &str, span: &Span) {
        let names = self.spec.names();
        let elsewhere: Vec<_> = ALL.iter().filter(|table| table.has(name)).map(|table| table.header).collect();
        let help = match (likely(name, names.iter().copied()), elsewhere.as_slice()) {
            (Some(likely), []) => format!("did you mean `{likely}`?"),
            (_, ["top of the file"]) => "it belongs at the top of the file, before the first `[…]`".to_owned(),
            (_, [_, ..]) => format!("it belongs in {}", listed(&elsewhere)),
            (None, []) => propose(name, &names, "keys here"),
        };
        self.context
            .sink
            .error(ProblemKind::UnknownKey, format!("unknown key `{}`", shown(name)))
            .at(span, format!("not a key of {}", self.spec.what))
            .help(help);
    }
}

fn found(item: &Item) -> &'static str {
    match item {
        Item::None => "nothing",
        Item::Value(value) => found_value(value),
        Item::Table(_) => "a table",
        Item::ArrayOfTables(_) => "a list of tables",
    }
}

fn found_value(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "a text",
        Value::Integer(_) => "a whole number",
        Value::Float(_) => "a fraction",
        Value::Boolean(_) => "`true` or `false`",
        Value::Datetime(_) => "a date or time",
        Value::Array(_) => "a list",
        Value::InlineTable(_) => "a table",
    }
}
