//! The one list of keys. The reader takes types, defaults and limits from it, and the schema and the reference page are
//! made from it, so that the three cannot drift apart.

mod shape;
mod tables;

pub(crate) use shape::TableSpec;
pub(crate) use shape::{Address, Choice, Flag, Interval, Key, Nested, Number, Pairs, Patterns, Shape, Text};
pub(crate) use tables::{ALL, dashboard, endpoint, mirror, root, secret, serve, site, webhook};
