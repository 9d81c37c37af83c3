//! Where objects wait until they have been checked.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use tempfile::TempDir;

use super::error::{Doing, MirrorError};
use super::packed::sync_folder;
use super::store::Mirror;

/// Nothing younger is taken for stale.
const YOUNG: Duration = Duration::from_secs(10);

/// A folder of objects beside those of the mirror. What is not [admitted](Self::admit) disappears with it.
pub(crate) struct Quarantine {
    folder: TempDir,
    /// Says, by being locked, that somebody is at work here.
    _lock: File,
}

impl Quarantine {
    pub(crate) fn new(mirror: &Mirror) -> Result<Self, MirrorError> {
        let parent = incoming(mirror.path());
        fs::create_dir_all(&parent).doing("create", &parent)?;
        Self::within(&parent)
    }

    /// Makes one in any folder on the same file system.
    pub(crate) fn within(parent: &Path) -> Result<Self, MirrorError> {
        let folder = tempfile::Builder::new().prefix("in-").tempdir_in(parent).doing("create a folder in", parent)?;
        let path = folder.path().join("lock");
        let lock = File::create_new(&path).doing("create", &path)?;
        flock(&lock, FlockOperation::LockExclusive).doing("lock", &path)?;
        let pack = folder.path().join("objects/pack");
        fs::create_dir_all(&pack).doing("create", &pack)?;
        Ok(Self { folder, _lock: lock })
    }

    pub(crate) fn objects(&self) -> PathBuf {
        self.folder.path().join("objects")
    }

    /// Moves the pack called `name` (`pack-…`) into the mirror and returns where it is now.
    pub(crate) fn admit(&self, mirror: &Mirror, name: &str) -> Result<PathBuf, MirrorError> {
        let from = self.objects().join("pack");
        let to = mirror.objects().join("pack");
        let mut index = None;
        for entry in fs::read_dir(&from).doing("list", &from)? {
            let path = entry.doing("list", &from)?.path();
            let Some(file) = path.file_name() else { continue };
            if !file.to_string_lossy().starts_with(name) {
                continue;
            }
            let target = to.join(file);
            if path.extension().is_some_and(|extension| extension == "idx") {
                index = Some((path, target));
            } else {
                fs::rename(&path, &target).doing("move", &path)?;
            }
        }
        // A pack is there as soon as its index is, so that must come last.
        if let Some((path, target)) = index {
            fs::rename(&path, &target).doing("move", &path)?;
        }
        sync_folder(&to).doing("sync", &to)?;
        mirror.note_admitted()?;
        Ok(to.join(format!("{name}.pack")))
    }
}

fn incoming(mirror: &Path) -> PathBuf {
    mirror.join("incoming")
}

/// Removes what processes that are gone have left. Nothing depends on it, so failures are passed over.
pub(super) fn remove_stale(mirror: &Path) {
    let Ok(entries) = fs::read_dir(incoming(mirror)) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        // One that is just being made is not locked yet.
        let is_young = entry
            .metadata()
            .and_then(|meta| meta.modified())
            .ok()
            .and_then(|time| time.elapsed().ok())
            .is_none_or(|age| age < YOUNG);
        let lock = File::open(path.join("lock"));
        let busy = is_young || lock.is_ok_and(|lock| flock(&lock, FlockOperation::NonBlockingLockExclusive).is_err());
        if !busy && let Err(error) = fs::remove_dir_all(&path) {
            tracing::debug!(path = %path.display(), %error, "could not remove what an interrupted fetch left");
        }
    }
}
