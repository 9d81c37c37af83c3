//! What is in a plan's file.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::config::{Endpoint, MirrorGroup, NamespaceKind, Provider};
use crate::name::{BranchName, EndpointId, GroupName, RefName, RepoName};
use crate::oid::{ObjectFormat, Oid};
use crate::plan::action::RepoPlan;
use crate::plan::file::text;
use crate::plan::group::{Copy, RepoTask, Selection};
use crate::plan::view::{Policy, View, Views};
use crate::repository::ForgeId;
use crate::snapshot::Snapshot;

/// The newest format that this refray writes and reads.
pub const FORMAT: u32 = 1;

/// A plan for any number of repositories, with all that it rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanFile {
    /// The file's format.
    pub format: u32,
    /// The version of the refray that made it.
    pub refray: String,
    /// When it was made. The only thing that differs between two plans of one state.
    pub made: Timestamp,
    /// What was asked for beside the plan itself.
    pub asked: Asked,
    /// The groups that it is about.
    pub groups: Vec<PlannedGroup>,
}

/// What a person asked for when the plan was made, as far as it still counts when it is carried out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// No repositories are created.
    #[serde(default)]
    pub no_create: bool,
    /// Deletions that a brake would hold were released.
    #[serde(default)]
    pub confirm_deletions: bool,
    /// The newest tip of every diverged branch wins.
    #[serde(default)]
    pub force: bool,
    /// Repositories, by key, that are joined though they share no history.
    #[serde(default)]
    pub join: BTreeSet<String>,
}

/// One group's part of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedGroup {
    /// The group.
    pub group: GroupName,
    /// Its rules then.
    pub policy: Policy,
    /// Its endpoints then.
    pub endpoints: Vec<PlannedEndpoint>,
    /// The repositories of which there is something to do or to say, sorted by name.
    pub repositories: Vec<PlannedRepository>,
}

/// What an endpoint was when the plan was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedEndpoint {
    /// Its id.
    pub endpoint: EndpointId,
    /// What its site runs.
    pub provider: Provider,
    /// Where its site is.
    pub url: String,
    /// What kind of namespace it is.
    pub kind: NamespaceKind,
    /// Repositories of groups below it count too.
    pub include_subgroups: bool,
    /// What repositories are called there, by their names in the group, where the two differ.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub names: BTreeMap<RepoName, RepoName>,
}

/// One repository's part of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedRepository {
    /// What is to be done.
    pub plan: RepoPlan,
    /// Every copy that was there, with what the plan rests on.
    #[serde(default)]
    pub seen: BTreeMap<EndpointId, Seen>,
    /// Endpoints that had no copy.
    #[serde(default)]
    pub absent: BTreeSet<EndpointId>,
    /// Endpoints of whose copy nothing was known.
    #[serde(default)]
    pub unreadable: BTreeSet<EndpointId>,
}

/// What was seen of one copy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// The forge's id of it.
    pub id: ForgeId,
    /// Its path on the forge.
    pub path: String,
    /// Its hash function.
    pub object_format: ObjectFormat,
    /// The branch that HEAD names.
    pub default_branch: Option<BranchName>,
    /// The references that the plan is about; `None` for what was not there.
    pub refs: BTreeMap<RefName, Option<Oid>>,
}

impl PlanFile {
    /// Puts a plan together, in an order that does not depend on who was worked on first.
    pub fn new(refray: &str, made: Timestamp, asked: Asked, mut groups: Vec<PlannedGroup>) -> Self {
        groups.sort_by(|a, b| a.group.cmp(&b.group));
        for group in &mut groups {
            group.repositories.sort_by_cached_key(|repository| repository.plan.repository.key());
        }
        // Nobody reads fractions of a second, and they would only make lines longer.
        let made = Timestamp::from_second(made.as_second()).unwrap_or(made);
        Self { format: FORMAT, refray: refray.to_owned(), made, asked, groups }
    }

    /// Returns the file's text.
    ///
    /// # Errors
    /// Never, as far as is known: there is nothing in a plan that JSON cannot hold.
    pub fn to_text(&self) -> Result<String, serde_json::Error> {
        Ok(text::lay_out(&serde_json::to_string(self)?))
    }

    /// Returns which repositories of a group the plan writes to, and what was released for them.
    pub fn selection(&self, group: &PlannedGroup) -> Selection {
        Selection {
            names: group.to_write().map(|repository| repository.plan.repository.key()).collect(),
            pattern: None,
            no_create: self.asked.no_create,
            confirm_deletions: self.asked.confirm_deletions,
        }
    }
}

impl PlannedGroup {
    /// Describes a group as it is now.
    pub fn new(group: &MirrorGroup, repositories: Vec<PlannedRepository>) -> Self {
        let endpoints = group.endpoints.iter().map(PlannedEndpoint::new).collect();
        Self { group: group.name.clone(), policy: Policy::from(group), endpoints, repositories }
    }

    /// Returns the repositories that the plan writes to.
    pub fn to_write(&self) -> impl Iterator<Item = &PlannedRepository> {
        self.repositories.iter().filter(|repository| !repository.plan.is_idle())
    }
}

impl PlannedEndpoint {
    /// Describes an endpoint as it is now.
    pub fn new(endpoint: &Endpoint) -> Self {
        let site = &endpoint.site;
        Self {
            endpoint: endpoint.id.clone(),
            provider: site.provider,
            url: site.api_url.as_ref().unwrap_or(&site.base_url).to_string(),
            kind: endpoint.kind,
            include_subgroups: endpoint.include_subgroups,
            names: endpoint.names.pairs().map(|(here, there)| (here.clone(), there.clone())).collect(),
        }
    }
}

impl PlannedRepository {
    /// Keeps a plan together with what it rests on.
    pub fn new(mut plan: RepoPlan, task: &RepoTask, views: &Views) -> Self {
        plan.creates.sort_by(|a, b| a.endpoint.cmp(&b.endpoint));
        plan.updates.sort();
        plan.default_branches.sort();
        plan.deletes.sort_by(|a, b| a.endpoint.cmp(&b.endpoint));
        let names = names(&plan);
        let (mut seen, mut absent, mut unreadable) = (BTreeMap::new(), BTreeSet::new(), BTreeSet::new());
        for (endpoint, copy) in &task.copies {
            let (id, path) = match copy {
                Copy::Present { repository, .. } => (&repository.id, &repository.path),
                Copy::Delete(delete) => (&delete.id, &delete.path),
                Copy::Create(_) | Copy::Absent => {
                    absent.insert(endpoint.clone());
                    continue;
                }
                Copy::Unreadable(_) => {
                    unreadable.insert(endpoint.clone());
                    continue;
                }
            };
            let Some(snapshot) = views.get(endpoint).and_then(View::snapshot) else {
                unreadable.insert(endpoint.clone());
                continue;
            };
            // A repository that goes as a whole goes as it was seen.
            let all = snapshot.refs.keys().filter(|_| plan.deletes.iter().any(|delete| delete.endpoint == *endpoint));
            let refs = names.iter().chain(all).map(|name| (name.clone(), value(snapshot, name)));
            let of_copy = Seen {
                id: id.clone(),
                path: path.clone(),
                object_format: snapshot.format,
                default_branch: snapshot.default_branch.clone(),
                refs: refs.collect(),
            };
            seen.insert(endpoint.clone(), of_copy);
        }
        Self { plan, seen, absent, unreadable }
    }

    /// Says whether there is anything to be done or said.
    pub const fn is_empty(&self) -> bool {
        self.plan.is_idle() && self.plan.findings.is_empty()
    }
}

/// Returns the references that a plan rests on: those that it writes, and those that its pull requests are about.
pub(super) fn names(plan: &RepoPlan) -> BTreeSet<RefName> {
    let branches = plan.requests.iter().flat_map(|request| [&request.branch, &request.head]);
    let branches = branches.map(|branch| RefName::Branch(branch.clone()));
    plan.updates.iter().map(|update| update.name.clone()).chain(branches).collect()
}

/// Returns what a reference names, also one that refray itself made to show a conflict.
pub(super) fn value(snapshot: &Snapshot, name: &RefName) -> Option<Oid> {
    snapshot.get(name).or_else(|| snapshot.conflict_branches.get(name).copied())
}
