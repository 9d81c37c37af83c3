//! Carrying a plan out. No choices are made here: what was planned is done, or is reported as not done.

mod backup;
mod create;
mod push;
mod request;
mod setting;
mod step;
mod text;
mod waves;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use refray_core::config::MirrorGroup;
use refray_core::name::{BranchName, EndpointId, RefName};
use refray_core::oid::{ObjectFormat, Oid};
use refray_core::outcome::{Action, Outcome};
use refray_core::plan::group::{Copy, RepoTask};
use refray_core::plan::undo::Former;
use refray_core::plan::{Cause, RefUpdate, RepoPlan, View, Views};
use refray_core::repository::Repository;
use refray_forge::{ForgeError, Pull};
use refray_git::Mirror;

use self::step::Step;
use self::waves::Waves;
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

    /// A repository that was created is there from now on, also for a second look in the same run.
    pub(crate) fn take_in_created(&self, task: &mut RepoTask) {
        for (endpoint, repository) in &self.created {
            let copy = Copy::Present { repository: repository.clone(), recreated: false };
            task.copies.insert(endpoint.clone(), copy);
        }
    }

    /// A repository that was deleted is not there any more, for a second look in the same run. Returns where.
    pub(crate) fn take_in_deleted(&self, task: &mut RepoTask) -> BTreeSet<EndpointId> {
        let gone = task.copies.iter_mut().filter(|(endpoint, copy)| {
            matches!(copy, Copy::Delete(_)) && matches!(self.views.get(*endpoint), Some(View::Absent))
        });
        let gone = gone.map(|(endpoint, copy)| {
            *copy = Copy::Absent;
            endpoint.clone()
        });
        gone.collect()
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
        step.tell_all(&plan.updates.iter().collect::<Vec<_>>(), &failed(&why, &remedy));
        return applied;
    }
    let filled = views.values().filter_map(View::snapshot).find(|snapshot| !snapshot.is_empty());
    let first_written = plan.updates.iter().find_map(|update| update.new);
    let format = filled.map(|snapshot| snapshot.format).or_else(|| first_written.map(|oid| oid.format()));
    let format = format.unwrap_or(ObjectFormat::Sha1);
    let default = plan.default_branches.iter().map(|switch| &switch.new).next();
    let first = default.or_else(|| filled?.default_branch.as_ref());

    step.create(first, format).await;
    let paths = paths(task, &step.applied.created);
    let unsafe_to_write = step.back_up(task, views, mirror).await;
    let updates = step.still_to_write();
    let (destructive, harmless): (Vec<&RefUpdate>, Vec<_>) =
        updates.into_iter().partition(|update| update.is_destructive());
    let destructive = match &unsafe_to_write {
        Some(outcome) => {
            step.tell_all(&destructive, outcome);
            Vec::new()
        }
        None => destructive,
    };
    let (harmless, outcomes) = leave_what_is_missing(harmless, mirror, fetch_errors).await;
    step.tell(outcomes);

    let waves = Waves::of(plan, harmless.into_iter().chain(destructive));
    let job = || push::Job { engine, group, repository: &task.name, paths: &paths, views, mirror, format, first };
    step.pushed(push::push_all(job(), &waves.rebased).await);
    let main = waves.main_after(|update| step.is_done(update));
    step.pushed(push::push_all(job(), &main).await);

    let switches: Vec<_> =
        plan.default_branches.iter().filter(|switch| step.exists(&switch.endpoint, &switch.new)).collect();
    let outcomes = setting::switch_defaults(engine, group, &paths, &step.applied.created, &switches).await;
    step.tell(outcomes);

    let after = step.applied.views.clone();
    let requests = request::Job { engine, group, repository: &task.name, paths: &paths, views: &after, mirror };
    step.requests(request::carry_out(requests, &plan.requests).await);
    let late = waves.late_after(|update| step.is_open(update));
    step.pushed(push::push_all(job(), &late).await);
    step.delete_repositories(&paths, unsafe_to_write.as_ref()).await;
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
