//! One mirror group in the text.

use toml_edit::{Array, ArrayOfTables, Item, Table, Value};

use super::super::keys::{endpoint, mirror};
use super::super::meaning::{meaning, same_endpoint};
use super::super::model::MirrorGroup;
use super::super::render::{Lines, Style};
use super::{put, table};

/// Makes a table of a group.
pub(super) fn group_table(group: &MirrorGroup, style: Style) -> Table {
    let mut lines = Lines::new(style);
    lines.group(group);
    let mut table = table(&lines.text);
    table.insert(mirror::ENDPOINTS.name, Item::ArrayOfTables(endpoint_tables(group).collect()));
    table
}

fn endpoint_tables(group: &MirrorGroup) -> impl Iterator<Item = Table> + '_ {
    group.endpoints.iter().map(|endpoint| {
        let mut lines = Lines::new(Style::Stored);
        lines.endpoint(endpoint);
        table(&lines.text)
    })
}

/// Changes a group's table to say what `group` is. What says so already is left as it is written.
pub(super) fn update_group(old: &mut Table, group: &MirrorGroup) {
    let stored = group_table(group, Style::Stored);
    for (key, item) in group_table(group, Style::Effective) {
        let Item::Value(value) = item else { continue };
        let is_same = old.get(&key).and_then(Item::as_value).is_some_and(|old| meaning(old) == meaning(&value));
        // A default that was not written stays so.
        if !is_same && (old.contains_key(&key) || stored.contains_key(&key)) {
            put(old, &key, value);
        }
    }
    let written: Vec<Table> = match old.get(mirror::ENDPOINTS.name) {
        Some(Item::ArrayOfTables(tables)) => tables.iter().cloned().collect(),
        _ => Vec::new(),
    };
    let wanted: Vec<Table> = endpoint_tables(group).collect();
    if let Some(Item::Value(Value::Array(list))) = old.get_mut(mirror::ENDPOINTS.name) {
        update_list(list, &wanted);
        return;
    }
    if written.len() == wanted.len() && written.iter().zip(&wanted).all(|(old, new)| same_endpoint(old, new)) {
        return;
    }
    let tables: ArrayOfTables = wanted
        .into_iter()
        .map(|new| match written.iter().find(|old| same_endpoint(*old, &new)) {
            Some(old) => {
                let mut kept = old.clone();
                // Positions in the file would put them back into their old order.
                kept.set_position(None);
                if let Some(Item::Table(names)) = kept.get_mut(endpoint::NAMES.name) {
                    names.set_position(None);
                }
                kept
            }
            None => new,
        })
        .collect();
    old.insert(mirror::ENDPOINTS.name, Item::ArrayOfTables(tables));
}

/// Makes endpoints that are written inside of a list the wanted ones. What is there already stays as it is written.
fn update_list(list: &mut Array, wanted: &[Table]) {
    let written: Vec<Value> = list.iter().cloned().collect();
    let at = |new: &Table| {
        let same = |old: &Value| old.as_inline_table().is_some_and(|old| same_endpoint(old, new));
        written.iter().position(same)
    };
    let places: Vec<Option<usize>> = wanted.iter().map(at).collect();
    if places.len() == written.len() && places.iter().enumerate().all(|(index, place)| *place == Some(index)) {
        return;
    }
    // One in each line, where it was so.
    let first = written.first().and_then(|first| first.decor().prefix()?.as_str());
    let indent = first.and_then(|prefix| Some(prefix[prefix.rfind('\n')?..].to_owned()));
    list.clear();
    for (new, place) in wanted.iter().zip(places) {
        match place.and_then(|place| written.get(place)) {
            Some(old) => list.push_formatted(old.clone()),
            None => {
                let mut table = new.clone().into_inline_table();
                table.fmt();
                let prefix = indent.clone().unwrap_or_else(|| if list.is_empty() { "" } else { " " }.to_owned());
                list.push_formatted(Value::InlineTable(table).decorated(prefix, ""));
            }
        }
    }
}
