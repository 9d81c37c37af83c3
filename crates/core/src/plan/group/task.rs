//! One repository of a group.

use std::collections::BTreeMap;

use crate::name::{EndpointId, RepoName};
use crate::plan::action::{CreateRepository, DeleteRepository};
use crate::plan::finding::Finding;
use crate::plan::group::absence::Absences;
use crate::plan::group::index::Index;
use crate::plan::group::outcome::{Copy, RepoTask};
use crate::plan::group::rename::Renames;
use crate::plan::group::report;
use crate::plan::group::world::{GroupWorld, Known, Look, Sight};
use crate::repository::Repository;

/// Everything that judging a repository of the group depends on.
pub(super) struct Scene<'s, 'a> {
    pub(super) world: &'s GroupWorld<'a>,
    pub(super) index: &'s Index<'a>,
    pub(super) renames: &'s Renames<'a>,
    pub(super) absences: &'s Absences<'a>,
}

/// Judges the repository `key`; `None` when the run is not about it, or when nothing is left of it.
pub(super) fn task(scene: &Scene<'_, '_>, key: &str) -> Option<RepoTask> {
    let GroupWorld { group, selection, known, sights } = *scene.world;
    let followed = scene.renames.origin(key);
    let memory = followed.or_else(|| (!scene.renames.is_followed(key)).then_some(key));
    let known = memory.and_then(|memory| known.get(memory));
    let mut judged = Judged { scene, key, followed, findings: Vec::new(), deleted_on: Vec::new() };
    let mut copies = BTreeMap::new();
    for id in group.endpoints.iter().map(|endpoint| &endpoint.id) {
        let Some(sight) = sights.get(id) else { continue };
        let copy = judged.copy(id, sight, known.and_then(|copies| copies.get(id)));
        copies.insert(id.clone(), copy);
    }
    let Judged { mut findings, deleted_on, .. } = judged;
    let seen = group.endpoints.iter().filter_map(|endpoint| match copies.get(&endpoint.id)? {
        Copy::Present { repository, .. } => Some(repository.clone()),
        _ => None,
    });
    let seen: Vec<Repository> = seen.collect();
    let name = name(scene, key, &seen, known)?;
    if !selection.selects(&name) || !group.selects_name(&name) || !group.selects_visibility(&seen) {
        return None;
    }
    if seen.is_empty() && findings.is_empty() && !copies.values().any(|copy| matches!(copy, Copy::Unreadable(_))) {
        // Gone everywhere: nothing is left to sync, and nothing to report.
        return None;
    }
    if !deleted_on.is_empty() && group.delete_missing && findings.is_empty() {
        delete(&mut copies);
    } else if let Some(model) = seen.first() {
        create_missing(scene.world, model, &seen, &mut copies, &mut findings, &deleted_on);
        report::deletions(scene.world, &deleted_on, &copies, &mut findings);
    }
    Some(RepoTask { name, copies, findings })
}

/// Returns the name as the first endpoint that has it spells it, else as it is remembered, else as it is listed.
fn name(
    scene: &Scene<'_, '_>,
    key: &str,
    seen: &[Repository],
    known: Option<&BTreeMap<EndpointId, Known>>,
) -> Option<RepoName> {
    let remembered = || known?.values().map(|known| &known.name).find(|name| name.key() == key);
    let name = seen.first().map(|repository| &repository.name);
    name.or_else(remembered).or_else(|| Some(&scene.index.any(key)?.name)).cloned()
}

/// What was found out of a repository so far.
struct Judged<'s, 'a> {
    scene: &'s Scene<'s, 'a>,
    key: &'s str,
    /// The key under which it is remembered, when it has a new name on every side.
    followed: Option<&'a str>,
    findings: Vec<Finding>,
    deleted_on: Vec<EndpointId>,
}

impl<'a> Judged<'_, 'a> {
    fn copy(&mut self, id: &'a EndpointId, sight: &Sight, remembered: Option<&Known>) -> Copy {
        let Scene { index, renames, .. } = *self.scene;
        match (&sight.listing, index.get(self.key, id)) {
            (None, _) => Copy::Unreadable(sight.error.clone()),
            (_, listed @ [_, _, ..]) => {
                self.findings.push(report::name_clash(self.scene.world, id, listed));
                Copy::Absent
            }
            (_, [repository]) => {
                let former = renames.former(id, self.key).filter(|former| self.followed != Some(*former));
                let elsewhere = renames.get(id, self.key).filter(|_| !renames.is_followed(self.key));
                if let Some(former) = former {
                    self.findings.push(report::renamed(id, former, repository));
                    Copy::Absent
                } else if let Some(now) = elsewhere {
                    self.findings.push(report::renamed(id, self.key, now));
                    Copy::Absent
                } else {
                    present(repository, remembered)
                }
            }
            (_, []) => match remembered {
                Some(remembered) => self.unlisted(id, sight, remembered),
                None => Copy::Absent,
            },
        }
    }

    /// Judges a copy that is remembered and not listed.
    fn unlisted(&mut self, id: &EndpointId, sight: &Sight, remembered: &Known) -> Copy {
        if let Some(now) = self.scene.renames.get(id, self.key) {
            self.findings.push(report::renamed(id, self.key, now));
            return Copy::Absent;
        }
        match sight.looks.get(self.key) {
            // Its old path is that of a repository which the group has under another name.
            Some(Look::Found(now)) if now.name.key() != self.key => {
                self.findings.push(report::renamed(id, self.key, now));
                Copy::Absent
            }
            Some(Look::Found(repository)) => present(repository, Some(remembered)),
            Some(Look::Moved(now)) if now.id == remembered.id => {
                Copy::Unreadable("it is not listed, and a direct look gave no clear answer".to_owned())
            }
            Some(Look::NotFound | Look::Moved(_)) => {
                match self.scene.absences.get(self.key, id) {
                    Some(Err(reason)) if !self.scene.world.selection.confirm_deletions => {
                        self.findings.push(report::absence_held(self.scene.world, self.key, id, reason));
                    }
                    _ => self.deleted_on.push(id.clone()),
                }
                Copy::Absent
            }
            Some(Look::Unreadable(why)) => Copy::Unreadable(why.clone()),
            None => Copy::Unreadable("it is not listed, and a direct look gave no clear answer".to_owned()),
        }
    }
}

fn present(repository: &Repository, remembered: Option<&Known>) -> Copy {
    if repository.disabled {
        return Copy::Unreadable("the forge has disabled it, or its code is switched off there".to_owned());
    }
    Copy::Present {
        repository: repository.clone(),
        recreated: remembered.is_none_or(|known| known.id != repository.id),
    }
}

fn delete(copies: &mut BTreeMap<EndpointId, Copy>) {
    for (endpoint, copy) in copies {
        if let Copy::Present { repository, .. } = copy {
            let (path, id) = (repository.path.clone(), repository.id.clone());
            *copy = Copy::Delete(DeleteRepository { endpoint: endpoint.clone(), path, id });
        }
    }
}

/// Turns absent copies into ones to create, unless a finding says why they are absent, or the others are to follow their
/// deletion once that can be done.
fn create_missing(
    world: &GroupWorld<'_>,
    model: &Repository,
    seen: &[Repository],
    copies: &mut BTreeMap<EndpointId, Copy>,
    findings: &mut Vec<Finding>,
    deleted_on: &[EndpointId],
) {
    if !world.group.create_missing || world.selection.no_create {
        return;
    }
    // Never wider than any copy: the narrowest one decides.
    let visibility = seen.iter().filter_map(|copy| copy.visibility).min().unwrap_or(world.group.visibility);
    let description =
        seen.iter().map(|copy| &copy.description).find(|text| !text.is_empty()).cloned().unwrap_or_default();
    for (endpoint, copy) in copies {
        let held = findings.iter().any(|finding| finding.sides.contains_key(endpoint))
            || (world.group.delete_missing && deleted_on.contains(endpoint));
        if *copy == Copy::Absent && !held {
            let names = world.group.endpoint(endpoint).map(|endpoint| &endpoint.names);
            if names.is_some_and(|names| names.there(&model.name).is_none()) {
                findings.push(report::name_given_away(endpoint, &model.name));
                continue;
            }
            *copy = Copy::Create(CreateRepository {
                endpoint: endpoint.clone(),
                name: model.name.clone(),
                called: names.and_then(|names| names.given(&model.name)).cloned(),
                visibility,
                description: description.clone(),
                former: None,
            });
        }
    }
}
