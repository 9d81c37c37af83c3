//! One plan on its way: what is done, told and seen.

use std::sync::Arc;

use refray_core::config::MirrorGroup;
use refray_core::event::Event;
use refray_core::name::{BranchName, EndpointId, RefName};
use refray_core::oid::ObjectFormat;
use refray_core::outcome::{Action, Outcome};
use refray_core::plan::group::RepoTask;
use refray_core::plan::{RefUpdate, RepoPlan, RequestStep, View, Views};
use refray_core::snapshot::Snapshot;
use refray_git::Mirror;

use super::{Applied, Paths, backup, create, failed, push, request, setting};
use crate::engine::Engine;

/// The plan on its way.
pub(super) struct Step<'a> {
    pub(super) engine: &'a Engine,
    pub(super) group: &'a MirrorGroup,
    pub(super) plan: &'a RepoPlan,
    pub(super) applied: &'a mut Applied,
}

impl<'a> Step<'a> {
    /// Creates repositories where they are missing.
    pub(super) async fn create(&mut self, default: Option<&BranchName>, format: ObjectFormat) {
        let (created, outcomes) = create::create(self.engine, self.group, &self.plan.creates, default, format).await;
        for (endpoint, repository) in created {
            let mut snapshot = Snapshot { format, ..Snapshot::default() };
            if self.plan.creates.iter().any(|create| create.former.as_ref() == Some(&repository.id)) {
                // The forge gave a deleted one back, with what was in it.
                match crate::observe::snapshot(self.engine, self.group, &endpoint, &repository.path).await {
                    Ok(found) => snapshot = found,
                    Err(_) => self.applied.look_again = true,
                }
            }
            self.applied.views.insert(endpoint.clone(), View::Present { snapshot, read_only: None });
            self.applied.created.insert(endpoint, repository);
        }
        self.tell(outcomes);
    }

    /// Backs up what is to be overwritten or deleted; no backup, no write. Returns why nothing of that may be done.
    pub(super) async fn back_up(
        &mut self,
        task: &RepoTask,
        views: &Views,
        mirror: Option<&Arc<Mirror>>,
    ) -> Option<Outcome> {
        if !self.plan.updates.iter().any(RefUpdate::is_destructive) && self.plan.deletes.is_empty() {
            return None;
        }
        match backup::keep(self.engine, self.group, task, self.plan, views, mirror).await {
            Ok(kept) => {
                self.applied.backup = Some(kept.bundle);
                self.applied.former = kept.former;
                None
            }
            Err((message, remedy)) => {
                let message = format!("no backup could be made, so nothing was written: {message}");
                Some(failed(&message, &remedy))
            }
        }
    }

    /// Returns what is still to be written: what came back together with its repository need not be.
    pub(super) fn still_to_write(&mut self) -> Vec<&'a RefUpdate> {
        let plan = self.plan;
        let stands = |update: &&RefUpdate| {
            let value = self.applied.views.get(&update.endpoint).and_then(|view| view.get(&update.name));
            self.applied.created.contains_key(&update.endpoint) && update.new.is_some() && value == update.new
        };
        let (standing, updates): (Vec<_>, Vec<_>) = plan.updates.iter().partition(stands);
        self.tell_all(&standing, &Outcome::Done);
        updates
    }

    /// Deletes repositories, unless nothing destructive may be done.
    pub(super) async fn delete_repositories(&mut self, paths: &Paths, unsafe_to_write: Option<&Outcome>) {
        let deletes = &self.plan.deletes;
        let outcomes = match unsafe_to_write {
            None => {
                let views = &self.applied.views;
                let deleted = setting::delete_repositories(self.engine, self.group, paths, views, deletes).await;
                self.applied.look_again |= deleted.outcomes.iter().any(|(_, outcome)| *outcome == Outcome::Moved);
                self.applied.waiting = deleted.waiting;
                deleted.outcomes
            }
            Some(outcome) => {
                deletes.iter().map(|delete| (Action::DeleteRepository(delete.clone()), outcome.clone())).collect()
            }
        };
        self.tell(outcomes);
    }

    /// Says the same of several updates.
    pub(super) fn tell_all(&mut self, updates: &[&RefUpdate], outcome: &Outcome) {
        self.tell(updates.iter().map(|update| (Action::UpdateRef((*update).clone()), outcome.clone())).collect());
    }

    pub(super) fn requests(&mut self, done: Vec<request::Done>) {
        for one in &done {
            if let Some(pull) = &one.pull {
                let key = (one.action.endpoint.clone(), one.action.head.clone());
                self.applied.opened.insert(key, pull.clone());
            }
        }
        self.tell(done.into_iter().map(request::Done::told).collect());
    }

    /// Says whether an update was carried out.
    pub(super) fn is_done(&self, update: &RefUpdate) -> bool {
        let mut outcomes = self.applied.outcomes.iter();
        outcomes
            .any(|(action, outcome)| outcome.is_done() && matches!(action, Action::UpdateRef(done) if done == update))
    }

    /// Says whether the request of a conflict branch was to be closed, and is not.
    pub(super) fn is_open(&self, update: &RefUpdate) -> bool {
        let mut outcomes = self.applied.outcomes.iter();
        outcomes.any(|(action, outcome)| {
            !outcome.is_done()
                && matches!(action, Action::PullRequest(request) if request.step == RequestStep::Close
                    && request.endpoint == update.endpoint
                    && update.name.branch() == Some(&request.head))
        })
    }

    pub(super) fn pushed(&mut self, pushed: push::Pushed) {
        self.applied.look_again |= pushed.look_again;
        self.applied.unknown.extend(pushed.unknown.into_iter().map(Action::UpdateRef));
        self.tell(pushed.outcomes.into_iter().map(|(update, outcome)| (Action::UpdateRef(update), outcome)).collect());
    }

    /// Takes outcomes in: what the reports say is the new snapshot.
    pub(super) fn tell(&mut self, outcomes: Vec<(Action, Outcome)>) {
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
    pub(super) fn exists(&self, endpoint: &EndpointId, branch: &BranchName) -> bool {
        let name = RefName::Branch(branch.clone());
        self.applied.views.get(endpoint).is_some_and(|view| view.get(&name).is_some())
    }
}
