//! How tips relate.

use gix::ObjectId;
use refray_core::Oid;

use super::commit::Commit;
use super::error::{CombineError, Step};
use super::objects::Objects;
use super::obstacle::Obstacle;
use crate::mirror::{Mirror, object_id};

/// Returns the ids of commits, or says which is none.
pub(super) fn commits(mirror: &Mirror, objects: &Objects<'_>, tips: &[Oid]) -> Result<Vec<ObjectId>, CombineError> {
    let mut ids = Vec::with_capacity(tips.len());
    for tip in tips {
        let id = object_id(*tip);
        let is_commit = tip.format() == mirror.format()
            && objects.view.find_header(id).is_ok_and(|header| header.kind().is_commit());
        if !is_commit {
            return Err(CombineError::NotACommit(*tip));
        }
        ids.push(id);
    }
    if ids.is_empty() { Err(CombineError::NoTips) } else { Ok(ids) }
}

/// Returns the best common ancestors of `one` and what a merge of `others` would be.
pub(super) fn bases(objects: &Objects<'_>, one: ObjectId, others: &[ObjectId]) -> Result<Vec<ObjectId>, CombineError> {
    if others.contains(&one) {
        return Ok(vec![one]);
    }
    let bases = objects.view.merge_bases_many(one, others).map_err(|error| objects.damaged(error))?;
    Ok(bases.into_iter().map(gix::Id::detach).collect())
}

/// Returns what `tip` has beyond `bases`, oldest first; there may be no merge among it.
pub(super) fn line(objects: &Objects<'_>, tip: ObjectId, bases: &[ObjectId]) -> Step<Vec<Commit>> {
    let mut line = Vec::new();
    let mut at = tip;
    while !bases.contains(&at) {
        let commit = Commit::read(objects, at)?;
        at = match commit.parents.as_slice() {
            [] => return Err(Obstacle::NoCommonAncestor.into()),
            [parent] => *parent,
            _ => return Err(Obstacle::MergeCommit(commit.oid).into()),
        };
        line.push(commit);
    }
    line.reverse();
    Ok(line)
}

/// Returns what `tip` has beyond `base`, merges left out.
pub(super) fn beyond(objects: &Objects<'_>, tip: ObjectId, base: ObjectId) -> Result<Vec<Commit>, CombineError> {
    let walk = objects.view.rev_walk([tip]).with_hidden([base]).all().map_err(|error| objects.damaged(error))?;
    let mut commits = Vec::new();
    for info in walk {
        let commit = Commit::read(objects, info.map_err(|error| objects.damaged(error))?.id)?;
        if commit.parents.len() < 2 {
            commits.push(commit);
        }
    }
    Ok(commits)
}
