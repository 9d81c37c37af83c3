//! What differs between two trees.

use std::cmp::Ordering;

use gix::ObjectId;

use super::error::Step;
use super::objects::Objects;
use super::path::{Entry, join};

/// Something that is not a tree, as it was and as it is.
#[derive(Debug, Clone)]
pub(super) struct Change {
    pub(super) path: Vec<u8>,
    pub(super) old: Option<Entry>,
    pub(super) new: Option<Entry>,
}

/// Lists what differs between two trees, in an order that depends on nothing but them.
pub(super) fn changes(objects: &mut Objects<'_>, old: ObjectId, new: ObjectId) -> Step<Vec<Change>> {
    let mut found = Vec::new();
    compare(objects, &[], Some(old), Some(new), &mut found)?;
    Ok(found)
}

fn compare(
    objects: &mut Objects<'_>,
    folder: &[u8],
    old: Option<ObjectId>,
    new: Option<ObjectId>,
    found: &mut Vec<Change>,
) -> Step<()> {
    if old == new {
        return Ok(());
    }
    let (old, new) = (objects.tree(old)?, objects.tree(new)?);
    let (mut olds, mut news) = (old.iter().peekable(), new.iter().peekable());
    loop {
        let order = match (olds.peek(), news.peek()) {
            (None, None) => return Ok(()),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(old), Some(new)) => old.order(new),
        };
        let old = if order.is_le() { olds.next() } else { None };
        let new = if order.is_ge() { news.next() } else { None };
        let Some(either) = old.or(new) else { return Ok(()) };
        if old.zip(new).is_some_and(|(old, new)| old.is_like(new)) {
            continue;
        }
        let path = join(folder, &either.name);
        if either.is_tree() {
            compare(objects, &path, old.map(|entry| entry.id), new.map(|entry| entry.id), found)?;
        } else {
            found.push(Change { path, old: old.cloned(), new: new.cloned() });
        }
    }
}
