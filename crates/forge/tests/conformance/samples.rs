//! The answers that the forges themselves have published.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

/// The samples of one forge: by operation, each with its status, its name and its body.
#[derive(Debug, Default)]
pub(crate) struct Samples {
    all: BTreeMap<String, Vec<(u16, String, Value)>>,
    fields: BTreeMap<String, BTreeSet<String>>,
}

impl Samples {
    /// Loads the samples of a forge; there are none of Gitea and Forgejo.
    pub(crate) fn load(folder: &Path, kind: &str) -> Self {
        let path = folder.join(format!("{kind}.examples.json"));
        let mut found = Self::default();
        if !path.exists() {
            return found;
        }
        let all: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        for (operation, by_status) in all.as_object().unwrap() {
            for (status, samples) in by_status.as_object().unwrap() {
                // The others are samples of requests.
                let Ok(status) = status.parse::<u16>() else { continue };
                for (name, body) in samples.as_object().unwrap() {
                    if status < 300 {
                        paths(body, "", found.fields.entry(operation.clone()).or_default());
                    }
                    found.all.entry(operation.clone()).or_default().push((status, name.clone(), body.clone()));
                }
            }
        }
        found
    }

    /// Returns the fields that the samples of an operation have, as `owner.login`.
    pub(crate) fn fields(&self, operation: &str) -> BTreeSet<String> {
        self.fields.get(operation).cloned().unwrap_or_default()
    }

    /// Returns the samples of an operation's success.
    pub(crate) fn successes(&self, operation: &str) -> Vec<&(u16, String, Value)> {
        let all = self.all.get(operation).map(Vec::as_slice).unwrap_or_default();
        all.iter().filter(|(status, _, _)| (200..300).contains(status)).collect()
    }
}

/// Collects where a value has fields.
pub(crate) fn paths(value: &Value, at: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| paths(item, &format!("{at}[]"), found)),
        Value::Object(fields) => {
            for (name, value) in fields {
                let at = if at.is_empty() { name.clone() } else { format!("{at}.{name}") };
                paths(value, &at, found);
                found.insert(at);
            }
        }
        _ => {}
    }
}
