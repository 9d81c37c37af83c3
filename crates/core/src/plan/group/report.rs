//! What is said of a repository that cannot simply be synced.

use std::collections::BTreeMap;

use crate::name::{EndpointId, RepoName};
use crate::plan::finding::{Finding, FindingKind};
use crate::plan::group::outcome::Copy;
use crate::plan::group::world::GroupWorld;
use crate::repository::Repository;

pub(super) fn deletions(
    world: &GroupWorld<'_>,
    deleted_on: &[EndpointId],
    copies: &BTreeMap<EndpointId, Copy>,
    findings: &mut Vec<Finding>,
) {
    // Whoever deleted it is told why it is there again.
    for endpoint in deleted_on.iter().filter(|endpoint| matches!(copies.get(endpoint), Some(Copy::Create(_)))) {
        let message = format!("it was deleted on {endpoint}, and is made anew there");
        let remedy = "To be rid of it, delete it on every side; `delete_missing = true` has deletions followed.";
        findings.push(Finding::new(FindingKind::Deleted, message, remedy).side(endpoint, "-"));
    }
    for endpoint in deleted_on.iter().filter(|endpoint| copies.get(endpoint) == Some(&Copy::Absent)) {
        let remedy = if world.group.delete_missing {
            "It is looked at again when what else is reported of it is settled."
        } else {
            "Set `delete_missing = true` to have deletions followed, or `create_missing = true` to have it made anew."
        };
        let message = format!("it was deleted on {endpoint}, and is kept on the others");
        findings.push(Finding::new(FindingKind::Deleted, message, remedy).side(endpoint, "-"));
    }
}

pub(super) fn name_clash(world: &GroupWorld<'_>, endpoint: &EndpointId, repositories: &[&Repository]) -> Finding {
    let names = world.group.endpoint(endpoint).map(|endpoint| &endpoint.names);
    let is_given = |repository: &&Repository| names.is_some_and(|names| names.given(&repository.name).is_some());
    let remedy = if repositories.iter().any(is_given) {
        "Rename all but one of them, or give this one another name in the endpoint's `names`."
    } else {
        "Rename all but one of them, or set `include_subgroups = false`."
    };
    let paths: Vec<_> = repositories.iter().map(|repository| format!("`{}`", repository.path)).collect();
    Finding::new(
        FindingKind::NameClash,
        format!("{endpoint} has {} repositories of this name: {}", paths.len(), paths.join(", ")),
        remedy,
    )
    .side(endpoint, "?")
}

/// Another repository of the group goes by this one's name there.
pub(super) fn name_given_away(endpoint: &EndpointId, name: &RepoName) -> Finding {
    Finding::new(
        FindingKind::NameClash,
        format!("`{name}` is what another repository of the group is called on {endpoint}, by `names`"),
        "Give the other one a name in the endpoint's `names` that no repository of the group has.",
    )
    .side(endpoint, "?")
}

pub(super) fn renamed(endpoint: &EndpointId, former: &str, now: &Repository) -> Finding {
    Finding::new(
        FindingKind::Renamed,
        format!("`{former}` was renamed or moved to `{}` on {endpoint}", now.path),
        "Rename it alike on the other sides, rename it back, or say in the endpoint's `names` what it is called there; until \
         then nothing is created or deleted because of it.",
    )
    .side(endpoint, &now.path)
}

pub(super) fn absence_held(world: &GroupWorld<'_>, key: &str, endpoint: &EndpointId, reason: &str) -> Finding {
    let then = if world.group.delete_missing {
        "delete it on the others too; if it is to come back, make an empty repository of its name there, which is then filled"
    } else {
        "have it made anew there"
    };
    Finding::new(
        FindingKind::AbsenceHeld,
        format!("it is not visible on {endpoint} any more, and may not have been deleted: {reason}"),
        format!("If it really is gone, run `refray sync --confirm-deletions --repo {key}` to {then}."),
    )
    .side(endpoint, "?")
}
