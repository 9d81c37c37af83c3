//! The default branch: it follows a one-sided change.

use std::collections::BTreeSet;

use crate::name::{BranchName, EndpointId, RefName};
use crate::plan::action::{DefaultSwitch, RefUpdate};
use crate::plan::finding::{Finding, FindingKind};
use crate::plan::view::World;

/// Plans the default branch. `updates` are those already planned: a branch that they create can become the default one.
pub(super) fn plan(
    world: &World<'_>,
    members: &[&EndpointId],
    updates: &[RefUpdate],
    findings: &mut Vec<Finding>,
) -> Vec<DefaultSwitch> {
    let now = |endpoint: &EndpointId| world.views.get(endpoint)?.snapshot()?.default_branch.as_ref();
    let base = |endpoint: &EndpointId| world.baseline.default_branch.get(endpoint);
    let named: BTreeSet<&BranchName> = members.iter().filter_map(|endpoint| now(endpoint)).collect();
    let changed: BTreeSet<&BranchName> = members
        .iter()
        .filter(|endpoint| base(endpoint).is_some() && now(endpoint) != base(endpoint))
        .filter_map(|endpoint| now(endpoint))
        .collect();
    let agreed: BTreeSet<&BranchName> = members.iter().filter_map(|endpoint| base(endpoint)).collect();
    let one = |set: &BTreeSet<&BranchName>| if set.len() == 1 { set.first().map(|name| (*name).clone()) } else { None };
    // One side changed it; or nobody did and a newcomer adopts what was agreed; or all that name one name the same.
    let target = if changed.is_empty() { one(&agreed).or_else(|| one(&named)) } else { one(&changed) };
    let Some(target) = target else {
        if named.len() > 1 {
            let finding = Finding::new(
                FindingKind::DefaultBranchDiffers,
                "the default branch differs, and no single side changed it since all agreed",
                "Set the same default branch on every side.",
            );
            findings.push(members.iter().fold(finding, |finding, endpoint| {
                finding.side(endpoint, now(endpoint).map_or("-", |name| name.as_str()))
            }));
        }
        return Vec::new();
    };
    let full = RefName::Branch(target.clone());
    let will_exist = |endpoint: &EndpointId| {
        let planned = updates.iter().find(|update| update.endpoint == *endpoint && update.name == full);
        planned.map_or_else(
            || world.views.get(endpoint).is_some_and(|view| view.get(&full).is_some()),
            |update| update.new.is_some(),
        )
    };
    members
        .iter()
        .filter(|endpoint| now(endpoint) != Some(&target) && will_exist(endpoint))
        .map(|endpoint| DefaultSwitch {
            endpoint: (*endpoint).clone(),
            old: now(endpoint).cloned(),
            new: target.clone(),
        })
        .collect()
}
