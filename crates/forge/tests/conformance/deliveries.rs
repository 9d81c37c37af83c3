//! What the simulated GitHub delivers, against GitHub's description of its webhooks.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use crate::exceptions::Exceptions;
use crate::schema::{Checker, Nulls};

/// The description, and what was seen of it.
pub(crate) struct Deliveries {
    root: Value,
    /// The events that were seen, as the description names them.
    pub(crate) events: BTreeSet<String>,
}

impl Deliveries {
    pub(crate) fn load(folder: &Path) -> Self {
        let text = std::fs::read_to_string(folder.join("github-webhooks.json")).unwrap();
        Self { root: serde_json::from_str(&text).unwrap(), events: BTreeSet::new() }
    }

    /// Returns the number of events that are described.
    pub(crate) fn described(&self) -> usize {
        self.root["webhooks"].as_object().unwrap().len()
    }

    /// Checks a delivery of the record.
    pub(crate) fn check(&mut self, delivery: &Value, exceptions: &mut Exceptions) -> Vec<String> {
        let payload = &delivery["payload"];
        let header = delivery["event"].as_str().unwrap();
        let event = match payload["action"].as_str() {
            Some(action) => format!("{header}-{action}"),
            None => header.to_owned(),
        };
        let described = &self.root["webhooks"][&event]["post"];
        if described.is_null() {
            return vec![format!("a delivery of {event}: it is not described")];
        }
        let schema = &described["requestBody"]["content"]["application/json"]["schema"];
        let problems = Checker::new(&self.root, Nulls::Told).check(schema, payload);
        let mut found: Vec<String> = problems.iter().map(|it| format!("the payload: {it}")).collect();
        let given = delivery["headers"].as_array().unwrap();
        let has = |name: &str| given.iter().any(|it| it.as_str() == Some(&name.to_ascii_lowercase()));
        for parameter in described["parameters"].as_array().into_iter().flatten() {
            let name = parameter["name"].as_str().unwrap();
            // A hook without a secret signs nothing.
            let unsigned = name.starts_with("X-Hub-Signature") && !has("x-hub-signature");
            if parameter["required"] == true && !unsigned && !has(name) {
                found.push(format!("the header `{name}` is missing"));
            }
        }
        let name = format!("a delivery of {event}");
        found.retain(|finding| !exceptions.allows_finding("github", &name, finding));
        self.events.insert(event);
        found.into_iter().map(|finding| format!("{name}: {finding}")).collect()
    }
}
