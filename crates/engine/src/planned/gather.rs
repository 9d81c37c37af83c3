//! A dry run whose plans are kept.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use refray_core::config::MirrorGroup;
use refray_core::name::GroupName;
use refray_core::outcome::Summary;
use refray_core::plan::file::{Asked, PlanFile, PlannedGroup, PlannedRepository};
use refray_core::plan::group::RepoTask;
use refray_core::plan::{RepoPlan, Views};

use crate::engine::Engine;
use crate::options::SyncOptions;
use crate::run::SyncError;

/// The plans of a run, as its repositories come by.
#[derive(Debug, Default)]
pub(crate) struct Gathered(Mutex<BTreeMap<GroupName, Vec<PlannedRepository>>>);

impl Gathered {
    /// Takes the plan of a repository, with what it rests on.
    pub(crate) fn take(&self, group: &MirrorGroup, task: &RepoTask, views: &Views, plan: &RepoPlan) {
        let planned = PlannedRepository::new(plan.clone(), task, views);
        if !planned.is_empty() {
            let mut groups = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            groups.entry(group.name.clone()).or_default().push(planned);
        }
    }
}

impl Engine {
    /// Says what [`sync`](Self::sync) would do, as a dry run, and returns it as a plan that can be carried out later.
    ///
    /// # Errors
    /// As for `sync`.
    pub async fn plan(&self, options: &SyncOptions) -> Result<(Summary, PlanFile), SyncError> {
        let options = SyncOptions { dry_run: true, ..options.clone() };
        let gathered = Gathered::default();
        let summary = self.run(&options, Some(&gathered)).await?;
        let mut repositories = gathered.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        let groups = self.config.mirrors.iter();
        let groups = groups.filter(|group| options.groups.is_empty() || options.groups.contains(&group.name));
        let groups = groups
            .map(|group| PlannedGroup::new(group, repositories.remove(&group.name).unwrap_or_default()))
            .collect();
        let asked = Asked {
            no_create: options.selection.no_create,
            confirm_deletions: options.selection.confirm_deletions,
            force: options.force,
            join: options.join.clone(),
        };
        Ok((summary, PlanFile::new(env!("CARGO_PKG_VERSION"), (self.clock)(), asked, groups)))
    }
}
