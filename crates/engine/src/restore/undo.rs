//! Undoing a run.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, stream};
use refray_core::event::Event;
use refray_core::name::{GroupName, RepoName};
use refray_core::outcome::{RepoStatus, Summary};
use refray_core::plan::group::Selection;
use refray_core::plan::undo;

use super::past::{by_repository, counts, past};
use super::shelf::{Shelf, ShelfError};
use super::work::{Work, unmatched};
use crate::doubt::Doubts;
use crate::engine::Engine;
use crate::options::{Settings, SyncOptions};
use crate::run::SyncError;
use crate::store::{JournalAction, Run, Store, StoreError};

/// What is to be undone.
#[derive(Debug, Clone, Default)]
pub struct UndoOptions {
    /// The run, or a beginning of its id that no other has.
    pub run: String,
    /// Only these repositories, by key; all when empty.
    pub repositories: BTreeSet<String>,
    /// Only show what would be done.
    pub dry_run: bool,
}

/// What keeps an undo from being begun.
#[derive(Debug, thiserror::Error)]
pub enum UndoError {
    /// What is remembered cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no such run.
    #[error("there is no run `{0}` in the journal")]
    UnknownRun(String),
    /// There are several whose ids begin so.
    #[error("several runs begin with `{name}`: {}", several.join(", "))]
    AmbiguousRun {
        /// What was given.
        name: String,
        /// What it may be.
        several: Vec<String>,
    },
    /// It changed nothing that could be put back.
    #[error("the run `{0}` changed nothing that could be undone")]
    Nothing(String),
    /// The backups cannot be read.
    #[error(transparent)]
    Shelf(#[from] ShelfError),
}

impl From<SyncError> for UndoError {
    fn from(error: SyncError) -> Self {
        let SyncError::Store(error) = error;
        Self::Store(error)
    }
}

impl UndoError {
    /// Returns what the user can do, as sentences.
    pub fn remedy(&self) -> String {
        match self {
            Self::Store(error) => error.remedy(),
            Self::UnknownRun(_) => "`refray log` lists them.".to_owned(),
            Self::Nothing(run) => {
                format!("`refray log` lists the runs with their changes, `refray log {run}` what this one did.")
            }
            Self::AmbiguousRun { .. } => "Give more of its id.".to_owned(),
            Self::Shelf(error) => error.remedy().to_owned(),
        }
    }
}

/// How many runs are named when it is not clear which one is meant.
const NAMED: usize = 5;

impl Run {
    /// Finds a run by its id, or by a beginning of it that no other has.
    ///
    /// # Errors
    /// There is none, or more than one.
    pub async fn find(store: &dyn Store, name: &str) -> Result<Self, UndoError> {
        if let Some(run) = store.run(name).await? {
            return Ok(run);
        }
        let mut found: Vec<Self> = store.runs(usize::MAX).await?;
        found.retain(|run| !name.is_empty() && run.id.starts_with(name));
        match found.len() {
            1 => Ok(found.remove(0)),
            0 => Err(UndoError::UnknownRun(name.to_owned())),
            _ => {
                let more = found.len().saturating_sub(NAMED);
                let mut several: Vec<_> = found.into_iter().take(NAMED).map(|run| format!("`{}`", run.id)).collect();
                if more > 0 {
                    several.push(format!("{more} more"));
                }
                Err(UndoError::AmbiguousRun { name: name.to_owned(), several })
            }
        }
    }
}

impl Engine {
    /// Puts back what a run wrote, where it still stands.
    ///
    /// # Errors
    /// There is no such run, or the store cannot be used. All else is in the events and the summary.
    pub async fn undo(&self, options: &UndoOptions) -> Result<Summary, UndoError> {
        let undone = Run::find(&*self.store, &options.run).await?;
        let mut actions = self.store.actions(&undone.id, None).await?;
        if !actions.iter().any(counts) {
            return Err(UndoError::Nothing(undone.id));
        }
        let unmatched = unmatched(&options.repositories, actions.iter().map(|action| &action.repository));
        actions.retain(|action| {
            counts(action)
                && (options.repositories.is_empty() || options.repositories.contains(&action.repository.key()))
        });
        let run = self.run_id();
        self.emit(Event::RunStarted { run: run.clone(), dry_run: options.dry_run });
        if !options.dry_run {
            self.store.start_run(&run, (self.clock)(), &format!("undo {}", undone.id)).await?;
        }
        let mut summary = Summary::default();
        let mut groups: BTreeMap<GroupName, Vec<Vec<JournalAction>>> = BTreeMap::new();
        for (group, actions) in by_repository(actions) {
            groups.entry(group).or_default().push(actions);
        }
        for (group, repositories) in groups {
            self.undo_group(&group, repositories, options, &run, &mut summary).await?;
        }
        for name in unmatched {
            if let (Ok(repository), Some(group)) = (RepoName::new(&name), self.config.mirrors.first()) {
                let error = format!("the run {} did nothing to a repository of this name", undone.id);
                let remedy = format!("`refray log {}` shows what it did.", undone.id);
                self.refuse(&group.name, repository, error, remedy, &mut summary);
            }
        }
        if !options.dry_run {
            self.store.finish_run(&run, (self.clock)(), &summary).await?;
        }
        self.emit(Event::RunFinished { run, summary });
        Ok(summary)
    }

    async fn undo_group(
        &self,
        name: &GroupName,
        repositories: Vec<Vec<JournalAction>>,
        options: &UndoOptions,
        run: &str,
        summary: &mut Summary,
    ) -> Result<(), UndoError> {
        let Some(group) = self.config.mirrors.iter().find(|group| group.name == *name) else {
            for repository in repositories.iter().filter_map(|actions| actions.first()) {
                let error = format!("the group `{name}` is not in the configuration any more");
                let remedy = "Put it into the configuration again, and undo the run again.".to_owned();
                self.refuse(name, repository.repository.clone(), error, remedy, summary);
            }
            return Ok(());
        };
        let endpoints = group.endpoints.iter().map(|endpoint| endpoint.id.clone()).collect();
        self.emit(Event::GroupStarted { group: name.clone(), endpoints });
        let survey = self.survey(group, &Selection::default(), options.dry_run).await?;
        summary.endpoints_failed += survey.hidden.len();
        self.emit(Event::GroupListed { group: name.clone(), repositories: repositories.len() });
        let own = SyncOptions { dry_run: options.dry_run, ..SyncOptions::default() };
        let (hidden, sights, known) = (&survey.hidden, &survey.sights, &survey.known);
        let doubts = Doubts::default();
        let settings = Settings { run, options: &own, hidden, sights, known, doubts: &doubts, gathered: None };
        let shelf = Shelf::new(&self.dirs.state);
        let works = repositories.into_iter().map(|actions| {
            let (survey, settings, shelf) = (&survey, &settings, &shelf);
            async move {
                let name = &actions.first()?.repository;
                if self.stop.is_cancelled() {
                    return None;
                }
                let shelved = shelf.of(&group.name, &name.key()).unwrap_or_default();
                let past = past(&actions, &shelved);
                let plan = |copies: &_, views: &_| undo::plan(name, &past, copies, views);
                Some(Work { group, name, survey, settings, plan: &plan, bundle: None }.run(self).await)
            }
        });
        let mut finished = stream::iter(works).buffer_unordered(self.config.jobs.max(1));
        while let Some(one) = finished.next().await {
            if let Some((status, done)) = one {
                summary.count(status, done);
            }
        }
        Ok(())
    }

    /// Reports a repository that cannot even be looked at.
    fn refuse(&self, group: &GroupName, repository: RepoName, error: String, remedy: String, summary: &mut Summary) {
        let (group, status) = (group.clone(), RepoStatus::Failed);
        let (error, remedy) = (Some(error), Some(remedy));
        self.emit(Event::RepositoryFinished { group, repository, status, done: 0, error, remedy });
        summary.count(status, 0);
    }
}
