//! Making, changing, listing and removing bare repositories.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use refray_core::ObjectFormat;
use refray_core::name::BranchName;

use super::error::{Doing, LocalError};
use crate::mirror::{lay_out, remove_at_once, sync_folder, write_atomically};

/// What git writes into the description of a new repository. It describes nothing.
const NO_DESCRIPTION: &str = "Unnamed repository;";

/// Makes an empty bare repository at `path`, all at once, with `default_branch` as the branch that HEAD names.
///
/// # Errors
/// Something is there already, or the file system refuses.
pub fn create(path: &Path, default_branch: &BranchName, format: ObjectFormat) -> Result<(), LocalError> {
    let parent = parent_of(path);
    if path.symlink_metadata().is_ok() {
        return Err(LocalError::AlreadyExists { path: path.to_owned() });
    }
    fs::create_dir_all(parent).doing("create", parent)?;
    let new = tempfile::Builder::new()
        .prefix(".refray-new-")
        .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o755))
        .tempdir_in(parent)
        .doing("create a folder in", parent)?;
    let head = format!("refs/heads/{default_branch}");
    lay_out(new.path(), format, &head, "").doing("write", new.path())?;
    // A folder with anything in it is not replaced by a rename.
    match fs::rename(new.path(), path) {
        Ok(()) => {
            drop(new.keep());
            sync_folder(parent).doing("sync", parent)
        }
        Err(error) if matches!(error.kind(), io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::NotADirectory) => {
            Err(LocalError::AlreadyExists { path: path.to_owned() })
        }
        Err(error) => Err(error).doing("create", path),
    }
}

/// Lets HEAD name `branch`.
///
/// # Errors
/// It is no repository, another process holds the lock, or the file system refuses.
pub fn set_default_branch(path: &Path, branch: &BranchName) -> Result<(), LocalError> {
    check(path)?;
    let head = path.join("HEAD");
    let lock = path.join("HEAD.lock");
    let mut file = match OpenOptions::new().write(true).create_new(true).open(&lock) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            return Err(LocalError::Locked { path: path.to_owned(), lock });
        }
        Err(error) => return Err(error).doing("lock", &head),
    };
    let written = file
        .write_all(format!("ref: refs/heads/{branch}\n").as_bytes())
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(&lock, &head));
    if written.is_err() {
        drop(fs::remove_file(&lock));
    }
    written.doing("write", &head)
}

/// Removes a repository: it is gone under its name at once.
///
/// # Errors
/// It is no repository, or the file system refuses.
pub fn delete(path: &Path) -> Result<(), LocalError> {
    check(path)?;
    remove_at_once(path).doing("remove", path)
}

/// Gives a repository another name.
///
/// # Errors
/// It is no repository, the name is taken, or the file system refuses.
pub fn rename(from: &Path, to: &Path) -> Result<(), LocalError> {
    check(from)?;
    if to.symlink_metadata().is_ok() {
        return Err(LocalError::AlreadyExists { path: to.to_owned() });
    }
    fs::rename(from, to).doing("rename", from)
}

/// Returns what identifies the directory for as long as it exists, whatever its name: device, inode, and where the file
/// system knows it the time of its creation, because inodes are used anew.
///
/// # Errors
/// It does not exist, or the file system refuses.
pub fn identity(path: &Path) -> Result<String, LocalError> {
    let meta = fs::metadata(path).doing("look at", path)?;
    let born = meta.created().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    let born = born.map_or_else(String::new, |born| format!(":{}", born.as_nanos()));
    Ok(format!("{}:{}{born}", meta.dev(), meta.ino()))
}

/// Reads a repository's description; empty when it has none.
///
/// # Errors
/// The file system refuses.
pub fn description(path: &Path) -> Result<String, LocalError> {
    let file = path.join("description");
    match fs::read(&file) {
        Ok(bytes) => {
            let text = String::from_utf8_lossy(&bytes);
            let text = text.trim();
            Ok(if text.starts_with(NO_DESCRIPTION) { String::new() } else { text.to_owned() })
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(error).doing("read", &file),
    }
}

/// Writes a repository's description.
///
/// # Errors
/// It is no repository, or the file system refuses.
pub fn set_description(path: &Path, text: &str) -> Result<(), LocalError> {
    check(path)?;
    let file = path.join("description");
    write_atomically(&file, format!("{text}\n").as_bytes(), 0o644).doing("write", &file)
}

/// Says whether `path` looks like a bare repository.
pub fn is_repository(path: &Path) -> bool {
    path.join("HEAD").symlink_metadata().is_ok() && path.join("objects").is_dir() && path.join("refs").is_dir()
}

/// Lists the repositories directly in `folder`: directories called `NAME.git`, in the order of their names. A folder that
/// does not exist is an error, not an empty one.
///
/// # Errors
/// The folder cannot be read to its end.
pub fn list(folder: &Path) -> Result<Vec<PathBuf>, LocalError> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).doing("list", folder)? {
        let path = entry.doing("list", folder)?.path();
        let is_hidden = path.file_name().is_none_or(|name| name.to_string_lossy().starts_with('.'));
        if !is_hidden && path.extension().is_some_and(|extension| extension == "git") && is_repository(&path) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn parent_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

pub(super) fn check(path: &Path) -> Result<(), LocalError> {
    if is_repository(path) {
        return Ok(());
    }
    match path.metadata() {
        Ok(_) => Err(LocalError::NotARepository { path: path.to_owned() }),
        Err(error) => Err(error).doing("look at", path),
    }
}
