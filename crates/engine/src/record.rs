//! Writing down what is so now: the last step.

use std::collections::BTreeMap;

use refray_core::baseline::Baseline;
use refray_core::config::{MirrorGroup, Provider};
use refray_core::name::EndpointId;
use refray_core::outcome::{Action, RepoStatus};
use refray_core::plan::group::{Copy, Known, RepoTask};
use refray_core::plan::{Finding, FindingKind, RepoPlan, View, Views, next_baseline};
use refray_core::repository::Repository;
use refray_core::snapshot::Fingerprint;

use crate::apply::Applied;
use crate::engine::Engine;
use crate::options::Settings;
use crate::store::{Intended, RepoRecordUpdate, StoreError};

/// How a pass over a repository ended.
pub(crate) struct Ending<'a> {
    pub(crate) plan: &'a RepoPlan,
    pub(crate) applied: &'a Applied,
    /// What was agreed when planning.
    pub(crate) baseline: &'a Baseline,
    pub(crate) status: RepoStatus,
    /// What the journal says was about to be done.
    pub(crate) intended: Option<Intended>,
}

/// Writes to the journal what is about to be done, before anything is.
pub(crate) async fn intend(
    engine: &Engine,
    group: &MirrorGroup,
    plan: &RepoPlan,
    run: &str,
) -> Result<Option<Intended>, (String, String)> {
    if plan.is_idle() {
        return Ok(None);
    }
    let begun =
        engine.store.begin_actions(run, &group.name, &plan.repository, (engine.clock)(), Action::all_of(plan)).await;
    begun.map(Some).map_err(told)
}

/// Returns what undoing an action needs beside the action itself.
fn detail(action: &Action, applied: &Applied) -> Option<serde_json::Value> {
    match action {
        Action::CreateRepository(create) => {
            let made = applied.created.get(&create.endpoint)?;
            Some(serde_json::json!({ "path": made.path, "id": made.id }))
        }
        Action::UpdateRef(update) if !update.is_destructive() => None,
        Action::DeleteRepository(delete) => {
            let former = applied.former.get(&delete.endpoint);
            let waiting = applied.waiting.get(&delete.endpoint);
            Some(serde_json::json!({ "backup": applied.backup, "repository": former, "waiting": waiting }))
        }
        Action::UpdateRef(_) => applied.backup.as_ref().map(|bundle| serde_json::json!({ "backup": bundle })),
        Action::SwitchDefaultBranch(_) => None,
        Action::PullRequest(request) => {
            let opened = applied.opened.get(&(request.endpoint.clone(), request.head.clone()))?;
            Some(serde_json::json!({ "number": opened.number, "url": opened.web_url }))
        }
    }
}

/// Writes down what was done and what is agreed now, as one.
pub(crate) async fn record(
    engine: &Engine,
    group: &MirrorGroup,
    task: &RepoTask,
    ending: Ending<'_>,
    settings: &Settings<'_>,
) -> Result<(), (String, String)> {
    let Ending { plan, applied, baseline, status, intended } = ending;
    let next = next_baseline(baseline, &applied.views, &plan.apart);
    // That something was made anew is over with the run that did it, though it may have looked again since.
    let is_made =
        |at: &EndpointId| applied.created.contains_key(at) || matches!(task.copies.get(at), Some(Copy::Present { .. }));
    let is_over = |finding: &&Finding| finding.kind == FindingKind::Deleted && finding.sides.keys().all(is_made);
    let findings: Vec<Finding> = plan.findings.iter().filter(|finding| !is_over(finding)).cloned().collect();
    let fingerprint = common_fingerprint(&applied.views).filter(|_| findings.is_empty() && !applied.failed());
    let copies = copies(group, task, plan, applied, settings, fingerprint.is_some());
    let settled =
        intended.map(|intended| intended.settle(&applied.outcomes, &applied.unknown, |action| detail(action, applied)));
    let update = RepoRecordUpdate {
        group: &group.name,
        name: &task.name,
        at: (engine.clock)(),
        copies: &copies,
        baseline: &next,
        fingerprint,
        status,
        problem: None,
        findings: &findings,
        settled: settled.as_ref(),
    };
    engine.store.record(update).await.map(|_| ()).map_err(told)
}

fn told(error: StoreError) -> (String, String) {
    (error.to_string(), error.remedy())
}

/// Returns what is to be remembered of each copy. What could not be seen in this run stays as it was.
fn copies(
    group: &MirrorGroup,
    task: &RepoTask,
    plan: &RepoPlan,
    applied: &Applied,
    settings: &Settings<'_>,
    all_agree: bool,
) -> BTreeMap<EndpointId, Known> {
    if is_gone(task, applied) {
        // Should it be put back on any side, it is not to be deleted once more for what was so before.
        return BTreeMap::new();
    }
    let known_before = settings.known.get(&task.name.key());
    let mut copies = BTreeMap::new();
    for endpoint in &group.endpoints {
        let id = &endpoint.id;
        let before = known_before.and_then(|copies| copies.get(id));
        let seen = match task.copies.get(id) {
            Some(Copy::Present { repository, .. }) => Some(repository),
            _ => applied.created.get(id),
        };
        let gone =
            matches!(applied.views.get(id), Some(View::Absent)) && matches!(task.copies.get(id), Some(Copy::Delete(_)));
        let entry = match (seen, before) {
            // One that is not joined with the rest may be another repository, whose fate is its own.
            _ if plan.apart.contains(id) => before.cloned(),
            (Some(repository), _) => Some(known(endpoint.site.provider, repository, before, settings, id, all_agree)),
            (None, Some(before)) if !gone => Some(before.clone()),
            _ => None,
        };
        if let Some(entry) = entry {
            copies.insert(id.clone(), entry);
        }
    }
    copies
}

/// Says whether the repository was to be deleted and is left nowhere.
fn is_gone(task: &RepoTask, applied: &Applied) -> bool {
    let mut copies = task.copies.iter();
    let gone = |(id, copy): (&EndpointId, &Copy)| match copy {
        Copy::Delete(_) => matches!(applied.views.get(id), Some(View::Absent)),
        Copy::Absent => true,
        _ => false,
    };
    crate::doubt::deletes(task) && copies.all(gone)
}

fn known(
    provider: Provider,
    repository: &Repository,
    before: Option<&Known>,
    settings: &Settings<'_>,
    endpoint: &EndpointId,
    all_agree: bool,
) -> Known {
    let same = before.is_some_and(|before| before.id == repository.id);
    let account = settings.sights.get(endpoint).and_then(|sight| sight.account.clone());
    Known {
        name: repository.name.clone(),
        id: repository.id.clone(),
        path: repository.path.clone(),
        account: account.filter(|_| provider != Provider::Directory),
        agreed: all_agree || (same && before.is_some_and(|before| before.agreed)),
        doubt: None,
    }
}

/// Returns the hash of what all copies hold, when all hold the same.
fn common_fingerprint(views: &Views) -> Option<Fingerprint> {
    let mut prints = views
        .values()
        .filter(|view| !matches!(view, View::Absent))
        .map(|view| view.snapshot().map(|snapshot| snapshot.fingerprint()));
    let first = prints.next()??;
    prints.all(|print| print == Some(first)).then_some(first)
}
