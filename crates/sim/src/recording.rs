//! A record of what is asked, answered and delivered, for whoever holds it against the forges' own descriptions.
//!
//! Where the environment variable `REFRAY_SIM_RECORD` names a folder, every process writes the exchanges of its sites into
//! a file of its own there, one JSON object a line; a simulator can be given a folder of its own as well. Those that differ
//! in nothing but names and numbers are written once.

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeSet, HashSet};
use std::fs::File;
use std::hash::{Hash, Hasher};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use http::HeaderMap;
use serde_json::{Value, json};

use crate::Kind;
use crate::hooks::Delivery;
use crate::requests::Logged;

/// A file with a record.
#[derive(Debug)]
pub(crate) struct Recording(Mutex<Lines>);

#[derive(Debug)]
struct Lines {
    file: File,
    seen: HashSet<u64>,
}

/// Returns the record of the whole process, if there is to be one.
pub(crate) fn of_process() -> Option<Arc<Recording>> {
    static RECORDING: OnceLock<Option<Arc<Recording>>> = OnceLock::new();
    let open = || {
        #[expect(clippy::disallowed_methods, reason = "whoever runs the tests wants a record of all processes")]
        let folder = PathBuf::from(std::env::var_os("REFRAY_SIM_RECORD")?);
        Recording::open(&folder).ok().map(Arc::new)
    };
    RECORDING.get_or_init(open).clone()
}

impl Recording {
    /// Begins a record in a folder, which is made if it is not there.
    pub(crate) fn open(folder: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        // A later process may be given the number of an earlier one.
        let path = folder.join(format!("exchanges-{}.jsonl", std::process::id()));
        let file = File::options().create(true).append(true).open(path)?;
        Ok(Self(Mutex::new(Lines { file, seen: HashSet::new() })))
    }

    /// Writes an exchange down, if there is none like it.
    pub(crate) fn exchange(&self, kind: Kind, headers: &HeaderMap, entry: &Logged) {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let request = entry.body.as_deref().map(read);
        let answer = entry.answer.as_deref().filter(|text| !text.is_empty()).map(read);
        let shape = shape_of(kind, entry, request.as_ref(), answer.as_ref());
        self.add(shape, || {
            json!({
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
            })
        });
    }

    /// Writes a webhook's delivery down, if there is none like it.
    pub(crate) fn delivery(&self, kind: Kind, delivery: &Delivery) {
        // A form has the same in one of its fields.
        let mut fields = url::form_urlencoded::parse(delivery.body.as_bytes());
        let payload = match fields.next() {
            Some((name, value)) if name == "payload" => read(&value),
            _ => read(&delivery.body),
        };
        let names: Vec<String> = delivery.headers.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
        let mut hasher = DefaultHasher::new();
        (kind.as_str(), &delivery.event, &names, payload["action"].as_str()).hash(&mut hasher);
        hash_shape(&payload, &mut hasher);
        self.add(
            hasher.finish(),
            || json!({ "kind": kind.as_str(), "event": delivery.event, "headers": names, "payload": payload }),
        );
    }

    fn add(&self, shape: u64, line: impl FnOnce() -> Value) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.seen.insert(shape) {
            // A record with a line less is found out by whoever reads it, who wants every operation in it.
            drop(writeln!(lines.file, "{}", line()));
        }
    }
}

/// Reads a body; what is no JSON is a text.
fn read(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::from(text))
}

/// Leaves out of every list what is like another element of it.
fn shortened(value: Value) -> Value {
    match value {
        Value::Array(list) => {
            let mut seen = HashSet::new();
            list.into_iter().filter(|element| seen.insert(shape(element))).map(shortened).collect()
        }
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

fn shape(value: &Value) -> u64 {
    let mut hasher = DefaultHasher::new();
    hash_shape(value, &mut hasher);
    hasher.finish()
}

fn hash_shape(value: &Value, hasher: &mut DefaultHasher) {
    match value {
        Value::Null => hasher.write_u8(1),
        Value::Bool(_) => hasher.write_u8(2),
        Value::Number(_) => hasher.write_u8(3),
        Value::String(text) => {
            hasher.write_u8(4);
            // What may be described as one of a few words, as an address or as a time.
            let word = text.len() <= 12 && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
            word.then_some(text).hash(hasher);
            let time = text.starts_with(|c: char| c.is_ascii_digit()) && text.contains('-');
            (text.contains("://"), time.then_some(text.len())).hash(hasher);
        }
        Value::Array(list) => {
            hasher.write_u8(5);
            let shapes: BTreeSet<u64> = list.iter().map(shape).collect();
            shapes.hash(hasher);
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

    fn of(path: &str, answer: &Value) -> u64 {
        let entry = Logged { method: "GET".into(), path: path.into(), status: 200, ..Logged::default() };
        shape_of(Kind::Gitea, &entry, None, Some(answer))
    }

    #[test]
    fn what_differs_in_names_and_numbers_only_is_the_same() {
        let one = of("/api/v1/repos/ada/repo-1", &json!([{ "id": 1, "name": "A 1" }]));
        assert_eq!(
            one,
            of("/api/v1/repos/ada/repo-22", &json!([{ "id": 2, "name": "B 2" }, { "id": 3, "name": "C" }]))
        );
        assert_ne!(one, of("/api/v1/repos/ada/repo-1", &json!([{ "id": 1, "name": null }])));
        assert_ne!(one, of("/api/v1/repos/ada/repo-1", &json!([{ "id": 1, "name": "open" }])));
        assert_ne!(one, of("/api/v1/repos/ada/repo-1/hooks", &json!([{ "id": 1, "name": "A 1" }])));
    }

    #[test]
    fn lists_keep_what_is_unlike() {
        let list = json!({ "a": [1, 2, "A", null, "B", 3, "open", "shut"] });
        assert_eq!(shortened(list), json!({ "a": [1, "A", null, "open", "shut"] }));
    }

    #[test]
    fn a_delivery_is_written_once_and_a_form_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let recording = Recording::open(folder.path()).unwrap();
        let form = "payload=%7B%22ref%22%3A%22A%22%7D";
        for (event, body) in [("push", r#"{"ref":"A"}"#), ("push", r#"{"ref":"B"}"#), ("push", form), ("create", form)]
        {
            let delivery = Delivery { event: event.into(), body: body.into(), ..Delivery::default() };
            recording.delivery(Kind::GitHub, &delivery);
        }
        let file = std::fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().path();
        let lines = std::fs::read_to_string(file).unwrap();
        let events: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(events.iter().map(|it| &it["event"]).collect::<Vec<_>>(), ["push", "create"]);
        assert!(events.iter().all(|it| it["payload"] == json!({ "ref": "A" })));
    }
}
