//! What is kept before anything destructive.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use refray_core::config::MirrorGroup;
use refray_core::name::RefName;
use refray_core::oid::Oid;
use refray_core::plan::group::RepoTask;
use refray_core::plan::{RepoPlan, Views};
use refray_git::Mirror;
use refray_git::backup::{BackupRequest, backup, branch_ref, repository_ref};

use crate::engine::Engine;

/// Keeps every tip that a plan takes away, in the mirror and in a verified bundle, and returns the bundle.
///
/// # Errors
/// Nothing may be written: why, and the remedy.
pub(super) async fn keep(
    engine: &Engine,
    group: &MirrorGroup,
    task: &RepoTask,
    plan: &RepoPlan,
    views: &Views,
    mirror: Option<&Arc<Mirror>>,
) -> Result<PathBuf, (String, String)> {
    let remedy =
        "Check the space and the rights of the state directory, and that every side can be fetched.".to_owned();
    let mirror = mirror.ok_or_else(|| ("the commits were not fetched".to_owned(), remedy.clone()))?;
    let stamp = engine.stamp();
    let refs = refs(plan, views, &stamp);
    if refs.is_empty() {
        // A repository without any reference is all that goes: there is nothing to keep.
        return Ok(PathBuf::new());
    }
    let folder = engine.dirs.state.join("backups").join(group.name.as_str()).join(task.name.key());
    let request = BackupRequest { refs, folder: &folder, name: &stamp };
    let kept = backup(engine.git.get()?, mirror, &request).await.map_err(|error| {
        let source = std::error::Error::source(&error).map_or(String::new(), |source| format!(": {source}"));
        (format!("{error}{source}"), remedy)
    })?;
    Ok(kept.bundle)
}

fn refs(plan: &RepoPlan, views: &Views, stamp: &str) -> BTreeMap<String, Oid> {
    let mut refs = BTreeMap::new();
    for update in plan.updates.iter().filter(|update| update.cause.is_destructive()) {
        if let (RefName::Branch(branch), Some(old)) = (&update.name, update.old) {
            refs.insert(branch_ref(branch, stamp, old), old);
        }
    }
    for delete in &plan.deletes {
        let snapshot = views.get(&delete.endpoint).and_then(|view| view.snapshot());
        for (name, oid) in snapshot.into_iter().flat_map(|snapshot| &snapshot.refs) {
            refs.insert(repository_ref(stamp, &delete.endpoint, name), *oid);
        }
    }
    refs
}
