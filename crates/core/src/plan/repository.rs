//! Planning one repository.

use std::collections::BTreeSet;

use crate::config::Rewrites;
use crate::name::{EndpointId, RefName, RepoName};
use crate::plan::action::{Cause, CreateRepository, DeleteRepository, RefUpdate, RepoPlan};
use crate::plan::brake::{self, Brake};
use crate::plan::branch::{self, Verdict};
use crate::plan::conflict::{Conflicts, Needs, Resolution, resolve};
use crate::plan::finding::{Finding, FindingKind};
use crate::plan::side::{Row, Rows, Side};
use crate::plan::view::{View, World};
use crate::plan::{default_branch, relation, tag};

/// Plans what makes every endpoint agree on the repository's references.
///
/// `creates` are the repositories that the group's plan wants made; their endpoints are [`View::ToCreate`].
pub fn plan(repository: &RepoName, world: &World<'_>, creates: Vec<CreateRepository>) -> RepoPlan {
    plan_and_ask(repository, world, creates, &mut Needs::default())
}

/// Returns what a plan would like to know of diverged branches before it decides. Unanswered, they are left alone.
pub fn needs(repository: &RepoName, world: &World<'_>) -> Needs {
    let mut needs = Needs::default();
    drop(plan_and_ask(repository, world, Vec::new(), &mut needs));
    needs
}

fn plan_and_ask(
    repository: &RepoName,
    world: &World<'_>,
    creates: Vec<CreateRepository>,
    needs: &mut Needs,
) -> RepoPlan {
    let mut plan = RepoPlan::nothing(repository.clone());
    report_what_cannot_be_read(world, &mut plan.findings);
    if formats_differ(world, &mut plan) {
        return plan;
    }
    let joined = relation::judge(world);
    report_unrelated(repository, &joined, &mut plan.findings);
    plan.apart = joined.apart.keys().cloned().collect();
    if joined.ambiguous {
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
    let mut brake = Brake::new(world, &members);
    let mut conflicts = Conflicts::new(world);
    for row in rows(world, &members).filter(|row| !row.is_equal()) {
        if row.name.is_tag() {
            tag::plan(row.name, &row.sides, &mut plan.updates, &mut plan.findings);
        } else {
            plan_branch(
                world,
                &members,
                &row,
                &mut Judges { brake: &mut brake, conflicts: &mut conflicts, needs },
                &mut plan,
            );
        }
    }
    conflicts.finish(&members, &mut plan, needs);
    plan_default_branch(world, &members, &mut plan);
    leave_read_only(world, &mut plan);
    plan.updates.sort();
    plan.requests.sort();
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
            format!("If it is to go, release it with `refray sync --confirm-deletions --repo {repository}`."),
        )),
        _ => plan.deletes = deletes,
    }
    plan
}

/// Returns every reference that any member has or had. What refray pushed itself to show a conflict is none of them.
pub(super) fn rows<'a>(world: &World<'a>, members: &[&'a EndpointId]) -> impl Iterator<Item = Row<'a>> {
    Rows::new(world.views, members, world.baseline).filter(|row| !row.name.is_conflict_branch())
}

/// What judges branches beside the rules.
struct Judges<'j, 'a> {
    brake: &'j mut Brake<'a>,
    conflicts: &'j mut Conflicts<'a>,
    needs: &'j mut Needs,
}

fn plan_branch<'a>(
    world: &'a World<'a>,
    members: &[&EndpointId],
    row: &Row<'a>,
    judges: &mut Judges<'_, 'a>,
    plan: &mut RepoPlan,
) {
    let Judges { brake, conflicts, needs } = judges;
    let name = row.name;
    // Where its absence does not count as a deletion the branch is left as it is, and the others go on without.
    let doubted = brake.doubted_absence(row);
    let takes_part = |side: &&Side<'_>| doubted.is_none() || !side.is_gone();
    let sides: Vec<Side<'_>> = row.sides.iter().filter(takes_part).copied().collect();
    if let Some((gone, reason)) = &doubted {
        hold(row, brake::DELETION, gone, reason, plan);
    }
    let mut diverged = None;
    let mut report = |kind| plan.findings.push(branch::report(kind, name, &row.sides, None));
    match branch::judge(&sides, world.ancestry) {
        Verdict::Agreed => {}
        Verdict::Advance(tip) => plan.updates.extend(branch::advance(name, &sides, tip, |_| Cause::FastForward)),
        Verdict::Delete => match waiting_for(world, row) {
            Some(hidden) => plan.findings.push(held_for_hidden(name, hidden, brake::DELETION)),
            None => plan.updates.extend(branch::delete(name, &sides)),
        },
        Verdict::DeletedAndChanged => report(FindingKind::DeletedAndChanged),
        Verdict::Rewrite { from, to } if follows_rewrites(world, members, name) => {
            match (brake.doubted_rewrite(row, from, to), waiting_for(world, row)) {
                (Some((rewriters, reason)), _) => hold(row, brake::REWRITE, &rewriters, &reason, plan),
                (None, Some(hidden)) => plan.findings.push(held_for_hidden(name, hidden, brake::REWRITE)),
                (None, None) => plan.updates.extend(branch::advance(name, &sides, to, |old| {
                    if old == from { Cause::Rewrite } else { Cause::FastForward }
                })),
            }
        }
        Verdict::Rewrite { .. } => diverged = Some(FindingKind::Rewritten),
        Verdict::Diverged => diverged = Some(FindingKind::Diverged),
        Verdict::Unknown => report(FindingKind::HistoryUnknown),
    }
    let Some(kind) = diverged else {
        if plan.findings.last().is_some_and(|finding| finding.name.as_ref() == Some(name)) {
            conflicts.leave(name);
        }
        return;
    };
    match resolve(world, name, &sides, kind == FindingKind::Diverged, needs) {
        Resolution::Bring { tip, forced } => plan.updates.extend(branch::advance(name, &sides, tip, |old| {
            if world.ancestry.descends(tip, old) == Some(true) { Cause::FastForward } else { forced }
        })),
        Resolution::Ask(why) => conflicts.ask(name, &sides, why, plan),
        Resolution::Leave(why) => {
            conflicts.leave(name);
            plan.findings.push(branch::report(kind, name, &row.sides, why.as_deref()));
        }
        Resolution::Wait => {
            conflicts.leave(name);
            plan.findings.push(branch::report(kind, name, &row.sides, None));
        }
    }
}

/// Holds what happened to a branch at the doubted endpoints.
fn hold(row: &Row<'_>, what: &str, doubted: &[&EndpointId], reason: &str, plan: &mut RepoPlan) {
    plan.held.entry(row.name.clone()).or_default().extend(doubted.iter().map(|endpoint| (*endpoint).clone()));
    let finding = Finding::new(
        FindingKind::DeletionHeld,
        brake::held(what, row.name, reason),
        format!(
            "If it was meant, release it with `refray sync --confirm-deletions --repo {}`; \
             if not, push the branch there again as it is on the other sides.",
            plan.repository
        ),
    );
    let tip = |side: &Side<'_>| side.tip.map_or_else(|| "-".to_owned(), |oid| oid.to_string());
    let finding = finding.at(row.name);
    plan.findings.push(row.sides.iter().fold(finding, |finding, side| finding.side(side.endpoint, tip(side))));
}

fn follows_rewrites(world: &World<'_>, members: &[&EndpointId], name: &RefName) -> bool {
    let is_default = || {
        let now = members.iter().filter_map(|endpoint| world.views[*endpoint].snapshot()?.default_branch.as_ref());
        let before = members.iter().filter_map(|endpoint| world.baseline.default_branch.get(*endpoint));
        now.chain(before).any(|default| Some(default) == name.branch())
    };
    match world.policy.rewrites {
        Rewrites::Always => true,
        Rewrites::Never => false,
        Rewrites::NonDefault => !is_default(),
    }
}

/// Returns an endpoint that had the reference and cannot be read now. What is destructive waits for it.
fn waiting_for<'a>(world: &World<'_>, row: &Row<'a>) -> Option<&'a EndpointId> {
    row.agreed?.keys().find(|endpoint| matches!(world.views.get(*endpoint), Some(View::Unreadable(_))))
}

fn held_for_hidden(name: &RefName, hidden: &EndpointId, what: &str) -> Finding {
    Finding::new(
        FindingKind::DeletionHeld,
        format!("{what} of the branch `{}` waits until {hidden} can be read", name.short()),
        format!("Make {hidden} readable again, or take it out of the group."),
    )
    .at(name)
}

/// Plans the default branch, and keeps it: a forge refuses to delete its default branch, and a branch that is the
/// default one somewhere, and stays it, is in use, so that it is deleted nowhere.
fn plan_default_branch(world: &World<'_>, members: &[&EndpointId], plan: &mut RepoPlan) {
    loop {
        let mut findings = Vec::new();
        let switches = default_branch::plan(world, members, &plan.updates, &mut findings);
        let stays = plan.updates.iter().find(|update| {
            let default = world.views.get(&update.endpoint).and_then(|view| view.snapshot()?.default_branch.as_ref());
            update.cause == Cause::Delete
                && update.name.branch().is_some_and(|branch| Some(branch) == default)
                && !switches.iter().any(|switch| switch.endpoint == update.endpoint)
        });
        let Some(RefUpdate { endpoint, name, .. }) = stays.cloned() else {
            plan.default_branches = switches;
            plan.findings.append(&mut findings);
            return;
        };
        let finding = Finding::new(
            FindingKind::DeletionHeld,
            format!("the branch `{}` is still the default branch of {endpoint}", name.short()),
            "Choose another default branch there; the next run deletes the old one.",
        );
        plan.findings.push(finding.at(&name));
        plan.updates.retain(|update| update.name != name);
    }
}

fn leave_read_only(world: &World<'_>, plan: &mut RepoPlan) {
    for (endpoint, view) in world.views {
        let View::Present { read_only: Some(why), .. } = view else { continue };
        let before = plan.actions();
        plan.updates.retain(|update| update.endpoint != *endpoint);
        plan.default_branches.retain(|switch| switch.endpoint != *endpoint);
        plan.requests.retain(|request| request.endpoint != *endpoint);
        let left = before - plan.actions();
        if left > 0 {
            plan.findings.push(Finding::new(
                FindingKind::ReadOnly,
                format!("{endpoint} stays behind by {left} change{}: {why}", if left == 1 { "" } else { "s" }),
                "Make it writable there (unarchive it, or turn a mirror into an ordinary repository), leave it out with \
                 `repo_blacklist`, or take the endpoint out of the group if that forge is being left.",
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

fn report_unrelated(repository: &RepoName, joined: &relation::Joined, findings: &mut Vec<Finding>) {
    if joined.apart.is_empty() {
        return;
    }
    let finding = Finding::new(
        FindingKind::Unrelated,
        "repositories of this name share no history, so they are not joined",
        format!(
            "If they are one repository all the same, release them with `refray sync --join {repository}`; \
             if not, rename one or leave it out with `repo_blacklist`."
        ),
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
