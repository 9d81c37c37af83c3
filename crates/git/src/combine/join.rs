//! Merging.

use gix::ObjectId;
use gix::objs::Kind;
use refray_core::Oid;

use super::commit::Commit;
use super::error::{CombineError, Step, Stop};
use super::history;
use super::objects::Objects;
use super::obstacle::{Combined, Obstacle};
use super::tree;
use crate::mirror::Mirror;

/// Who makes merge commits.
const IDENTITY: &str = "refray <refray@localhost>";

/// How often histories may have crossed.
const CROSSINGS: usize = 16;

/// What a merge commit says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MergeMessage(String);

impl MergeMessage {
    /// Takes a text. It ends with exactly one newline, whatever it ended with.
    pub fn new(text: &str) -> Self {
        Self(format!("{}\n", text.replace('\0', "").trim_end()))
    }
}

/// Makes one merge commit that has the diverged tips as its parents, in the order given. Tips that others reach are left
/// out; if only one remains, that is the result.
///
/// Its date is that of the newest parent, so that the same tips always give the same commit.
///
/// # Errors
/// A tip is not in the mirror, or the mirror is damaged. That the tips do not go together is no error.
pub fn merge(mirror: &Mirror, tips: &[Oid], message: &MergeMessage) -> Result<Combined, CombineError> {
    let mut objects = Objects::new(mirror);
    let ids = history::commits(mirror, &objects, tips)?;
    match join(&mut objects, &ids, message) {
        Ok(tip) => Ok(Combined::Tip(objects.finish(tip, tips)?)),
        Err(Stop::Obstacle(obstacle)) => Ok(Combined::NotPossible(obstacle)),
        Err(Stop::Error(error)) => Err(error),
    }
}

fn join(objects: &mut Objects<'_>, tips: &[ObjectId], message: &MergeMessage) -> Step<ObjectId> {
    let tips = independent(objects, tips)?;
    let (first, rest) = tips.split_first().ok_or(CombineError::NoTips)?;
    if rest.is_empty() {
        return Ok(*first);
    }
    let first = Commit::read(objects, *first)?;
    let mut tree = first.tree;
    let mut date = first.time;
    for (index, tip) in rest.iter().enumerate() {
        let commit = Commit::read(objects, *tip)?;
        let bases = history::bases(objects, *tip, &tips[..=index])?;
        let base = ground(objects, &bases, CROSSINGS)?;
        tree = tree::merge(objects, base, tree, commit.tree)?;
        date = date.max(commit.time);
    }
    let parents: Vec<_> = tips.iter().map(|tip| format!("parent {tip}\n")).collect();
    let data = format!(
        "tree {tree}\n{}author {IDENTITY} {date} +0000\ncommitter {IDENTITY} {date} +0000\n\n{}",
        parents.concat(),
        message.0
    );
    Ok(objects.add(Kind::Commit, data.into_bytes())?)
}

/// Leaves out tips that others reach, and repetitions.
fn independent(objects: &Objects<'_>, tips: &[ObjectId]) -> Result<Vec<ObjectId>, CombineError> {
    let mut own: Vec<ObjectId> = Vec::with_capacity(tips.len());
    for tip in tips {
        if own.contains(tip) {
            continue;
        }
        let mut is_reached = false;
        for other in tips.iter().filter(|other| *other != tip) {
            is_reached = is_reached || history::bases(objects, *tip, &[*other])?.contains(tip);
        }
        if !is_reached {
            own.push(*tip);
        }
    }
    Ok(own)
}

/// Returns the tree that a merge starts from, given the best common ancestors.
fn ground(objects: &mut Objects<'_>, bases: &[ObjectId], crossings: usize) -> Step<ObjectId> {
    match bases {
        [] => Err(Obstacle::NoCommonAncestor.into()),
        [base] => Ok(Commit::read(objects, *base)?.tree),
        // Two are merged to become one, as git does. What does not merge cleanly would take part with its conflict
        // markers, and more than two might be merged in another order: neither is worth the risk.
        [one, other] if crossings > 0 => {
            let further = history::bases(objects, *one, &[*other])?;
            let base = ground(objects, &further, crossings - 1).map_err(crossed)?;
            let (one, other) = (Commit::read(objects, *one)?.tree, Commit::read(objects, *other)?.tree);
            tree::merge(objects, base, one, other).map_err(crossed)
        }
        _ => Err(Obstacle::CrissCross.into()),
    }
}

fn crossed(stop: Stop) -> Stop {
    match stop {
        Stop::Obstacle(_) => Obstacle::CrissCross.into(),
        error @ Stop::Error(_) => error,
    }
}
