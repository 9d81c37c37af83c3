//! The brake on vanished branches.

use crate::name::{EndpointId, RefName};
use crate::plan::view::World;

/// How many branches may vanish at once whatever their share.
const ALWAYS_ALLOWED: usize = 5;

/// Says why the branches that vanished from `endpoint` may not have been deleted by a person; `None` when it looks as
/// if they were.
pub(super) fn suspicion(world: &World<'_>, endpoint: &EndpointId) -> Option<String> {
    let view = world.views.get(endpoint)?;
    let (mut agreed, mut gone, mut kept) = (0_usize, 0_usize, 0_usize);
    for (name, values) in &world.baseline.refs {
        let Some(base) = values.get(endpoint) else { continue };
        let now = view.get(name);
        if name.is_tag() {
            if now.is_none() && elsewhere(world, name, endpoint) {
                return Some(format!(
                    "the tag `{}` vanished from {endpoint} as well, as when an old backup is restored",
                    name.short()
                ));
            }
            continue;
        }
        agreed += 1;
        match now {
            Some(now) => {
                kept += 1;
                if now != *base && world.ancestry.descends(*base, now) != Some(false) {
                    return Some(format!(
                        "the branch `{}` went back to an older commit on {endpoint}, as when an old backup is restored",
                        name.short()
                    ));
                }
            }
            None if elsewhere(world, name, endpoint) => gone += 1,
            None => {}
        }
    }
    if kept == 0 {
        return Some(format!("{endpoint} has none of the branches left that it had"));
    }
    (gone > ALWAYS_ALLOWED.max(agreed / 2))
        .then(|| format!("{gone} of {agreed} branches vanished from {endpoint} at once"))
}

fn elsewhere(world: &World<'_>, name: &RefName, endpoint: &EndpointId) -> bool {
    world.views.iter().any(|(other, view)| other != endpoint && view.get(name).is_some())
}
