//! A run: every selected repository of every selected group.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use futures_util::{StreamExt, stream};
use refray_core::config::{MirrorGroup, likely};
use refray_core::event::Event;
use refray_core::name::{EndpointId, RepoName};
use refray_core::outcome::{RepoStatus, Summary};
use refray_core::plan::group::{self, GroupPlan, GroupWorld, Known, RepoTask, Selection, Sight};

use crate::doubt::{self, Doubts};
use crate::engine::Engine;
use crate::observe;
use crate::options::{Settings, SyncOptions};
use crate::planned::Gathered;
use crate::reconcile::{Ended, reconcile};
use crate::store::{RepoRecord, StoreError, Ticket};

/// What ends a run as a whole.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    /// What is remembered cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Engine {
    /// Brings the selected repositories into agreement.
    ///
    /// # Errors
    /// Only what stops everything: the store cannot be used. All else is in the events and the summary.
    pub async fn sync(&self, options: &SyncOptions) -> Result<Summary, SyncError> {
        self.run(options, None).await
    }

    /// Does it, and gathers the plans of a dry run when they are wanted.
    pub(crate) async fn run(&self, options: &SyncOptions, gathered: Option<&Gathered>) -> Result<Summary, SyncError> {
        let run = self.run_id();
        self.emit(Event::RunStarted { run: run.clone(), dry_run: options.dry_run });
        if !options.dry_run {
            self.store.start_run(&run, (self.clock)(), "sync").await?;
        }
        let jobs = options.jobs.unwrap_or(self.config.jobs).max(1);
        let groups = self.config.mirrors.iter();
        let groups: Vec<_> =
            groups.filter(|group| options.groups.is_empty() || options.groups.contains(&group.name)).collect();
        let permits = tokio::sync::Semaphore::new(jobs);
        let doubts = Doubts::default();
        // Whatever waits was woken by something that the looks of this run, which come later, see too.
        let waiting = if options.dry_run { Vec::new() } else { self.store.tickets().await? };
        let round = Round { options, run: &run, permits: &permits, doubts: &doubts, gathered, waiting: &waiting };
        let begun = join_all(groups.iter().map(|group| self.begin_group(group, round))).await;
        let begun: Vec<Begun> = begun.into_iter().collect::<Result<_, _>>()?;
        // What deletes repositories comes last: all else that was seen, in any group, says how far their absence is to be
        // trusted.
        let results =
            join_all(groups.iter().zip(begun).map(|(group, begun)| self.end_group(group, begun, round))).await;
        let mut summary = Summary::default();
        let mut unmatched: BTreeSet<String> = options.selection.names.union(&options.join).cloned().collect();
        let mut names = BTreeSet::new();
        for result in results {
            let group = result?;
            unmatched = unmatched.intersection(&group.unmatched).cloned().collect();
            names.extend(group.names);
            summary.repositories += group.summary.repositories;
            summary.agreed += group.summary.agreed;
            summary.synced += group.summary.synced;
            summary.pending += group.summary.pending;
            summary.incomplete += group.summary.incomplete;
            summary.held += group.summary.held;
            summary.failed += group.summary.failed;
            summary.endpoints_failed += group.summary.endpoints_failed;
            summary.actions += group.summary.actions;
            summary.webhooks += group.summary.webhooks;
            summary.unvisited += group.summary.unvisited;
        }
        self.report_unmatched(&groups, &unmatched, &names, &mut summary);
        summary.interrupted = self.stop.is_cancelled();
        if !options.dry_run {
            self.store.finish_run(&run, (self.clock)(), &summary).await?;
            if let Err(error) = self.prune_backups(self.config.backup_keep_days, false).await {
                tracing::warn!(%error, "backups whose time is over could not be removed");
            }
        }
        self.emit(Event::RunFinished { run, summary });
        Ok(summary)
    }

    pub(crate) fn run_id(&self) -> String {
        let now = (self.clock)();
        // Two runs may start within a millisecond; the process tells them apart.
        format!("{}-{:x}", now.strftime("%Y%m%dT%H%M%S%3f"), std::process::id())
    }

    /// A name that was asked for and is nowhere is a mistake worth an exit code.
    fn report_unmatched(
        &self,
        groups: &[&std::sync::Arc<MirrorGroup>],
        unmatched: &BTreeSet<String>,
        names: &BTreeSet<String>,
        summary: &mut Summary,
    ) {
        let Some(group) = groups.first() else { return };
        for name in unmatched {
            let Ok(repository) = RepoName::new(name) else { continue };
            self.emit(Event::RepositoryFinished {
                group: group.name.clone(),
                repository,
                status: refray_core::outcome::RepoStatus::Failed,
                done: 0,
                error: Some("no endpoint has a repository of this name that the group's filters let through".into()),
                remedy: Some(match likely(name, names.iter().map(String::as_str)) {
                    Some(likely) if likely.to_lowercase() != *name => format!("Did you mean `{likely}`?"),
                    _ => "Check the spelling, `repo_whitelist`, `repo_blacklist` and `sync_visibility`.".to_owned(),
                }),
            });
            summary.count(refray_core::outcome::RepoStatus::Failed, 0);
        }
    }

    /// Works on everything in a group but what is to be deleted.
    async fn begin_group(&self, group: &MirrorGroup, round: Round<'_>) -> Result<Begun, SyncError> {
        let Round { options, .. } = round;
        let endpoints = group.endpoints.iter().map(|endpoint| endpoint.id.clone()).collect();
        self.emit(Event::GroupStarted { group: group.name.clone(), endpoints });
        let mut survey = self.survey(group, &options.selection, options.dry_run).await?;
        let mut result = GroupResult::default();
        result.summary.endpoints_failed = survey.hidden.len();
        let mut tasks = std::mem::take(&mut survey.plan.tasks);
        if options.retry_failed {
            let records = &survey.records;
            let needed = |task: &RepoTask| records.get(&task.name.key()).is_some_and(RepoRecord::needs_retry);
            tasks.retain(needed);
            survey.deferred.retain(needed);
        }
        result.unmatched = std::mem::take(&mut survey.plan.unmatched).into_iter().collect();
        if !result.unmatched.is_empty() {
            let listed = survey.sights.values().filter_map(|sight| sight.listing.as_ref()).flatten();
            result.names = listed.map(|repository| repository.name.to_string()).collect();
        }
        let repositories = tasks.len() + survey.deferred.len();
        self.emit(Event::GroupListed { group: group.name.clone(), repositories });
        let looked_at: BTreeSet<String> = tasks.iter().map(|task| task.name.key()).collect();
        result.unmatched.extend(options.join.difference(&looked_at).cloned());
        self.work_on(group, tasks, &survey, round, &mut result).await;
        Ok(Begun { survey, looked_at, result })
    }

    /// Works on what is to be deleted in a group, unless something was seen that speaks against it.
    async fn end_group(&self, group: &MirrorGroup, begun: Begun, round: Round<'_>) -> Result<GroupResult, SyncError> {
        let Begun { survey, looked_at, mut result } = begun;
        if survey.deferred.is_empty() || self.stop.is_cancelled() {
            result.summary.unvisited += survey.deferred.len();
            return Ok(result);
        }
        let Round { options, doubts, .. } = round;
        if !options.selection.confirm_deletions {
            doubt::look_for_witnesses(self, group, &survey, &looked_at, doubts, options.dry_run).await?;
        }
        let (tasks, doubted) = doubt::plan_deletions(group, &survey, &options.selection, doubts).await;
        if !options.dry_run && !doubted.is_empty() {
            self.store.remember_doubts(&group.name, &doubted, &[]).await?;
        }
        self.work_on(group, tasks, &survey, round, &mut result).await;
        Ok(result)
    }

    /// Works on repositories, as many at a time as there are permits.
    async fn work_on(
        &self,
        group: &MirrorGroup,
        tasks: Vec<RepoTask>,
        survey: &Survey,
        round: Round<'_>,
        result: &mut GroupResult,
    ) {
        let Round { options, run, permits, doubts, gathered, waiting } = round;
        let Survey { records, known, sights, hidden, .. } = survey;
        let settings = Settings { run, options, hidden, sights, known, doubts, gathered };
        let tasks = tasks.into_iter().map(|task| {
            let record = records.get(&task.name.key());
            let settings = &settings;
            let key = task.name.key();
            async move {
                let _permit = permits.acquire().await;
                if self.stop.is_cancelled() {
                    return None;
                }
                Some((key, self.one(group, task, record, settings).await))
            }
        });
        // The permits are shared by all groups, so each group may offer all that it has.
        let mut agreed = BTreeSet::new();
        let mut finished = stream::iter(tasks).buffer_unordered(256);
        while let Some(one) = finished.next().await {
            match one {
                Some((key, (status, done, webhooks))) => {
                    result.summary.count(status, done);
                    result.summary.webhooks += webhooks;
                    if matches!(status, RepoStatus::Agreed | RepoStatus::Synced) {
                        agreed.insert(key);
                    }
                }
                None => result.summary.unvisited += 1,
            }
        }
        let settled = waiting.iter().filter(|ticket| ticket.group == group.name && agreed.contains(&ticket.key));
        let settled: Vec<Ticket> = settled.cloned().collect();
        if let Err(error) = self.store.settle(&settled).await {
            // It is looked at once more than it had to be.
            tracing::warn!(%error, "what agrees could not be taken out of the queue");
        }
    }

    /// Looks at every endpoint of a group and says what is to be done with each selected repository. Renames are followed
    /// in the store, and what is gone everywhere is forgotten there, unless it is a dry run.
    pub(crate) async fn survey(
        &self,
        group: &MirrorGroup,
        selection: &Selection,
        dry_run: bool,
    ) -> Result<Survey, SyncError> {
        let mut records = self.store.group_state(&group.name).await?;
        let mut known: BTreeMap<_, _> =
            records.iter().map(|(key, record)| (key.clone(), record.copies.clone())).collect();
        let (sights, failures) = observe::sights(self, group, &known).await;
        let mut hidden = BTreeSet::new();
        for failure in failures {
            hidden.insert(failure.endpoint.clone());
            self.emit(Event::EndpointFailed {
                group: group.name.clone(),
                endpoint: failure.endpoint,
                message: failure.message,
                remedy: failure.remedy,
            });
        }
        let mut plan = group::plan(&GroupWorld { group, sights: &sights, known: &known, selection });
        let nothing_new = plan.doubted.is_empty() && plan.cleared.is_empty();
        if !dry_run && !nothing_new {
            self.store.remember_doubts(&group.name, &plan.doubted, &plan.cleared).await?;
        }
        let (deferred, tasks): (Vec<_>, _) = std::mem::take(&mut plan.tasks).into_iter().partition(doubt::deletes);
        plan.tasks = tasks;
        let before = if deferred.is_empty() { BTreeMap::new() } else { known.clone() };
        if !dry_run && !plan.renamed.is_empty() {
            self.store.rename_all(&group.name, &plan.renamed).await?;
        }
        // All are taken out before any is put back: names may have been exchanged.
        let taken: Vec<_> = plan
            .renamed
            .iter()
            .map(|renamed| (renamed.to.key(), records.remove(&renamed.from), known.remove(&renamed.from)))
            .collect();
        for (key, record, copies) in taken {
            if let Some(record) = record {
                records.insert(key.clone(), record);
            }
            if let Some(copies) = copies {
                known.insert(key, copies);
            }
        }
        for key in &plan.gone {
            // What is forgotten must not be written down again with a copy that comes back.
            records.remove(key);
            known.remove(key);
            if !dry_run {
                self.store.forget(&group.name, key).await?;
            }
        }
        Ok(Survey { records, known, before, sights, hidden, plan, deferred })
    }

    async fn one(
        &self,
        group: &MirrorGroup,
        task: RepoTask,
        record: Option<&RepoRecord>,
        settings: &Settings<'_>,
    ) -> (refray_core::outcome::RepoStatus, usize, usize) {
        let repository = task.name.clone();
        self.emit(Event::RepositoryStarted { group: group.name.clone(), repository: repository.clone() });
        let ended = reconcile(self, group, task, record, settings).await;
        let webhooks = crate::webhooks::after(self, group, &repository, settings).await;
        let (status, done) = (ended.status, ended.done);
        self.tell_end(group, repository, ended);
        (status, done, webhooks)
    }

    pub(crate) fn tell_end(&self, group: &MirrorGroup, repository: RepoName, ended: Ended) {
        let Ended { status, done, error, .. } = ended;
        let (error, remedy) = error.map_or((None, None), |(error, remedy)| (Some(error), Some(remedy)));
        self.emit(Event::RepositoryFinished { group: group.name.clone(), repository, status, done, error, remedy });
    }
}

/// What a look at a group found.
#[derive(Debug)]
pub(crate) struct Survey {
    /// What is remembered of its repositories, by key.
    pub(crate) records: BTreeMap<String, RepoRecord>,
    /// What is remembered of their copies.
    pub(crate) known: BTreeMap<String, BTreeMap<EndpointId, Known>>,
    pub(crate) sights: BTreeMap<EndpointId, Sight>,
    /// Endpoints that failed as a whole, which has been told.
    pub(crate) hidden: BTreeSet<EndpointId>,
    /// The same as it was before renames were followed, if anything is to be deleted.
    pub(crate) before: BTreeMap<String, BTreeMap<EndpointId, Known>>,
    pub(crate) plan: GroupPlan,
    /// What is to be deleted, which is not among the plan's tasks.
    pub(crate) deferred: Vec<RepoTask>,
}

/// What all groups of a run share.
#[derive(Clone, Copy)]
struct Round<'a> {
    options: &'a SyncOptions,
    run: &'a str,
    permits: &'a tokio::sync::Semaphore,
    doubts: &'a Doubts,
    gathered: Option<&'a Gathered>,
    /// What waited in the queue when the run began.
    waiting: &'a [Ticket],
}

/// A group of which all was worked on but what is to be deleted.
struct Begun {
    survey: Survey,
    /// The keys of what was worked on.
    looked_at: BTreeSet<String>,
    result: GroupResult,
}

#[derive(Default)]
struct GroupResult {
    summary: Summary,
    unmatched: BTreeSet<String>,
    /// The names that there are, for who misspelt one.
    names: BTreeSet<String>,
}
