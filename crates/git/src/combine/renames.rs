//! Renames: where a file has gone that one side no longer has.
//!
//! Git pairs files by a measure of likeness and, among several candidates, by rules of its own. Here a rename is followed
//! only where the pair is beyond doubt; near the threshold, or with more than one candidate, nothing is decided.

use std::collections::HashMap;
use std::rc::Rc;

use gix::ObjectId;

use super::changes::changes;
use super::error::Step;
use super::objects::Objects;
use super::obstacle::Obstacle;
use super::path::{Entry, Sort, basename, sort_of};
use super::similarity::{Sketch, sizes_allow};
use super::tree::{Merge, Side};

/// From this likeness on, in percent, a file is a candidate. Git's own threshold is 50: the measures might differ a little.
const MAYBE: u64 = 40;

/// From this likeness on the only candidate is taken.
const SURELY: u64 = 55;

/// From this likeness on a file that kept its name is taken before all others, as git does from 75.
const SAME_NAME: u64 = 80;

/// How many pairs of files are compared by size.
const PAIRS: usize = 2_000_000;

/// How much content is read to be compared.
const BYTES: u64 = 64 << 20;

/// What one side removed and added.
struct Moves {
    added: Vec<(Vec<u8>, Entry)>,
    deleted: Vec<(Vec<u8>, Entry)>,
    added_ids: HashMap<ObjectId, Vec<usize>>,
    deleted_ids: HashMap<ObjectId, usize>,
    added_names: HashMap<Vec<u8>, Vec<usize>>,
    deleted_names: HashMap<Vec<u8>, usize>,
}

/// Where a file may have gone.
enum Target {
    Nowhere,
    Unsure,
    Found(usize),
}

/// What has been compared so far.
#[derive(Default)]
struct Likeness {
    sketches: HashMap<ObjectId, Rc<Sketch>>,
    sizes: HashMap<ObjectId, u64>,
    pairs: usize,
    bytes: u64,
}

/// Decides about the files that were lost, and puts into `merged` what that changes.
pub(super) fn settle(merge: &mut Merge<'_, '_>, merged: Option<ObjectId>) -> Step<Option<ObjectId>> {
    let moves =
        [Moves::of(merge.objects, merge.base, merge.ours)?, Moves::of(merge.objects, merge.base, merge.theirs)?];
    let mut likeness = Likeness::default();
    for (side, folder) in std::mem::take(&mut merge.added_to) {
        let own = &moves[side as usize];
        let prefix = [&folder, b"/".as_slice()].concat();
        for (path, entry) in own.deleted.iter().filter(|(path, _)| path.starts_with(&prefix)) {
            if !matches!(likeness.target(merge.objects, own, path, entry)?, Target::Nowhere) {
                let path = String::from_utf8_lossy(&folder).into_owned();
                return Err(Obstacle::DirectoryRename { commit: None, path }.into());
            }
        }
    }
    let mut root = merged;
    for lost in std::mem::take(&mut merge.lost) {
        let Some((keeper, left)) = lost.left else {
            let mut targets = Vec::with_capacity(2);
            for own in &moves {
                targets.push(match likeness.target(merge.objects, own, &lost.path, &lost.base)? {
                    Target::Nowhere => None,
                    Target::Unsure => Some(None),
                    Target::Found(index) => Some(Some(&own.added[index])),
                });
            }
            match targets.as_slice() {
                [None, None] => {}
                // Gone to the same place: what both sides have there has come from the same file.
                [Some(Some((path, ours))), Some(Some((other_path, theirs)))] if path == other_path => {
                    if merge.collided.contains(path)
                        && let Some(new) = merge.file(path.clone(), &lost.base, ours, theirs)?
                    {
                        merge.collided.retain(|other| other != path);
                        match replace(merge.objects, root, path, ours, &new)? {
                            Some(id) => root = Some(id),
                            None => merge.conflicts.push(path.clone()),
                        }
                    }
                }
                // Gone to different places, or to nowhere on one side only: that is a conflict to git.
                _ => merge.unclear.push(lost.path),
            }
            continue;
        };
        let mover = if keeper == Side::Ours { Side::Theirs } else { Side::Ours };
        let own = &moves[mover as usize];
        match likeness.target(merge.objects, own, &lost.path, &lost.base)? {
            Target::Nowhere => merge.conflicts.push(lost.path),
            Target::Unsure => merge.unclear.push(lost.path),
            Target::Found(index) => {
                let (path, moved) = &own.added[index];
                if merge.gave_way.contains(path) {
                    merge.unclear.push(path.clone());
                    continue;
                }
                let (ours, theirs) = if mover == Side::Ours { (moved, &left) } else { (&left, moved) };
                if let Some(new) = merge.file(path.clone(), &lost.base, ours, theirs)? {
                    match replace(merge.objects, root, path, moved, &new)? {
                        Some(id) => root = Some(id),
                        None => merge.conflicts.push(path.clone()),
                    }
                }
            }
        }
    }
    Ok(root)
}

impl Moves {
    fn of(objects: &mut Objects<'_>, base: ObjectId, side: ObjectId) -> Step<Self> {
        let mut own = Self {
            added: Vec::new(),
            deleted: Vec::new(),
            added_ids: HashMap::new(),
            deleted_ids: HashMap::new(),
            added_names: HashMap::new(),
            deleted_names: HashMap::new(),
        };
        for change in changes(objects, base, side)? {
            match (change.old, change.new) {
                (None, Some(entry)) => {
                    let index = own.added.len();
                    own.added_ids.entry(entry.id).or_default().push(index);
                    own.added_names.entry(basename(&change.path).to_vec()).or_default().push(index);
                    own.added.push((change.path, entry));
                }
                (Some(entry), None) => {
                    *own.deleted_ids.entry(entry.id).or_default() += 1;
                    *own.deleted_names.entry(basename(&change.path).to_vec()).or_default() += 1;
                    own.deleted.push((change.path, entry));
                }
                _ => {}
            }
        }
        Ok(own)
    }
}

impl Likeness {
    /// Looks for what has become of `entry`, which was at `path`.
    fn target(&mut self, objects: &Objects<'_>, moves: &Moves, path: &[u8], entry: &Entry) -> Step<Target> {
        let sort = sort_of(entry.mode);
        if sort == Sort::File && self.size(objects, entry)? == 0 {
            return Ok(Target::Nowhere);
        }
        let fits =
            |other: &Entry| if sort == Sort::File { sort_of(other.mode) == sort } else { other.mode == entry.mode };
        let exact: Vec<_> = moves.added_ids.get(&entry.id).into_iter().flatten().copied().collect();
        let exact: Vec<_> = exact.into_iter().filter(|index| fits(&moves.added[*index].1)).collect();
        if !exact.is_empty() {
            let is_only = exact.len() == 1 && moves.deleted_ids.get(&entry.id) == Some(&1);
            return Ok(if is_only { Target::Found(exact[0]) } else { Target::Unsure });
        }
        if sort != Sort::File {
            return Ok(Target::Nowhere);
        }
        // What is the same as something else that was removed belongs to that.
        let is_open = |index: &usize| {
            let other = &moves.added[*index].1;
            sort_of(other.mode) == Sort::File && !moves.deleted_ids.contains_key(&other.id)
        };
        let name = basename(path);
        if let (Some([index]), Some(1)) =
            (moves.added_names.get(name).map(Vec::as_slice), moves.deleted_names.get(name))
            && is_open(index)
            && self.score(objects, entry, &moves.added[*index].1)? >= SAME_NAME
        {
            return Ok(Target::Found(*index));
        }
        let mut candidate = None;
        for index in (0..moves.added.len()).filter(is_open) {
            let score = self.score(objects, entry, &moves.added[index].1)?;
            if score >= MAYBE && candidate.replace((index, score)).is_some() {
                return Ok(Target::Unsure);
            }
        }
        let Some((index, score)) = candidate else { return Ok(Target::Nowhere) };
        if score < SURELY {
            return Ok(Target::Unsure);
        }
        for (other_path, other) in &moves.deleted {
            if other_path != path
                && sort_of(other.mode) == Sort::File
                && self.score(objects, other, &moves.added[index].1)? >= MAYBE
            {
                return Ok(Target::Unsure);
            }
        }
        Ok(Target::Found(index))
    }

    /// Returns how much two files are alike, in percent; nothing below [`MAYBE`] is exact.
    fn score(&mut self, objects: &Objects<'_>, a: &Entry, b: &Entry) -> Step<u64> {
        self.pairs += 1;
        if self.pairs > PAIRS {
            return Err(Obstacle::TooLarge { commit: None }.into());
        }
        if !sizes_allow(self.size(objects, a)?, self.size(objects, b)?, MAYBE) {
            return Ok(0);
        }
        let (a, b) = (self.sketch(objects, a)?, self.sketch(objects, b)?);
        Ok(a.score(&b))
    }

    fn size(&mut self, objects: &Objects<'_>, entry: &Entry) -> Step<u64> {
        if let Some(size) = self.sizes.get(&entry.id) {
            return Ok(*size);
        }
        let size = objects.size(entry.id)?;
        self.sizes.insert(entry.id, size);
        Ok(size)
    }

    fn sketch(&mut self, objects: &Objects<'_>, entry: &Entry) -> Step<Rc<Sketch>> {
        if let Some(sketch) = self.sketches.get(&entry.id) {
            return Ok(Rc::clone(sketch));
        }
        self.bytes += self.size(objects, entry)?;
        if self.bytes > BYTES {
            return Err(Obstacle::TooLarge { commit: None }.into());
        }
        let sketch = Rc::new(Sketch::of(&objects.content(entry.id)?));
        self.sketches.insert(entry.id, Rc::clone(&sketch));
        Ok(sketch)
    }
}

/// Puts `new` in the place of `old` at `path`; `None` if that is not what is there.
fn replace(
    objects: &mut Objects<'_>,
    root: Option<ObjectId>,
    path: &[u8],
    old: &Entry,
    new: &Entry,
) -> Step<Option<ObjectId>> {
    let (name, rest) = match path.iter().position(|byte| *byte == b'/') {
        Some(at) => (&path[..at], Some(&path[at + 1..])),
        None => (path, None),
    };
    let tree = objects.tree(root)?;
    let fits = |entry: &Entry| *entry.name == *name && (entry.is_tree() == rest.is_some());
    let Some(index) = tree.iter().position(fits) else { return Ok(None) };
    let mut tree = (*tree).clone();
    match rest {
        Some(rest) => match replace(objects, Some(tree[index].id), rest, old, new)? {
            Some(id) => tree[index].id = id,
            None => return Ok(None),
        },
        None if tree[index].is_like(old) => {
            tree[index].id = new.id;
            tree[index].mode = new.mode;
        }
        None => return Ok(None),
    }
    Ok(objects.add_tree(tree)?)
}
