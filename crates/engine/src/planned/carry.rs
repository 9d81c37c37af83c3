//! Carrying out a plan from a file: all of it is looked at before any of it is written.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::future::join_all;
use futures_util::{StreamExt, stream};
use refray_core::config::MirrorGroup;
use refray_core::event::Event;
use refray_core::outcome::{RepoStatus, Summary};
use refray_core::plan::Finding;
use refray_core::plan::file::{Misfit, PlanFile, PlannedGroup, PlannedRepository, misfit};
use refray_core::plan::group::RepoTask;

use crate::doubt::{self, Doubts};
use crate::engine::Engine;
use crate::options::{Settings, SyncOptions};
use crate::planned::prepare::{Halt, prepare};
use crate::reconcile::{Ended, Ground, add_links, carry_out, failed, lock};
use crate::run::{Survey, SyncError};
use crate::store::{Problem, StoreError};

/// Why a plan was not begun.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// It was made with another configuration.
    #[error(transparent)]
    Misfit(#[from] Misfit),
    /// What ends any run.
    #[error(transparent)]
    Run(#[from] SyncError),
}

impl From<StoreError> for ApplyError {
    fn from(error: StoreError) -> Self {
        Self::Run(error.into())
    }
}

/// A group of the plan, with what was found there.
struct Scene<'a> {
    group: &'a Arc<MirrorGroup>,
    planned: &'a PlannedGroup,
    survey: Survey,
}

/// A repository of the plan.
#[derive(Clone, Copy)]
struct Case<'a> {
    group: &'a MirrorGroup,
    planned: &'a PlannedRepository,
    found: Option<&'a RepoTask>,
    settings: &'a Settings<'a>,
}

impl Engine {
    /// Carries out a plan that was made before, and nothing else. If anything that it rests on has changed, nothing at all
    /// is written; the findings say what has.
    ///
    /// # Errors
    /// The plan is for another configuration, or the store cannot be used. All else is in the events and the summary.
    pub async fn apply_file(&self, file: &PlanFile, jobs: Option<usize>) -> Result<Summary, ApplyError> {
        if let Some(misfit) = misfit(file, &self.config) {
            return Err(misfit.into());
        }
        let run = self.run_id();
        self.emit(Event::RunStarted { run: run.clone(), dry_run: false });
        self.store.start_run(&run, (self.clock)(), "apply").await?;
        let options =
            SyncOptions { join: file.asked.join.clone(), force: file.asked.force, jobs, ..SyncOptions::default() };
        let doubts = Doubts::default();
        let scenes = self.scenes(file, &doubts).await?;
        let settings: Vec<_> = scenes
            .iter()
            .map(|scene| {
                let selection = file.selection(scene.planned);
                (scene, SyncOptions { selection, ..options.clone() })
            })
            .collect();
        let settings: Vec<_> = settings
            .iter()
            .map(|(scene, options)| {
                let Survey { hidden, sights, known, .. } = &scene.survey;
                (*scene, Settings { run: &run, options, hidden, sights, known, doubts: &doubts, gathered: None })
            })
            .collect();
        let cases: Vec<Case<'_>> = settings
            .iter()
            .flat_map(|(scene, settings)| {
                let tasks = &scene.survey.plan.tasks;
                scene.planned.to_write().map(move |planned| {
                    let key = planned.plan.repository.key();
                    let found = tasks.iter().find(|task| task.name.key() == key);
                    Case { group: scene.group, planned, found, settings }
                })
            })
            .collect();
        let mut summary = self.carry(&cases, jobs.unwrap_or(self.config.jobs).max(1)).await;
        summary.endpoints_failed = scenes.iter().map(|scene| scene.survey.hidden.len()).sum();
        self.store.finish_run(&run, (self.clock)(), &summary).await?;
        self.emit(Event::RunFinished { run, summary });
        Ok(summary)
    }

    /// Looks at every group that the plan writes to.
    async fn scenes<'a>(&'a self, file: &'a PlanFile, doubts: &Doubts) -> Result<Vec<Scene<'a>>, SyncError> {
        let planned = file.groups.iter().filter_map(|planned| {
            let group = self.config.mirrors.iter().find(|group| group.name == planned.group)?;
            Some((group, planned, planned.to_write().count())).filter(|(.., repositories)| *repositories > 0)
        });
        let scenes = planned.map(|(group, planned, repositories)| async move {
            let endpoints = group.endpoints.iter().map(|endpoint| endpoint.id.clone()).collect();
            self.emit(Event::GroupStarted { group: group.name.clone(), endpoints });
            let survey = self.survey(group, &file.selection(planned), false).await?;
            self.emit(Event::GroupListed { group: group.name.clone(), repositories });
            Ok::<_, SyncError>(Scene { group, planned, survey })
        });
        let mut scenes: Vec<Scene<'_>> = join_all(scenes).await.into_iter().collect::<Result<_, _>>()?;
        // What was seen in any group says how far the absence of a repository is to be trusted.
        if !file.asked.confirm_deletions {
            for Scene { group, survey, .. } in scenes.iter().filter(|scene| !scene.survey.deferred.is_empty()) {
                doubt::look_for_witnesses(self, group, survey, &BTreeSet::new(), doubts, false).await?;
            }
        }
        for Scene { group, planned, survey } in &mut scenes {
            let (tasks, doubted) = doubt::plan_deletions(group, survey, &file.selection(planned), doubts).await;
            if !doubted.is_empty() {
                self.store.remember_doubts(&group.name, &doubted, &[]).await?;
            }
            survey.plan.tasks.extend(tasks);
        }
        Ok(scenes)
    }

    /// Looks at all repositories, and when all are as planned, writes to all.
    async fn carry(&self, cases: &[Case<'_>], jobs: usize) -> Summary {
        let looks = stream::iter(cases.iter().map(|case| async move {
            let halt = if self.stop.is_cancelled() { None } else { self.look(*case).await.err() };
            (*case, halt)
        }));
        let looked: Vec<(Case<'_>, Option<Halt>)> = looks.buffered(jobs).collect().await;
        let mut summary = Summary::default();
        if self.stop.is_cancelled() {
            return summary;
        }
        if looked.iter().any(|(_, halt)| halt.is_some()) {
            for (case, halt) in looked {
                self.leave(case, halt, &mut summary);
            }
            return summary;
        }
        let written = stream::iter(cases.iter().map(|case| async move {
            if self.stop.is_cancelled() {
                return None;
            }
            let (group, repository) = (case.group.name.clone(), case.planned.plan.repository.clone());
            self.emit(Event::RepositoryStarted { group: group.clone(), repository: repository.clone() });
            let Ended { status, done, error, .. } = self.write(*case).await;
            let (error, remedy) = error.unzip();
            self.emit(Event::RepositoryFinished { group, repository, status, done, error, remedy });
            Some((status, done))
        }));
        let ended: Vec<Option<(RepoStatus, usize)>> = written.buffer_unordered(jobs).collect().await;
        for (status, done) in ended.into_iter().flatten() {
            summary.count(status, done);
        }
        summary
    }
}

impl Engine {
    /// Looks at one repository and says why its plan cannot be carried out, if so.
    async fn look(&self, case: Case<'_>) -> Result<(), Halt> {
        let _lock = lock(self, &case.group.name, &case.planned.plan.repository).await?;
        prepare(self, case.group, case.planned, case.found, case.settings).await.map(|_| ())
    }

    /// Tells of a repository that is not written to, because it or another one is not as planned.
    fn leave(&self, case: Case<'_>, halt: Option<Halt>, summary: &mut Summary) {
        let (group, repository) = (case.group.name.clone(), case.planned.plan.repository.clone());
        let status = if halt.is_some() { RepoStatus::Failed } else { RepoStatus::Pending };
        self.emit(Event::RepositoryStarted { group: group.clone(), repository: repository.clone() });
        let (mut error, mut remedy) = (None, None);
        match halt {
            Some(Halt::Findings(findings)) => self.tell(case, findings, "Nothing was written anywhere."),
            Some(Halt::Error(message, how)) => {
                error = Some(message);
                remedy = Some(format!("Nothing was written anywhere. {how}"));
            }
            None => {}
        }
        summary.count(status, 0);
        self.emit(Event::RepositoryFinished { group, repository, status, done: 0, error, remedy });
    }

    fn tell(&self, case: Case<'_>, findings: Vec<Finding>, first: &str) {
        for mut finding in findings {
            finding.remedy = format!("{first} {}", finding.remedy);
            let (group, repository) = (case.group.name.clone(), case.planned.plan.repository.clone());
            self.emit(Event::Finding { group, repository, finding });
        }
    }

    /// Writes to one repository. What was looked at before is looked at once more, because it may have taken a while.
    async fn write(&self, case: Case<'_>) -> Ended {
        let ended = self.write_locked(case).await;
        if let Some((message, remedy)) = ended.error.clone() {
            let problem = Problem { message, remedy };
            let name = &case.planned.plan.repository;
            if let Err(error) = self.store.record_problem(&case.group.name, name, (self.clock)(), &problem).await {
                tracing::warn!(repository = %name, %error, "its failure could not be remembered");
            }
        }
        ended
    }

    async fn write_locked(&self, case: Case<'_>) -> Ended {
        let Case { group, planned, found, settings } = case;
        let _lock = match lock(self, &group.name, &planned.plan.repository).await {
            Ok(lock) => lock,
            Err((message, remedy)) => return failed(0, message, &remedy),
        };
        let prepared = match prepare(self, group, planned, found, settings).await {
            Ok(prepared) => prepared,
            Err(Halt::Error(message, remedy)) => return failed(0, message, &remedy),
            Err(Halt::Findings(findings)) => {
                self.tell(case, findings, "Nothing was written to this repository.");
                return Ended { status: RepoStatus::Failed, done: 0, error: None, may_pass: false };
            }
        };
        let ground = Ground {
            group,
            task: &prepared.task,
            views: &prepared.views,
            baseline: &prepared.baseline,
            facts: &prepared.facts,
            settings,
            whole: prepared.whole,
        };
        let (status, applied) = match carry_out(self, ground, &prepared.plan).await {
            Ok(carried) => carried,
            Err((message, remedy)) => return failed(0, message, &remedy),
        };
        let mut findings = prepared.plan.findings;
        add_links(&mut findings, &applied);
        findings.extend(applied.waiting.iter().map(|(endpoint, waiting)| waiting.note(endpoint)));
        for finding in findings {
            let (group, repository) = (group.name.clone(), planned.plan.repository.clone());
            self.emit(Event::Finding { group, repository, finding });
        }
        let done = applied.done();
        if applied.look_again {
            let message = "something changed while the plan was carried out, and was not overwritten";
            let remedy = "Make the plan anew with `refray plan --out FILE`, or run `refray sync`.";
            return failed(done, message.to_owned(), remedy);
        }
        Ended { status, done, error: None, may_pass: false }
    }
}
