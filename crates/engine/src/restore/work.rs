//! Putting things back in one repository: observe, plan, apply, record, like any other run.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use refray_core::config::MirrorGroup;
use refray_core::event::Event;
use refray_core::name::{EndpointId, RepoName};
use refray_core::outcome::RepoStatus;
use refray_core::plan::group::{Copy, Look, RepoTask, Sight};
use refray_core::plan::undo::Undo;
use refray_core::plan::{Finding, Policy, Releases, View, Views};

use super::objects;
use crate::engine::Engine;
use crate::observe::{self, Subject};
use crate::options::Settings;
use crate::reconcile::{self, ATTEMPTS, Ended, Ground};
use crate::run::Survey;

/// Plans what puts things back, from what stands now.
pub(super) type Planner<'a> = &'a (dyn Fn(&BTreeMap<EndpointId, Copy>, &Views) -> Undo + Send + Sync);

/// What is to be put back, and where.
pub(super) struct Work<'a> {
    pub(super) group: &'a MirrorGroup,
    pub(super) name: &'a RepoName,
    pub(super) survey: &'a Survey,
    pub(super) settings: &'a Settings<'a>,
    pub(super) plan: Planner<'a>,
    /// The backup that is put back, which is looked into first.
    pub(super) bundle: Option<&'a Path>,
}

impl Work<'_> {
    /// Does it, and tells the run's listeners.
    pub(super) async fn run(&self, engine: &Engine) -> (RepoStatus, usize) {
        let (group, repository) = (self.group.name.clone(), self.name.clone());
        engine.emit(Event::RepositoryStarted { group: group.clone(), repository: repository.clone() });
        let Ended { status, done, error, .. } = self.passes(engine).await;
        let (error, remedy) = error.map_or((None, None), |(error, remedy)| (Some(error), Some(remedy)));
        engine.emit(Event::RepositoryFinished { group, repository, status, done, error, remedy });
        (status, done)
    }

    async fn passes(&self, engine: &Engine) -> Ended {
        let key = self.name.key();
        let _lock = match reconcile::lock(engine, &self.group.name, self.name).await {
            Ok(lock) => lock,
            Err((message, remedy)) => return reconcile::failed(0, message, &remedy),
        };
        let copies = copies(self.group, &self.survey.sights, self.survey.records.get(&key), &key);
        let mut task = RepoTask { name: self.name.clone(), copies, findings: Vec::new() };
        let (mut done, mut deleted) = (0, BTreeSet::new());
        for attempt in 1.. {
            let known = self.settings.known_without(self.name, &deleted);
            let settings = Settings { known: &known, ..*self.settings };
            let mut pass = match self.pass(engine, &mut task, &settings).await {
                Ok(pass) => pass,
                Err((message, remedy)) => return reconcile::failed(done, message, &remedy),
            };
            done += pass.done;
            deleted.append(&mut pass.deleted);
            let unsettled = pass.look_again && !engine.stop.is_cancelled();
            if unsettled && attempt < ATTEMPTS {
                continue;
            }
            for finding in pass.findings {
                let (group, repository) = (self.group.name.clone(), self.name.clone());
                engine.emit(Event::Finding { group, repository, finding });
            }
            if pass.look_again {
                let message = "it changed faster than it could be put back";
                return reconcile::failed(done, message.to_owned(), "Run again; nothing was overwritten.");
            }
            let at_rest = matches!(pass.status, RepoStatus::Agreed | RepoStatus::Incomplete);
            let status = if at_rest && done > 0 { RepoStatus::Synced } else { pass.status };
            return Ended { status, done, error: None, may_pass: false };
        }
        unreachable!("the last attempt returns")
    }

    async fn pass(
        &self,
        engine: &Engine,
        task: &mut RepoTask,
        settings: &Settings<'_>,
    ) -> Result<Pass, (String, String)> {
        let mut views = observe::views(engine, self.group, &task.copies).await;
        let Undo { mut plan, forget } = (self.plan)(&task.copies, &views);
        let stored = engine.store.baseline(&self.group.name, &self.name.key()).await;
        let stored = stored.map_err(|error| (error.to_string(), error.remedy()))?;
        let mut baseline = stored.clone();
        for create in &mut plan.creates {
            let names = self.group.endpoint(&create.endpoint).map(|endpoint| &endpoint.names);
            create.called = names.and_then(|names| names.given(&create.name)).cloned();
            views.insert(create.endpoint.clone(), View::ToCreate);
            task.copies.insert(create.endpoint.clone(), Copy::Create(create.clone()));
        }
        for (endpoint, copy) in &task.copies {
            if matches!(copy, Copy::Present { recreated: true, .. } | Copy::Create(_)) {
                baseline.forget(endpoint);
            }
        }
        baseline.refs.retain(|name, _| !forget.contains(name));
        // Where nothing is to be done, what was asked for may be refused, which says nothing of how the repository stands.
        if settings.options.dry_run || plan.is_idle() && baseline == stored {
            let status = reconcile::preview(engine, self.group, self.name, &plan, &views);
            return Ok(Pass { status, done: 0, findings: plan.findings, deleted: BTreeSet::new(), look_again: false });
        }
        let policy = Policy::from(self.group);
        let refused = BTreeSet::new();
        let subject = Subject {
            group: self.group,
            task,
            policy: &policy,
            releases: Releases::default(),
            views: &views,
            baseline: &baseline,
            dry_run: false,
            refused: &refused,
        };
        let facts = objects::gather(engine, subject, &mut plan, self.bundle).await?;
        // What goes is forgotten before: the next sync would take it for somebody's deletion otherwise, should this end in
        // the middle or have no answer.
        let deleted: BTreeSet<EndpointId> = plan.deletes.iter().map(|delete| delete.endpoint.clone()).collect();
        let known = settings.known_without(self.name, &deleted);
        let settings = &Settings { known: &known, ..*settings };
        let there = task.copies.clone();
        for delete in &plan.deletes {
            task.copies.insert(delete.endpoint.clone(), Copy::Delete(delete.clone()));
        }
        let ground = Ground {
            group: self.group,
            task,
            views: &views,
            baseline: &baseline,
            facts: &facts,
            settings,
            whole: true,
        };
        let (status, applied) = reconcile::carry_out(engine, ground, &plan).await?;
        let gone = applied.take_in_deleted(task);
        for delete in plan.deletes.iter().filter(|delete| !gone.contains(&delete.endpoint)) {
            task.copies.extend(there.get(&delete.endpoint).map(|copy| (delete.endpoint.clone(), copy.clone())));
        }
        for create in &plan.creates {
            task.copies.insert(create.endpoint.clone(), Copy::Absent);
        }
        applied.take_in_created(task);
        Ok(Pass { status, done: applied.done(), findings: plan.findings, deleted, look_again: applied.look_again })
    }
}

struct Pass {
    status: RepoStatus,
    done: usize,
    findings: Vec<Finding>,
    /// Where the repository was deleted, or was to be.
    deleted: BTreeSet<EndpointId>,
    look_again: bool,
}

/// Says where a repository is, whatever the group's filters and rules say of it: what was written there can be put back.
fn copies(
    group: &MirrorGroup,
    sights: &BTreeMap<EndpointId, Sight>,
    record: Option<&crate::store::RepoRecord>,
    key: &str,
) -> BTreeMap<EndpointId, Copy> {
    let mut copies = BTreeMap::new();
    for id in group.endpoints.iter().map(|endpoint| &endpoint.id) {
        let Some(sight) = sights.get(id) else { continue };
        let known = record.and_then(|record| record.copies.get(id));
        let present = |repository: &refray_core::repository::Repository| Copy::Present {
            recreated: known.is_none_or(|known| known.id != repository.id),
            repository: repository.clone(),
        };
        let copy = match &sight.listing {
            None => Copy::Unreadable(sight.error.clone()),
            Some(listing) => {
                let named: Vec<_> = listing.iter().filter(|repository| repository.name.key() == key).collect();
                match (named.as_slice(), sight.looks.get(key)) {
                    ([repository], _) if repository.disabled => {
                        Copy::Unreadable("the forge has disabled it, or its code is switched off there".to_owned())
                    }
                    ([repository], _) => present(repository),
                    ([_, _, ..], _) => Copy::Unreadable("it has several repositories of this name".to_owned()),
                    ([], Some(Look::Found(other)))
                        if other.name.key() != key && known.is_none_or(|known| known.id != other.id) =>
                    {
                        Copy::Unreadable(format!("its path `{}` is another repository's by now", other.path))
                    }
                    ([], Some(Look::Found(repository))) => present(repository),
                    ([], Some(Look::Moved(repository))) => {
                        Copy::Unreadable(format!("it was renamed or moved to `{}`", repository.path))
                    }
                    ([], Some(Look::Unreadable(why))) => Copy::Unreadable(why.clone()),
                    ([], Some(Look::NotFound) | None) => Copy::Absent,
                }
            }
        };
        copies.insert(id.clone(), copy);
    }
    copies
}

/// Names that were asked for and are not there, to be reported.
pub(super) fn unmatched<'a>(
    wanted: &BTreeSet<String>,
    there: impl IntoIterator<Item = &'a RepoName>,
) -> BTreeSet<String> {
    let there: BTreeSet<String> = there.into_iter().map(RepoName::key).collect();
    wanted.difference(&there).cloned().collect()
}
