//! The picture as a whole.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use refray_core::config::{Config, MirrorGroup};
use refray_core::name::{EndpointId, GroupName};
use serde::Serialize;

use super::count::Counts;
use super::reason::Reason;
use super::repository::{RepoStanding, Seen, Stand};
use crate::store::{Glance, Pull, QueueEntry, Run, Store, StoreError};

/// How many actions are looked through for those that failed in a repository's last run.
const LOOKED_THROUGH: usize = 200;
/// How many failures of one repository are told.
const TOLD: usize = 5;

/// How everything stands.
#[derive(Debug, Clone)]
pub struct Standing {
    /// The groups, in the order of the configuration.
    pub groups: Vec<GroupStanding>,
    /// The last run; `None` when there never was one.
    pub last_run: Option<Run>,
}

/// How a group stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GroupStanding {
    /// Its name.
    pub name: GroupName,
    /// Its endpoints, in order.
    pub endpoints: Vec<EndpointId>,
    /// How many of its repositories stand how.
    pub counts: Counts,
    /// Its repositories, by name.
    pub repositories: Vec<RepoStanding>,
}

impl Standing {
    /// Reads how all groups stand, or only one of them.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn read(store: &dyn Store, config: &Config, only: Option<&GroupName>) -> Result<Self, StoreError> {
        let queue = store.queue().await?;
        let mut groups = Vec::new();
        for group in config.mirrors.iter().filter(|group| only.is_none_or(|only| *only == group.name)) {
            let glances = store.glances(&group.name).await?;
            let pulls = store.open_pulls(&group.name).await?;
            groups.push(GroupStanding::of(group, &glances, &queue, &pulls));
        }
        Ok(Self { groups, last_run: store.runs(1).await?.pop() })
    }

    /// Returns how many repositories stand how.
    pub fn counts(&self) -> Counts {
        self.groups.iter().fold(Counts::default(), |sum, group| sum.plus(group.counts))
    }

    /// Says whether everything is known to agree. Where no run ever was, nothing is known.
    pub fn is_good(&self) -> bool {
        let counts = self.counts();
        self.last_run.is_some() && counts.agreed == counts.total()
    }
}

impl GroupStanding {
    /// Puts together what is known of a group. Repositories that its filters on names leave out are no concern of it.
    pub fn of(group: &Arc<MirrorGroup>, glances: &[Glance], queue: &[QueueEntry], pulls: &[Pull]) -> Self {
        let mut waiting: HashMap<String, &QueueEntry> = HashMap::new();
        for entry in queue.iter().filter(|entry| entry.group == group.name) {
            waiting.insert(entry.name.key(), entry);
        }
        let mut asked: BTreeMap<String, Vec<Pull>> = BTreeMap::new();
        for pull in pulls {
            asked.entry(pull.repository.key()).or_default().push(pull.clone());
        }
        let mut repositories = Vec::with_capacity(glances.len());
        for glance in glances {
            let key = glance.name.key();
            let queue = waiting.remove(&key);
            if !group.selects_name(&glance.name) {
                continue;
            }
            let pulls = asked.get(&key).map_or(&[][..], Vec::as_slice);
            repositories.extend(Seen { glance: Some(glance), queue, pulls }.stands(group));
        }
        for entry in waiting.into_values().filter(|entry| group.selects_name(&entry.name)) {
            repositories.extend(Seen { glance: None, queue: Some(entry), pulls: &[] }.stands(group));
        }
        repositories.sort_by_cached_key(|repository| repository.repository.key());
        let mut counts = Counts::default();
        for repository in &repositories {
            counts.add(repository.status);
        }
        let endpoints = group.endpoints.iter().map(|endpoint| endpoint.id.clone()).collect();
        Self { name: group.name.clone(), endpoints, counts, repositories }
    }
}

impl RepoStanding {
    /// Reads how one repository stands; nothing when nothing is known of it.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn read(store: &dyn Store, group: &MirrorGroup, key: &str) -> Result<Option<Self>, StoreError> {
        let record = store.repository(&group.name, key).await?;
        let glance = record.as_ref().map(Glance::from);
        let queue = store.queued(&group.name, key).await?;
        let mut pulls = store.pulls(&group.name, key).await?;
        pulls.retain(|pull| pull.state == crate::store::PullState::Open);
        let seen = Seen { glance: glance.as_ref(), queue: queue.as_ref(), pulls: &pulls };
        let Some(mut standing) = seen.stands(group) else { return Ok(None) };
        standing.tell_failures(store).await?;
        Ok(Some(standing))
    }

    /// Replaces the word that something did not work by what the forges said of each action, as the journal has it.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn tell_failures(&mut self, store: &dyn Store) -> Result<(), StoreError> {
        let Some(at) = self.reasons.iter().position(|reason| reason.kind == "failed" && reason.stand == Stand::Failing)
        else {
            return Ok(());
        };
        let history = store.history(&self.group, &self.repository.key(), LOOKED_THROUGH).await?;
        let Some(run) = history.first().map(|action| action.run.clone()) else { return Ok(()) };
        let last = history.iter().take_while(|action| action.run == run);
        let told: Vec<_> = last.filter_map(Reason::of_action).take(TOLD).collect();
        if !told.is_empty() {
            self.reasons.splice(at..=at, told);
        }
        Ok(())
    }
}
