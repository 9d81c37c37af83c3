//! What is said of a repository that cannot simply be synced.

use std::collections::BTreeMap;

use crate::name::EndpointId;
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

pub(super) fn name_clash(endpoint: &EndpointId, repositories: &[&Repository]) -> Finding {
    let paths: Vec<_> = repositories.iter().map(|repository| format!("`{}`", repository.path)).collect();
    Finding::new(
        FindingKind::NameClash,
        format!("{endpoint} has {} repositories of this name: {}", paths.len(), paths.join(", ")),
        "Rename all but one of them, or set `include_subgroups = false`.",
    )
    .side(endpoint, "?")
}

pub(super) fn renamed(endpoint: &EndpointId, former: &str, now: &Repository) -> Finding {
    Finding::new(
        FindingKind::Renamed,
        format!("`{former}` was renamed or moved to `{}` on {endpoint}", now.path),
        "Rename it alike on the other sides, or rename it back; until then nothing is created or deleted because of it.",
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
