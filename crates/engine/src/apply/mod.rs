//! Carrying a plan out. No choices are made here: what was planned is done, or is reported as not done.

mod backup;
mod create;
mod push;
mod request;
mod setting;
mod text;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use refray_core::config::MirrorGroup;
use refray_core::event::Event;
use refray_core::name::{BranchName, EndpointId, RefName};
use refray_core::oid::{ObjectFormat, Oid};
use refray_core::outcome::{Action, Outcome};
use refray_core::plan::group::{Copy, RepoTask};
use refray_core::plan::undo::Former;
use refray_core::plan::{Cause, RefUpdate, RepoPlan, View, Views};
use refray_core::repository::Repository;
use refray_core::snapshot::Snapshot;
use refray_forge::{ForgeError, Pull};
use refray_git::Mirror;

use crate::engine::Engine;

/// The paths of a repository's copies on their forges.
pub(crate) type Paths = BTreeMap<EndpointId, String>;

/// What became of a plan.
#[derive(Default)]
pub(crate) struct Applied {
    /// Every action that was tried, with what became of it.
    pub(crate) outcomes: Vec<(Action, Outcome)>,
    /// What the endpoints hold now, by what they reported.
    pub(crate) views: Views,
    /// Repositories that were created.
    pub(crate) created: BTreeMap<EndpointId, Repository>,
    /// The bundle that was written before anything destructive.
    pub(crate) backup: Option<std::path::PathBuf>,
    /// Pull requests that were opened or refreshed, by endpoint and conflict branch.
    pub(crate) opened: BTreeMap<(EndpointId, BranchName), Pull>,
    /// What was deleted, as it was before.
    pub(crate) former: BTreeMap<EndpointId, Former>,
    /// Repositories that were deleted, and that their forge keeps for a while.
    pub(crate) waiting: BTreeMap<EndpointId, setting::Waiting>,
    /// Something moved meanwhile, or its fate is not known: look again.
    pub(crate) look_again: bool,
    /// What may have been done or not.
    pub(crate) unknown: Vec<Action>,
}

impl Applied {
    /// Returns how many actions were carried out.
    pub(crate) fn done(&self) -> usize {
        self.outcomes.iter().filter(|(_, outcome)| outcome.is_done()).count()
    }

    /// Returns where a forced update was refused, when the group has something else to try then.
    pub(crate) fn refused_force(&self, group: &MirrorGroup) -> Vec<(EndpointId, RefName)> {
        let falls_through = group.conflict_resolution.opens_pull_requests();
        let refused = self.outcomes.iter().filter_map(|(action, outcome)| match (action, outcome) {
            (Action::UpdateRef(update), Outcome::Refused { .. })
                if falls_through && matches!(update.cause, Cause::Rebase | Cause::Force) =>
            {
                Some((update.endpoint.clone(), update.name.clone()))
            }
            _ => None,
        });
        refused.collect()
    }

    /// Says whether something was refused or failed.
    pub(crate) fn failed(&self) -> bool {
        self.outcomes.iter().any(|(_, outcome)| matches!(outcome, Outcome::Refused { .. } | Outcome::Failed { .. }))
    }
}

/// Carries a plan out.
pub(crate) async fn apply(
    engine: &Engine,
    group: &MirrorGroup,
    task: &RepoTask,
    plan: &RepoPlan,
    views: &Views,
    mirror: Option<&Arc<Mirror>>,
    fetch_errors: &BTreeMap<EndpointId, String>,
) -> Applied {
    let mut applied = Applied { views: views.clone(), ..Applied::default() };
    if plan.is_idle() {
        return applied;
    }
    let mut step = Step { engine, group, plan, applied: &mut applied };
    if let Err((why, remedy)) = engine.git.get() {
        let outcome = failed(&why, &remedy);
        step.tell(plan.updates.iter().map(|update| (Action::UpdateRef(update.clone()), outcome.clone())).collect());
        return applied;
    }
    let filled = views.values().filter_map(View::snapshot).find(|snapshot| !snapshot.is_empty());
    let first_written = plan.updates.iter().find_map(|update| update.new);
    let format = filled.map(|snapshot| snapshot.format).or_else(|| first_written.map(|oid| oid.format()));
    let format = format.unwrap_or(ObjectFormat::Sha1);
    let default = plan.default_branches.iter().map(|switch| &switch.new).next();
    let first = default.or_else(|| filled?.default_branch.as_ref());

    let (created, outcomes) = create::create(engine, group, &plan.creates, first, format).await;
    for (endpoint, repository) in created {
        let mut snapshot = Snapshot { format, ..Snapshot::default() };
        if plan.creates.iter().any(|create| create.former.as_ref() == Some(&repository.id)) {
            // The forge gave a deleted one back, with what was in it.
            match crate::observe::snapshot(engine, group, &endpoint, &repository.path).await {
                Ok(found) => snapshot = found,
                Err(_) => step.applied.look_again = true,
            }
        }
        step.applied.views.insert(endpoint.clone(), View::Present { snapshot, read_only: None });
        step.applied.created.insert(endpoint, repository);
    }
    step.tell(outcomes);
    let paths = paths(task, &step.applied.created);

    // No backup, no write.
    let mut unsafe_to_write = None;
    if plan.updates.iter().any(RefUpdate::is_destructive) || !plan.deletes.is_empty() {
        match backup::keep(engine, group, task, plan, views, mirror).await {
            Ok(kept) => {
                step.applied.backup = Some(kept.bundle);
                step.applied.former = kept.former;
            }
            Err((message, remedy)) => {
                let message = format!("no backup could be made, so nothing was written: {message}");
                unsafe_to_write = Some(failed(&message, &remedy));
            }
        }
    }
    // What came back with its repository need not be written.
    let stands = |update: &&RefUpdate| {
        let value = step.applied.views.get(&update.endpoint).and_then(|view| view.get(&update.name));
        step.applied.created.contains_key(&update.endpoint) && update.new.is_some() && value == update.new
    };
    let (standing, updates): (Vec<_>, Vec<_>) = plan.updates.iter().partition(stands);
    step.tell(standing.into_iter().map(|update| (Action::UpdateRef(update.clone()), Outcome::Done)).collect());
    let (destructive, harmless): (Vec<&RefUpdate>, Vec<_>) =
        updates.into_iter().partition(|update| update.is_destructive());
    if let Some(outcome) = &unsafe_to_write {
        step.tell(destructive.iter().map(|update| (Action::UpdateRef((*update).clone()), outcome.clone())).collect());
    }
    let destructive = if unsafe_to_write.is_some() { Vec::new() } else { destructive };
    let (harmless, outcomes) = leave_what_is_missing(harmless, mirror, fetch_errors).await;
    step.tell(outcomes);
    // An old default branch goes only after the new one was chosen.
    // A conflict branch goes only after its request was closed.
    let waits = |update: &RefUpdate| {
        let switched = || plan.default_branches.iter().any(|switch| switch.endpoint == update.endpoint);
        update.new.is_none() && (update.name.is_conflict_branch() || switched())
    };
    let (late, now): (Vec<&RefUpdate>, Vec<&RefUpdate>) =
        harmless.into_iter().chain(destructive).partition(|update| waits(update));
    // A rebase is forced first: where that is refused, nobody is forwarded to what not all can have.
    let (first_forced, now): (Vec<&RefUpdate>, Vec<&RefUpdate>) =
        now.into_iter().partition(|update| update.cause == Cause::Rebase);
    let job = |views| push::Job { engine, group, repository: &task.name, paths: &paths, views, mirror, format, first };
    let pushed = push::push_all(job(views), &first_forced).await;
    step.pushed(pushed);
    let stuck: BTreeSet<&RefName> =
        first_forced.iter().filter(|update| !step.is_done(update)).map(|update| &update.name).collect();
    let now: Vec<&RefUpdate> = now.into_iter().filter(|update| !stuck.contains(&update.name)).collect();
    let pushed = push::push_all(job(views), &now).await;
    step.pushed(pushed);

    let switches: Vec<_> =
        plan.default_branches.iter().filter(|switch| step.exists(&switch.endpoint, &switch.new)).collect();
    let outcomes = setting::switch_defaults(engine, group, &paths, &switches).await;
    step.tell(outcomes);

    let after = step.applied.views.clone();
    let requests = request::Job { engine, group, repository: &task.name, paths: &paths, views: &after, mirror };
    let done = request::carry_out(requests, &plan.requests).await;
    step.requests(done);

    let pushed = push::push_all(job(views), &late).await;
    step.pushed(pushed);

    let outcomes = match &unsafe_to_write {
        None => {
            let deleted = setting::delete_repositories(engine, group, &paths, &plan.deletes).await;
            step.applied.waiting = deleted.waiting;
            deleted.outcomes
        }
        Some(outcome) => {
            plan.deletes.iter().map(|delete| (Action::DeleteRepository(delete.clone()), outcome.clone())).collect()
        }
    };
    step.tell(outcomes);
    applied
}

/// Sorts out what cannot be pushed because its commits could not be fetched whole.
async fn leave_what_is_missing<'a>(
    updates: Vec<&'a RefUpdate>,
    mirror: Option<&Arc<Mirror>>,
    fetch_errors: &BTreeMap<EndpointId, String>,
) -> (Vec<&'a RefUpdate>, Vec<(Action, Outcome)>) {
    let wanted: Vec<Oid> = updates.iter().filter_map(|update| update.new).collect();
    let held = match mirror {
        Some(mirror) => {
            crate::mirror::blocking(mirror, move |mirror| mirror.holds(wanted)).await.map_err(|(why, _)| why)
        }
        None => Err("there is no mirror".to_owned()),
    };
    let is_held =
        |update: &&RefUpdate| update.new.is_none_or(|new| held.as_ref().is_ok_and(|held| held.contains(&new)));
    let (there, missing): (Vec<_>, Vec<_>) = updates.into_iter().partition(is_held);
    let mut why: Vec<&str> = fetch_errors.values().map(String::as_str).collect();
    why.extend(held.as_ref().err().map(String::as_str));
    let message = format!("its commits could not be fetched: {}", why.join("; "));
    let outcome = failed(
        &message,
        "Run again; if it lasts, check that the repository can be fetched from the side that has them.",
    );
    let outcomes = missing.into_iter().map(|update| (Action::UpdateRef(update.clone()), outcome.clone()));
    (there, outcomes.collect())
}

/// The plan on its way.
struct Step<'a> {
    engine: &'a Engine,
    group: &'a MirrorGroup,
    plan: &'a RepoPlan,
    applied: &'a mut Applied,
}

impl Step<'_> {
    fn requests(&mut self, done: Vec<request::Done>) {
        for one in &done {
            if let Some(pull) = &one.pull {
                let key = (one.action.endpoint.clone(), one.action.head.clone());
                self.applied.opened.insert(key, pull.clone());
            }
        }
        self.tell(done.into_iter().map(request::Done::told).collect());
    }

    /// Says whether an update was carried out.
    fn is_done(&self, update: &RefUpdate) -> bool {
        let mut outcomes = self.applied.outcomes.iter();
        outcomes
            .any(|(action, outcome)| outcome.is_done() && matches!(action, Action::UpdateRef(done) if done == update))
    }

    fn pushed(&mut self, pushed: push::Pushed) {
        self.applied.look_again |= pushed.look_again;
        self.applied.unknown.extend(pushed.unknown.into_iter().map(Action::UpdateRef));
        self.tell(pushed.outcomes.into_iter().map(|(update, outcome)| (Action::UpdateRef(update), outcome)).collect());
    }

    /// Takes outcomes in: what the reports say is the new snapshot.
    fn tell(&mut self, outcomes: Vec<(Action, Outcome)>) {
        for (action, outcome) in outcomes {
            if outcome.is_done() {
                self.see(&action);
            }
            self.engine.emit(Event::Action {
                group: self.group.name.clone(),
                repository: self.plan.repository.clone(),
                action: action.clone(),
                outcome: outcome.clone(),
            });
            self.applied.outcomes.push((action, outcome));
        }
    }

    fn see(&mut self, action: &Action) {
        let view = self.applied.views.get_mut(action.endpoint());
        let Some(View::Present { snapshot, .. }) = view else { return };
        match action {
            Action::UpdateRef(update) => {
                let refs = match update.name.is_conflict_branch() {
                    true => &mut snapshot.conflict_branches,
                    false => &mut snapshot.refs,
                };
                match update.new {
                    Some(oid) => drop(refs.insert(update.name.clone(), oid)),
                    None => drop(refs.remove(&update.name)),
                }
            }
            Action::PullRequest(_) => {}
            Action::SwitchDefaultBranch(switch) => snapshot.default_branch = Some(switch.new.clone()),
            Action::DeleteRepository(_) => {
                self.applied.views.insert(action.endpoint().clone(), View::Absent);
            }
            Action::CreateRepository(_) => {}
        }
    }

    /// Says whether a branch is there by now.
    fn exists(&self, endpoint: &EndpointId, branch: &BranchName) -> bool {
        let name = RefName::Branch(branch.clone());
        self.applied.views.get(endpoint).is_some_and(|view| view.get(&name).is_some())
    }
}

fn paths(task: &RepoTask, created: &BTreeMap<EndpointId, Repository>) -> Paths {
    let present = task.copies.iter().filter_map(|(endpoint, copy)| {
        let path = match copy {
            Copy::Present { repository, .. } => repository.path.clone(),
            Copy::Delete(delete) => delete.path.clone(),
            _ => return None,
        };
        Some((endpoint.clone(), path))
    });
    let made = created.iter().map(|(endpoint, repository)| (endpoint.clone(), repository.path.clone()));
    present.chain(made).collect()
}

/// Says that something failed, and what can be done.
pub(crate) fn failed(message: &str, remedy: &str) -> Outcome {
    Outcome::Failed { message: message.to_owned(), remedy: remedy.to_owned() }
}

/// Says that a forge did not do something.
fn failure(error: &ForgeError) -> Outcome {
    Outcome::Failed { message: error.to_string(), remedy: error.remedy() }
}
