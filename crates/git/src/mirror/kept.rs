//! What the mirror holds, and what keeps it.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::PathBuf;
use std::sync::MutexGuard;

use refray_core::Oid;
use rustix::fs::{FlockOperation, flock};

use super::BACKUP_PREFIX;
use super::error::{Doing, MirrorError};
use super::packed::{self, Refs, Stamp};
use super::store::{Mirror, SolePack, State, object_id};

impl Mirror {
    /// Says which of `oids` are here with all of their history.
    ///
    /// Only what a reference of the mirror names or reaches is trusted, and what was checked after it came in.
    ///
    /// # Errors
    /// The mirror is damaged or cannot be read.
    pub fn holds(&self, oids: impl IntoIterator<Item = Oid>) -> Result<BTreeSet<Oid>, MirrorError> {
        let mut held = BTreeSet::new();
        let mut rest = BTreeSet::new();
        let values = {
            let state = self.current()?;
            for oid in oids {
                let known = state.values.contains(&oid) || state.checked.contains(&oid);
                if known {
                    held.insert(oid)
                } else {
                    rest.insert(oid)
                };
            }
            if rest.is_empty() { Vec::new() } else { state.values.iter().chain(&state.checked).copied().collect() }
        };
        let rest = self.existing(rest);
        if !rest.is_empty() {
            held.extend(self.reached_from(&values, rest)?);
        }
        Ok(held)
    }

    /// Keeps what `refs` names and everything that is reachable from it, instead of what was kept before. Backups stay.
    ///
    /// # Errors
    /// A value is not [held](Self::holds), a name is not a reference's, or the file system refuses; then nothing changes.
    pub fn keep(&self, refs: &BTreeMap<String, Oid>) -> Result<(), MirrorError> {
        self.rewrite(refs.values().copied(), |own| {
            own.retain(|name, _| name.starts_with(BACKUP_PREFIX));
            own.extend(refs.iter().map(|(name, oid)| (name.clone(), *oid)));
        })
    }

    /// Keeps what `refs` names besides all that is kept already.
    ///
    /// # Errors
    /// As for [`keep`](Self::keep).
    pub fn keep_also(&self, refs: &BTreeMap<String, Oid>) -> Result<(), MirrorError> {
        self.rewrite(refs.values().copied(), |own| own.extend(refs.iter().map(|(name, oid)| (name.clone(), *oid))))
    }

    /// Drops references, backups too.
    ///
    /// # Errors
    /// The file system refuses.
    pub fn drop_refs(&self, names: &BTreeSet<String>) -> Result<(), MirrorError> {
        self.rewrite([], |own| own.retain(|name, _| !names.contains(name)))
    }

    /// Returns the references whose names start with `prefix`.
    ///
    /// # Errors
    /// The mirror is damaged or cannot be read.
    pub fn refs(&self, prefix: &str) -> Result<BTreeMap<String, Oid>, MirrorError> {
        let state = self.current()?;
        let matching = state.refs.range(prefix.to_owned()..).take_while(|(name, _)| name.starts_with(prefix));
        Ok(matching.map(|(name, oid)| (name.clone(), *oid)).collect())
    }

    /// Checks that every reference is readable and names an object that exists.
    ///
    /// # Errors
    /// The mirror is damaged.
    pub fn verify(&self) -> Result<(), MirrorError> {
        let values: Vec<Oid> = self.current()?.values.iter().copied().collect();
        let view = self.view();
        match values.into_iter().find(|oid| oid.format() != self.format || !view.has_object(object_id(*oid))) {
            Some(oid) => Err(MirrorError::damaged(&self.path, format_args!("{oid} is missing"))),
            None => Ok(()),
        }
    }

    /// Notes that the history of `oids` is here and whole. `sole` is the pack that holds all of it and nothing else.
    pub(crate) fn note_checked(&self, oids: impl IntoIterator<Item = Oid>, sole: Option<PathBuf>) {
        let mut state = self.lock();
        let oids: BTreeSet<Oid> = oids.into_iter().collect();
        state.checked.extend(&oids);
        state.sole = sole.map(|path| SolePack { path, tips: oids });
    }

    /// Returns the pack that holds the history of exactly `tips`, if there is one.
    pub(crate) fn sole_pack(&self, tips: &BTreeSet<Oid>) -> Option<PathBuf> {
        self.lock().sole.as_ref().filter(|sole| sole.tips == *tips).map(|sole| sole.path.clone())
    }

    /// Forgets that pack, which is about to be replaced.
    pub(crate) fn forget_sole_pack(&self) {
        self.lock().sole = None;
    }

    /// Returns what is known, read anew if another process has changed it.
    pub(super) fn current(&self) -> Result<MutexGuard<'_, State>, MirrorError> {
        let mut state = self.lock();
        let path = self.path.join("packed-refs");
        let stamp = Stamp::of(&path).doing("look at", &path)?;
        if stamp != state.stamp {
            let refs = self.read()?;
            set(&mut state, refs, stamp);
        }
        Ok(state)
    }

    fn read(&self) -> Result<Refs, MirrorError> {
        let path = self.path.join("packed-refs");
        match fs::read_to_string(&path) {
            Ok(content) => packed::parse(&content).map_err(|why| MirrorError::damaged(&self.path, why)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Refs::new()),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                Err(MirrorError::damaged(&self.path, "its references are not text"))
            }
            Err(error) => Err(error).doing("read", &path),
        }
    }

    /// Changes the references as one, once `values` are known to be held.
    fn rewrite(
        &self,
        values: impl IntoIterator<Item = Oid>,
        change: impl FnOnce(&mut Refs),
    ) -> Result<(), MirrorError> {
        let values: BTreeSet<Oid> = values.into_iter().collect();
        let held = self.holds(values.iter().copied())?;
        if let Some(oid) = values.into_iter().find(|oid| !held.contains(oid)) {
            return Err(MirrorError::NotHeld { path: self.path.clone(), oid });
        }
        let _writer = self.lock_writer()?;
        let before = self.current()?.refs.clone();
        let mut refs = before.clone();
        change(&mut refs);
        if refs == before {
            return Ok(());
        }
        if let Some(name) = refs.keys().find(|name| !before.contains_key(*name) && !is_full_name(name)) {
            return Err(MirrorError::Name { name: name.clone() });
        }
        let path = self.path.join("packed-refs");
        packed::write_atomically(&path, &packed::print(&refs), 0o644).doing("write", &path)?;
        let stamp = Stamp::of(&path).doing("look at", &path)?;
        set(&mut self.lock(), refs, stamp);
        Ok(())
    }

    /// Keeps other processes from writing references.
    fn lock_writer(&self) -> Result<File, MirrorError> {
        let path = self.path.join("refray.lock");
        let file = OpenOptions::new().create(true).append(true).open(&path).doing("open", &path)?;
        flock(&file, FlockOperation::LockExclusive).doing("lock", &path)?;
        Ok(file)
    }
}

fn set(state: &mut State, refs: Refs, stamp: Option<Stamp>) {
    state.values = refs.values().copied().collect::<HashSet<_>>();
    state.refs = refs;
    state.stamp = stamp;
}

fn is_full_name(name: &str) -> bool {
    name.starts_with("refs/") && gix::validate::reference::name(name.into()).is_ok()
}
