//! Tags: created where they are missing, never moved, never deleted.

use crate::name::{EndpointId, RefName};
use crate::oid::Oid;
use crate::plan::action::{Cause, RefUpdate};
use crate::plan::finding::{Finding, FindingKind};

/// Plans one tag over the endpoints that take part, in order, each with the object that the tag names there.
pub(super) fn plan(
    name: &RefName,
    sides: &[(&EndpointId, Option<Oid>)],
    updates: &mut Vec<RefUpdate>,
    findings: &mut Vec<Finding>,
) {
    let mut values = sides.iter().filter_map(|(_, value)| *value);
    let Some(value) = values.next() else { return };
    if values.any(|other| other != value) {
        let finding = Finding::new(
            FindingKind::TagDiffers,
            format!("the tag `{}` names different objects, and tags are never moved", name.short()),
            "Delete the tag where it is wrong; the next run creates it anew from the others.",
        );
        findings.push(sides.iter().fold(finding.at(name), |finding, (endpoint, value)| {
            finding.side(endpoint, value.map_or_else(|| "-".to_owned(), |oid| oid.to_string()))
        }));
        return;
    }
    let missing = sides.iter().filter(|(_, there)| there.is_none());
    updates.extend(missing.map(|(endpoint, _)| RefUpdate {
        endpoint: (*endpoint).clone(),
        name: name.clone(),
        old: None,
        new: Some(value),
        cause: Cause::Create,
    }));
}
