//! Whether a plan that was read can be one: a person may have changed it.

use std::collections::{BTreeMap, BTreeSet};

use crate::name::{EndpointId, RefName, RepoName};
use crate::oid::{ObjectFormat, Oid};
use crate::plan::action::{Cause, RefUpdate, RequestStep};
use crate::plan::file::model::{PlanFile, PlannedGroup, PlannedRepository};
use crate::plan::file::place::Place;

/// Something that cannot be.
pub(super) struct Nonsense {
    pub(super) place: Place,
    pub(super) message: String,
}

type Checked = Result<(), Nonsense>;

/// Returns the first thing in a plan that contradicts the rest.
pub(super) fn check(file: &PlanFile) -> Option<Nonsense> {
    whole(file).err()
}

fn whole(file: &PlanFile) -> Checked {
    let top = Place::default().key("groups");
    let mut groups = BTreeSet::new();
    for (index, group) in file.groups.iter().enumerate() {
        let place = top.index(index);
        if !groups.insert(&group.group) {
            return nonsense(place.key("group"), format!("the group `{}` is in the plan twice", group.group));
        }
        let mut repositories = BTreeSet::new();
        for (index, repository) in group.repositories.iter().enumerate() {
            let place = place.key("repositories").index(index);
            let name = &repository.plan.repository;
            if !repositories.insert(name.key()) {
                let message = format!("the repository `{name}` is in the group `{}` twice", group.group);
                return nonsense(place.key("plan").key("repository"), message);
            }
            Scene { group, repository }.check(&place)?;
        }
    }
    Ok(())
}

fn nonsense(place: Place, message: String) -> Checked {
    Err(Nonsense { place, message })
}

#[derive(Clone, Copy)]
struct Scene<'a> {
    group: &'a PlannedGroup,
    repository: &'a PlannedRepository,
}

impl Scene<'_> {
    fn check(self, place: &Place) -> Checked {
        let plan = &self.repository.plan;
        for endpoint in self.repository.seen.keys() {
            self.endpoint(endpoint, &place.key("seen").key(endpoint.as_str()))?;
        }
        let place = place.key("plan");
        let mut made: BTreeSet<&EndpointId> = BTreeSet::new();
        for (index, create) in plan.creates.iter().enumerate() {
            let place = place.key("creates").index(index);
            self.endpoint(&create.endpoint, &place)?;
            if create.name.key() != plan.repository.key() {
                return self.nonsense(&place, &format!("`{}` is to be created under another name", create.name));
            }
            if create.called.as_ref() != self.name_at(&create.endpoint) {
                let message = format!("it is not called so on {}, by `names`", create.endpoint);
                return self.nonsense(&place, &message);
            }
            if self.repository.seen.contains_key(&create.endpoint) || !made.insert(&create.endpoint) {
                let message = format!("it is to be created on {}, where it is already", create.endpoint);
                return self.nonsense(&place, &message);
            }
        }
        let mut values: BTreeMap<_, Option<Oid>> = BTreeMap::new();
        for (index, update) in plan.updates.iter().enumerate() {
            let place = place.key("updates").index(index);
            self.update(update, &made, &place)?;
            if values.insert((&update.endpoint, &update.name), update.new).is_some() {
                return self.nonsense(&place, &format!("{} on {} is written twice", update.name, update.endpoint));
            }
        }
        self.default_branches(&made, &place)?;
        self.deletes(&place)?;
        self.requests(&place)?;
        let mut held = plan.held.values().flatten().chain(&plan.apart);
        held.try_for_each(|endpoint| self.endpoint(endpoint, &place))
    }

    fn update(self, update: &RefUpdate, made: &BTreeSet<&EndpointId>, place: &Place) -> Checked {
        let RefUpdate { endpoint, name, old, new, cause } = update;
        self.endpoint(endpoint, place)?;
        let fits = match cause {
            Cause::Create => old.is_none() && new.is_some(),
            Cause::Delete | Cause::Resolved => old.is_some() && new.is_none(),
            Cause::Conflict => new.is_some() && old != new,
            _ => old.is_some() && new.is_some() && old != new,
        };
        if !fits {
            let message =
                format!("`old` and `new` of {name} on {endpoint} do not go with the cause `{}`", cause.as_str());
            return self.nonsense(place, &message);
        }
        if matches!(cause, Cause::Conflict | Cause::Resolved) && !name.is_conflict_branch() {
            let message = format!("{name} on {endpoint} is none of the branches that show a conflict");
            return self.nonsense(&place.key("ref"), &message);
        }
        if name.is_tag() && *cause != Cause::Create {
            return self.nonsense(place, &format!("{name} on {endpoint} is to be changed, and tags are only created"));
        }
        if self.repository.plan.apart.contains(endpoint) {
            return self.nonsense(place, &format!("{name} on {endpoint} is to be written, though it is held apart"));
        }
        match self.repository.seen.get(endpoint) {
            Some(seen) if seen.refs.get(name) != Some(old) => {
                let message = format!("`old` of {name} on {endpoint} is not what was seen there");
                return self.nonsense(&place.key("old"), &message);
            }
            None if !made.contains(endpoint) => {
                let message = format!(
                    "{name} is to be written on {endpoint}, where the repository was neither seen nor is created"
                );
                return self.nonsense(&place.key("endpoint"), &message);
            }
            None if old.is_some() => {
                let message = format!("{name} has an old value on {endpoint}, where the repository is only created");
                return self.nonsense(&place.key("old"), &message);
            }
            _ => {}
        }
        let formats: BTreeSet<ObjectFormat> = self.repository.seen.values().map(|seen| seen.object_format).collect();
        match new.filter(|new| !formats.is_empty() && !formats.contains(&new.format())) {
            Some(_) => {
                let message = format!("`new` of {name} on {endpoint} is an id of another hash function");
                self.nonsense(&place.key("new"), &message)
            }
            None => Ok(()),
        }
    }

    fn default_branches(self, made: &BTreeSet<&EndpointId>, place: &Place) -> Checked {
        let mut switched = BTreeSet::new();
        for (index, switch) in self.repository.plan.default_branches.iter().enumerate() {
            let place = place.key("default_branches").index(index);
            self.endpoint(&switch.endpoint, &place)?;
            let seen = self.repository.seen.get(&switch.endpoint);
            let message = if !switched.insert(&switch.endpoint) {
                "is switched twice"
            } else if seen.is_some_and(|seen| seen.default_branch != switch.old) {
                "has an old value that is not what was seen there"
            } else if seen.is_none() && !made.contains(&switch.endpoint) {
                "is to be switched where the repository was neither seen nor is created"
            } else if switch.old.as_ref() == Some(&switch.new) {
                "is to be switched to what it is"
            } else {
                continue;
            };
            return self.nonsense(&place, &format!("the default branch on {} {message}", switch.endpoint));
        }
        Ok(())
    }

    fn deletes(self, place: &Place) -> Checked {
        let mut deleted = BTreeSet::new();
        for (index, delete) in self.repository.plan.deletes.iter().enumerate() {
            let place = place.key("deletes").index(index);
            self.endpoint(&delete.endpoint, &place)?;
            let seen = self.repository.seen.get(&delete.endpoint);
            let message = if seen.is_none_or(|seen| seen.id != delete.id || seen.path != delete.path) {
                "is not the repository that was seen there"
            } else if !deleted.insert(&delete.endpoint) {
                "is deleted twice"
            } else {
                continue;
            };
            return self.nonsense(&place, &format!("`{}` on {} {message}", delete.path, delete.endpoint));
        }
        Ok(())
    }

    fn requests(self, place: &Place) -> Checked {
        for (index, request) in self.repository.plan.requests.iter().enumerate() {
            let place = place.key("requests").index(index);
            self.endpoint(&request.endpoint, &place)?;
            let message = if !self.repository.seen.contains_key(&request.endpoint) {
                "is where the repository was not seen"
            } else if !RefName::Branch(request.head.clone()).is_conflict_branch() {
                "is from a branch that shows no conflict"
            } else if request.number.is_none() != (request.step == RequestStep::Open) {
                "has a number that does not go with its step"
            } else {
                continue;
            };
            return self.nonsense(&place, &format!("the pull request on {} {message}", request.endpoint));
        }
        Ok(())
    }

    fn endpoint(self, endpoint: &EndpointId, place: &Place) -> Checked {
        if self.group.endpoints.iter().any(|known| known.endpoint == *endpoint) {
            return Ok(());
        }
        self.nonsense(place, &format!("`{endpoint}` is not among the group's endpoints"))
    }

    /// Returns the name that the repository is given at an endpoint.
    fn name_at(&self, endpoint: &EndpointId) -> Option<&RepoName> {
        let key = self.repository.plan.repository.key();
        let endpoint = self.group.endpoints.iter().find(|known| known.endpoint == *endpoint)?;
        endpoint.names.iter().find(|(here, _)| here.key() == key).map(|(_, there)| there)
    }

    fn nonsense(self, place: &Place, message: &str) -> Checked {
        let message =
            format!("group `{}`, repository `{}`: {message}", self.group.group, self.repository.plan.repository);
        nonsense(place.clone(), message)
    }
}
