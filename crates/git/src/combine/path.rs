//! Trees and what is in them.

use std::cmp::Ordering;
use std::io::Write as _;
use std::rc::Rc;

use gix::ObjectId;

use super::error::CombineError;

/// The entries of a tree in git's order.
pub(super) type Tree = Vec<Entry>;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) name: Rc<[u8]>,
    pub(super) mode: u32,
    pub(super) id: ObjectId,
}

/// What an entry stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    Tree,
    File,
    Link,
    Submodule,
}

/// Returns what a mode stands for.
pub(super) fn sort_of(mode: u32) -> Sort {
    match mode & 0o170_000 {
        0o040_000 => Sort::Tree,
        0o120_000 => Sort::Link,
        0o160_000 => Sort::Submodule,
        _ => Sort::File,
    }
}

impl Entry {
    pub(super) fn is_tree(&self) -> bool {
        sort_of(self.mode) == Sort::Tree
    }

    /// Says whether both are the same but for their names.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        self.id == other.id && self.mode == other.mode
    }

    /// Compares as git sorts: a tree's name ends with a slash.
    pub(super) fn order(&self, other: &Self) -> Ordering {
        let common = self.name.len().min(other.name.len());
        self.name[..common].cmp(&other.name[..common]).then_with(|| {
            let next = |entry: &Self| entry.name.get(common).copied().or(entry.is_tree().then_some(b'/'));
            next(self).cmp(&next(other))
        })
    }

    pub(super) fn write_to(&self, out: &mut Vec<u8>) {
        // Writing to memory cannot fail.
        drop(write!(out, "{:o} ", self.mode));
        out.extend_from_slice(&self.name);
        out.push(0);
        out.extend_from_slice(self.id.as_bytes());
    }
}

/// Reads a tree.
pub(super) fn parse_tree(mut data: &[u8], id: ObjectId) -> Result<Tree, CombineError> {
    let malformed = |why| CombineError::Malformed { id, why };
    let width = id.as_bytes().len();
    let mut tree = Tree::new();
    while !data.is_empty() {
        let space = data.iter().position(|byte| *byte == b' ').ok_or_else(|| malformed("an entry has no mode"))?;
        let mode = std::str::from_utf8(&data[..space]).ok().and_then(|text| u32::from_str_radix(text, 8).ok());
        let mode = mode.ok_or_else(|| malformed("a mode is not a number"))?;
        data = &data[space + 1..];
        let end = data.iter().position(|byte| *byte == 0).ok_or_else(|| malformed("a name does not end"))?;
        let name = &data[..end];
        data = &data[end + 1..];
        if name.is_empty() || name.contains(&b'/') || data.len() < width {
            return Err(malformed("an entry has no name or no id"));
        }
        let entry = Entry { name: name.into(), mode, id: ObjectId::from_bytes_or_panic(&data[..width]) };
        data = &data[width..];
        if tree.last().is_some_and(|last: &Entry| last.order(&entry) != Ordering::Less) {
            return Err(malformed("the entries are not in order"));
        }
        tree.push(entry);
    }
    Ok(tree)
}

/// Joins a directory's path and a name in it.
pub(super) fn join(folder: &[u8], name: &[u8]) -> Vec<u8> {
    if folder.is_empty() { name.to_vec() } else { [folder, b"/", name].concat() }
}

/// Returns what a path ends in.
pub(super) fn basename(path: &[u8]) -> &[u8] {
    path.rsplit(|byte| *byte == b'/').next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, mode: u32) -> Entry {
        Entry { name: name.as_bytes().into(), mode, id: ObjectId::from([1; 20]) }
    }

    #[test]
    fn trees_sort_as_if_their_names_ended_with_a_slash() {
        let mut tree = [entry("a", 0o40000), entry("a0", 0o100644), entry("a-b", 0o100644), entry("b", 0o100755)];
        tree.sort_by(Entry::order);
        let names: Vec<_> = tree.iter().map(|entry| String::from_utf8_lossy(&entry.name).into_owned()).collect();
        assert_eq!(names, ["a-b", "a", "a0", "b"]);
        assert_eq!(entry("a", 0o100644).order(&entry("a-b", 0o100644)), Ordering::Less);
        assert_eq!(entry("a", 0o100644).order(&entry("a", 0o100755)), Ordering::Equal);
    }

    #[test]
    fn a_tree_is_read_as_it_was_written_and_disorder_is_noticed() {
        let id = ObjectId::from([2; 20]);
        let tree = vec![entry("a", 0o100644), entry("b", 0o160000), entry("c", 0o40000)];
        let mut data = Vec::new();
        tree.iter().for_each(|entry| entry.write_to(&mut data));
        assert_eq!(parse_tree(&data, id).unwrap(), tree);
        let mut data = Vec::new();
        tree.iter().rev().for_each(|entry| entry.write_to(&mut data));
        assert!(parse_tree(&data, id).is_err());
        assert!(parse_tree(&data[..data.len() - 1], id).is_err());
    }
}
