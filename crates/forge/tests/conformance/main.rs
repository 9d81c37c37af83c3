//! What refray asks and what the simulator answers, held against the forges' own descriptions of their APIs.
//!
//! `REFRAY_SPECS` names the folder of the descriptions (`github.json`, `gitlab.json`, `gitea.json`, `forgejo.json`,
//! `github-webhooks.json`, `github-graphql-refs.graphql`, and the published answers in `*.examples.json`). Where
//! `REFRAY_SIM_RECORD` names the folder in which the whole suite was recorded, all of that is checked, and every exception
//! has to be needed; else a scene is played and checked. Without `REFRAY_SPECS` these tests are ignored.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod deliveries;
mod exceptions;
mod exchange;
mod graphql;
mod replay;
mod samples;
mod scene;
mod schema;
mod spec;
mod stage;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use refray_sim::Kind;
use serde_json::Value;

use deliveries::Deliveries;
use exceptions::Exceptions;
use graphql::GraphQl;
use samples::{Samples, paths};
use spec::Spec;

#[expect(clippy::disallowed_methods, reason = "whoever runs the test says where things are")]
fn folder(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).filter(|path| !path.is_empty()).map(PathBuf::from)
}

fn specs() -> PathBuf {
    folder("REFRAY_SPECS").unwrap_or_else(|| panic!("REFRAY_SPECS does not name a folder"))
}

/// Reads everything that was recorded in a folder and those in it.
fn records(folder: &Path) -> Vec<Value> {
    let mut seen = BTreeSet::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "jsonl") {
                // The last line of a process that was killed may be cut.
                seen.extend(std::fs::read_to_string(path).unwrap().lines().map(str::to_owned));
            }
        }
    }
    seen.iter().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// Findings, each with where it was seen first.
#[derive(Default)]
struct Findings(BTreeMap<String, String>);

impl Findings {
    fn add(&mut self, kind: &str, finding: &str, seen: impl FnOnce() -> String) {
        self.0.entry(format!("{kind}: {finding}")).or_insert_with(seen);
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the forges' descriptions"]
async fn conformance_of_requests_and_answers() {
    let specs = specs();
    let suite = folder("REFRAY_SIM_RECORD");
    let scene = tempfile::tempdir().unwrap();
    if suite.is_none() {
        println!("there is no record of the suite: a scene is played, and idle exceptions are passed over");
        for kind in Kind::ALL {
            scene::play(kind, Some(scene.path())).await;
        }
    }
    let records = records(suite.as_deref().unwrap_or(scene.path()));
    let graphql = GraphQl::read(&std::fs::read_to_string(specs.join("github-graphql-refs.graphql")).unwrap());
    let mut exceptions = Exceptions::default();
    let mut findings = Findings::default();
    println!("{:9} {:>22} {:>10} {:>11}", "", "operations", "exchanges", "exceptions");
    println!("{:9} {:>22} {:>10} {:>11}", "", "used / described", "checked", "used");
    for kind in Kind::ALL.map(Kind::as_str) {
        let spec = Spec::load(kind, &specs);
        // What tests ask for themselves may be wrong on purpose.
        let own = records.iter().filter(|record| record["kind"] == kind && record["by_refray"] == true);
        let before = exceptions.used();
        let mut operations = BTreeSet::new();
        let mut given: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut count = 0;
        for exchange in own {
            count += 1;
            let checked = exchange::check(&spec, &graphql, exchange, &mut exceptions);
            for finding in checked.findings {
                findings.add(kind, &finding, || format!("{} {}", exchange["method"], exchange["path"]));
            }
            if let Some(operation) = checked.operation {
                if exchange["status"].as_u64().is_some_and(|status| status < 300) {
                    paths(&exchange["answer"], "", given.entry(operation.clone()).or_default());
                }
                operations.insert(operation);
            }
        }
        let used = exceptions.used() - before;
        println!("{kind:9} {:>10} / {:<9} {count:>10} {used:>11}", operations.len(), spec.operations());
        let unused = spec.names().into_iter().filter(|name| !operations.contains(name)).collect::<Vec<_>>();
        println!("{:9}   not used: {}", "", unused.join(", "));
        if let Some((common, published)) = compare(&Samples::load(&specs, kind), &given) {
            println!("{:9}   of {published} fields of published answers, the simulator's answers have {common}", "");
        }
        assert!(operations.len() >= 20, "{kind}: the record is not of the whole suite: {operations:?}");
    }
    let mut deliveries = Deliveries::load(&specs);
    for record in records.iter().filter(|record| record["kind"] == "github" && !record["event"].is_null()) {
        for finding in deliveries.check(record, &mut exceptions) {
            findings.add("github", &finding, || format!("a delivery of {}", record["event"]));
        }
    }
    let events: Vec<&str> = deliveries.events.iter().map(String::as_str).collect();
    println!("github's deliveries: {} of {} events: {}", events.len(), deliveries.described(), events.join(", "));
    assert!(events.len() >= 12, "hardly anything was delivered");
    for (finding, seen) in &findings.0 {
        println!("finding: {finding}\n    seen in {seen}");
    }
    assert!(findings.0.is_empty(), "{} findings", findings.0.len());
    let idle = exceptions.idle();
    assert!(suite.is_none() || idle.is_empty(), "exceptions that nothing needs any more: {idle:#?}");
}

/// Returns how many fields of published answers the simulator's answers have, and how many are published, if any.
fn compare(samples: &Samples, given: &BTreeMap<String, BTreeSet<String>>) -> Option<(usize, usize)> {
    let (mut published, mut common) = (0, 0);
    for (operation, given) in given {
        let fields = samples.fields(operation);
        published += fields.len();
        common += fields.intersection(given).count();
    }
    (published > 0).then_some((common, published))
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the forges' descriptions"]
async fn conformance_with_published_answers() {
    let specs = specs();
    for kind in [Kind::GitHub, Kind::GitLab] {
        let (spec, samples) = (Spec::load(kind.as_str(), &specs), Samples::load(&specs, kind.as_str()));
        let replayed = replay::replay(kind, spec, samples).await;
        let operations: BTreeSet<&String> = replayed.read.iter().map(|(operation, _)| operation).collect();
        println!("{kind}: {} published answers of {} operations were read", replayed.read.len(), operations.len());
        assert_eq!(replayed.unread, Vec::<String>::new(), "{kind}");
        assert!(operations.len() > 10, "{operations:?}");
    }
}
