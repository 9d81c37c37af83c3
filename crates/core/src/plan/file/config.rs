//! Whether a plan is for the configuration at hand.

use std::collections::BTreeSet;

use crate::config::{Config, MirrorGroup};
use crate::plan::file::model::{PlanFile, PlannedEndpoint, PlannedGroup};
use crate::plan::file::place::Place;
use crate::plan::view::Policy;

/// What differs between the configuration that a plan was made with and another one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Misfit {
    /// Where the plan says otherwise.
    pub place: Place,
    /// What is different.
    pub message: String,
}

/// Returns the first thing in which the configuration is not the one that the plan was made with. Groups to which the plan
/// writes nothing do not count.
pub fn misfit(file: &PlanFile, config: &Config) -> Option<Misfit> {
    let groups = file.groups.iter().enumerate().filter(|(_, group)| group.to_write().next().is_some());
    groups.into_iter().find_map(|(index, planned)| {
        let place = Place::default().key("groups").index(index);
        let Some(group) = config.mirrors.iter().find(|group| group.name == planned.group) else {
            let message = format!("the configuration has no group `{}` any more", planned.group);
            return Some(Misfit { place: place.key("group"), message });
        };
        endpoints(planned, group, &place).or_else(|| policy(planned, group, &place))
    })
}

fn endpoints(planned: &PlannedGroup, group: &MirrorGroup, place: &Place) -> Option<Misfit> {
    let place = place.key("endpoints");
    let name = &group.name;
    for (index, before) in planned.endpoints.iter().enumerate() {
        let place = place.index(index);
        let Some(now) = group.endpoint(&before.endpoint) else {
            let message = format!("the group `{name}` has no endpoint `{}` any more", before.endpoint);
            return Some(Misfit { place, message });
        };
        let now = PlannedEndpoint::new(now);
        if now != *before {
            let message = format!(
                "the endpoint `{}` of the group `{name}` is another one now: {}",
                before.endpoint,
                what_differs(before, &now)
            );
            return Some(Misfit { place, message });
        }
    }
    let new = group.endpoints.iter().find(|now| planned.endpoints.iter().all(|before| before.endpoint != now.id))?;
    let message = format!("the group `{name}` has got the endpoint `{}` since the plan was made", new.id);
    Some(Misfit { place, message })
}

fn policy(planned: &PlannedGroup, group: &MirrorGroup, place: &Place) -> Option<Misfit> {
    let now = Policy::from(group);
    (now != planned.policy).then(|| {
        let message =
            format!("the rules of the group `{}` are others now: {}", group.name, what_differs(&planned.policy, &now));
        Misfit { place: place.key("policy"), message }
    })
}

/// Says which members of two values of one type are not equal, as the file spells them.
fn what_differs(before: &impl serde::Serialize, now: &impl serde::Serialize) -> String {
    let members = |value: Result<serde_json::Value, _>| match value {
        Ok(serde_json::Value::Object(members)) => members,
        _ => serde_json::Map::new(),
    };
    let (before, now) = (members(serde_json::to_value(before)), members(serde_json::to_value(now)));
    // What is empty may not be written.
    let said = |value: Option<&serde_json::Value>| value.map_or_else(|| "{}".to_owned(), ToString::to_string);
    let keys: BTreeSet<&String> = before.keys().chain(now.keys()).collect();
    let differ = keys.into_iter().filter_map(|key| {
        let (old, new) = (before.get(key), now.get(key));
        (new != old).then(|| format!("`{key}` was {} and is {}", said(old), said(new)))
    });
    differ.collect::<Vec<_>>().join(", ")
}
