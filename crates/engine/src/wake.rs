//! One repository of one group, because somebody said that something happened there.
//!
//! What is remembered says where its copies are, so that each forge is asked two things at once: whether the copy is
//! still the same one, and what is in it. Whatever is not as remembered (a copy that is gone, moved, new or another one)
//! is judged by a look at the whole group, never here: absence that is seen from so near means nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, Weak};

use futures_util::future::join_all;
use jiff::Timestamp;
use refray_core::config::{Endpoint, MirrorGroup};
use refray_core::event::Event;
use refray_core::name::{EndpointId, GroupName, RepoName};
use refray_core::outcome::{RepoStatus, Summary};
use refray_core::plan::group::{Copy, Known, RepoTask, Selection, Sight};
use refray_core::plan::{View, Views};
use refray_core::repository::Repository;
use refray_core::snapshot::Fingerprint;
use refray_forge::Lookup;
use tokio::sync::Mutex;

use crate::doubt::Doubts;
use crate::engine::Engine;
use crate::observe;
use crate::options::{Settings, SyncOptions};
use crate::reconcile::{self, Ended};
use crate::run::{Survey, SyncError};
use crate::store::RepoRecord;

/// How a visit to a repository ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Visit {
    /// How the repository stands; `None` when there is none that the group's filters let through.
    pub status: Option<RepoStatus>,
    /// Actions carried out.
    pub done: usize,
    /// It may go better later without anybody changing anything.
    pub may_pass: bool,
    /// The whole group was looked at.
    pub surveyed: bool,
}

impl Visit {
    const NOTHING: Self = Self { status: None, done: 0, may_pass: false, surveyed: false };

    const fn of(ended: &Ended, surveyed: bool) -> Self {
        Self { status: Some(ended.status), done: ended.done, may_pass: ended.may_pass, surveyed }
    }
}

/// Looks at whole groups. Visits that need one at the same time share it, if it began after they came.
#[derive(Debug, Default)]
pub struct Surveys {
    turns: AtomicU64,
    groups: std::sync::Mutex<HashMap<GroupName, Arc<Mutex<Last>>>>,
}

#[derive(Debug, Default)]
struct Last {
    /// When it began, counted in turns.
    turn: u64,
    survey: Weak<Survey>,
}

impl Surveys {
    async fn get(&self, engine: &Engine, group: &MirrorGroup) -> Result<Arc<Survey>, SyncError> {
        let came = self.turns.fetch_add(1, Ordering::Relaxed);
        let last = {
            let mut groups = self.groups.lock().unwrap_or_else(PoisonError::into_inner);
            groups.entry(group.name.clone()).or_default().clone()
        };
        let mut last = last.lock().await;
        if last.turn > came
            && let Some(survey) = last.survey.upgrade()
        {
            return Ok(survey);
        }
        let turn = self.turns.fetch_add(1, Ordering::Relaxed);
        let survey = Arc::new(engine.survey(group, &Selection::default(), false).await?);
        *last = Last { turn, survey: Arc::downgrade(&survey) };
        Ok(survey)
    }
}

/// Hashes over what copies of a repository hold.
pub type Prints = BTreeMap<EndpointId, Fingerprint>;

/// What the copies of a repository turned out to be, from near.
enum Near {
    /// As remembered, with what is in them.
    Known { task: RepoTask, views: Views, known: BTreeMap<EndpointId, Known> },
    /// The group's filters leave it out.
    Filtered,
    /// Something is not as remembered.
    Unexpected(&'static str),
}

impl Engine {
    /// Brings one repository of a group into agreement. In the journal it is a run of its own if it does anything or leaves
    /// to a person what was not left before, and `run` is the id of that.
    ///
    /// # Errors
    /// Only what stops everything: the store cannot be used.
    pub async fn visit(&self, group: &GroupName, name: &RepoName, run: &str) -> Result<Visit, SyncError> {
        let Some(group) = self.config.mirrors.iter().find(|it| it.name == *group) else { return Ok(Visit::NOTHING) };
        if !group.selects_name(name) {
            return Ok(Visit::NOTHING);
        }
        Ok(match self.visit_near(group, name, run).await? {
            Some(visit) => visit,
            None if self.stop.is_cancelled() => Visit { may_pass: true, ..Visit::NOTHING },
            None => self.visit_far(group, name, run).await?,
        })
    }

    /// Writes to the journal that a visit was a run, if it is worth a line: it did something, or what it leaves to a person
    /// was not so `before`. One that found the same as the last, as most that are tried again do, would bury the others.
    async fn journal(
        &self,
        group: &MirrorGroup,
        name: &RepoName,
        (run, begun): (&str, Timestamp),
        before: Option<&RepoRecord>,
        ended: &Ended,
    ) -> Result<(), SyncError> {
        let is_left = match ended.status {
            RepoStatus::Held => true,
            RepoStatus::Failed => !ended.may_pass,
            _ => false,
        };
        let is_begun = self.store.run(run).await?.is_some();
        if !is_begun {
            let now = if is_left { self.store.repository(&group.name, &name.key()).await? } else { None };
            let same = |now: &RepoRecord| {
                before.is_some_and(|before| before.status == now.status && before.findings == now.findings)
            };
            if now.is_none_or(|now| same(&now)) {
                return Ok(());
            }
            self.store.start_run(run, begun, "serve").await?;
        }
        let mut summary = Summary::default();
        summary.count(ended.status, ended.done);
        Ok(self.store.finish_run(run, (self.clock)(), &summary).await?)
    }

    /// Works with what is remembered; `None` when that does not do.
    async fn visit_near(&self, group: &MirrorGroup, name: &RepoName, run: &str) -> Result<Option<Visit>, SyncError> {
        // What was seen before the lock was had may have been written to meanwhile; so nothing is looked at before.
        let lock = match reconcile::lock(self, &group.name, name).await {
            Ok(lock) => lock,
            Err((message, remedy)) => {
                let ended = reconcile::failed(0, message, &remedy);
                let visit = Visit::of(&ended, false);
                self.tell_end(group, name.clone(), ended);
                return Ok(Some(visit));
            }
        };
        let Some(record) = self.store.repository(&group.name, &name.key()).await? else { return Ok(None) };
        let (task, views, known) = match self.look_near(group, &record).await {
            Near::Known { task, views, known } => (task, views, known),
            Near::Filtered => return Ok(Some(Visit::NOTHING)),
            Near::Unexpected(why) => {
                tracing::debug!(repository = %name, why, "the whole group is looked at");
                return Ok(None);
            }
        };
        let name = task.name.clone();
        self.emit(Event::RepositoryStarted { group: group.name.clone(), repository: name.clone() });
        // The account was not asked for: the one that is remembered stays so.
        let sight = |known: &Known| Sight { account: known.account.clone(), ..Sight::default() };
        let sights = known.iter().map(|(endpoint, known)| (endpoint.clone(), sight(known))).collect();
        let known = BTreeMap::from([(name.key(), known)]);
        let (options, hidden) = (SyncOptions::default(), BTreeSet::new());
        let doubts = Doubts::default();
        let settings = Settings {
            run,
            options: &options,
            hidden: &hidden,
            sights: &sights,
            known: &known,
            doubts: &doubts,
            gathered: None,
        };
        let begun = (self.clock)();
        let ended = reconcile::passes(self, group, task, Some(&record), &settings, Some(views)).await;
        reconcile::remember(self, group, &name, &ended, &settings).await;
        drop(lock);
        self.journal(group, &name, (run, begun), Some(&record), &ended).await?;
        let visit = Visit::of(&ended, false);
        self.tell_end(group, name, ended);
        Ok(Some(visit))
    }

    async fn look_near(&self, group: &MirrorGroup, record: &RepoRecord) -> Near {
        let looks = group.endpoints.iter().map(|endpoint| self.look_at(group, endpoint, record));
        let (mut copies, mut views, mut known) = (BTreeMap::new(), Views::new(), BTreeMap::new());
        for (endpoint, look) in group.endpoints.iter().zip(join_all(looks).await) {
            let (copy, view) = match look {
                Ok(seen) => seen,
                Err(why) => return Near::Unexpected(why),
            };
            copies.insert(endpoint.id.clone(), copy);
            views.insert(endpoint.id.clone(), view);
            if let Some(remembered) = record.copies.get(&endpoint.id) {
                known.insert(endpoint.id.clone(), remembered.clone());
            }
        }
        let seen = group.endpoints.iter().filter_map(|endpoint| match copies.get(&endpoint.id)? {
            Copy::Present { repository, .. } => Some(repository),
            _ => None,
        });
        let seen: Vec<&Repository> = seen.collect();
        let Some(first) = seen.first() else { return Near::Unexpected("no copy can be read") };
        if !group.selects_name(&first.name) || !group.selects_visibility(seen.iter().copied()) {
            return Near::Filtered;
        }
        let task = RepoTask { name: first.name.clone(), copies, findings: Vec::new() };
        Near::Known { task, views, known }
    }

    /// Looks at one copy; an error says what is not as remembered.
    async fn look_at(
        &self,
        group: &MirrorGroup,
        endpoint: &Endpoint,
        record: &RepoRecord,
    ) -> Result<(Copy, View), &'static str> {
        let forge = match self.forge(endpoint) {
            Ok(forge) => forge,
            Err(why) => return Ok((Copy::Unreadable(why.clone()), View::Unreadable(why))),
        };
        let Some(known) = record.copies.get(&endpoint.id) else {
            if group.create_missing || endpoint.include_subgroups {
                return Err("a copy is missing");
            }
            let Some(path) = endpoint.path_of(&record.name) else { return Ok((Copy::Absent, View::Absent)) };
            return match forge.get(&path).await {
                Ok(Lookup::NotFound) => Ok((Copy::Absent, View::Absent)),
                Ok(_) => Err("there is a new copy"),
                Err(error) => Ok((Copy::Unreadable(error.to_string()), View::Unreadable(error.to_string()))),
            };
        };
        let (looked, snapshot) =
            tokio::join!(forge.get(&known.path), observe::snapshot(self, group, &endpoint.id, &known.path));
        let repository = match looked {
            Ok(Lookup::Found(repository)) => repository,
            Ok(Lookup::Moved(_)) => return Err("a copy has moved"),
            Ok(Lookup::NotFound) => return Err("a copy is gone"),
            Err(error) => return Ok((Copy::Unreadable(error.to_string()), View::Unreadable(error.to_string()))),
        };
        if repository.id != known.id || repository.path != known.path || repository.name.key() != record.name.key() {
            return Err("a copy is another one now");
        }
        if repository.disabled {
            return Err("a copy is disabled");
        }
        let view = match snapshot {
            Ok(snapshot) => {
                let read_only = repository.read_only().map(str::to_owned);
                View::Present { snapshot, read_only }
            }
            Err(why) => View::Unreadable(why),
        };
        Ok((Copy::Present { repository, recreated: false }, view))
    }

    /// Looks at the whole group and works on the one repository.
    async fn visit_far(&self, group: &MirrorGroup, name: &RepoName, run: &str) -> Result<Visit, SyncError> {
        let survey = self.surveys.get(self, group).await?;
        let key = name.key();
        let renamed = survey.plan.renamed.iter().find(|renamed| renamed.from == key);
        let key = renamed.map_or(key, |renamed| renamed.to.key());
        if survey.deferred.iter().any(|task| task.name.key() == key) {
            return self.delete_rest(group, key).await;
        }
        let Some(task) = survey.plan.tasks.iter().find(|task| task.name.key() == key).cloned() else {
            // An endpoint that could not be listed may have it, and would say so later.
            return Ok(Visit { may_pass: !survey.hidden.is_empty(), surveyed: true, ..Visit::NOTHING });
        };
        // Endpoints that failed as a whole were told of once; but for this one repository, that is the news.
        let (options, hidden) = (SyncOptions::default(), BTreeSet::new());
        let (sights, known) = (&survey.sights, &survey.known);
        let doubts = Doubts::default();
        let settings =
            Settings { run, options: &options, hidden: &hidden, sights, known, doubts: &doubts, gathered: None };
        self.emit(Event::RepositoryStarted { group: group.name.clone(), repository: task.name.clone() });
        let name = task.name.clone();
        let begun = (self.clock)();
        let before = survey.records.get(&key);
        let ended = reconcile::reconcile(self, group, task, before, &settings).await;
        self.journal(group, &name, (run, begun), before, &ended).await?;
        let visit = Visit::of(&ended, true);
        self.tell_end(group, name, ended);
        Ok(visit)
    }

    /// Runs a sync of one repository that was deleted somewhere: it looks for whatever speaks against deleting the rest.
    async fn delete_rest(&self, group: &MirrorGroup, key: String) -> Result<Visit, SyncError> {
        let selection = Selection { names: BTreeSet::from([key]), ..Selection::default() };
        let options = SyncOptions { groups: vec![group.name.clone()], selection, ..SyncOptions::default() };
        let summary = Box::pin(self.sync(&options)).await?;
        let status = match summary {
            Summary { failed: 1.., .. } => RepoStatus::Failed,
            Summary { held: 1.., .. } => RepoStatus::Held,
            Summary { synced: 1.., .. } => RepoStatus::Synced,
            _ => RepoStatus::Agreed,
        };
        let may_pass = summary.endpoints_failed > 0 || summary.failed > 0;
        // The journal has it under the run of that sync.
        Ok(Visit { status: Some(status), done: 0, may_pass, surveyed: true })
    }

    /// Returns hashes over what some copies of a repository hold, without those that cannot be read.
    pub async fn peek(&self, group: &GroupName, record: &RepoRecord, at: &BTreeSet<EndpointId>) -> Prints {
        let Some(group) = self.config.mirrors.iter().find(|it| it.name == *group) else { return Prints::new() };
        let looks = record.copies.iter().filter(|(endpoint, _)| at.contains(*endpoint)).map(|(endpoint, known)| {
            let seen = observe::snapshot(self, group, endpoint, &known.path);
            async move {
                match seen.await {
                    Ok(snapshot) => Some((endpoint.clone(), snapshot.fingerprint())),
                    Err(why) => {
                        tracing::debug!(%endpoint, why, "could not be looked at");
                        None
                    }
                }
            }
        });
        join_all(looks).await.into_iter().flatten().collect()
    }

    /// Returns the names of what an endpoint lists and the store does not know there under this name and path.
    ///
    /// # Errors
    /// What the forge said, or that the store cannot be used.
    pub async fn news(&self, group: &MirrorGroup, endpoint: &Endpoint) -> Result<Vec<RepoName>, String> {
        let listed = self.forge(endpoint)?.list(endpoint).await.map_err(|error| error.to_string())?;
        let records = self.store.group_state(&group.name).await.map_err(|error| error.to_string())?;
        let is_known = |repository: &Repository| {
            let record = records.get(&repository.name.key());
            record.and_then(|record| record.copies.get(&endpoint.id)).is_some_and(|known| known.id == repository.id)
        };
        let is_wanted = |it: &Repository| group.selects_name(&it.name) && group.selects_visibility([it]);
        let new = listed.into_iter().filter(|repository| is_wanted(repository) && !is_known(repository));
        Ok(new.map(|repository| repository.name).collect())
    }
}
