//! Telling folders apart. Blocking: called on threads that may block.

use std::fs::{self, Metadata};
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::UNIX_EPOCH;

use refray_core::name::BranchName;

/// Says whether a folder is a bare repository, or what is left of one: a damaged one is still one, and must not look gone.
pub(super) fn is_repository(folder: &Path) -> io::Result<bool> {
    for part in ["HEAD", "objects", "refs"] {
        if folder.join(part).try_exists()? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Returns a folder's identity: it survives renames, and another folder that takes the place later has another one. A
/// file system may give an inode's number again, hence the time of birth; the device's number is left out, because the
/// same disk may get another one when it is mounted next.
pub(super) fn identity(metadata: &Metadata) -> String {
    let born = metadata.created().ok().and_then(|born| born.duration_since(UNIX_EPOCH).ok());
    match born {
        Some(born) => format!("{}-{}", metadata.ino(), born.as_nanos()),
        None => metadata.ino().to_string(),
    }
}

/// Reads the branch that HEAD names.
pub(super) fn head(folder: &Path) -> io::Result<Option<BranchName>> {
    let text = match fs::read_to_string(folder.join("HEAD")) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let branch =
        text.trim_end().strip_prefix("ref:").map(str::trim_start).and_then(|full| full.strip_prefix("refs/heads/"));
    Ok(branch.and_then(|branch| BranchName::new(branch).ok()))
}
