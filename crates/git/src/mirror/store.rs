//! Making, opening and wiping a mirror.

use std::collections::{BTreeSet, HashSet};
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};

use gix::ObjectId;
use refray_core::{ObjectFormat, Oid};

use super::error::{Doing, MirrorError};
use super::packed::{Refs, Stamp, sync_folder, write_atomically};
use super::quarantine;

/// A mirror that is open. May be used from many threads at once.
pub struct Mirror {
    pub(super) path: PathBuf,
    pub(super) format: ObjectFormat,
    repository: RwLock<gix::ThreadSafeRepository>,
    pub(super) state: Mutex<State>,
}

/// What is known of the mirror's content.
#[derive(Default)]
pub(super) struct State {
    /// The references, as they were last read or written.
    pub(super) refs: Refs,
    /// Their values.
    pub(super) values: HashSet<Oid>,
    /// The file that they were read from.
    pub(super) stamp: Option<Stamp>,
    /// Objects whose history was checked to be whole and that no reference keeps yet.
    pub(super) checked: HashSet<Oid>,
    /// The pack of a first fetch.
    pub(super) sole: Option<SolePack>,
    /// How many packs have come in since the object database was opened.
    pub(super) admitted: usize,
}

/// A pack that came into an empty mirror, and so holds all of the history of `tips` and nothing else.
#[derive(Debug, Clone)]
pub(super) struct SolePack {
    pub(super) path: PathBuf,
    pub(super) tips: BTreeSet<Oid>,
}

impl Mirror {
    /// Opens the mirror at `path`, or makes an empty one for `format`.
    ///
    /// # Errors
    /// It is damaged, of another format, or the file system refuses.
    pub fn open_or_create(path: &Path, format: ObjectFormat) -> Result<Self, MirrorError> {
        let path = std::path::absolute(path).doing("find", path)?;
        if !path.try_exists().doing("look at", &path)? {
            create(&path, format)?;
        }
        let own = Self::open(&path)?;
        if own.format != format {
            return Err(MirrorError::Format { path, found: own.format, wanted: format });
        }
        Ok(own)
    }

    /// Opens the mirror at `path`.
    ///
    /// # Errors
    /// It is missing or damaged, or the file system refuses.
    pub fn open(path: &Path) -> Result<Self, MirrorError> {
        let own = Self::look(path)?;
        quarantine::remove_stale(&own.path);
        own.verify()?;
        Ok(own)
    }

    /// Opens the mirror at `path` to read it, without tidying up and without a look at what is in it.
    ///
    /// # Errors
    /// It is missing or no bare repository, or the file system refuses.
    pub fn look(path: &Path) -> Result<Self, MirrorError> {
        let path = std::path::absolute(path).doing("find", path)?;
        let repository = open_isolated(&path).map_err(|error| MirrorError::damaged(&path, error))?;
        let local = repository.to_thread_local();
        if !local.is_bare() {
            return Err(MirrorError::damaged(&path, "it is not a bare repository"));
        }
        let format = own_format(local.object_hash())
            .ok_or_else(|| MirrorError::damaged(&path, "its object format is not known"))?;
        Ok(Self { path, format, repository: RwLock::new(repository), state: Mutex::default() })
    }

    /// Removes the mirror at `path`, whatever state it is in.
    ///
    /// # Errors
    /// The file system refuses.
    pub fn wipe(path: &Path) -> Result<(), MirrorError> {
        match remove_at_once(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            result => result.doing("remove", path),
        }
    }

    /// Returns where the mirror is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the mirror's hash function.
    pub fn format(&self) -> ObjectFormat {
        self.format
    }

    pub(crate) fn objects(&self) -> PathBuf {
        self.path.join("objects")
    }

    /// Says whether nothing has come in yet.
    pub(crate) fn is_empty(&self) -> Result<bool, MirrorError> {
        Ok(self.current()?.refs.is_empty() && self.packs()?.is_empty())
    }

    /// Lists the pack files.
    pub(crate) fn packs(&self) -> Result<Vec<PathBuf>, MirrorError> {
        let folder = self.objects().join("pack");
        let mut packs = Vec::new();
        for entry in fs::read_dir(&folder).doing("list", &folder)? {
            let path = entry.doing("list", &folder)?.path();
            if path.extension().is_some_and(|extension| extension == "pack") {
                packs.push(path);
            }
        }
        Ok(packs)
    }

    /// Returns a view for one thread that has seen every pack there is, and does not look again for missing objects.
    pub(crate) fn view(&self) -> gix::Repository {
        let mut view = self.repository.read().unwrap_or_else(PoisonError::into_inner).to_thread_local();
        // A look for what cannot be there makes it read the list of packs anew.
        let _: bool = view.has_object(absent(self.format));
        view.objects.refresh_never();
        view
    }

    /// Opens the object database anew: it has room for a limited number of packs, those that are gone included.
    pub(super) fn reopen(&self) -> Result<(), MirrorError> {
        let fresh = open_isolated(&self.path).map_err(|error| MirrorError::damaged(&self.path, error))?;
        *self.repository.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        self.lock().admitted = 0;
        Ok(())
    }

    /// Notes that a pack has come in.
    pub(super) fn note_admitted(&self) -> Result<(), MirrorError> {
        let admitted = {
            let mut state = self.lock();
            state.admitted += 1;
            state.admitted
        };
        if admitted < ROOM / 2 { Ok(()) } else { self.reopen() }
    }

    /// Says which of `oids` exist, whole or not.
    pub(crate) fn existing(&self, oids: impl IntoIterator<Item = Oid>) -> BTreeSet<Oid> {
        let view = self.view();
        oids.into_iter().filter(|oid| oid.format() == self.format && view.has_object(object_id(*oid))).collect()
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        // The state is only replaced as a whole, so a panic elsewhere leaves nothing half-done in it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Mirror {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Mirror({})", self.path.display())
    }
}

/// How many packs may at least come in before the object database must be opened anew.
const ROOM: usize = 512;

/// An id that no object has.
fn absent(format: ObjectFormat) -> ObjectId {
    match format {
        ObjectFormat::Sha1 => ObjectId::from([1; 20]),
        ObjectFormat::Sha256 => ObjectId::from([1; 32]),
    }
}

/// Opens a bare repository without regard to any configuration but its own.
pub(crate) fn open_isolated(path: &Path) -> Result<gix::ThreadSafeRepository, gix::Error> {
    let room = gix::odb::store::init::Slots::AsNeededByDiskState { multiplier: 2.0, minimum: ROOM };
    gix::open::Options::isolated().object_store_slots(room).open_path_as_is(true).with(gix::sec::Trust::Full).open(path)
}

/// Converts to the type that the object database uses.
pub(crate) fn object_id(oid: Oid) -> ObjectId {
    ObjectId::from_bytes_or_panic(oid.as_bytes())
}

/// Converts from the type that the object database uses; `None` for all zeros.
pub(crate) fn own_id(id: &gix::oid) -> Option<Oid> {
    Oid::from_bytes(id.as_bytes()).ok()
}

pub(crate) fn own_format(kind: gix::hash::Kind) -> Option<ObjectFormat> {
    match kind {
        gix::hash::Kind::Sha1 => Some(ObjectFormat::Sha1),
        gix::hash::Kind::Sha256 => Some(ObjectFormat::Sha256),
        _ => None,
    }
}

/// Makes an empty mirror under another name and renames it, so that a half-made one is never found.
fn create(path: &Path, format: ObjectFormat) -> Result<(), MirrorError> {
    let parent = path.parent().unwrap_or_else(|| Path::new("/"));
    DirBuilder::new().recursive(true).mode(0o700).create(parent).doing("create", parent)?;
    let new = tempfile::Builder::new().prefix(".refray-new-").tempdir_in(parent).doing("create a folder in", parent)?;
    let extra = "[gc]\n\tauto = 0\n";
    lay_out(new.path(), format, "refs/heads/refray", extra).doing("write", new.path())?;
    let built = new.keep();
    match fs::rename(&built, path) {
        Ok(()) => sync_folder(parent).doing("sync", parent),
        Err(error) => {
            drop(fs::remove_dir_all(&built));
            // Somebody else made it at the same moment.
            if path.join("HEAD").exists() { Ok(()) } else { Err(error).doing("create", path) }
        }
    }
}

/// Fills an empty folder with what makes a bare repository.
pub(crate) fn lay_out(folder: &Path, format: ObjectFormat, head: &str, extra: &str) -> io::Result<()> {
    for name in ["objects/info", "objects/pack", "refs/heads", "refs/tags"] {
        fs::create_dir_all(folder.join(name))?;
    }
    let (version, extensions) = match format {
        ObjectFormat::Sha1 => (0, ""),
        ObjectFormat::Sha256 => (1, "[extensions]\n\tobjectformat = sha256\n"),
    };
    let config =
        format!("[core]\n\trepositoryformatversion = {version}\n\tfilemode = true\n\tbare = true\n{extensions}{extra}");
    write_atomically(&folder.join("config"), config.as_bytes(), 0o644)?;
    write_atomically(&folder.join("HEAD"), format!("ref: {head}\n").as_bytes(), 0o644)
}

/// Removes a folder: it is gone under its name at once, however long the rest takes.
pub(crate) fn remove_at_once(path: &Path) -> io::Result<()> {
    let parent = path.parent().unwrap_or_else(|| Path::new("/"));
    let grave = tempfile::Builder::new().prefix(".refray-gone-").tempdir_in(parent)?;
    fs::rename(path, grave.path().join("x"))?;
    sync_folder(parent)?;
    grave.close()
}
