//! Whether a repository's plan can be carried out as it is, and all that takes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use refray_core::ancestry::Question;
use refray_core::baseline::Baseline;
use refray_core::config::MirrorGroup;
use refray_core::name::EndpointId;
use refray_core::oid::Oid;
use refray_core::plan::file::{self, PlannedRepository};
use refray_core::plan::group::{Copy, RepoTask};
use refray_core::plan::{Cause, Finding, FindingKind, Policy, RefUpdate, Releases, RepoPlan, View, Views, World};
use refray_git::Mirror;

use crate::engine::Engine;
use crate::mirror;
use crate::observe::{self, Facts, Subject};
use crate::options::Settings;
use crate::reconcile::{agreed, is_reported_already, make_plan};

/// A plan from a file, and the ground that it stands on.
pub(super) struct Prepared {
    pub(super) task: RepoTask,
    pub(super) views: Views,
    pub(super) baseline: Baseline,
    pub(super) facts: Facts,
    /// What is done, with what is reported now.
    pub(super) plan: RepoPlan,
    /// It does all that planning anew would.
    pub(super) whole: bool,
}

/// Why a repository's plan is not carried out.
pub(super) enum Halt {
    /// What is not as the plan has it.
    Findings(Vec<Finding>),
    /// What went wrong with looking, and the remedy.
    Error(String, String),
}

impl From<(String, String)> for Halt {
    fn from((message, remedy): (String, String)) -> Self {
        Self::Error(message, remedy)
    }
}

/// Looks at a repository, and fetches what its plan writes. Nothing is written but to the local mirror. The repository's
/// lock is held by the caller.
///
/// # Errors
/// The plan does not hold any more, or it could not be found out.
pub(super) async fn prepare(
    engine: &Engine,
    group: &MirrorGroup,
    planned: &PlannedRepository,
    found: Option<&RepoTask>,
    settings: &Settings<'_>,
) -> Result<Prepared, Halt> {
    let Some(found) = found else { return Err(Halt::Findings(file::moved(planned, None, &Views::new()))) };
    let plan = &planned.plan;
    let task = as_planned(found, plan);
    let views = observe::views(engine, group, &task.copies).await;
    halt_on(file::moved(planned, Some(found), &views))?;
    let baseline = agreed(engine, group, &task).await?;
    let policy = Policy::from(group);
    let options = settings.options;
    let releases = Releases {
        deletions: options.selection.confirm_deletions,
        join: options.join.contains(&task.name.key()),
        force: options.force,
    };
    // What a forge refuses is reported: a plan knows no other way than its own.
    let refused = BTreeSet::new();
    let subject = Subject {
        group,
        task: &task,
        policy: &policy,
        releases,
        views: &views,
        baseline: &baseline,
        refused: &refused,
        dry_run: false,
    };
    let facts = observe::gather(engine, subject).await?;
    let world = World {
        policy: &policy,
        releases,
        views: &views,
        baseline: &baseline,
        ancestry: &facts.ancestry,
        conflicts: facts.conflicts.facts(&refused),
    };
    let mut now = make_plan(&task, &world);
    now.findings.splice(0..0, task.findings.iter().cloned());
    now.findings.retain(|finding| !is_reported_already(finding, settings.hidden));
    halt_on(file::doubted(plan, &now))?;
    halt_on(unwritable(engine, subject, &facts, plan).await?)?;
    let whole = is_whole(found, &now, plan);
    let mut plan = plan.clone();
    // A person who shortened the file has not released what is held.
    for (name, endpoints) in now.held {
        plan.held.entry(name).or_default().extend(endpoints);
    }
    plan.apart.extend(now.apart);
    plan.findings = now.findings;
    Ok(Prepared { task, views, baseline, facts, plan, whole })
}

fn halt_on(findings: Vec<Finding>) -> Result<(), Halt> {
    if findings.is_empty() { Ok(()) } else { Err(Halt::Findings(findings)) }
}

/// Returns the repository with what the plan does about its copies, and nothing else: a person may have taken out that it
/// is created somewhere.
fn as_planned(found: &RepoTask, plan: &RepoPlan) -> RepoTask {
    let mut task = found.clone();
    for (endpoint, copy) in &mut task.copies {
        if let Copy::Create(_) = copy {
            let create = plan.creates.iter().find(|create| create.endpoint == *endpoint);
            *copy = create.map_or(Copy::Absent, |create| Copy::Create(create.clone()));
        }
    }
    task
}

/// Says whether planning anew would do nothing that the plan does not.
fn is_whole(found: &RepoTask, now: &RepoPlan, plan: &RepoPlan) -> bool {
    let creates = found.copies.iter().filter(|(_, copy)| matches!(copy, Copy::Create(_)));
    let refs = |plan: &RepoPlan| -> BTreeSet<_> {
        plan.updates.iter().map(|update| (update.endpoint.clone(), update.name.clone())).collect()
    };
    let switches = |plan: &RepoPlan| -> BTreeSet<EndpointId> {
        plan.default_branches.iter().map(|switch| switch.endpoint.clone()).collect()
    };
    creates.count() == plan.creates.len()
        && refs(now).is_subset(&refs(plan))
        && switches(now).is_subset(&switches(plan))
        && now.requests.iter().all(|request| plan.requests.contains(request))
        && now.deletes.len() == plan.deletes.len()
}

/// Returns what of a plan cannot be written: commits that are nowhere to be had, and those that would drop others without
/// the plan saying so.
async fn unwritable(
    engine: &Engine,
    subject: Subject<'_>,
    facts: &Facts,
    plan: &RepoPlan,
) -> Result<Vec<Finding>, (String, String)> {
    let wanted: BTreeSet<Oid> = plan.updates.iter().filter_map(|update| update.new).collect();
    let Some(mirror) = facts.mirror.as_ref().filter(|_| !wanted.is_empty()) else {
        return Ok(plan.updates.iter().filter(|update| update.new.is_some()).map(missing).collect());
    };
    fetch_elsewhere(engine, subject, mirror, &wanted).await?;
    // What shows a conflict has been compared with what planning anew would do.
    let forwards = plan.updates.iter().filter(|update| update.cause == Cause::FastForward);
    let forwards: Vec<(&RefUpdate, Question)> = forwards
        .filter_map(|update| Some((update, Question { ancestor: update.old?, descendant: update.new? })))
        .collect();
    let questions: Vec<Question> = forwards.iter().map(|(_, question)| *question).collect();
    let (held, answers) =
        mirror::blocking(mirror, move |mirror| Ok((mirror.holds(wanted)?, mirror.ancestry(&questions)?))).await?;
    let lacking = plan.updates.iter().filter(|update| update.new.is_some_and(|new| !held.contains(&new)));
    let mut findings: Vec<Finding> = lacking.map(missing).collect();
    let dropping = forwards
        .iter()
        .zip(answers)
        .filter(|((update, _), answer)| *answer != Some(true) && update.new.is_some_and(|new| held.contains(&new)));
    findings.extend(dropping.map(|((update, question), _)| drops(update, question)));
    Ok(findings)
}

/// Fetches what a plan writes and no reference that differs names: somebody may have put another value into the file.
async fn fetch_elsewhere(
    engine: &Engine,
    subject: Subject<'_>,
    mirror: &Arc<Mirror>,
    wanted: &BTreeSet<Oid>,
) -> Result<(), (String, String)> {
    let mut there: BTreeMap<Oid, Vec<EndpointId>> = BTreeMap::new();
    for (endpoint, snapshot) in subject.views.iter().filter_map(|(at, view)| Some((at, View::snapshot(view)?))) {
        for oid in snapshot.refs.values().filter(|oid| wanted.contains(oid) && oid.format() == mirror.format()) {
            let at = there.entry(*oid).or_default();
            if !at.contains(endpoint) {
                at.push(endpoint.clone());
            }
        }
    }
    // What could not be fetched is seen when it is missing.
    observe::obtain(engine, subject, mirror, there).await.map(|_| ())
}

fn missing(update: &RefUpdate) -> Finding {
    let RefUpdate { endpoint, name, new, .. } = update;
    let new = new.map_or_else(String::new, |new| new.to_string());
    let message =
        format!("{new}, which {name} on {endpoint} is to get, is neither on an endpoint nor in the local mirror");
    let remedy = "Make the plan anew with `refray plan --out FILE`: merges and rebases are made again then.";
    Finding::new(FindingKind::PlanImpossible, message, remedy).at(name).side(endpoint, new)
}

fn drops(update: &RefUpdate, question: &Question) -> Finding {
    let RefUpdate { endpoint, name, cause, .. } = update;
    let Question { ancestor, descendant } = question;
    let message = format!(
        "{descendant}, which {name} on {endpoint} is to get, does not contain {ancestor}, so it is no `{}`",
        cause.as_str()
    );
    let remedy = "Make the plan anew with `refray plan --out FILE`, or undo what was changed in the file.";
    Finding::new(FindingKind::PlanImpossible, message, remedy).at(name).side(endpoint, descendant)
}
