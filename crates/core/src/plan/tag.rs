//! Tags: created where they are missing, never moved, never deleted.

use crate::name::RefName;
use crate::plan::action::{Cause, RefUpdate};
use crate::plan::finding::{Finding, FindingKind};
use crate::plan::side::Side;

/// Plans one tag over the endpoints that take part.
pub(super) fn plan(name: &RefName, sides: &[Side<'_>], updates: &mut Vec<RefUpdate>, findings: &mut Vec<Finding>) {
    let mut values = sides.iter().filter_map(|side| side.tip);
    let Some(value) = values.next() else { return };
    if values.any(|other| other != value) {
        let finding = Finding::new(
            FindingKind::TagDiffers,
            format!("the tag `{}` names different objects, and tags are never moved", name.short()),
            "Delete the tag where it is wrong; the next run creates it anew from the others.",
        );
        findings.push(sides.iter().fold(finding.at(name), |finding, side| {
            finding.side(side.endpoint, side.tip.map_or_else(|| "-".to_owned(), |oid| oid.to_string()))
        }));
        return;
    }
    let missing = sides.iter().filter(|side| side.tip.is_none());
    updates.extend(missing.map(|side| RefUpdate {
        endpoint: side.endpoint.clone(),
        name: name.clone(),
        old: None,
        new: Some(value),
        cause: Cause::Create,
    }));
}
