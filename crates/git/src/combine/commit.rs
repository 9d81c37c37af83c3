//! Commits as bytes: what is not to be changed is not even read.

use gix::ObjectId;
use gix::objs::Kind;
use refray_core::Oid;

use super::error::CombineError;
use super::objects::Objects;

/// A commit, and where its parts are.
pub(super) struct Commit {
    pub(super) id: ObjectId,
    pub(super) oid: Oid,
    pub(super) tree: ObjectId,
    pub(super) parents: Vec<ObjectId>,
    pub(super) is_signed: bool,
    /// When it was committed, in seconds since 1970.
    pub(super) time: i64,
    data: Vec<u8>,
    /// Where that begins which is neither tree nor parent.
    rest: usize,
}

impl Commit {
    pub(super) fn read(objects: &Objects<'_>, id: ObjectId) -> Result<Self, CombineError> {
        let oid = objects.oid(id)?;
        let data = objects.read(id, Kind::Commit)?;
        let malformed = |why| CombineError::Malformed { id, why };
        let mut links = links(&data);
        let tree = links.next().ok_or_else(|| malformed("it names no tree"))?;
        let parents: Vec<_> = links.collect();
        let width = tree.as_bytes().len() * 2;
        let rest = "tree \n".len() + width + parents.len() * ("parent \n".len() + width);
        let mut is_signed = false;
        let mut time = None;
        for line in headers(&data[rest..]) {
            is_signed |= line.starts_with(b"gpgsig ") || line.starts_with(b"gpgsig-sha256 ");
            if line.starts_with(b"committer ") {
                let mut words = line.rsplit(|byte| *byte == b' ');
                time = words.nth(1).and_then(|word| std::str::from_utf8(word).ok()?.parse().ok());
            }
        }
        let time = time.ok_or_else(|| malformed("it has no committer with a date"))?;
        Ok(Self { id, oid, tree, parents, is_signed, time, rest, data })
    }

    /// Returns the same commit with another tree and one other parent.
    pub(super) fn moved(&self, tree: ObjectId, parent: ObjectId) -> Vec<u8> {
        let mut data = format!("tree {tree}\nparent {parent}\n").into_bytes();
        data.extend_from_slice(&self.data[self.rest..]);
        data
    }
}

/// Returns the tree and the parents of a commit.
pub(super) fn links(data: &[u8]) -> impl Iterator<Item = ObjectId> {
    data.split(|byte| *byte == b'\n').enumerate().map_while(|(index, line)| {
        let prefix: &[u8] = if index == 0 { b"tree " } else { b"parent " };
        ObjectId::from_hex(line.strip_prefix(prefix)?).ok()
    })
}

/// Returns the lines before the message, those that go on the line before included.
fn headers(data: &[u8]) -> impl Iterator<Item = &[u8]> {
    data.split(|byte| *byte == b'\n').take_while(|line| !line.is_empty())
}
