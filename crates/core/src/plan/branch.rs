//! One branch over all endpoints: the heart of the rules.

use std::collections::BTreeSet;

use crate::ancestry::{Ancestry, Question};
use crate::name::RefName;
use crate::oid::Oid;
use crate::plan::action::{Cause, RefUpdate};
use crate::plan::finding::{Finding, FindingKind};
use crate::plan::side::Side;

/// What the rules say of one branch. Exactly one of these holds for any input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// All sides are equal.
    Agreed,
    /// Every side that differs gets this tip, to which it is an ancestor, or is created at it.
    Advance(Oid),
    /// Deleted on one side, untouched on the others: delete there too, if no brake holds.
    Delete,
    /// Deleted on one side, changed on another.
    DeletedAndChanged,
    /// Rewritten on one side from `from` to `to`, untouched on the others.
    Rewrite { from: Oid, to: Oid },
    /// Neither tip contains the other.
    Diverged,
    /// It depends on facts that could not be had.
    Unknown,
}

/// Judges one branch.
pub(super) fn judge(sides: &[Side<'_>], ancestry: &Ancestry) -> Verdict {
    let tips: BTreeSet<Oid> = sides.iter().filter_map(|side| side.tip).collect();
    if tips.is_empty() || (tips.len() == 1 && sides.iter().all(|side| side.tip.is_some())) {
        return Verdict::Agreed;
    }
    if sides.iter().any(Side::is_gone) {
        // A side that joined later has no base of its own; it counts as unchanged when it stands where the others agreed.
        let agreed: BTreeSet<Oid> = sides.iter().filter_map(|side| side.base).collect();
        let untouched = |side: &Side<'_>| match (side.tip, side.base) {
            (None, _) => true,
            (Some(tip), Some(base)) => tip == base,
            (Some(tip), None) => agreed.contains(&tip),
        };
        return if sides.iter().all(untouched) { Verdict::Delete } else { Verdict::DeletedAndChanged };
    }
    let mut unknown = false;
    for tip in &tips {
        let mut contains_all = true;
        for other in &tips {
            match ancestry.descends(*tip, *other) {
                Some(true) => {}
                Some(false) => contains_all = false,
                None => {
                    contains_all = false;
                    unknown = true;
                }
            }
        }
        if contains_all {
            return Verdict::Advance(*tip);
        }
    }
    if unknown {
        return Verdict::Unknown;
    }
    one_sided_rewrite(sides, &tips).unwrap_or(Verdict::Diverged)
}

/// Finds the one new value since a base that is the same for all who have one. A side that joined later may stand at
/// either value; but if only such a side has the new one, nothing was rewritten: it never had the old one.
fn one_sided_rewrite(sides: &[Side<'_>], tips: &BTreeSet<Oid>) -> Option<Verdict> {
    let mut bases = sides.iter().filter(|side| side.tip.is_some()).filter_map(|side| side.base);
    let base = bases.next()?;
    if bases.any(|other| other != base) || !tips.contains(&base) || tips.len() != 2 {
        return None;
    }
    let to = *tips.iter().find(|tip| **tip != base)?;
    let rewritten = sides.iter().any(|side| side.base == Some(base) && side.tip == Some(to));
    rewritten.then_some(Verdict::Rewrite { from: base, to })
}

/// Adds the questions whose answers [`judge`] needs.
pub(super) fn questions(sides: &[Side<'_>], into: &mut BTreeSet<Question>) {
    let tips: BTreeSet<Oid> = sides.iter().filter_map(|side| side.tip).collect();
    for descendant in &tips {
        for ancestor in tips.iter().filter(|tip| *tip != descendant) {
            into.insert(Question { ancestor: *ancestor, descendant: *descendant });
        }
    }
}

/// Makes the updates that bring every side to `tip`. `cause` says why a value may be replaced.
pub(super) fn advance(name: &RefName, sides: &[Side<'_>], tip: Oid, cause: impl Fn(Oid) -> Cause) -> Vec<RefUpdate> {
    let behind = sides.iter().filter(|side| side.tip != Some(tip));
    let update = |side: &Side<'_>| RefUpdate {
        endpoint: side.endpoint.clone(),
        name: name.clone(),
        old: side.tip,
        new: Some(tip),
        cause: side.tip.map_or(Cause::Create, &cause),
    };
    behind.map(update).collect()
}

/// Makes the updates that delete the branch wherever it still is.
pub(super) fn delete(name: &RefName, sides: &[Side<'_>]) -> Vec<RefUpdate> {
    let left = sides.iter().filter(|side| side.tip.is_some());
    let update = |side: &Side<'_>| RefUpdate {
        endpoint: side.endpoint.clone(),
        name: name.clone(),
        old: side.tip,
        new: None,
        cause: Cause::Delete,
    };
    left.map(update).collect()
}

/// Reports a branch that is left alone.
pub(super) fn report(kind: FindingKind, name: &RefName, sides: &[Side<'_>], why: Option<&str>) -> Finding {
    let branch = name.short();
    let (message, remedy) = match kind {
        FindingKind::DeletedAndChanged => (
            format!("the branch `{branch}` was deleted on one side and changed on another"),
            "Delete it on the others too, or push it again where it is missing.".to_owned(),
        ),
        FindingKind::Rewritten => (
            format!("the branch `{branch}` was rewritten on one side, and `rewrites` says not to follow"),
            "Push the wanted tip to the other sides by hand, or set `rewrites = \"always\"` for the group.".to_owned(),
        ),
        FindingKind::HistoryUnknown => (
            format!("how the tips of the branch `{branch}` relate could not be found out"),
            "Run again; if it lasts, check that every side's copy can be fetched whole.".to_owned(),
        ),
        // What the group's strategy could not do is a person's work.
        _ if why.is_some() => (
            format!("the branch `{branch}` has diverged: no side contains all the others' commits"),
            "Merge or rebase one side onto the other by hand and push.".to_owned(),
        ),
        _ => (
            format!("the branch `{branch}` has diverged: no side contains all the others' commits"),
            "Merge or rebase one side onto the other and push, or set `conflict_resolution` for the group.".to_owned(),
        ),
    };
    let message = why.map_or_else(|| message.clone(), |why| format!("{message} ({why})"));
    sides.iter().fold(Finding::new(kind, message, remedy).at(name), |finding, side| {
        finding.side(side.endpoint, side.tip.map_or_else(|| "-".to_owned(), |oid| oid.to_string()))
    })
}
