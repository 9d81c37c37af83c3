//! What is kept before anything destructive.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use refray_core::config::MirrorGroup;
use refray_core::name::{EndpointId, RefName};
use refray_core::oid::Oid;
use refray_core::plan::group::{Copy, RepoTask};
use refray_core::plan::undo::Former;
use refray_core::plan::{Cause, DeleteRepository, RepoPlan, Views};
use refray_forge::Lookup;
use refray_git::Mirror;
use refray_git::backup::{BackupError, BackupRequest, annotate, backup, branch_ref, repository_ref};

use crate::engine::Engine;
use crate::restore::note::{Note, NotedRef, NotedRepository};

/// What was kept.
pub(super) struct Kept {
    /// The bundle; empty when there was nothing to keep.
    pub(super) bundle: PathBuf,
    /// The repositories that are about to be deleted.
    pub(super) former: BTreeMap<EndpointId, Former>,
}

/// Keeps every tip that a plan takes away, in the mirror and in a verified bundle with a note beside it.
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
) -> Result<Kept, (String, String)> {
    let remedy =
        "Check the space and the rights of the state directory, and that every side can be fetched.".to_owned();
    let stamp = engine.stamp();
    let refs = refs(plan, views, &stamp);
    let former = former(engine, group, task, plan, views).await;
    if refs.is_empty() {
        // A repository without any reference is all that goes: there is nothing to keep.
        return Ok(Kept { bundle: PathBuf::new(), former });
    }
    let mirror = mirror.ok_or_else(|| ("the commits were not fetched".to_owned(), remedy.clone()))?;
    let folder = engine.dirs.state.join("backups").join(group.name.as_str()).join(task.name.key());
    let kept = refs.iter().map(|(kept, noted)| (kept.clone(), noted.oid)).collect();
    let request = BackupRequest { refs: kept, folder: &folder, name: &stamp };
    let told = |error: BackupError| {
        let source = std::error::Error::source(&error).map_or(String::new(), |source| format!(": {source}"));
        (format!("{error}{source}"), remedy.clone())
    };
    let made = backup(engine.git.get()?, mirror, &request).await.map_err(told)?;
    let repositories = plan.deletes.iter().filter_map(|delete| {
        let former = former.get(&delete.endpoint)?.clone();
        Some((delete.endpoint.clone(), NotedRepository { path: delete.path.clone(), id: delete.id.clone(), former }))
    });
    let note = Note {
        made: (engine.clock)(),
        group: group.name.clone(),
        repository: task.name.clone(),
        why: why(plan),
        refs,
        repositories: repositories.collect(),
    };
    annotate(&made.bundle, &note.to_json()).map_err(told)?;
    Ok(Kept { bundle: made.bundle, former })
}

fn refs(plan: &RepoPlan, views: &Views, stamp: &str) -> BTreeMap<String, NotedRef> {
    let mut refs: BTreeMap<String, NotedRef> = BTreeMap::new();
    let mut add = |kept: String, name: &RefName, oid: Oid, endpoint: &EndpointId| {
        let noted = NotedRef { name: name.clone(), oid, endpoints: BTreeSet::new() };
        refs.entry(kept).or_insert(noted).endpoints.insert(endpoint.clone());
    };
    for update in plan.updates.iter().filter(|update| update.is_destructive()) {
        match (&update.name, update.old) {
            (RefName::Branch(branch), Some(old)) => {
                add(branch_ref(branch, stamp, old), &update.name, old, &update.endpoint);
            }
            (RefName::Tag(_), Some(old)) => {
                add(repository_ref(stamp, &update.endpoint, &update.name), &update.name, old, &update.endpoint);
            }
            (_, None) => {}
        }
    }
    for delete in &plan.deletes {
        let snapshot = views.get(&delete.endpoint).and_then(|view| view.snapshot());
        // What a person added to a conflict branch is on no other.
        for (name, oid) in
            snapshot.into_iter().flat_map(|snapshot| snapshot.refs.iter().chain(&snapshot.conflict_branches))
        {
            add(repository_ref(stamp, &delete.endpoint, name), name, *oid, &delete.endpoint);
        }
    }
    refs
}

/// Describes the repositories that are about to be deleted, so that they can be made anew as they were.
async fn former(
    engine: &Engine,
    group: &MirrorGroup,
    task: &RepoTask,
    plan: &RepoPlan,
    views: &Views,
) -> BTreeMap<EndpointId, Former> {
    let mut formers = BTreeMap::new();
    if plan.deletes.is_empty() {
        return formers;
    }
    // Remembered and not there: that is why the others go as well.
    let known = engine.store.repository(&group.name, &task.name.key()).await.ok().flatten();
    let gone_on = task.copies.iter().filter(|(endpoint, copy)| {
        **copy == Copy::Absent && known.as_ref().is_some_and(|known| known.copies.contains_key(*endpoint))
    });
    let gone_on: BTreeSet<EndpointId> = gone_on.map(|(endpoint, _)| endpoint.clone()).collect();
    for delete in &plan.deletes {
        let snapshot = views.get(&delete.endpoint).and_then(|view| view.snapshot()).cloned().unwrap_or_default();
        let mut former = Former {
            default_branch: snapshot.default_branch,
            refs: snapshot.refs,
            gone_on: gone_on.clone(),
            ..Former::default()
        };
        if let Some(repository) = look(engine, group, delete).await {
            former.visibility = repository.visibility;
            former.description = repository.description;
        }
        formers.insert(delete.endpoint.clone(), former);
    }
    formers
}

/// What cannot be had counts as private, and does not keep the deletion from happening.
async fn look(
    engine: &Engine,
    group: &MirrorGroup,
    delete: &DeleteRepository,
) -> Option<refray_core::repository::Repository> {
    let forge = engine.forge(group.endpoint(&delete.endpoint)?).ok()?;
    match forge.get(&delete.path).await {
        Ok(Lookup::Found(repository)) if repository.id == delete.id => Some(repository),
        _ => None,
    }
}

/// Says what the backup was made for.
fn why(plan: &RepoPlan) -> String {
    let mut whats: Vec<String> = Vec::new();
    let endpoints = plan.deletes.iter().map(|delete| delete.endpoint.as_str());
    if !plan.deletes.is_empty() {
        whats.push(format!("the repository was deleted on {}", endpoints.collect::<Vec<_>>().join(", ")));
    }
    let causes = [(Cause::Delete, "deleted"), (Cause::Rewrite, "rewritten"), (Cause::Restore, "put back")];
    let destructive = || plan.updates.iter().filter(|update| update.is_destructive());
    let mut rest: BTreeSet<&RefName> = destructive().map(|update| &update.name).collect();
    for (cause, word) in causes {
        let names: BTreeSet<&RefName> =
            destructive().filter(|update| update.cause == cause).map(|update| &update.name).collect();
        rest.retain(|name| !names.contains(name));
        whats.extend(told(&names, word));
    }
    whats.extend(told(&rest, "replaced"));
    whats.join("; ")
}

fn told(names: &BTreeSet<&RefName>, word: &str) -> Option<String> {
    match names.iter().collect::<Vec<_>>().as_slice() {
        [] => None,
        [name] => Some(format!("{} was {word}", name.short())),
        names => Some(format!("{} references were {word}", names.len())),
    }
}
