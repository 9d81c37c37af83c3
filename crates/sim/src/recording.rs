//! A record of what is asked and answered, for whoever holds it against the forges' own descriptions.
//!
//! Where the environment variable `REFRAY_SIM_RECORD` names a folder, every process writes the exchanges of its sites into
//! a file of its own there, one JSON object a line. Those that differ in nothing but names and numbers are written once.

use std::collections::HashSet;
use std::collections::hash_map::DefaultHasher;
use std::fs::File;
use std::hash::{Hash, Hasher};
use std::io::Write;
use std::path::PathBuf;
use std::sync::{Mutex, OnceLock, PoisonError};

use http::HeaderMap;
use serde_json::{Value, json};

use crate::Kind;
use crate::requests::Logged;

/// So many elements of a list are kept.
const MOST: usize = 3;

struct Recording {
    file: File,
    seen: HashSet<u64>,
}

fn recording() -> Option<&'static Mutex<Recording>> {
    static RECORDING: OnceLock<Option<Mutex<Recording>>> = OnceLock::new();
    let open = || {
        #[expect(clippy::disallowed_methods, reason = "whoever runs the tests wants a record of all processes")]
        let folder = PathBuf::from(std::env::var_os("REFRAY_SIM_RECORD")?);
        std::fs::create_dir_all(&folder).ok()?;
        let file = File::create(folder.join(format!("exchanges-{}.jsonl", std::process::id()))).ok()?;
        Some(Mutex::new(Recording { file, seen: HashSet::new() }))
    };
    RECORDING.get_or_init(open).as_ref()
}

/// Writes an exchange down, if there is a record and it has none like it.
pub(crate) fn note(kind: Kind, headers: &HeaderMap, entry: &Logged) {
    let Some(recording) = recording() else { return };
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let request = entry.body.as_deref().map(read);
    let answer = entry.answer.as_deref().filter(|text| !text.is_empty()).map(read);
    let shape = shape_of(kind, entry, request.as_ref(), answer.as_ref());
    let line = json!({
        "kind": kind.as_str(),
        // What tests ask for themselves may be wrong on purpose.
        "by_refray": header("user-agent").is_some_and(|agent| agent.starts_with("refray/")),
        "method": entry.method,
        "path": entry.path,
        "query": entry.query,
        "accept": header("accept"),
        "content_type": header("content-type"),
        "version": header("x-github-api-version"),
        "request": request,
        "status": entry.status,
        "answer": answer.map(shortened),
    });
    let mut recording = recording.lock().unwrap_or_else(PoisonError::into_inner);
    if recording.seen.insert(shape) {
        // A record with a line less is found out by whoever reads it, who wants every operation in it.
        drop(writeln!(recording.file, "{line}"));
    }
}

/// Reads a body; what is no JSON is a text.
fn read(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::from(text))
}

fn shortened(value: Value) -> Value {
    match value {
        Value::Array(list) => list.into_iter().take(MOST).map(shortened).collect(),
        Value::Object(map) => map.into_iter().map(|(key, value)| (key, shortened(value))).collect(),
        plain => plain,
    }
}

/// Returns what exchanges that differ in nothing but names and numbers have in common.
fn shape_of(kind: Kind, entry: &Logged, request: Option<&Value>, answer: Option<&Value>) -> u64 {
    let mut hasher = DefaultHasher::new();
    (kind.as_str(), &entry.method, entry.status).hash(&mut hasher);
    let without_numbers = |text: &str| text.chars().filter(|c| !c.is_ascii_digit()).collect::<String>();
    without_numbers(&entry.path).hash(&mut hasher);
    entry.query.as_deref().map(without_numbers).hash(&mut hasher);
    for body in [request, answer] {
        match body {
            Some(value) => hash_shape(value, &mut hasher),
            None => hasher.write_u8(0),
        }
    }
    hasher.finish()
}

fn hash_shape(value: &Value, hasher: &mut DefaultHasher) {
    match value {
        Value::Null => hasher.write_u8(1),
        Value::Bool(_) => hasher.write_u8(2),
        Value::Number(_) => hasher.write_u8(3),
        Value::String(_) => hasher.write_u8(4),
        Value::Array(list) => {
            hasher.write_u8(5);
            list.iter().take(MOST).for_each(|element| hash_shape(element, hasher));
        }
        Value::Object(map) => {
            hasher.write_u8(6);
            for (key, value) in map {
                key.hash(hasher);
                hash_shape(value, hasher);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(path: &str, answer: &Value) -> u64 {
        let entry = Logged { method: "GET".into(), path: path.into(), status: 200, ..Logged::default() };
        shape_of(Kind::Gitea, &entry, None, Some(answer))
    }

    #[test]
    fn what_differs_in_names_and_numbers_only_is_the_same() {
        let one = shape("/api/v1/repos/ada/repo-1", &json!([{ "id": 1, "name": "a" }]));
        assert_eq!(one, shape("/api/v1/repos/ada/repo-22", &json!([{ "id": 2, "name": "b" }])));
        assert_ne!(one, shape("/api/v1/repos/ada/repo-1", &json!([{ "id": 1, "name": null }])));
        assert_ne!(one, shape("/api/v1/repos/ada/repo-1/hooks", &json!([{ "id": 1, "name": "a" }])));
    }

    #[test]
    fn long_lists_are_cut() {
        assert_eq!(shortened(json!({ "a": [1, 2, 3, 4, 5] })), json!({ "a": [1, 2, 3] }));
    }
}
