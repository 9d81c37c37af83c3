//! What the runs in hand are making true, for telling a forge's echo from somebody's push.
//!
//! A webhook about refray's own push can arrive before the push itself is known to have ended. What it tells is then
//! in no baseline yet; it is here.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use refray_core::name::{EndpointId, GroupName, RefName};
use refray_core::oid::Oid;
use refray_core::plan::{RepoPlan, View, Views};

type Repository = (GroupName, String);
type Values = BTreeMap<(EndpointId, RefName), Expected>;

/// The values that references are about to have, or have since a moment that is not recorded yet.
#[derive(Debug, Default)]
pub struct Writing(Mutex<HashMap<Repository, Values>>);

#[derive(Debug, Clone, Copy)]
struct Expected {
    value: Option<Oid>,
    /// Somebody was told that this is nothing new.
    told: bool,
}

/// What one run makes true; over when this is dropped, by when it is recorded.
#[derive(Debug)]
pub(crate) struct Writes<'a> {
    writing: &'a Writing,
    repository: Repository,
}

impl Writing {
    fn values(&self) -> MutexGuard<'_, HashMap<Repository, Values>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says whether a run in hand makes `name` at `endpoint` have this value, or saw it there while it made all others
    /// follow. If the run does not get there after all, it looks again by itself.
    pub fn covers(
        &self,
        group: &GroupName,
        key: &str,
        endpoint: &EndpointId,
        name: &RefName,
        value: Option<Oid>,
    ) -> bool {
        let mut all = self.values();
        let Some(values) = all.get_mut(&(group.clone(), key.to_owned())) else { return false };
        match values.get_mut(&(endpoint.clone(), name.clone())) {
            Some(expected) if expected.value == value => {
                expected.told = true;
                true
            }
            _ => false,
        }
    }

    /// Notes what a plan makes true, of every reference that it writes somewhere.
    pub(crate) fn begin(&self, group: &GroupName, plan: &RepoPlan, views: &Views) -> Writes<'_> {
        let mut values = Values::new();
        for update in &plan.updates {
            for (endpoint, view) in views {
                if let View::Present { snapshot, .. } = view {
                    let value = snapshot.get(&update.name);
                    values.entry((endpoint.clone(), update.name.clone())).or_insert(Expected { value, told: false });
                }
            }
        }
        for update in &plan.updates {
            values.insert((update.endpoint.clone(), update.name.clone()), Expected { value: update.new, told: false });
        }
        let repository = (group.clone(), plan.repository.key());
        if !values.is_empty() {
            self.values().insert(repository.clone(), values);
        }
        Writes { writing: self, repository }
    }
}

impl Writes<'_> {
    /// Takes back what did not become true. Returns whether somebody was told that it would.
    pub(crate) fn settle(&self, now: &Views) -> bool {
        let mut all = self.writing.values();
        let Some(values) = all.get_mut(&self.repository) else { return false };
        let mut missed = false;
        values.retain(|(endpoint, name), expected| {
            let is_so = now.get(endpoint).is_some_and(|view| view.get(name) == expected.value);
            missed |= !is_so && expected.told;
            is_so
        });
        missed
    }
}

impl Drop for Writes<'_> {
    fn drop(&mut self) {
        self.writing.values().remove(&self.repository);
    }
}

#[cfg(test)]
mod tests {
    use refray_core::name::RepoName;
    use refray_core::plan::{Cause, RefUpdate};
    use refray_core::snapshot::Snapshot;

    use super::*;

    fn oid(byte: u8) -> Oid {
        Oid::from_bytes(&[byte; 20]).unwrap()
    }

    fn view(main: Option<u8>) -> View {
        let mut snapshot = Snapshot::default();
        if let Some(main) = main {
            snapshot.refs.insert(RefName::from_full("refs/heads/main").unwrap(), oid(main));
        }
        View::Present { snapshot, read_only: None }
    }

    #[test]
    fn what_is_written_and_what_it_follows_are_nothing_new() {
        let (writing, group) = (Writing::default(), GroupName::new("g").unwrap());
        let (a, b) = (EndpointId::new("a").unwrap(), EndpointId::new("b").unwrap());
        let main = RefName::from_full("refs/heads/main").unwrap();
        let views = Views::from([(a.clone(), view(Some(2))), (b.clone(), view(Some(1)))]);
        let update = RefUpdate {
            endpoint: b.clone(),
            name: main.clone(),
            old: Some(oid(1)),
            new: Some(oid(2)),
            cause: Cause::FastForward,
        };
        let mut plan = RepoPlan::nothing(RepoName::new("R").unwrap());
        plan.updates.push(update);
        let covers = |endpoint: &EndpointId, value| writing.covers(&group, "r", endpoint, &main, Some(oid(value)));
        assert!(!covers(&b, 2));
        let writes = writing.begin(&group, &plan, &views);
        assert!(covers(&a, 2) && covers(&b, 2) && !covers(&b, 3) && !covers(&a, 1));
        // The push to `b` was refused: whoever was told otherwise is made good for.
        assert!(writes.settle(&views));
        assert!(covers(&a, 2) && !covers(&b, 2));
        drop(writes);
        assert!(!covers(&a, 2));
    }
}
