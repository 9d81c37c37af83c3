//! Objects, as a trial sees them: those of the mirror, and new ones that are only in memory.

use std::collections::HashMap;
use std::rc::Rc;

use gix::ObjectId;
use gix::objs::{Kind, Write as _};
use refray_core::Oid;

use super::error::{CombineError, Step};
use super::obstacle::Obstacle;
use super::path::{Entry, Tree, parse_tree};
use crate::mirror::{Mirror, MirrorError};

/// What is kept of objects that were read.
const CACHE: usize = 64 << 20;

/// What may be held of new objects before they are written.
const FRESH: usize = 64 << 20;

/// How many entries of parsed trees are kept.
const ENTRIES: usize = 1 << 20;

/// The size from which on a file's content is not looked into.
pub(super) const LARGEST: u64 = 32 << 20;

pub(super) struct Objects<'m> {
    mirror: &'m Mirror,
    pub(super) view: gix::Repository,
    fresh: HashMap<ObjectId, (Kind, Vec<u8>)>,
    held: usize,
    trees: HashMap<ObjectId, Rc<Tree>>,
    entries: usize,
}

impl<'m> Objects<'m> {
    pub(super) fn new(mirror: &'m Mirror) -> Self {
        let mut view = mirror.view();
        view.object_cache_size(CACHE);
        Self { mirror, view, fresh: HashMap::new(), held: 0, trees: HashMap::new(), entries: 0 }
    }

    /// Says that the mirror cannot be read or written as it should.
    pub(super) fn damaged(&self, why: impl ToString) -> CombineError {
        MirrorError::damaged(self.mirror.path(), why).into()
    }

    /// Returns the content of an object that must be of `kind`.
    pub(super) fn read(&self, id: ObjectId, kind: Kind) -> Result<Vec<u8>, CombineError> {
        if let Some((own, data)) = self.fresh.get(&id) {
            return if *own == kind {
                Ok(data.clone())
            } else {
                Err(self.damaged(format_args!("{id} is not a {kind}")))
            };
        }
        let object = self.view.find_object(id).map_err(|error| self.damaged(error))?;
        if object.kind != kind {
            return Err(self.damaged(format_args!("{id} is not a {kind}")));
        }
        Ok(object.detach().data)
    }

    /// Returns a blob's size.
    pub(super) fn size(&self, id: ObjectId) -> Result<u64, CombineError> {
        match self.fresh.get(&id) {
            Some((_, data)) => Ok(data.len() as u64),
            None => Ok(self.view.find_header(id).map_err(|error| self.damaged(error))?.size()),
        }
    }

    /// Returns a blob's content, unless it is too large to be looked into.
    pub(super) fn content(&self, id: ObjectId) -> Step<Vec<u8>> {
        if self.size(id)? > LARGEST {
            return Err(Obstacle::TooLarge { commit: None }.into());
        }
        Ok(self.read(id, Kind::Blob)?)
    }

    /// Returns a tree; the one without any entry for `None`.
    pub(super) fn tree(&mut self, id: Option<ObjectId>) -> Result<Rc<Tree>, CombineError> {
        let Some(id) = id else { return Ok(Rc::default()) };
        if let Some(tree) = self.trees.get(&id) {
            return Ok(Rc::clone(tree));
        }
        let tree = Rc::new(if id.is_empty_tree() {
            Tree::default()
        } else {
            let data = self.read(id, Kind::Tree)?;
            parse_tree(&data, id)?
        });
        self.remember(id, &tree);
        Ok(tree)
    }

    /// Adds a tree; `None` if it would be empty.
    pub(super) fn add_tree(&mut self, tree: Tree) -> Result<Option<ObjectId>, CombineError> {
        if tree.is_empty() {
            return Ok(None);
        }
        let mut data = Vec::with_capacity(tree.len() * 48);
        for entry in &tree {
            entry.write_to(&mut data);
        }
        let id = self.add(Kind::Tree, data)?;
        self.remember(id, &Rc::new(tree));
        Ok(Some(id))
    }

    fn remember(&mut self, id: ObjectId, tree: &Rc<Tree>) {
        if self.entries > ENTRIES {
            self.trees.clear();
            self.entries = 0;
        }
        self.entries += tree.len() + 1;
        self.trees.insert(id, Rc::clone(tree));
    }

    /// Adds an object, in memory.
    pub(super) fn add(&mut self, kind: Kind, data: Vec<u8>) -> Result<ObjectId, CombineError> {
        let id = gix::objs::compute_hash(self.view.object_hash(), kind, &data).map_err(|error| self.damaged(error))?;
        if !self.fresh.contains_key(&id) {
            self.held += data.len();
            self.fresh.insert(id, (kind, data));
        }
        Ok(id)
    }

    /// Says whether what is held in memory is better written now.
    pub(super) fn is_full(&self) -> bool {
        self.held > FRESH
    }

    /// Writes the new objects that a commit needs, and forgets all others.
    pub(super) fn write(&mut self, tip: ObjectId) -> Result<(), CombineError> {
        // A commit comes last: who finds it finds what it needs.
        let mut open = vec![(tip, false)];
        while let Some((id, is_done)) = open.pop() {
            if is_done {
                if let Some((kind, data)) = self.fresh.remove(&id) {
                    self.view.write_buf(kind, &data).map_err(|error| self.damaged(error))?;
                }
                continue;
            }
            let Some((kind, data)) = self.fresh.get(&id) else { continue };
            open.push((id, true));
            match kind {
                Kind::Commit => open.extend(super::commit::links(data).map(|id| (id, false))),
                Kind::Tree => open.extend(parse_tree(data, id)?.iter().map(|entry| (entry.id, false))),
                _ => {}
            }
        }
        self.fresh.clear();
        self.held = 0;
        Ok(())
    }

    /// Writes what the combined tip needs. It is whole if what it was made from is.
    pub(super) fn finish(&mut self, tip: ObjectId, made_from: &[Oid]) -> Result<Oid, CombineError> {
        let oid = self.oid(tip)?;
        if self.fresh.contains_key(&tip) {
            self.write(tip)?;
        }
        if self.mirror.holds(made_from.iter().copied())?.len() == distinct(made_from)
            && self.mirror.holds([oid])?.is_empty()
        {
            self.mirror.note_checked([oid], None);
        }
        Ok(oid)
    }

    pub(super) fn oid(&self, id: ObjectId) -> Result<Oid, CombineError> {
        crate::mirror::own_id(&id).ok_or_else(|| self.damaged("it has an object that is all zeros"))
    }

    /// Writes a blob and returns an entry for it under the name of `like`.
    pub(super) fn add_blob(&mut self, like: &Entry, mode: u32, data: Vec<u8>) -> Result<Entry, CombineError> {
        Ok(Entry { name: like.name.clone(), mode, id: self.add(Kind::Blob, data)? })
    }
}

fn distinct(oids: &[Oid]) -> usize {
    oids.iter().collect::<std::collections::BTreeSet<_>>().len()
}
