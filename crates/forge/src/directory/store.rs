use std::fs;
use std::io::{self, ErrorKind as IoKind};
use std::path::{Component, Path, PathBuf};

use refray_core::name::{BranchName, RepoName};
use refray_core::oid::ObjectFormat;
use refray_core::repository::{ForgeId, Repository};
use refray_git::local::{self, LocalError};

use super::folder;
use crate::error::ErrorKind;

/// What the names of folders that come or go start with.
const PASSING: &str = ".refray-";

/// A failure, before it is known what was being done.
pub(super) struct Failure {
    pub(super) kind: ErrorKind,
    pub(super) message: String,
}

impl Failure {
    pub(super) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    fn io(path: &Path, error: &io::Error) -> Self {
        Self::new(ErrorKind::Io, format!("{}: {error}", path.display()))
    }
}

type Result<T> = std::result::Result<T, Failure>;

/// The folder of a site, on disk. Everything here blocks.
#[derive(Debug, Clone)]
pub(super) struct Store {
    pub(super) root: PathBuf,
}

impl Store {
    /// Makes sure that the site's folder is there: a disk that is not mounted must not look like an empty one.
    pub(super) fn check_root(&self) -> Result<()> {
        match fs::metadata(&self.root) {
            Ok(metadata) if metadata.is_dir() => Ok(()),
            Ok(_) => Err(Failure::new(ErrorKind::Io, format!("{} is no folder", self.root.display()))),
            Err(error) => Err(Failure::io(&self.root, &error)),
        }
    }

    /// Returns the folder of a namespace.
    pub(super) fn namespace(&self, namespace: &str) -> Result<PathBuf> {
        let below = Path::new(namespace);
        if below.components().all(|part| matches!(part, Component::Normal(_))) {
            Ok(self.root.join(below))
        } else {
            Err(Failure::new(ErrorKind::Invalid, format!("`{namespace}` leads out of the site's folder")))
        }
    }

    /// Returns the folder of a repository.
    pub(super) fn folder(&self, path: &str) -> Result<PathBuf> {
        if path.is_empty() || path.ends_with('/') {
            return Err(Failure::new(ErrorKind::Invalid, format!("`{path}` is no repository's path")));
        }
        self.namespace(&format!("{path}.git"))
    }

    /// Lists the repositories of a namespace. A folder that does not exist yet holds none.
    pub(super) fn list(&self, namespace: &str) -> Result<Vec<Repository>> {
        self.check_root()?;
        let folder = self.namespace(namespace)?;
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == IoKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(Failure::io(&folder, &error)),
        };
        let mut found = Vec::new();
        for entry in entries {
            let path = entry.map_err(|error| Failure::io(&folder, &error))?.path();
            let name = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_suffix(".git"));
            let Some(name) = name.filter(|name| !name.is_empty() && !name.starts_with(PASSING)) else { continue };
            // Gitea and GitLab keep a repository's wiki beside it; on no forge is it a repository of its own.
            if name.strip_suffix(".wiki").is_some_and(|of| folder.join(format!("{of}.git")).is_dir()) {
                continue;
            }
            let full = if namespace.is_empty() {
                name.to_owned()
            } else {
                format!("{}/{name}", namespace.trim_end_matches('/'))
            };
            // One that was removed since the folder was read is not there.
            found.extend(self.get(&full)?);
        }
        found.sort_by(|a: &Repository, b| a.path.cmp(&b.path));
        Ok(found)
    }

    /// Looks at one repository.
    pub(super) fn get(&self, path: &str) -> Result<Option<Repository>> {
        self.check_root()?;
        let folder = self.folder(path)?;
        let failed = |error: io::Error| Failure::io(&folder, &error);
        let metadata = match fs::metadata(&folder) {
            Ok(metadata) => metadata,
            Err(error) if matches!(error.kind(), IoKind::NotFound | IoKind::NotADirectory) => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        if !metadata.is_dir() {
            return Ok(None);
        }
        // A folder of that name that is no repository stands in the way of one: it is there, and reading it says what is wrong.
        let sound = folder::is_repository(&folder).map_err(failed)?;
        let name = path.rsplit('/').next().unwrap_or(path);
        Ok(Some(Repository {
            id: ForgeId(folder::identity(&metadata)),
            name: RepoName::new(name).map_err(|error| Failure::new(ErrorKind::Invalid, error.to_string()))?,
            path: path.to_owned(),
            visibility: None,
            description: if sound { local::description(&folder)? } else { String::new() },
            default_branch: if sound { folder::head(&folder).map_err(failed)? } else { None },
            archived: false,
            mirror: false,
            disabled: false,
            fork: false,
            web_url: None,
            access: None,
            updated: None,
        }))
    }

    /// Returns the folder of a repository after making sure that it still is the one of that id.
    fn expect(&self, path: &str, id: &ForgeId) -> Result<PathBuf> {
        match self.get(path)? {
            Some(found) if found.id == *id => self.folder(path),
            Some(_) => Err(Failure::new(ErrorKind::Invalid, "another repository has that name by now")),
            None => Err(Failure::new(ErrorKind::NoFolder, "")),
        }
    }

    /// Makes a bare repository, which is there as a whole or not at all.
    pub(super) fn create(
        &self,
        path: &str,
        description: &str,
        head: Option<&BranchName>,
        format: ObjectFormat,
    ) -> Result<Repository> {
        self.check_root()?;
        let folder = self.folder(path)?;
        let fallback = BranchName::new("main").map_err(|error| Failure::new(ErrorKind::Invalid, error.to_string()))?;
        local::create(&folder, head.unwrap_or(&fallback), format)?;
        if !description.is_empty() {
            local::set_description(&folder, description)?;
        }
        self.get(path)?.ok_or_else(|| Failure::new(ErrorKind::Io, format!("{} vanished", folder.display())))
    }

    /// Changes the default branch and the description.
    pub(super) fn update(
        &self,
        path: &str,
        head: Option<&BranchName>,
        description: Option<&str>,
    ) -> Result<Repository> {
        let missing = || Failure::new(ErrorKind::NoFolder, "");
        self.get(path)?.ok_or_else(missing)?;
        let folder = self.folder(path)?;
        if let Some(head) = head {
            local::set_default_branch(&folder, head)?;
        }
        if let Some(description) = description {
            local::set_description(&folder, description)?;
        }
        self.get(path)?.ok_or_else(missing)
    }

    /// Deletes a repository, if it still is the one of that id.
    pub(super) fn delete(&self, path: &str, id: &ForgeId) -> Result<()> {
        Ok(local::delete(&self.expect(path, id)?)?)
    }

    /// Renames a repository within its folder.
    pub(super) fn rename(&self, path: &str, id: &ForgeId, to: &RepoName) -> Result<Repository> {
        let folder = self.expect(path, id)?;
        let new_path = match path.rsplit_once('/') {
            Some((namespace, _)) => format!("{namespace}/{to}"),
            None => to.to_string(),
        };
        let target = self.folder(&new_path)?;
        local::rename(&folder, &target)?;
        self.get(&new_path)?.ok_or_else(|| Failure::new(ErrorKind::Io, format!("{} vanished", target.display())))
    }
}

impl From<LocalError> for Failure {
    fn from(error: LocalError) -> Self {
        let kind = match &error {
            LocalError::Missing { .. } => ErrorKind::NoFolder,
            LocalError::AlreadyExists { .. } => ErrorKind::AlreadyExists,
            _ => ErrorKind::Io,
        };
        let cause = std::error::Error::source(&error).map_or_else(String::new, |cause| format!(": {cause}"));
        Self::new(kind, format!("{error}{cause}"))
    }
}
