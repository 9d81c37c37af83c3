//! The local mirror of a repository, thrown away and made anew when it is damaged.

use std::path::PathBuf;
use std::sync::Arc;

use refray_core::config::MirrorGroup;
use refray_core::name::{GroupName, RepoName};
use refray_core::oid::ObjectFormat;
use refray_git::Mirror;
use refray_git::mirror::MirrorError;

use crate::engine::{Dirs, Engine};

/// Returns where the mirror of a repository is.
pub(crate) fn path(engine: &Engine, group: &GroupName, repository: &RepoName) -> PathBuf {
    place(&engine.dirs, group, repository)
}

/// Returns where the mirror of a repository is, or would be.
pub(crate) fn place(dirs: &Dirs, group: &GroupName, repository: &RepoName) -> PathBuf {
    dirs.work.join(group.as_str()).join(format!("{}.git", repository.key()))
}

/// Opens a repository's mirror. It is only a cache: a damaged one, or one of another format, is replaced.
pub(crate) async fn open(
    engine: &Engine,
    group: &MirrorGroup,
    repository: &RepoName,
    format: ObjectFormat,
) -> Result<Arc<Mirror>, (String, String)> {
    let path = path(engine, &group.name, repository);
    let opened = tokio::task::spawn_blocking(move || match Mirror::open_or_create(&path, format) {
        Err(error @ (MirrorError::Damaged { .. } | MirrorError::Format { .. })) => {
            tracing::warn!(%error, "making the mirror anew");
            Mirror::wipe(&path)?;
            Mirror::open_or_create(&path, format)
        }
        opened => opened,
    });
    match opened.await {
        Ok(Ok(mirror)) => Ok(Arc::new(mirror)),
        Ok(Err(error)) => Err(told(&error)),
        Err(error) => Err((error.to_string(), REPORT.to_owned())),
    }
}

/// Does something with the mirror on a thread that may block.
pub(crate) async fn blocking<T: Send + 'static>(
    mirror: &Arc<Mirror>,
    work: impl FnOnce(&Mirror) -> Result<T, MirrorError> + Send + 'static,
) -> Result<T, (String, String)> {
    let mirror = mirror.clone();
    match tokio::task::spawn_blocking(move || work(&mirror)).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(told(&error)),
        Err(error) => Err((error.to_string(), REPORT.to_owned())),
    }
}

const REPORT: &str = "This is a fault of refray: please report it.";

fn told(error: &MirrorError) -> (String, String) {
    let mut message = error.to_string();
    if let Some(source) = std::error::Error::source(error) {
        message = format!("{message}: {source}");
    }
    (message, "Check the space and the rights of the work directory; what is in it can be thrown away.".to_owned())
}
