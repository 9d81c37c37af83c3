//! Merging trees: only directories that both sides changed are opened.

use std::rc::Rc;

use gix::ObjectId;

use super::error::Step;
use super::objects::Objects;
use super::obstacle::Obstacle;
use super::path::{Entry, Sort, Tree, join, sort_of};
use super::text::{self, Merged};
use super::{attributes, renames};

/// One of the two sides of a merge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Ours,
    Theirs,
}

/// A file of the base that at least one side no longer has where it was, so that a rename may be behind it.
#[derive(Debug)]
pub(super) struct Lost {
    pub(super) path: Vec<u8>,
    pub(super) base: Entry,
    /// Who still has it, changed, and as what; `None` if nobody.
    pub(super) left: Option<(Side, Entry)>,
}

/// A merge that is under way.
pub(super) struct Merge<'a, 'm> {
    pub(super) objects: &'a mut Objects<'m>,
    pub(super) base: ObjectId,
    pub(super) ours: ObjectId,
    pub(super) theirs: ObjectId,
    pub(super) conflicts: Vec<Vec<u8>>,
    pub(super) unclear: Vec<Vec<u8>>,
    pub(super) lost: Vec<Lost>,
    /// Where both sides have something new, each its own. Until that is settled, ours stands there.
    pub(super) collided: Vec<Vec<u8>>,
    /// Where both sides have something new, one of them an empty file, which gives way as it does in git.
    pub(super) gave_way: Vec<Vec<u8>>,
    /// Directories that one side no longer has and to which the other added something.
    pub(super) added_to: Vec<(Side, Rc<[u8]>)>,
}

/// The same place on all three sides.
type Three<T> = [Option<T>; 3];

/// Which side has removed the directory that one is in, and what is the outermost such directory.
type Gone = [Option<Rc<[u8]>>; 2];

/// Merges two trees that have both come from `base`.
pub(super) fn merge(objects: &mut Objects<'_>, base: ObjectId, ours: ObjectId, theirs: ObjectId) -> Step<ObjectId> {
    if base == ours || ours == theirs {
        return Ok(theirs);
    }
    if base == theirs {
        return Ok(ours);
    }
    let empty = ObjectId::empty_tree(objects.view.object_hash());
    let mut merge = Merge {
        objects,
        base,
        ours,
        theirs,
        conflicts: Vec::new(),
        unclear: Vec::new(),
        lost: Vec::new(),
        collided: Vec::new(),
        gave_way: Vec::new(),
        added_to: Vec::new(),
    };
    let mut merged = merge.level(&[], [Some(base), Some(ours), Some(theirs)], &[None, None])?;
    merge.complain()?;
    if !merge.lost.is_empty() || !merge.added_to.is_empty() {
        merged = renames::settle(&mut merge, merged)?;
    }
    let collided = std::mem::take(&mut merge.collided);
    merge.conflicts.extend(collided);
    merge.complain()?;
    match merged {
        Some(id) => Ok(id),
        None => {
            let id = merge.objects.add(gix::objs::Kind::Tree, Vec::new())?;
            debug_assert_eq!(id, empty);
            Ok(id)
        }
    }
}

impl Merge<'_, '_> {
    /// Ends the merge if there is something that only a person can decide.
    fn complain(&mut self) -> Step<()> {
        let text = |paths: &mut Vec<Vec<u8>>| {
            paths.sort();
            paths.dedup();
            paths.iter().map(|path| String::from_utf8_lossy(path).into_owned()).collect()
        };
        if !self.conflicts.is_empty() {
            return Err(Obstacle::Conflict { commit: None, paths: text(&mut self.conflicts) }.into());
        }
        if !self.unclear.is_empty() {
            return Err(Obstacle::Unclear { commit: None, paths: text(&mut self.unclear) }.into());
        }
        Ok(())
    }

    /// Merges one directory.
    fn level(&mut self, folder: &[u8], ids: Three<ObjectId>, gone: &Gone) -> Step<Option<ObjectId>> {
        let trees = [self.objects.tree(ids[0])?, self.objects.tree(ids[1])?, self.objects.tree(ids[2])?];
        let mut at = [0; 3];
        let mut merged = Tree::with_capacity(trees[1].len().max(trees[2].len()));
        let mut changed: Vec<Rc<[u8]>> = Vec::new();
        loop {
            let first = (0..3).filter_map(|side| trees[side].get(at[side])).min_by(|a, b| a.order(b));
            let Some(first) = first else { break };
            let slots: Three<&Entry> = std::array::from_fn(|side| {
                let entry = trees[side].get(at[side]).filter(|entry| entry.order(first).is_eq());
                at[side] += usize::from(entry.is_some());
                entry
            });
            let is_same = |a: usize, b: usize| match (slots[a], slots[b]) {
                (Some(a), Some(b)) => a.is_like(b),
                (None, None) => true,
                _ => false,
            };
            if is_same(0, 1) && is_same(0, 2) {
                merged.extend(slots[1].cloned());
                continue;
            }
            changed.push(Rc::clone(&first.name));
            let path = join(folder, &first.name);
            self.note_addition(&path, slots, gone);
            let result = if is_same(0, 1) {
                slots[2].cloned()
            } else if is_same(0, 2) {
                slots[1].cloned()
            } else if first.is_tree() {
                let inner: Gone = std::array::from_fn(|side| match &gone[side] {
                    None if slots[0].is_some() && slots[side + 1].is_none() => Some(path.as_slice().into()),
                    outer => outer.clone(),
                });
                let ids = slots.map(|slot| slot.map(|entry| entry.id));
                let id = self.level(&path, ids, &inner)?;
                id.map(|id| Entry { name: Rc::clone(&first.name), mode: 0o40_000, id })
            } else {
                self.slot(path, slots)?
            };
            merged.extend(result);
        }
        // Where a name has come to stand for a file and for a directory, both sides had their own idea of it.
        for name in changed {
            let has = |mode| {
                let probe = Entry { name: Rc::clone(&name), mode, id: self.base };
                merged.binary_search_by(|entry| entry.order(&probe)).is_ok()
            };
            if has(0o40_000) && has(0o100_644) {
                self.conflicts.push(join(folder, &name));
            }
        }
        for (side, tree) in trees.iter().enumerate() {
            if ids[side].is_some() && **tree == merged {
                return Ok(ids[side].filter(|_| !merged.is_empty()));
            }
        }
        Ok(self.objects.add_tree(merged)?)
    }

    /// Notes that one side added something to a directory that the other side has removed.
    fn note_addition(&mut self, path: &[u8], slots: Three<&Entry>, gone: &Gone) {
        if slots[0].is_some() {
            return;
        }
        for (side, by) in [(Side::Ours, slots[2]), (Side::Theirs, slots[1])] {
            let folder = &gone[side as usize];
            if let (Some(folder), Some(_)) = (folder, by)
                && !self.added_to.iter().any(|(own, known)| *own == side && known == folder)
            {
                tracing::trace!(path = %String::from_utf8_lossy(path), "added to a directory that is gone");
                self.added_to.push((side, Rc::clone(folder)));
            }
        }
    }

    /// Merges a place that both sides changed and where at least one side had or has no directory.
    fn slot(&mut self, path: Vec<u8>, slots: Three<&Entry>) -> Step<Option<Entry>> {
        match slots {
            [Some(base), None, None] => {
                self.lost.push(Lost { path, base: base.clone(), left: None });
                Ok(None)
            }
            [Some(base), None, Some(left)] => {
                self.lost.push(Lost { path, base: base.clone(), left: Some((Side::Theirs, left.clone())) });
                Ok(None)
            }
            [Some(base), Some(left), None] => {
                self.lost.push(Lost { path, base: base.clone(), left: Some((Side::Ours, left.clone())) });
                Ok(None)
            }
            [Some(base), Some(ours), Some(theirs)] => self.file(path, base, ours, theirs),
            [None, Some(ours), Some(theirs)] => {
                if ours.is_like(theirs) {
                    return Ok(Some(ours.clone()));
                }
                self.both_new(path, ours, theirs).map(Some)
            }
            // Somebody has it, and nobody else had it: that is no change on both sides.
            [None, one, other] => Ok(one.or(other).cloned()),
        }
    }

    /// Decides about a place where both sides have something new and different.
    fn both_new(&mut self, path: Vec<u8>, ours: &Entry, theirs: &Entry) -> Step<Entry> {
        let empty = ObjectId::empty_blob(self.objects.view.object_hash());
        let fuller = if ours.id == empty { theirs } else { ours };
        let is_easy = ours.mode == theirs.mode
            && sort_of(ours.mode) == Sort::File
            && (ours.id == empty || theirs.id == empty)
            && !text::is_binary(&self.objects.content(fuller.id)?)
            && !attributes::ask_for_more(self.objects, self.ours, &path)?;
        if is_easy {
            self.gave_way.push(path);
            return Ok(fuller.clone());
        }
        self.collided.push(path);
        Ok(ours.clone())
    }

    /// Merges what is a file, link or submodule on all sides. What cannot be merged is noted.
    pub(super) fn file(&mut self, path: Vec<u8>, base: &Entry, ours: &Entry, theirs: &Entry) -> Step<Option<Entry>> {
        if ours.is_like(theirs) {
            return Ok(Some(ours.clone()));
        }
        let kind = sort_of(base.mode);
        let mode = pick(base.mode, ours.mode, theirs.mode);
        let (Some(mode), true) = (mode, sort_of(ours.mode) == kind && sort_of(theirs.mode) == kind) else {
            self.conflicts.push(path);
            return Ok(None);
        };
        if let Some(id) = pick(base.id, ours.id, theirs.id) {
            return Ok(Some(Entry { name: Rc::clone(&ours.name), mode, id }));
        }
        if kind != Sort::File {
            self.conflicts.push(path);
            return Ok(None);
        }
        let contents = [base.id, ours.id, theirs.id].map(|id| self.objects.content(id));
        let [base, one, other] = contents;
        let (base, one, other) = (base?, one?, other?);
        if [&base, &one, &other].into_iter().any(|content| text::is_binary(content)) {
            self.conflicts.push(path);
            return Ok(None);
        }
        if attributes::ask_for_more(self.objects, self.ours, &path)? {
            let path = String::from_utf8_lossy(&path).into_owned();
            return Err(Obstacle::Attributes { commit: None, path }.into());
        }
        match text::merge(&base, &one, &other) {
            Merged::Clean(content) => return Ok(Some(self.objects.add_blob(ours, mode, content)?)),
            Merged::Conflict => self.conflicts.push(path),
            Merged::Unclear => self.unclear.push(path),
        }
        Ok(None)
    }
}

/// Returns the value that only one side has changed, or both in the same way.
fn pick<T: PartialEq>(base: T, ours: T, theirs: T) -> Option<T> {
    if ours == theirs || base == theirs {
        Some(ours)
    } else if base == ours {
        Some(theirs)
    } else {
        None
    }
}
