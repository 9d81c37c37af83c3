//! Putting a backup back.

use std::collections::{BTreeMap, BTreeSet};

use refray_core::event::Event;
use refray_core::name::{EndpointId, RefName, RepoName};
use refray_core::outcome::{RepoStatus, Summary};
use refray_core::plan::group::Selection;
use refray_core::plan::undo::{Former, Kept, Undo, plan_restore};

use super::shelf::Shelved;
use super::undo::UndoError;
use super::work::Work;
use crate::doubt::Doubts;
use crate::engine::Engine;
use crate::options::{Settings, SyncOptions};

/// Where a backup is put back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Target {
    /// Where it was taken.
    #[default]
    Origin,
    /// On all endpoints of its group.
    All,
    /// On these.
    These(BTreeSet<EndpointId>),
}

/// What is to be put back.
#[derive(Debug, Clone, Default)]
pub struct RestoreOptions {
    /// Where.
    pub to: Target,
    /// Only these references; all when empty.
    pub refs: BTreeSet<RefName>,
    /// The name that the only reference gets.
    pub name: Option<RefName>,
    /// References that stand at another value are overwritten, after a backup.
    pub force: bool,
    /// Only show what would be done.
    pub dry_run: bool,
}

impl Engine {
    /// Puts references of a backup back, and makes repositories that are gone anew.
    ///
    /// # Errors
    /// The store cannot be used. All else is in the events and the summary.
    pub async fn restore_backup(&self, backup: &Shelved, options: &RestoreOptions) -> Result<Summary, UndoError> {
        let run = self.run_id();
        self.emit(Event::RunStarted { run: run.clone(), dry_run: options.dry_run });
        if !options.dry_run {
            self.store.start_run(&run, (self.clock)(), &format!("backup restore {}", backup.id)).await?;
        }
        let mut summary = Summary::default();
        match self.put_back(backup, options, &run).await? {
            Ok((status, done)) => summary.count(status, done),
            Err((repository, error, remedy)) => {
                let (group, status) = (backup.id.group.clone(), RepoStatus::Failed);
                let (error, remedy) = (Some(error), Some(remedy));
                self.emit(Event::RepositoryFinished { group, repository, status, done: 0, error, remedy });
                summary.count(status, 0);
            }
        }
        if !options.dry_run {
            self.store.finish_run(&run, (self.clock)(), &summary).await?;
        }
        self.emit(Event::RunFinished { run, summary });
        Ok(summary)
    }

    async fn put_back(
        &self,
        backup: &Shelved,
        options: &RestoreOptions,
        run: &str,
    ) -> Result<Result<(RepoStatus, usize), (RepoName, String, String)>, UndoError> {
        let named = backup.note.as_ref().map(|note| note.repository.clone());
        let Some(name) = named.or_else(|| RepoName::new(&backup.id.key).ok()) else {
            return Err(super::shelf::ShelfError::Unknown(backup.id.to_string()).into());
        };
        let refused = |error: String, remedy: &str| Ok(Err((name.clone(), error, remedy.to_owned())));
        let Some(group) = self.config.mirrors.iter().find(|group| group.name == backup.id.group) else {
            let error = format!("the group `{}` is not in the configuration any more", backup.id.group);
            return refused(error, "Put it into the configuration again, and run again.");
        };
        let kept = match kept(backup, options) {
            Ok(kept) => kept,
            Err((error, remedy)) => return refused(error, remedy),
        };
        let known = |endpoint: &EndpointId| group.endpoint(endpoint).is_some();
        let to: BTreeSet<EndpointId> = match &options.to {
            Target::All => group.endpoints.iter().map(|endpoint| endpoint.id.clone()).collect(),
            Target::These(these) => these.clone(),
            Target::Origin => backup.refs().into_iter().flat_map(|noted| noted.endpoints).filter(known).collect(),
        };
        if let Some(unknown) = to.iter().find(|endpoint| !known(endpoint)) {
            let error = format!("the group `{}` has no endpoint `{unknown}`", group.name);
            return refused(error, "`refray config show` names its endpoints.");
        }
        if to.is_empty() {
            let error = "where the backup was taken is not known, or not in the group any more".to_owned();
            return refused(error, "Say where it goes with `--to ENDPOINT` or `--to all`.");
        }
        let endpoints = group.endpoints.iter().map(|endpoint| endpoint.id.clone()).collect();
        self.emit(Event::GroupStarted { group: group.name.clone(), endpoints });
        let survey = self.survey(group, &Selection::default(), options.dry_run).await?;
        self.emit(Event::GroupListed { group: group.name.clone(), repositories: 1 });
        let own = SyncOptions { dry_run: options.dry_run, ..SyncOptions::default() };
        let (hidden, sights, known) = (&survey.hidden, &survey.sights, &survey.known);
        let doubts = Doubts::default();
        let settings = Settings { run, options: &own, hidden, sights, known, doubts: &doubts, gathered: None };
        let plan = |_: &BTreeMap<_, _>, views: &_| Undo {
            plan: plan_restore(&name, &kept, &to, views),
            forget: BTreeSet::new(),
        };
        let bundle = Some(backup.path.as_path());
        let work = Work { group, name: &name, survey: &survey, settings: &settings, plan: &plan, bundle };
        Ok(Ok(work.run(self).await))
    }
}

/// Chooses what of a backup is put back.
fn kept(backup: &Shelved, options: &RestoreOptions) -> Result<Kept, (String, &'static str)> {
    let mut refs = BTreeMap::new();
    for noted in backup.refs() {
        if !options.refs.is_empty() && !options.refs.contains(&noted.name) {
            continue;
        }
        if let Some(other) = refs.insert(noted.name.clone(), noted.oid).filter(|other| *other != noted.oid) {
            let message = format!(
                "the backup has `{}` twice: at {} and at {}",
                noted.name.short(),
                other.short(),
                noted.oid.short()
            );
            return Err((message, "Fetch the one that you want from the bundle itself: git reads it like a remote."));
        }
    }
    if let Some(missing) = options.refs.iter().find(|name| !refs.contains_key(*name)) {
        let message = format!("the backup has no `{}`", missing.short());
        return Err((message, "`refray backup show ID` names what it has."));
    }
    if refs.is_empty() {
        return Err(("the backup has nothing to put back".to_owned(), "`refray backup show ID` says what it has."));
    }
    if let Some(name) = &options.name {
        if refs.len() > 1 {
            let message = format!("the backup has {} references, and only one can get another name", refs.len());
            return Err((message, "Choose one with `--ref NAME`."));
        }
        refs = refs.into_values().map(|oid| (name.clone(), oid)).collect();
    }
    let repositories = backup.note.iter().flat_map(|note| note.repositories.values());
    let formers: Vec<&Former> = repositories.map(|noted| &noted.former).collect();
    let former = Former {
        // Never wider than any copy was.
        visibility: formers.iter().filter_map(|former| former.visibility).min(),
        description: formers
            .iter()
            .map(|former| former.description.clone())
            .find(|text| !text.is_empty())
            .unwrap_or_default(),
        default_branch: formers.iter().find_map(|former| former.default_branch.clone()),
        ..Former::default()
    };
    Ok(Kept { refs, former, force: options.force })
}
