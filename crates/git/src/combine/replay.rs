//! Rebasing.

use gix::ObjectId;
use gix::objs::Kind;
use refray_core::Oid;

use super::commit::Commit;
use super::error::{CombineError, Step, Stop};
use super::history;
use super::objects::Objects;
use super::obstacle::{Combined, Obstacle};
use super::patch::{Patches, Presence, Span};
use super::tree;
use crate::mirror::Mirror;

/// Replays, in order, each further tip's own commits on the result so far; the first tip is the base and is never
/// rewritten.
///
/// Authors, committers, dates, messages and further headers stay as they are, to the byte. A commit that is already
/// present as a patch is skipped, and one that is left with nothing to change is dropped, unless it was empty from the
/// start.
///
/// # Errors
/// A tip is not in the mirror, or the mirror is damaged. That the tips do not go together is no error.
pub fn rebase(mirror: &Mirror, tips: &[Oid]) -> Result<Combined, CombineError> {
    let mut objects = Objects::new(mirror);
    let ids = history::commits(mirror, &objects, tips)?;
    match replay_all(&mut objects, &ids) {
        Ok(tip) => Ok(Combined::Tip(objects.finish(tip, tips)?)),
        Err(Stop::Obstacle(obstacle)) => Ok(Combined::NotPossible(obstacle)),
        Err(Stop::Error(error)) => Err(error),
    }
}

/// The result so far.
struct SoFar {
    /// The newest of its commits that existed before.
    anchor: ObjectId,
    /// What was put on top of that.
    replayed: Vec<Span>,
    tip: ObjectId,
    tree: ObjectId,
}

fn replay_all(objects: &mut Objects<'_>, tips: &[ObjectId]) -> Step<ObjectId> {
    let (first, rest) = tips.split_first().ok_or(CombineError::NoTips)?;
    let start = |objects: &Objects<'_>, id| -> Step<SoFar> {
        Ok(SoFar { anchor: id, replayed: Vec::new(), tip: id, tree: Commit::read(objects, id)?.tree })
    };
    let mut result = start(objects, *first)?;
    for tip in rest {
        let bases = history::bases(objects, *tip, &[result.anchor])?;
        if bases.contains(tip) {
            continue;
        }
        if bases.contains(&result.tip) {
            result = start(objects, *tip)?;
            continue;
        }
        if bases.is_empty() {
            return Err(Obstacle::NoCommonAncestor.into());
        }
        replay(objects, &mut result, *tip, &bases)?;
    }
    Ok(result.tip)
}

fn replay(objects: &mut Objects<'_>, result: &mut SoFar, tip: ObjectId, bases: &[ObjectId]) -> Step<()> {
    let line = history::line(objects, tip, bases)?;
    let Some(fork) = line.first().and_then(|commit| commit.parents.first().copied()) else { return Ok(()) };
    let mut old = Commit::read(objects, fork)?.tree;
    let mut present = Patches::default();
    for commit in history::beyond(objects, result.anchor, fork)? {
        let old = match commit.parents.first() {
            Some(parent) => Commit::read(objects, *parent)?.tree,
            None => ObjectId::empty_tree(objects.view.object_hash()),
        };
        present.add(objects, Span { old, new: commit.tree })?;
    }
    for span in &result.replayed {
        present.add(objects, *span)?;
    }
    for commit in line {
        let span = Span { old, new: commit.tree };
        old = commit.tree;
        replay_one(objects, result, &mut present, &commit, span).map_err(|stop| match stop {
            Stop::Obstacle(obstacle) => Stop::Obstacle(obstacle.at(commit.oid)),
            error @ Stop::Error(_) => error,
        })?;
    }
    Ok(())
}

fn replay_one(
    objects: &mut Objects<'_>,
    result: &mut SoFar,
    present: &mut Patches,
    commit: &Commit,
    span: Span,
) -> Step<()> {
    let was_empty = span.old == span.new;
    if !was_empty {
        match present.presence(objects, span)? {
            Presence::Absent => {}
            Presence::Present => return Ok(()),
            Presence::Almost => return Err(Obstacle::AlmostPresent(commit.oid).into()),
        }
    }
    let before = result.tree;
    if commit.parents == [result.tip] {
        // It stands where it would be put, as after an earlier trial of which only a part was pushed.
        result.tip = commit.id;
        result.tree = commit.tree;
    } else {
        let tree = tree::merge(objects, span.old, before, span.new)?;
        if tree == before && !was_empty {
            return Ok(());
        }
        if commit.is_signed {
            return Err(Obstacle::Signed(commit.oid).into());
        }
        result.tip = objects.add(Kind::Commit, commit.moved(tree, result.tip))?;
        result.tree = tree;
    }
    result.replayed.push(Span { old: before, new: result.tree });
    if objects.is_full() {
        objects.write(result.tip)?;
    }
    Ok(())
}
