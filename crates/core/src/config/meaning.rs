//! What parts of the file say, however they are written.

use std::collections::BTreeMap;

use toml_edit::{Array, Item, TableLike, Value};

use super::keys::endpoint;

/// Says whether two tables are the same endpoint.
pub(super) fn same_endpoint(old: &dyn TableLike, new: &dyn TableLike) -> bool {
    let flag = endpoint::INCLUDE_SUBGROUPS.name;
    let text = |table: &dyn TableLike, key: &str| table.get(key).and_then(Item::as_str).unwrap_or_default().to_owned();
    let kind = |table: &dyn TableLike| match text(table, endpoint::KIND.name).as_str() {
        "org" => "group".to_owned(),
        kind => kind.to_owned(),
    };
    text(old, endpoint::SITE.name) == text(new, endpoint::SITE.name)
        && text(old, endpoint::NAMESPACE.name) == text(new, endpoint::NAMESPACE.name)
        // A directory's kind is not stored.
        && (kind(old) == kind(new) || !new.contains_key(endpoint::KIND.name))
        && old.get(flag).and_then(Item::as_bool).unwrap_or(false) == new.get(flag).and_then(Item::as_bool).unwrap_or(false)
        && names_in(old) == names_in(new)
}

/// Returns the names that an endpoint's table gives, in whatever form and order.
fn names_in(table: &dyn TableLike) -> BTreeMap<&str, Option<&str>> {
    let names = table.get(endpoint::NAMES.name).and_then(Item::as_table_like);
    names.into_iter().flat_map(TableLike::iter).map(|(here, there)| (here, there.as_str())).collect()
}

/// Returns what a value says, however it is written: a list of one is the same as its element.
pub(super) fn meaning(value: &Value) -> Vec<String> {
    let one = |value: &Value| match value {
        Value::String(text) => format!("{:?}", text.value()),
        other => other.to_string().trim().to_owned(),
    };
    match value {
        Value::Array(array) => Array::iter(array).map(one).collect(),
        other => vec![one(other)],
    }
}
