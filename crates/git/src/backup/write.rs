//! Making and restoring backups.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, DirBuilder, File, Permissions};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::BytesMut;
use refray_core::Oid;
use tokio::io::{AsyncReadExt, AsyncSeekExt};

use super::bundle::{Bundle, read};
use super::error::{BackupError, Doing};
use crate::child::{ChildError, Git};
use crate::fetch::{Indexed, Indexer, check_connected};
use crate::mirror::{Mirror, MirrorError, Quarantine, sync_folder};

/// What is to be kept.
pub struct BackupRequest<'a> {
    /// References under `refs/refray-backups/` and what they are to keep; see [`branch_ref`](super::branch_ref) and
    /// [`repository_ref`](super::repository_ref).
    pub refs: BTreeMap<String, Oid>,
    /// The folder for the bundle. It is made if there is none.
    pub folder: &'a Path,
    /// The bundle's name without `.bundle`.
    pub name: &'a str,
}

/// A backup that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    /// The bundle.
    pub bundle: PathBuf,
    /// What it keeps.
    pub refs: BTreeMap<String, Oid>,
}

/// Keeps objects under references in the mirror and in a bundle that was proven to be complete in itself, and is on the disk
/// when this returns.
///
/// # Errors
/// There is no backup. The caller must not write what the backup is for.
pub async fn backup(git: &Git, mirror: &Arc<Mirror>, request: &BackupRequest<'_>) -> Result<Backup, BackupError> {
    let (own, refs) = (mirror.clone(), request.refs.clone());
    blocking(move || own.keep_also(&refs)).await?;
    let folder = request.folder;
    DirBuilder::new().recursive(true).mode(0o700).create(folder).doing("create", folder)?;
    let target = free_name(folder, request.name)?;
    // A folder beside the target, so that the bundle can be renamed and half-made ones go by themselves.
    let scratch = tempfile::Builder::new().prefix(".refray-").tempdir_in(folder).doing("create a folder in", folder)?;
    let draft = scratch.path().join("draft");
    let mut names = String::new();
    for name in request.refs.keys() {
        names.push_str(name);
        names.push('\n');
    }
    git.command("bundle")
        .args(["create", "--quiet"])
        .arg(&draft)
        .arg("--stdin")
        .repository(mirror.path())
        .run(Some(names.into_bytes()))
        .await
        .map_err(|source| BackupError::Git { doing: "create", path: target.clone(), source })?;
    prove(git, mirror, &draft, &target, &request.refs, scratch.path()).await?;
    let file = File::open(&draft).doing("open", &draft)?;
    file.set_permissions(Permissions::from_mode(0o600)).doing("protect", &draft)?;
    file.sync_all().doing("sync", &draft)?;
    fs::rename(&draft, &target).doing("rename", &draft)?;
    sync_folder(folder).doing("sync", folder)?;
    Ok(Backup { bundle: target, refs: request.refs.clone() })
}

/// Returns a name in `folder` that is not taken.
fn free_name(folder: &Path, name: &str) -> Result<PathBuf, BackupError> {
    let mut target = folder.join(format!("{name}.bundle"));
    let mut number = 1;
    while target.try_exists().doing("look at", &target)? {
        number += 1;
        target = folder.join(format!("{name}-{number}.bundle"));
    }
    Ok(target)
}

/// Proves that the bundle at `draft` restores `refs` without anything else.
async fn prove(
    git: &Git,
    mirror: &Mirror,
    draft: &Path,
    target: &Path,
    refs: &BTreeMap<String, Oid>,
    scratch: &Path,
) -> Result<(), BackupError> {
    let unusable = |why: &str| BackupError::Unusable { path: target.to_owned(), why: why.to_owned() };
    let bundle = read(draft)?;
    if bundle.refs != *refs {
        return Err(unusable("it does not list what it should"));
    }
    if !bundle.prerequisites.is_empty() {
        return Err(unusable("it needs objects that are not in it"));
    }
    let failed = |source| BackupError::Git { doing: "verify", path: target.to_owned(), source };
    git.command("bundle")
        .args(["verify", "--quiet"])
        .arg(draft)
        .repository(mirror.path())
        .run(None)
        .await
        .map_err(failed)?;
    // That looks at the head only. Whether every object is there and whole shows when the pack is taken in without the mirror.
    let alone = Quarantine::within(scratch)?;
    let indexed = index(git, mirror, &bundle, &alone, false).await?;
    if !indexed.self_contained {
        return Err(unusable("objects are missing in it"));
    }
    Ok(())
}

/// Takes the pack of a bundle in.
async fn index(
    git: &Git,
    mirror: &Mirror,
    bundle: &Bundle,
    quarantine: &Quarantine,
    with_mirror: bool,
) -> Result<Indexed, BackupError> {
    let path = &bundle.path;
    let failed = |source: ChildError| BackupError::Git { doing: "index", path: path.clone(), source };
    let mut file = tokio::fs::File::open(path).await.doing("open", path)?;
    file.seek(std::io::SeekFrom::Start(bundle.pack_at)).await.doing("read", path)?;
    let mut indexer = Indexer::start(git, mirror.path(), quarantine, !with_mirror, with_mirror).map_err(failed)?;
    loop {
        let mut piece = BytesMut::with_capacity(256 << 10);
        if file.read_buf(&mut piece).await.doing("read", path)? == 0 {
            return indexer.finish().await.map_err(failed);
        }
        indexer.write(&piece.freeze()).await.map_err(failed)?;
    }
}

/// Puts the objects of the bundle at `path` into the mirror, which holds what the bundle lists afterwards.
///
/// # Errors
/// The bundle is damaged, of another format, or lacks objects; then nothing is held that was not before.
pub async fn restore(git: &Git, mirror: &Arc<Mirror>, path: &Path) -> Result<Bundle, BackupError> {
    let bundle = read(path)?;
    let unusable = |why: String| BackupError::Unusable { path: path.to_owned(), why };
    if bundle.format != mirror.format() {
        return Err(unusable(format!(
            "its objects are {}, those of the repository {}",
            bundle.format,
            mirror.format()
        )));
    }
    let quarantine = Quarantine::new(mirror)?;
    let indexed = index(git, mirror, &bundle, &quarantine, true).await?;
    let tips: BTreeSet<Oid> = bundle.refs.values().copied().collect();
    check_connected(git, mirror, &quarantine, &tips).await.map_err(|error| match error {
        ChildError::Failed { stderr, .. } => unusable(stderr),
        source => BackupError::Git { doing: "check", path: path.to_owned(), source },
    })?;
    if let Some(name) = &indexed.name {
        quarantine.admit(mirror, name)?;
    }
    mirror.note_checked(tips, None);
    Ok(bundle)
}

async fn blocking(work: impl FnOnce() -> Result<(), MirrorError> + Send + 'static) -> Result<(), BackupError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => Ok(result?),
        Err(error) => std::panic::resume_unwind(error.try_into_panic().unwrap_or_else(|error| Box::new(error))),
    }
}
