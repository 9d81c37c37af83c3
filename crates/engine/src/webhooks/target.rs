//! Which repositories it is about.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use refray_core::config::{Endpoint, MirrorGroup, Provider};
use refray_core::name::{EndpointId, GroupName, RepoName};
use refray_core::plan::group::Copy;
use refray_core::repository::Repository;
use refray_forge::Lookup;

use super::request::{HookJob, HookRequest};
use crate::engine::Engine;
use crate::run::{Survey, SyncError};

/// One repository at one endpoint.
#[derive(Debug, Clone)]
pub(super) struct Target {
    pub(super) group: GroupName,
    pub(super) endpoint: Endpoint,
    pub(super) repository: RepoName,
    pub(super) path: String,
    pub(super) archived: bool,
}

/// Everything that a request is about.
#[derive(Debug, Default)]
pub(super) struct Targets {
    /// By endpoint and key, each once, whatever number of groups it is in.
    pub(super) all: BTreeMap<(EndpointId, String), Target>,
    /// Endpoints that could not be listed.
    pub(super) failed: BTreeSet<EndpointId>,
    /// Directories, which have no webhooks.
    pub(super) directories: BTreeSet<EndpointId>,
    /// Names that were asked for and are nowhere.
    pub(super) unmatched: BTreeSet<String>,
}

/// Lists every endpoint of the groups, and returns what their filters and the request let through.
pub(super) async fn find(engine: &Engine, request: &HookRequest) -> Result<Targets, SyncError> {
    let groups = engine.config.mirrors.iter();
    let groups: Vec<_> =
        groups.filter(|group| request.groups.is_empty() || request.groups.contains(&group.name)).collect();
    let surveys = groups.iter().map(|group| engine.survey(group, &request.selection, request.only_looks()));
    let surveys = join_all(surveys).await;
    let mut targets = Targets { unmatched: request.selection.names.clone(), ..Targets::default() };
    for (group, survey) in groups.into_iter().zip(surveys) {
        let survey = survey?;
        let unmatched: BTreeSet<String> = survey.plan.unmatched.iter().cloned().collect();
        targets.unmatched.retain(|name| unmatched.contains(name));
        let asked = |id: &&EndpointId| group.endpoint(id).is_some_and(|endpoint| request.is_about(endpoint));
        targets.failed.extend(survey.hidden.iter().filter(asked).cloned());
        targets.add(group, &survey, request);
        if matches!(request.job, HookJob::Uninstall { remembered: true, .. }) {
            targets.add_remembered(engine, group, &survey, request).await?;
        }
    }
    for key in targets.all.keys().map(|(_, key)| key) {
        targets.unmatched.remove(key);
    }
    Ok(targets)
}

impl Targets {
    fn add(&mut self, group: &MirrorGroup, survey: &Survey, request: &HookRequest) {
        let asked = group.endpoints.iter().filter(|endpoint| request.is_about(endpoint));
        for endpoint in asked.filter(|endpoint| endpoint.site.provider == Provider::Directory) {
            self.directories.insert(endpoint.id.clone());
        }
        for task in &survey.plan.tasks {
            for (id, copy) in &task.copies {
                let endpoint = group.endpoint(id).filter(|endpoint| request.is_about(endpoint));
                let Some(endpoint) = endpoint else { continue };
                match copy {
                    Copy::Present { repository, .. } => {
                        self.put(group, endpoint, &repository.name, &repository.path, repository.archived);
                    }
                    // It is still there, and may stay.
                    Copy::Delete(delete) => self.put(group, endpoint, &task.name, &delete.path, false),
                    Copy::Create(_) | Copy::Absent | Copy::Unreadable(_) => {}
                }
            }
        }
    }

    fn put(&mut self, group: &MirrorGroup, endpoint: &Endpoint, name: &RepoName, path: &str, archived: bool) {
        if endpoint.site.provider == Provider::Directory {
            return;
        }
        self.all.entry((endpoint.id.clone(), name.key())).or_insert_with(|| Target {
            group: group.name.clone(),
            endpoint: endpoint.clone(),
            repository: name.clone(),
            path: path.to_owned(),
            archived,
        });
    }

    /// Adds what has a webhook that is remembered, though the group's filters do not let it through any more. Webhooks of
    /// repositories that are gone are forgotten.
    async fn add_remembered(
        &mut self,
        engine: &Engine,
        group: &MirrorGroup,
        survey: &Survey,
        request: &HookRequest,
    ) -> Result<(), SyncError> {
        for endpoint in group.endpoints.iter().filter(|endpoint| request.is_about(endpoint)) {
            let Some(listing) = survey.sights.get(&endpoint.id).and_then(|sight| sight.listing.as_ref()) else {
                continue;
            };
            for hook in engine.store.hooks(&endpoint.id).await? {
                let key = hook.repository.key();
                if !request.selection.selects(&hook.repository)
                    || self.all.contains_key(&(endpoint.id.clone(), key.clone()))
                {
                    continue;
                }
                let listed = listing.iter().find(|repository| repository.name.key() == key).cloned();
                match listed.map(Lookup::Found) {
                    Some(lookup) => self.look(group, endpoint, &hook.repository, &lookup),
                    None => {
                        let Some(path) = endpoint.path_of(&hook.repository) else { continue };
                        // What could not be looked at is left for another time.
                        let Ok(forge) = engine.forge(endpoint) else { continue };
                        let Ok(lookup) = forge.get(&path).await else { continue };
                        if lookup == Lookup::NotFound && !request.only_looks() {
                            engine.store.remove_hook(&endpoint.id, &key, &hook.url).await?;
                        }
                        self.look(group, endpoint, &hook.repository, &lookup);
                    }
                }
            }
        }
        Ok(())
    }

    fn look(&mut self, group: &MirrorGroup, endpoint: &Endpoint, name: &RepoName, lookup: &Lookup) {
        if let Lookup::Found(repository) | Lookup::Moved(repository) = lookup {
            let Repository { path, archived, .. } = repository;
            self.put(group, endpoint, name, path, *archived);
        }
    }
}
