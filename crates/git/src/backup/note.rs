//! What is written down beside a bundle, which itself holds nothing but references and objects.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::error::{BackupError, Doing};
use crate::mirror::write_atomically;

fn beside(bundle: &Path) -> PathBuf {
    bundle.with_extension("json")
}

/// Writes a note beside a bundle, or where one would be that had nothing to hold. It is on the disk when this returns.
///
/// # Errors
/// The file system refuses.
pub fn annotate(bundle: &Path, text: &[u8]) -> Result<(), BackupError> {
    let path = beside(bundle);
    write_atomically(&path, text, 0o600).doing("write", &path)
}

/// Reads the note beside a bundle; `None` when there is none.
///
/// # Errors
/// It cannot be read.
pub fn note(bundle: &Path) -> Result<Option<Vec<u8>>, BackupError> {
    let path = beside(bundle);
    match fs::read(&path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).doing("read", &path),
    }
}

/// Removes a bundle and its note.
///
/// # Errors
/// The file system refuses.
pub fn remove(bundle: &Path) -> Result<(), BackupError> {
    for path in [beside(bundle), bundle.to_owned()] {
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error).doing("remove", &path),
            _ => {}
        }
    }
    Ok(())
}
