//! What refray asks and what the simulator answers, held against the forges' own descriptions of their APIs.
//!
//! Run the whole suite with `REFRAY_SIM_RECORD` naming an empty folder; then this test, which is ignored otherwise, with
//! the same folder and with `REFRAY_SPECS` naming the folder of the descriptions (`github.json`, `gitlab.json`,
//! `gitea.json`, `forgejo.json` and `github-graphql-refs.graphql`).
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod exceptions;
mod exchange;
mod graphql;
mod schema;
mod spec;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::Value;

use exceptions::Exceptions;
use graphql::GraphQl;
use spec::Spec;

/// The forges, as records and descriptions call them.
const KINDS: [&str; 4] = ["github", "gitlab", "gitea", "forgejo"];

#[expect(clippy::disallowed_methods, reason = "whoever runs the test says where things are")]
fn folder(name: &str) -> PathBuf {
    let path = std::env::var_os(name).unwrap_or_else(|| panic!("{name} does not name a folder"));
    PathBuf::from(path)
}

/// Reads every exchange that was recorded.
fn exchanges(folder: &Path) -> Vec<Value> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut seen = BTreeSet::new();
    for file in files.iter().filter(|file| file.extension().is_some_and(|extension| extension == "jsonl")) {
        // The last line of a process that was killed may be cut.
        seen.extend(std::fs::read_to_string(file).unwrap().lines().map(str::to_owned));
    }
    seen.iter().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

#[test]
#[ignore = "needs the forges' descriptions and a record of the whole suite"]
fn conformance_of_requests_and_answers() {
    let specs = folder("REFRAY_SPECS");
    let exchanges = exchanges(&folder("REFRAY_SIM_RECORD"));
    let graphql = GraphQl::read(&std::fs::read_to_string(specs.join("github-graphql-refs.graphql")).unwrap());
    let mut exceptions = Exceptions::default();
    let mut findings: BTreeMap<String, String> = BTreeMap::new();
    println!("{:9} {:>22} {:>10} {:>11}", "", "operations", "exchanges", "exceptions");
    println!("{:9} {:>22} {:>10} {:>11}", "", "used / described", "checked", "used");
    for kind in KINDS {
        let spec = Spec::load(kind, &specs);
        let own: Vec<&Value> =
            exchanges.iter().filter(|exchange| exchange["kind"] == kind && exchange["by_refray"] == true).collect();
        let before = exceptions.used();
        let mut operations = BTreeSet::new();
        for exchange in &own {
            let checked = exchange::check(&spec, &graphql, exchange, &mut exceptions);
            operations.extend(checked.operation);
            for finding in checked.findings {
                let seen =
                    || format!("{} {}", exchange["method"].as_str().unwrap(), exchange["path"].as_str().unwrap());
                findings.entry(format!("{kind}: {finding}")).or_insert_with(seen);
            }
        }
        let used = exceptions.used() - before;
        println!("{kind:9} {:>10} / {:<9} {:>10} {used:>11}", operations.len(), spec.operations(), own.len());
        let unused = spec.names().into_iter().filter(|name| !operations.contains(name)).collect::<Vec<_>>();
        println!("{:9}   not used: {}", "", unused.join(", "));
        assert!(operations.len() >= 15, "{kind}: the record is not of the whole suite: {operations:?}");
    }
    for (finding, seen) in &findings {
        println!("finding: {finding}\n    seen in {seen}");
    }
    assert!(findings.is_empty(), "{} findings", findings.len());
    let idle = exceptions.idle();
    assert!(idle.is_empty(), "exceptions that nothing needs any more: {idle:#?}");
}
