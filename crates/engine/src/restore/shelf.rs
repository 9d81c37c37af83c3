//! The backups in the state directory.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use refray_core::name::{EndpointId, GroupName, RefName};
use refray_core::oid::Oid;
use refray_git::Mirror;
use refray_git::backup::{self, BackupError, Bundle};

use super::note::{Note, NotedRef};
use crate::engine::LazyGit;

/// Which backup: its group, its repository's key and its stamp.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct BackupId {
    /// The group.
    pub group: GroupName,
    /// The repository's key.
    pub key: String,
    /// When it was made, with a number behind it if several were in one second.
    pub stamp: String,
}

impl fmt::Display for BackupId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.group, self.key, self.stamp)
    }
}

impl BackupId {
    /// Returns when it was made, by its name.
    pub(crate) fn made(&self) -> Option<Timestamp> {
        parse_stamp(&self.stamp)
    }
}

/// Reads what [`Engine::stamp`](crate::engine::Engine) writes; a number behind it is ignored.
pub(crate) fn parse_stamp(stamp: &str) -> Option<Timestamp> {
    let stamp = stamp.split('-').next()?;
    let civil = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", stamp).ok()?;
    civil.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

/// A backup on the shelf.
#[derive(Debug, Clone)]
pub struct Shelved {
    /// Its name.
    pub id: BackupId,
    /// The bundle.
    pub path: PathBuf,
    /// Bytes.
    pub size: u64,
    /// What was written down; `None` for one that has no note.
    pub note: Option<Note>,
    /// The head of the bundle, or what is wrong with it.
    pub bundle: Result<Bundle, String>,
}

impl Shelved {
    /// Returns when it was made.
    pub fn made(&self) -> Option<Timestamp> {
        self.note.as_ref().map(|note| note.made).or_else(|| self.id.made())
    }

    /// Returns what it keeps: from the note, else as far as the names in the bundle tell.
    pub fn refs(&self) -> Vec<NotedRef> {
        if let Some(note) = &self.note {
            return note.refs.values().cloned().collect();
        }
        let Ok(bundle) = &self.bundle else { return Vec::new() };
        let mut refs: BTreeMap<(RefName, Oid), BTreeSet<EndpointId>> = BTreeMap::new();
        for (kept, oid) in &bundle.refs {
            let Some(origin) = backup::origin(kept) else { continue };
            let Some(name) = origin.name else { continue };
            let endpoint = origin.endpoint.and_then(|endpoint| EndpointId::new(endpoint).ok());
            refs.entry((name, *oid)).or_default().extend(endpoint);
        }
        refs.into_iter().map(|((name, oid), endpoints)| NotedRef { name, oid, endpoints }).collect()
    }
}

/// A backup cannot be found or read.
#[derive(Debug, thiserror::Error)]
pub enum ShelfError {
    /// There is none of that name.
    #[error("there is no backup `{0}`")]
    Unknown(String),
    /// There are several.
    #[error("`{name}` may be {}", several.join(", "))]
    Ambiguous {
        /// What was given.
        name: String,
        /// What it may be.
        several: Vec<String>,
    },
    /// The folder cannot be read.
    #[error("cannot read `{}`: {source}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A backup cannot be listed or removed.
    #[error(transparent)]
    Backup(#[from] BackupError),
}

impl ShelfError {
    /// Returns what the user can do.
    pub const fn remedy(&self) -> &'static str {
        match self {
            Self::Unknown(_) => "`refray backup list` names them all.",
            Self::Ambiguous { .. } => "Give more of its name, as `refray backup list` shows it.",
            Self::Folder { .. } | Self::Backup(_) => "Check the state directory, its disk and its rights.",
        }
    }
}

/// The folder of backups.
#[derive(Debug, Clone)]
pub struct Shelf {
    root: PathBuf,
}

impl Shelf {
    /// Returns the shelf of a state directory.
    pub fn new(state_dir: &Path) -> Self {
        Self { root: state_dir.join("backups") }
    }

    pub(crate) fn folder(&self, group: &GroupName, key: &str) -> PathBuf {
        self.root.join(group.as_str()).join(key)
    }

    /// Lists the names of all backups, oldest first within each repository.
    ///
    /// # Errors
    /// A folder cannot be read.
    pub fn ids(&self) -> Result<Vec<(BackupId, PathBuf)>, ShelfError> {
        let mut found = Vec::new();
        for (group, folder) in folders(&self.root)? {
            let Ok(group) = GroupName::new(&group) else { continue };
            for (key, folder) in folders(&folder)? {
                for path in backup::list(&folder)? {
                    let Some(stamp) = path.file_stem().and_then(|stem| stem.to_str()) else { continue };
                    let id = BackupId { group: group.clone(), key: key.clone(), stamp: stamp.to_owned() };
                    found.push((id, path));
                }
            }
        }
        Ok(found)
    }

    /// Lists the backups of one repository, newest first.
    pub(crate) fn of(&self, group: &GroupName, key: &str) -> Result<Vec<Shelved>, ShelfError> {
        let mut found = Vec::new();
        for path in backup::list(&self.folder(group, key))? {
            let Some(stamp) = path.file_stem().and_then(|stem| stem.to_str()) else { continue };
            let id = BackupId { group: group.clone(), key: key.to_owned(), stamp: stamp.to_owned() };
            found.push(Self::read(id, path.clone()));
        }
        found.reverse();
        Ok(found)
    }

    /// Reads the note and the head of a backup.
    pub fn read(id: BackupId, path: PathBuf) -> Shelved {
        let size = fs::metadata(&path).map_or(0, |metadata| metadata.len());
        let text = backup::note(&path).ok().flatten();
        let note = text.and_then(|text| serde_json::from_slice(&text).ok());
        let bundle = backup::read(&path).map_err(|error| {
            let source = std::error::Error::source(&error).map_or(String::new(), |source| format!(": {source}"));
            format!("{error}{source}")
        });
        Shelved { id, path, size, note, bundle }
    }

    /// Finds a backup by its name, or by an end or a beginning of it that no other has.
    ///
    /// # Errors
    /// There is none, or more than one.
    pub fn find(&self, name: &str) -> Result<Shelved, ShelfError> {
        let all = self.ids()?;
        let exact = |(id, _): &&(BackupId, PathBuf)| id.to_string() == name || id.stamp == name;
        let part = |(id, _): &&(BackupId, PathBuf)| {
            let full = id.to_string();
            full.starts_with(name) || id.stamp.starts_with(name) || full.ends_with(&format!("/{name}"))
        };
        let mut found: Vec<_> = all.iter().filter(exact).collect();
        if found.is_empty() {
            found = all.iter().filter(part).collect();
        }
        match found.as_slice() {
            [] => Err(ShelfError::Unknown(name.to_owned())),
            [(id, path)] => Ok(Self::read(id.clone(), path.clone())),
            several => Err(ShelfError::Ambiguous {
                name: name.to_owned(),
                several: several.iter().map(|(id, _)| format!("`{id}`")).collect(),
            }),
        }
    }
}

impl Shelved {
    /// Checks that the bundle holds all that it names, by taking it in alone.
    ///
    /// # Errors
    /// It does not, or it cannot be looked at: why.
    pub async fn verify(&self, git: &LazyGit) -> Result<(), String> {
        let bundle = self.bundle.as_ref().map_err(Clone::clone)?;
        let folder = self.path.parent().unwrap_or_else(|| Path::new("."));
        let scratch =
            tempfile::Builder::new().prefix(".refray-").tempdir_in(folder).map_err(|error| error.to_string())?;
        let alone = Mirror::open_or_create(&scratch.path().join("alone.git"), bundle.format);
        let alone = Arc::new(alone.map_err(|error| error.to_string())?);
        let git = git.get().map_err(|(why, _)| why)?;
        backup::restore(git, &alone, &self.path).await.map(drop).map_err(|error| {
            let source = std::error::Error::source(&error).map_or(String::new(), |source| format!(": {source}"));
            format!("{error}{source}")
        })
    }
}

/// Lists the folders in a folder, by name. One that does not exist holds none.
fn folders(path: &Path) -> Result<Vec<(String, PathBuf)>, ShelfError> {
    let failed = |source| ShelfError::Folder { path: path.to_owned(), source };
    let entries = match fs::read_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(failed)?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(failed)?;
        if entry.file_type().map_err(failed)?.is_dir()
            && let Ok(name) = entry.file_name().into_string()
        {
            found.push((name, entry.path()));
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_a_time() {
        let time: Timestamp = "2024-01-02T03:04:05Z".parse().unwrap();
        assert_eq!(parse_stamp("20240102T030405Z"), Some(time));
        assert_eq!(parse_stamp("20240102T030405Z-2"), Some(time));
        assert_eq!(parse_stamp("yesterday"), None);
    }
}
