//! One repository: observe, plan, apply, record.

use std::collections::{BTreeMap, BTreeSet};

use refray_core::baseline::Baseline;
use refray_core::config::MirrorGroup;
use refray_core::event::Event;
use refray_core::name::{EndpointId, GroupName, RefName, RepoName};
use refray_core::oid::Oid;
use refray_core::outcome::{Outcome, RepoStatus};
use refray_core::plan::group::{Copy, RepoTask};
use refray_core::plan::{self, Finding, FindingKind, Policy, Releases, RepoPlan, Severity, View, Views, World, recall};

use crate::apply::{self, Applied};
use crate::doubt;
use crate::engine::Engine;
use crate::lock::RepoLock;
use crate::mirror;
use crate::observe::{self, Facts, Subject};
use crate::options::Settings;
use crate::record;
use crate::store::{Problem, RepoRecord};

/// How often a repository is planned anew because somebody pushed meanwhile, before it is left to the next run.
pub(crate) const ATTEMPTS: usize = 4;

/// How the work on a repository ended.
pub(crate) struct Ended {
    pub(crate) status: RepoStatus,
    /// Actions carried out.
    pub(crate) done: usize,
    /// What went wrong with the repository as a whole, and the remedy.
    pub(crate) error: Option<(String, String)>,
    /// It may go better later without anybody changing anything.
    pub(crate) may_pass: bool,
}

/// Brings one repository into agreement, and remembers it when that failed as a whole.
pub(crate) async fn reconcile(
    engine: &Engine,
    group: &MirrorGroup,
    task: RepoTask,
    record: Option<&RepoRecord>,
    settings: &Settings<'_>,
) -> Ended {
    let name = task.name.clone();
    let ended = match lock(engine, &group.name, &name).await {
        Ok(_lock) => passes(engine, group, task, record, settings, None).await,
        Err((message, remedy)) => failed(0, message, &remedy),
    };
    remember(engine, group, &name, &ended, settings).await;
    ended
}

/// Remembers that the work on a repository failed as a whole.
pub(crate) async fn remember(
    engine: &Engine,
    group: &MirrorGroup,
    name: &RepoName,
    ended: &Ended,
    settings: &Settings<'_>,
) {
    if let Some((message, remedy)) = ended.error.clone().filter(|_| !settings.options.dry_run) {
        let problem = Problem { message, remedy };
        if let Err(error) = engine.store.record_problem(&group.name, name, (engine.clock)(), &problem).await {
            tracing::warn!(repository = %name, %error, "its failure could not be remembered");
        }
    }
}

/// Looks, plans and writes until nothing moves in between. The repository's lock is held by the caller, who may have
/// looked already.
pub(crate) async fn passes(
    engine: &Engine,
    group: &MirrorGroup,
    mut task: RepoTask,
    record: Option<&RepoRecord>,
    settings: &Settings<'_>,
    seen: Option<Views>,
) -> Ended {
    let mut done = 0;
    let mut refused = BTreeSet::new();
    let mut pass = match one_pass(engine, group, &mut task, record, settings, seen, &mut refused).await {
        Ok(pass) => pass,
        Err((message, remedy)) => return failed(0, message, &remedy),
    };
    done += pass.done;
    let mut deleted = std::mem::take(&mut pass.deleted);
    for _ in 1..ATTEMPTS {
        if !pass.look_again || engine.stop.is_cancelled() {
            break;
        }
        let known = settings.known_without(&task.name, &deleted);
        let settings = Settings { known: &known, ..*settings };
        pass = match one_pass(engine, group, &mut task, None, &settings, None, &mut refused).await {
            Ok(pass) => pass,
            Err((message, remedy)) => return failed(done, message, &remedy),
        };
        done += pass.done;
        deleted.append(&mut pass.deleted);
    }
    let status = match pass.status {
        RepoStatus::Agreed | RepoStatus::Incomplete if done > 0 => RepoStatus::Synced,
        status => status,
    };
    for finding in &pass.findings {
        engine.emit(Event::Finding {
            group: group.name.clone(),
            repository: task.name.clone(),
            finding: finding.clone(),
        });
    }
    let error = pass.look_again.then(|| {
        let message = "it changed faster than it could be synced, or a lock stands in the way where it is written to";
        let remedy = "Run again; nothing was overwritten. If it stays so, look for `*.lock` files that a process left \
                      behind in the receiving repository.";
        (message.to_owned(), remedy.to_owned())
    });
    let may_pass = pass.may_pass || error.is_some();
    Ended { status: if error.is_some() { RepoStatus::Failed } else { status }, done, error, may_pass }
}

/// Takes the repository's lock, and waits while another run has it.
pub(crate) async fn lock(
    engine: &Engine,
    group: &GroupName,
    repository: &RepoName,
) -> Result<RepoLock, (String, String)> {
    let waits = || tracing::info!(%repository, "waits for another run");
    engine.locks.acquire(group, &repository.key(), &waits).await.map_err(|error| {
        let source = std::error::Error::source(&error).map_or(String::new(), |source| format!(": {source}"));
        (format!("{error}{source}"), error.remedy())
    })
}

pub(crate) fn failed(done: usize, message: String, remedy: &str) -> Ended {
    Ended { status: RepoStatus::Failed, done, error: Some((message, remedy.to_owned())), may_pass: true }
}

/// What one look at the repository led to.
struct Pass {
    status: RepoStatus,
    done: usize,
    findings: Vec<Finding>,
    /// Where the repository was deleted.
    deleted: BTreeSet<EndpointId>,
    /// Something moved meanwhile, or its fate is unknown.
    look_again: bool,
    /// Something could not be read or done, which may pass.
    may_pass: bool,
}

impl Pass {
    /// One in which nothing was done.
    const fn still(status: RepoStatus, findings: Vec<Finding>) -> Self {
        Self { status, done: 0, findings, deleted: BTreeSet::new(), look_again: false, may_pass: false }
    }
}

async fn one_pass(
    engine: &Engine,
    group: &MirrorGroup,
    task: &mut RepoTask,
    record: Option<&RepoRecord>,
    settings: &Settings<'_>,
    seen: Option<Views>,
    refused: &mut BTreeSet<(EndpointId, RefName)>,
) -> Result<Pass, (String, String)> {
    let options = settings.options;
    let views = match seen {
        Some(views) => views,
        None => observe::views(engine, group, &task.copies).await,
    };
    if !options.full && task.findings.is_empty() && record.is_some_and(|record| unchanged(record, &task.copies, &views))
    {
        let status = RepoStatus::Agreed;
        return Ok(Pass::still(status, Vec::new()));
    }
    let baseline = agreed(engine, group, task).await?;
    let policy = Policy::from(group);
    let releases = Releases {
        deletions: options.selection.confirm_deletions,
        join: options.join.contains(&task.name.key()),
        force: options.force,
    };
    let dry_run = options.dry_run;
    let subject =
        Subject { group, task, policy: &policy, releases, views: &views, baseline: &baseline, refused, dry_run };
    let facts = observe::gather(engine, subject).await?;
    let world = World {
        policy: &policy,
        releases,
        views: &views,
        baseline: &baseline,
        ancestry: &facts.ancestry,
        conflicts: facts.conflicts.facts(refused),
    };
    if !doubt::deletes(task) {
        let noted = settings.doubts.note(engine, group, task, &world, dry_run).await;
        noted.map_err(|error| (error.to_string(), error.remedy()))?;
    }
    let mut plan = make_plan(task, &world);
    if plan.findings.iter().any(|finding| finding.kind == FindingKind::DeletionHeld) {
        let earlier = engine.store.repository(&group.name, &task.name.key()).await;
        let earlier = earlier.map_err(|error| (error.to_string(), error.remedy()))?;
        recall(&mut plan.findings, earlier.as_ref().map_or(&[], |record| &record.findings));
    }
    plan.findings.splice(0..0, task.findings.iter().cloned());
    plan.findings.retain(|finding| !is_reported_already(finding, settings.hidden));
    if options.dry_run {
        if let Some(gathered) = settings.gathered {
            gathered.take(group, task, &views, &plan);
        }
        let status = preview(engine, group, &task.name, &plan, &views);
        return Ok(Pass::still(status, plan.findings));
    }
    let whole = true;
    let ground = Ground { group, task, views: &views, baseline: &baseline, facts: &facts, settings, whole };
    let (status, applied) = carry_out(engine, ground, &plan).await?;
    applied.take_in_created(task);
    let deleted = applied.take_in_deleted(task);
    add_links(&mut plan.findings, &applied);
    plan.findings.extend(applied.waiting.iter().map(|(endpoint, waiting)| waiting.note(endpoint)));
    let before = refused.len();
    refused.extend(applied.refused_force(group));
    let look_again = applied.look_again || refused.len() > before;
    let may_pass = applied.outcomes.iter().any(|(_, outcome)| matches!(outcome, Outcome::Failed { .. }))
        || plan.findings.iter().any(|it| matches!(it.kind, FindingKind::Unreadable | FindingKind::HistoryUnknown));
    Ok(Pass { status, done: applied.done(), findings: plan.findings, deleted, look_again, may_pass })
}

/// Returns what was agreed with the repositories that are there now.
pub(crate) async fn agreed(
    engine: &Engine,
    group: &MirrorGroup,
    task: &RepoTask,
) -> Result<Baseline, (String, String)> {
    let stored = engine.store.baseline(&group.name, &task.name.key()).await;
    let mut baseline = stored.map_err(|error| (error.to_string(), error.remedy()))?;
    task.forget_what_is_new(&mut baseline);
    Ok(baseline)
}

/// What a plan is carried out on.
#[derive(Clone, Copy)]
pub(crate) struct Ground<'a> {
    pub(crate) group: &'a MirrorGroup,
    pub(crate) task: &'a RepoTask,
    /// What was seen, which is what the plan replaces.
    pub(crate) views: &'a Views,
    pub(crate) baseline: &'a Baseline,
    pub(crate) facts: &'a Facts,
    pub(crate) settings: &'a Settings<'a>,
    /// The plan does all that is to be done: it is not a part that a person chose.
    pub(crate) whole: bool,
}

/// Carries a plan out: holds and intentions are written down first, what came of it afterwards. The repository's lock is
/// held by the caller.
///
/// # Errors
/// The store or the local mirror cannot be used: why, and the remedy.
pub(crate) async fn carry_out(
    engine: &Engine,
    ground: Ground<'_>,
    plan: &RepoPlan,
) -> Result<(RepoStatus, Applied), (String, String)> {
    let Ground { group, task, views, baseline, facts, settings, whole } = ground;
    let mut held = baseline.clone();
    held.hold(&plan.held);
    let known = settings.known.get(&task.name.key());
    let is_forgotten = |endpoint| known.is_some_and(|known| !known.contains_key(endpoint));
    let forgets = plan.deletes.iter().any(|delete| is_forgotten(&delete.endpoint));
    if (held != *baseline || forgets) && !plan.is_idle() {
        // Carrying the plan out takes away the signs that gave rise to the hold, and what is to be forgotten; so it is
        // written down before.
        let applied = Applied { views: views.clone(), ..Applied::default() };
        let status = status(plan, &applied, whole);
        let ending = record::Ending { plan, applied: &applied, baseline: &held, status, intended: None };
        record::record(engine, group, task, ending, settings).await?;
    }
    let baseline = held;
    let intended = record::intend(engine, group, plan, settings.run).await?;
    let writes = engine.writing.begin(&group.name, plan, views);
    let mut applied = apply::apply(engine, group, task, plan, views, facts.mirror.as_ref(), &facts.fetch_errors).await;
    applied.look_again |= writes.settle(&applied.views);
    let status = status(plan, &applied, whole);
    keep_reachable(facts, &applied, &baseline).await?;
    let ending = record::Ending { plan, applied: &applied, baseline: &baseline, status, intended };
    record::record(engine, group, task, ending, settings).await?;
    drop(writes);
    Ok((status, applied))
}

/// Where a pull request was opened, a finding leads to it.
pub(crate) fn add_links(findings: &mut [Finding], applied: &Applied) {
    for finding in findings.iter_mut().filter(|finding| finding.kind == FindingKind::InConflict) {
        let Some(branch) = finding.name.as_ref().and_then(RefName::branch) else { continue };
        for (endpoint, pull) in applied.opened.iter().map(|((endpoint, _), pull)| (endpoint, pull)) {
            if pull.base == branch.as_str() {
                finding.links.insert(endpoint.clone(), pull.web_url.clone());
            }
        }
    }
}

/// Keeps in the mirror what any endpoint holds or all once agreed on, so that it need not be fetched again.
async fn keep_reachable(facts: &Facts, applied: &Applied, baseline: &Baseline) -> Result<(), (String, String)> {
    let Some(mirror) = &facts.mirror else { return Ok(()) };
    let now = applied.views.values().filter_map(View::snapshot).flat_map(|snapshot| snapshot.refs.values().copied());
    let agreed = baseline.refs.values().flat_map(|values| values.values().copied());
    let oids: BTreeSet<Oid> = now.chain(agreed).filter(|oid| oid.format() == mirror.format()).collect();
    mirror::blocking(mirror, move |mirror| {
        let held = mirror.holds(oids)?;
        mirror.keep(&held.into_iter().map(|oid| (format!("refs/refray/keep/{oid}"), oid)).collect())
    })
    .await
}

/// Plans a repository as its group's plan has it: to be brought into agreement, or to be deleted.
pub(crate) fn make_plan(task: &RepoTask, world: &World<'_>) -> RepoPlan {
    let deletes: Vec<_> = task
        .copies
        .values()
        .filter_map(|copy| match copy {
            Copy::Delete(delete) => Some(delete.clone()),
            _ => None,
        })
        .collect();
    if !deletes.is_empty() {
        return plan::repository::plan_deletion(&task.name, world, deletes);
    }
    let creates = task.copies.values().filter_map(|copy| match copy {
        Copy::Create(create) => Some(create.clone()),
        _ => None,
    });
    plan::repository::plan(&task.name, world, creates.collect())
}

/// Says whether every copy is the one remembered and holds exactly what was agreed.
pub(crate) fn unchanged(record: &RepoRecord, copies: &BTreeMap<EndpointId, Copy>, views: &Views) -> bool {
    let Some(agreed) = record.fingerprint else { return false };
    copies.iter().all(|(endpoint, copy)| match copy {
        Copy::Present { recreated: false, repository } => {
            let known = record.copies.get(endpoint);
            known.is_some_and(|known| known.agreed && known.id == repository.id && known.path == repository.path)
                && views.get(endpoint).and_then(|view| view.snapshot()).map(|snapshot| snapshot.fingerprint())
                    == Some(agreed)
        }
        Copy::Absent => !record.copies.contains_key(endpoint),
        _ => false,
    })
}

/// Tells what a dry run would do.
pub(crate) fn preview(
    engine: &Engine,
    group: &MirrorGroup,
    repository: &RepoName,
    plan: &RepoPlan,
    views: &Views,
) -> RepoStatus {
    let status = match plan.severity() {
        Some(Severity::Failed) => RepoStatus::Failed,
        Some(Severity::Held) => RepoStatus::Held,
        _ if plan.is_idle() => at_rest(views),
        _ => RepoStatus::Pending,
    };
    if !plan.is_idle() {
        tracing::debug!(%repository, "planned");
        engine.emit(Event::Planned { group: group.name.clone(), plan: plan.clone() });
    }
    status
}

fn status(plan: &RepoPlan, applied: &Applied, whole: bool) -> RepoStatus {
    match plan.severity() {
        _ if applied.failed() => RepoStatus::Failed,
        Some(Severity::Failed) => RepoStatus::Failed,
        Some(Severity::Held) => RepoStatus::Held,
        _ if !whole => RepoStatus::Pending,
        _ if applied.done() > 0 => RepoStatus::Synced,
        _ => at_rest(&applied.views),
    }
}

/// Says how a repository stands with which there is nothing to do. What could not be read may hold anything.
fn at_rest(views: &Views) -> RepoStatus {
    if views.values().any(|view| matches!(view, View::Unreadable(_))) {
        RepoStatus::Incomplete
    } else {
        RepoStatus::Agreed
    }
}

/// What is hidden in this run: an endpoint that failed as a whole was reported once, not once a repository.
pub(crate) fn is_reported_already(finding: &Finding, hidden: &BTreeSet<EndpointId>) -> bool {
    finding.kind == FindingKind::Unreadable && finding.sides.keys().all(|endpoint| hidden.contains(endpoint))
}
