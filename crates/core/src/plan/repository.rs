//! Planning one repository.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::Rewrites;
use crate::name::{EndpointId, RefName, RepoName};
use crate::plan::action::{Cause, CreateRepository, DeleteRepository, RepoPlan};
use crate::plan::branch::{self, Side, Verdict};
use crate::plan::finding::{Finding, FindingKind};
use crate::plan::view::{View, World};
use crate::plan::{brake, default_branch, relation, tag};

/// Plans what makes every endpoint agree on the repository's references.
///
/// `creates` are the repositories that the group's plan wants made; their endpoints are [`View::ToCreate`].
pub fn plan(repository: &RepoName, world: &World<'_>, creates: Vec<CreateRepository>) -> RepoPlan {
    let mut plan = RepoPlan::nothing(repository.clone());
    report_what_cannot_be_read(world, &mut plan.findings);
    let joined = relation::judge(world);
    report_unrelated(&joined, &mut plan.findings);
    plan.apart = joined.apart.keys().cloned().collect();
    if joined.ambiguous || formats_differ(world, &mut plan) {
        return plan;
    }
    // What cannot be read anywhere is no model for a new copy.
    if world.views.values().any(|view| view.snapshot().is_some()) {
        plan.creates = creates;
    }
    let members: Vec<&EndpointId> = world
        .views
        .iter()
        .filter(|(endpoint, view)| view.takes_part() && !plan.apart.contains(*endpoint))
        .map(|(endpoint, _)| endpoint)
        .collect();
    let mut deletions = Vec::new();
    for name in names(world, &members) {
        if name.is_tag() {
            let sides: Vec<_> = members.iter().map(|endpoint| (*endpoint, world.views[*endpoint].get(name))).collect();
            tag::plan(name, &sides, &mut plan.updates, &mut plan.findings);
        } else {
            plan_branch(world, &members, name, &mut plan, &mut deletions);
        }
    }
    brake_deletions(world, deletions, &mut plan);
    plan.default_branches = default_branch::plan(world, &members, &plan.updates, &mut plan.findings);
    keep_default_branches(world, &mut plan);
    leave_read_only(world, &mut plan);
    plan.updates.sort();
    plan
}

/// Plans the deletion of a repository's remaining copies, which the group's plan found to be deleted elsewhere.
///
/// A copy that was changed since all agreed keeps all of them: somebody still works there.
pub fn plan_deletion(repository: &RepoName, world: &World<'_>, deletes: Vec<DeleteRepository>) -> RepoPlan {
    let mut plan = RepoPlan::nothing(repository.clone());
    report_what_cannot_be_read(world, &mut plan.findings);
    let changed = world.views.iter().find(|(endpoint, view)| {
        view.snapshot().is_some_and(|snapshot| {
            snapshot.refs.iter().any(|(name, oid)| world.baseline.get(name, endpoint) != Some(*oid))
        })
    });
    match changed {
        _ if !plan.findings.is_empty() => {}
        Some((endpoint, _)) if !world.releases.deletions => plan.findings.push(Finding::new(
            FindingKind::AbsenceHeld,
            format!("the repository was deleted on one side, but {endpoint} was changed since all agreed"),
            "If it is to go, release it with `refray sync --confirm-deletions --repo NAME`.",
        )),
        _ => plan.deletes = deletes,
    }
    plan
}

/// Returns the endpoints' sides of a branch.
pub(super) fn sides<'a>(world: &World<'a>, members: &[&'a EndpointId], name: &RefName) -> Vec<Side<'a>> {
    let side = |endpoint: &&'a EndpointId| Side {
        endpoint,
        tip: world.views[*endpoint].get(name),
        base: world.baseline.get(name, endpoint),
    };
    members.iter().map(side).collect()
}

/// Returns every reference that any member has or had.
pub(super) fn names<'a>(world: &World<'a>, members: &[&'a EndpointId]) -> BTreeSet<&'a RefName> {
    let seen = members.iter().filter_map(|endpoint| world.views[*endpoint].snapshot());
    let mut names: BTreeSet<&RefName> = seen.flat_map(|snapshot| snapshot.refs.keys()).collect();
    names.extend(world.baseline.refs.keys());
    names
}

fn plan_branch<'a>(
    world: &World<'a>,
    members: &[&'a EndpointId],
    name: &'a RefName,
    plan: &mut RepoPlan,
    deletions: &mut Vec<(&'a RefName, Vec<Side<'a>>)>,
) {
    let sides = sides(world, members, name);
    let mut report = |kind| plan.findings.push(branch::report(kind, name, &sides));
    match branch::judge(&sides, world.ancestry) {
        Verdict::Agreed => {}
        Verdict::Advance(tip) => plan.updates.extend(branch::advance(name, &sides, tip, None)),
        Verdict::Delete => deletions.push((name, sides)),
        Verdict::DeletedAndChanged => report(FindingKind::DeletedAndChanged),
        Verdict::Rewrite { from, to } if follows_rewrites(world, members, name) => match waiting_for(world, name) {
            Some(hidden) => plan.findings.push(held_for_hidden(name, &hidden, "a rewrite")),
            None => plan.updates.extend(branch::advance(name, &sides, to, Some(from))),
        },
        Verdict::Rewrite { .. } => report(FindingKind::Rewritten),
        Verdict::Diverged => report(FindingKind::Diverged),
        Verdict::Unknown => report(FindingKind::HistoryUnknown),
    }
}

fn follows_rewrites(world: &World<'_>, members: &[&EndpointId], name: &RefName) -> bool {
    let is_default = || {
        let now = members.iter().filter_map(|endpoint| world.views[*endpoint].snapshot()?.default_branch.as_ref());
        now.chain(world.baseline.default_branch.values()).any(|default| Some(default) == name.branch())
    };
    match world.policy.rewrites {
        Rewrites::Always => true,
        Rewrites::Never => false,
        Rewrites::NonDefault => !is_default(),
    }
}

/// Returns an endpoint that had the reference and cannot be read now. What is destructive waits for it.
fn waiting_for(world: &World<'_>, name: &RefName) -> Option<EndpointId> {
    let had = world.baseline.refs.get(name)?;
    had.keys().find(|endpoint| matches!(world.views.get(*endpoint), Some(View::Unreadable(_)))).cloned()
}

fn held_for_hidden(name: &RefName, hidden: &EndpointId, what: &str) -> Finding {
    Finding::new(
        FindingKind::DeletionHeld,
        format!("{what} of the branch `{}` waits until {hidden} can be read", name.short()),
        format!("Make {hidden} readable again, or take it out of the group."),
    )
    .at(name)
}

fn brake_deletions<'a>(world: &World<'a>, deletions: Vec<(&'a RefName, Vec<Side<'a>>)>, plan: &mut RepoPlan) {
    let mut suspicions: BTreeMap<&EndpointId, Option<String>> = BTreeMap::new();
    for (name, sides) in deletions {
        if let Some(hidden) = waiting_for(world, name) {
            plan.findings.push(held_for_hidden(name, &hidden, "the deletion"));
            continue;
        }
        let mut suspicion = None;
        if !world.releases.deletions {
            for side in sides.iter().filter(|side| side.tip.is_none() && side.base.is_some()) {
                let found = suspicions.entry(side.endpoint).or_insert_with(|| brake::suspicion(world, side.endpoint));
                suspicion = suspicion.or_else(|| found.clone());
            }
        }
        match suspicion {
            None => plan.updates.extend(branch::delete(name, &sides)),
            Some(reason) => {
                let finding = Finding::new(
                    FindingKind::DeletionHeld,
                    format!("the deletion of the branch `{}` is held: {reason}", name.short()),
                    "If it was meant, release it with `refray sync --confirm-deletions --repo NAME`; \
                     if not, push the branch again where it is missing.",
                );
                let tip = |side: &Side<'_>| side.tip.map_or_else(|| "-".to_owned(), |oid| oid.to_string());
                plan.findings
                    .push(sides.iter().fold(finding.at(name), |finding, side| finding.side(side.endpoint, tip(side))));
            }
        }
    }
}

/// A forge refuses to delete its default branch; without a switch to another the deletion cannot be done.
fn keep_default_branches(world: &World<'_>, plan: &mut RepoPlan) {
    let RepoPlan { updates, default_branches, findings, .. } = plan;
    updates.retain(|update| {
        let default = world.views.get(&update.endpoint).and_then(|view| view.snapshot()?.default_branch.as_ref());
        let stays = update.cause == Cause::Delete
            && update.name.branch().is_some_and(|branch| Some(branch) == default)
            && !default_branches.iter().any(|switch| switch.endpoint == update.endpoint);
        if stays {
            findings.push(
                Finding::new(
                    FindingKind::DeletionHeld,
                    format!("the branch `{}` is still the default branch of {}", update.name.short(), update.endpoint),
                    "Choose another default branch there; the next run deletes the old one.",
                )
                .at(&update.name),
            );
        }
        !stays
    });
}

fn leave_read_only(world: &World<'_>, plan: &mut RepoPlan) {
    for (endpoint, view) in world.views {
        let View::Present { read_only: Some(why), .. } = view else { continue };
        let before = plan.actions();
        plan.updates.retain(|update| update.endpoint != *endpoint);
        plan.default_branches.retain(|switch| switch.endpoint != *endpoint);
        let left = before - plan.actions();
        if left > 0 {
            plan.findings.push(Finding::new(
                FindingKind::ReadOnly,
                format!("{endpoint} stays behind by {left} change{}: {why}", if left == 1 { "" } else { "s" }),
                "Unarchive the repository there, or leave it out with `repo_blacklist`.",
            ));
        }
    }
}

fn report_what_cannot_be_read(world: &World<'_>, findings: &mut Vec<Finding>) {
    for (endpoint, view) in world.views {
        match view {
            View::Unreadable(why) => findings.push(
                Finding::new(
                    FindingKind::Unreadable,
                    format!("{endpoint} could not be read: {why}"),
                    "Nothing is deleted because of it; it is looked at again in the next run.",
                )
                .side(endpoint, "?"),
            ),
            View::Present { snapshot, .. } => findings.extend(snapshot.unsupported.iter().map(|name| {
                Finding::new(
                    FindingKind::UnsupportedRef,
                    format!("the reference `{}` on {endpoint} has a name that cannot be synced", name.escape_debug()),
                    "Rename it to a name that is UTF-8 and follows the rules of `git check-ref-format`.",
                )
                .side(endpoint, "?")
            })),
            View::ToCreate | View::Absent => {}
        }
    }
}

fn report_unrelated(joined: &relation::Joined, findings: &mut Vec<Finding>) {
    if joined.apart.is_empty() {
        return;
    }
    let finding = Finding::new(
        FindingKind::Unrelated,
        "repositories of this name share no history, so they are not joined",
        "If they are one repository all the same, release them with `refray sync --join NAME`; \
         if not, rename one or leave it out with `repo_blacklist`.",
    );
    let apart = joined.apart.iter();
    findings.push(
        apart.fold(finding, |finding, (endpoint, cluster)| finding.side(endpoint, format!("history {}", cluster + 1))),
    );
}

fn formats_differ(world: &World<'_>, plan: &mut RepoPlan) -> bool {
    let filled = || {
        let present = world.views.iter().filter_map(|(endpoint, view)| Some((endpoint, view.snapshot()?)));
        present.filter(|(_, snapshot)| !snapshot.is_empty())
    };
    let formats: BTreeSet<_> = filled().map(|(_, snapshot)| snapshot.format).collect();
    if formats.len() < 2 {
        return false;
    }
    let finding = Finding::new(
        FindingKind::FormatDiffers,
        "the copies use different hash functions, and git cannot translate between them",
        "Leave the repository out with `repo_blacklist`, or make the copies anew in one format.",
    );
    plan.findings.push(filled().fold(finding, |finding, (endpoint, snapshot)| finding.side(endpoint, snapshot.format)));
    true
}
