//! What the group's strategy makes of a diverged branch.

use crate::config::ConflictResolution;
use crate::name::RefName;
use crate::oid::Oid;
use crate::plan::action::Cause;
use crate::plan::conflict::{CombineStrategy, Needs, Trial, TrialResult};
use crate::plan::side::Side;
use crate::plan::view::World;

/// What is to become of a diverged branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::plan) enum Resolution {
    /// Every side gets this tip; those whose tip it does not contain are forced, for this cause.
    Bring {
        /// The commit.
        tip: Oid,
        /// Why it may be forced.
        forced: Cause,
    },
    /// Pull requests ask for it: why it could not be done without.
    Ask(Option<String>),
    /// It is left alone: why nothing else could be done, when something was tried.
    Leave(Option<String>),
    /// It depends on what is not known yet.
    Wait,
}

/// Chooses what is done with a diverged branch. `combinable` is false for a rewrite that is not followed: to combine its
/// sides would bring back what was dropped.
pub(in crate::plan) fn resolve(
    world: &World<'_>,
    name: &RefName,
    sides: &[Side<'_>],
    combinable: bool,
    needs: &mut Needs,
) -> Resolution {
    use ConflictResolution as Policy;
    if world.releases.force {
        return force(world, name, sides, needs);
    }
    let policy = world.policy.conflict_resolution;
    let strategy = match policy {
        Policy::AutoRebase | Policy::AutoRebasePullRequest => Some(CombineStrategy::Rebase),
        Policy::AutoMerge | Policy::AutoMergePullRequest => Some(CombineStrategy::Merge),
        Policy::Fail | Policy::PullRequest => None,
    };
    let why = match strategy {
        Some(_) if !combinable => Some("it was rewritten, and combining would bring back what was dropped".to_owned()),
        Some(strategy) => match combine(world, name, sides, strategy, needs) {
            Ok(resolution) => return resolution,
            Err(why) => Some(why),
        },
        None => None,
    };
    if world.policy.allow_force {
        return force(world, name, sides, needs);
    }
    if policy.opens_pull_requests() { Resolution::Ask(why) } else { Resolution::Leave(why) }
}

fn combine(
    world: &World<'_>,
    name: &RefName,
    sides: &[Side<'_>],
    strategy: CombineStrategy,
    needs: &mut Needs,
) -> Result<Resolution, String> {
    let trial = Trial { name: name.clone(), strategy, tips: tips_in_order(world, sides) };
    let tip = match world.conflicts.trials.and_then(|trials| trials.results.get(&trial)) {
        None => {
            needs.trials.insert(trial);
            return Ok(Resolution::Wait);
        }
        Some(TrialResult::NotPossible(why)) => return Err(why.clone()),
        Some(TrialResult::Tip(tip)) => *tip,
    };
    let forced = |side: &&Side<'_>| side.tip.is_some_and(|old| world.ancestry.descends(tip, old) != Some(true));
    if let Some(side) = sides.iter().filter(forced).find(|side| world.conflicts.is_refused(side.endpoint, name)) {
        return Err(format!("{} refuses forced updates of it", side.endpoint));
    }
    Ok(Resolution::Bring { tip, forced: Cause::Rebase })
}

/// The newest tip wins; of two that are equally new the one with the greater id, so that the order of endpoints does not
/// decide.
fn force(world: &World<'_>, name: &RefName, sides: &[Side<'_>], needs: &mut Needs) -> Resolution {
    let tips = tips_in_order(world, sides);
    let known = world.conflicts.trials.map(|trials| &trials.times);
    let mut newest = None;
    for tip in &tips {
        match known.and_then(|times| times.get(tip)) {
            None => drop(needs.times.insert(*tip)),
            Some(None) => {
                return Resolution::Leave(Some("when its commits were made could not be found out".to_owned()));
            }
            Some(Some(time)) => newest = newest.max(Some((*time, *tip))),
        }
    }
    if tips.iter().any(|tip| needs.times.contains(tip)) {
        return Resolution::Wait;
    }
    let Some((_, tip)) = newest else { return Resolution::Leave(None) };
    let refused = sides
        .iter()
        .filter(|side| side.tip.is_some_and(|old| world.ancestry.descends(tip, old) != Some(true)))
        .find(|side| world.conflicts.is_refused(side.endpoint, name));
    match refused {
        Some(side) if world.policy.conflict_resolution.opens_pull_requests() => {
            Resolution::Ask(Some(format!("{} refuses forced updates of it", side.endpoint)))
        }
        _ => Resolution::Bring { tip, forced: Cause::Force },
    }
}

/// Returns the distinct tips in the configured order of their endpoints.
fn tips_in_order(world: &World<'_>, sides: &[Side<'_>]) -> Vec<Oid> {
    let mut placed: Vec<_> = sides
        .iter()
        .filter_map(|side| Some((world.conflicts.position(side.endpoint), side.endpoint, side.tip?)))
        .collect();
    placed.sort_unstable_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)));
    let mut tips: Vec<Oid> = Vec::with_capacity(placed.len());
    for (.., tip) in placed {
        if !tips.contains(&tip) {
            tips.push(tip);
        }
    }
    tips
}
