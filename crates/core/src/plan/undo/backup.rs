//! Putting back what a backup holds.

use std::collections::{BTreeMap, BTreeSet};

use crate::name::{EndpointId, RefName, RepoName};
use crate::oid::Oid;
use crate::plan::action::{Cause, CreateRepository, DefaultSwitch, RefUpdate, RepoPlan};
use crate::plan::finding::{Finding, FindingKind};
use crate::plan::undo::past::Former;
use crate::plan::view::{View, Views};
use crate::repository::Visibility;
use crate::snapshot::Snapshot;

/// What is to be put back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// References and their values.
    pub refs: BTreeMap<RefName, Oid>,
    /// What is known of the repository, for where it has to be made anew.
    pub former: Former,
    /// References that stand at another value are overwritten.
    pub force: bool,
}

/// Plans putting references back at the endpoints `to`. Nothing that stands at another value is overwritten unless that
/// was asked for.
pub fn plan_restore(repository: &RepoName, kept: &Kept, to: &BTreeSet<EndpointId>, views: &Views) -> RepoPlan {
    let mut plan = RepoPlan::nothing(repository.clone());
    let empty = Snapshot::default();
    for endpoint in to {
        let refused =
            |message: String, remedy: &str| Finding::new(FindingKind::NotRestored, message, remedy).side(endpoint, "?");
        let now = match views.get(endpoint) {
            Some(View::Present { snapshot, read_only: None }) => snapshot,
            Some(View::Absent | View::ToCreate) => {
                plan.creates.push(CreateRepository {
                    endpoint: endpoint.clone(),
                    name: repository.clone(),
                    called: None,
                    visibility: kept.former.visibility.unwrap_or(Visibility::Private),
                    description: kept.former.description.clone(),
                    former: None,
                });
                &empty
            }
            Some(View::Present { read_only: Some(why), .. }) => {
                let message = format!("nothing is put back on {endpoint}: {why}");
                plan.findings
                    .push(refused(message, "Make the repository writable there (unarchive it), and run again."));
                continue;
            }
            Some(View::Unreadable(why)) => {
                let message = format!("{endpoint} could not be read, so that nothing is put back there: {why}");
                plan.findings.push(refused(message, "Run again when it can be reached."));
                continue;
            }
            None => continue,
        };
        for (name, oid) in &kept.refs {
            let old = now.get(name).or_else(|| now.conflict_branches.get(name).copied());
            if let Some(old) = old.filter(|old| old != oid && !kept.force) {
                let message = format!("`{}` stands at another commit on {endpoint}, so it is left", name.short());
                let remedy = "Put it back under another name with `--as NAME`, or overwrite it with `--force`, which \
                              makes a backup first.";
                plan.findings.push(refused(message, remedy).at(name).side(endpoint, old));
            } else if old != Some(*oid) {
                let (endpoint, name) = (endpoint.clone(), name.clone());
                plan.updates.push(RefUpdate { endpoint, name, old, new: Some(*oid), cause: Cause::Restore });
            }
        }
        if let Some(branch) = &kept.former.default_branch
            && now.is_empty()
            && kept.refs.contains_key(&RefName::Branch(branch.clone()))
        {
            let old = now.default_branch.clone();
            plan.default_branches.push(DefaultSwitch { endpoint: endpoint.clone(), old, new: branch.clone() });
        }
    }
    plan.updates.sort();
    plan
}
