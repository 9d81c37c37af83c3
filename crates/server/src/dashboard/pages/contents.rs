//! What each endpoint has of a repository.

use std::collections::{BTreeMap, BTreeSet};

use refray_core::baseline::Baseline;
use refray_core::name::{EndpointId, RefName};
use refray_core::oid::Oid;
use refray_core::plan::FindingKind;
use refray_engine::store::RepoRecord;

/// How many branches and tags one endpoint has.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Content {
    pub(super) branches: usize,
    pub(super) tags: usize,
}

/// Counts what each endpoint has: what was last agreed, and of each reference on which endpoints differ, what was last seen.
///
/// The baseline alone does not tell that: of a branch whose deletion is held, it keeps only what the doubted endpoints
/// agreed to, and those are the ones that have it no more. Where the last look saw too little to tell, every endpoint that
/// took part counts as having what was agreed.
pub(super) fn contents(baseline: &Baseline, record: Option<&RepoRecord>) -> BTreeMap<EndpointId, Content> {
    let findings = record.map_or(&[][..], |record| &record.findings);
    let blind = record.is_some_and(|record| record.problem.is_some())
        || findings.iter().any(|finding| finding.kind == FindingKind::Unreadable);
    let mut holders: BTreeMap<&RefName, BTreeSet<&EndpointId>> = BTreeMap::new();
    for (name, values) in &baseline.refs {
        let holders = holders.entry(name).or_default();
        holders.extend(values.keys());
        if blind {
            holders.extend(baseline.default_branch.keys());
        }
    }
    for finding in findings {
        let Some(name) = &finding.name else { continue };
        for (endpoint, value) in &finding.sides {
            if value == "-" {
                holders.entry(name).or_default().remove(endpoint);
            } else if is_value(value) {
                holders.entry(name).or_default().insert(endpoint);
            }
        }
    }
    let mut contents: BTreeMap<EndpointId, Content> = BTreeMap::new();
    for (name, holders) in holders {
        for endpoint in holders {
            let content = contents.entry(endpoint.clone()).or_default();
            match name {
                RefName::Branch(_) => content.branches += 1,
                RefName::Tag(_) => content.tags += 1,
            }
        }
    }
    contents
}

fn is_value(text: &str) -> bool {
    text.parse::<Oid>().is_ok()
}

#[cfg(test)]
mod tests {
    use refray_core::name::{BranchName, RepoName};
    use refray_core::outcome::RepoStatus;
    use refray_core::plan::Finding;
    use refray_engine::store::Problem;

    use super::*;

    fn at(name: &str) -> EndpointId {
        EndpointId::new(name).unwrap()
    }

    fn branch(name: &str) -> RefName {
        RefName::Branch(BranchName::new(name).unwrap())
    }

    fn oid() -> Oid {
        Oid::from_bytes(&[7; 20]).unwrap()
    }

    fn record(findings: Vec<Finding>, problem: Option<Problem>) -> RepoRecord {
        RepoRecord {
            name: RepoName::new("one").unwrap(),
            copies: BTreeMap::new(),
            fingerprint: None,
            status: RepoStatus::Held,
            since: jiff::Timestamp::UNIX_EPOCH,
            recorded: jiff::Timestamp::UNIX_EPOCH,
            unfinished: false,
            problem,
            findings,
        }
    }

    /// Eleven branches agreed on both, of which seven are gone from `a` and held: as the engine records that.
    fn held() -> (Baseline, Vec<Finding>) {
        let both: BTreeMap<_, _> = [at("a/x"), at("b/x")].into_iter().map(|endpoint| (endpoint, oid())).collect();
        let main = BranchName::new("main").unwrap();
        let mut baseline = Baseline {
            refs: (0..11).map(|number| (branch(&format!("t{number}")), both.clone())).collect(),
            default_branch: both.keys().map(|endpoint| (endpoint.clone(), main.clone())).collect(),
        };
        let gone: Vec<RefName> = (0..7).map(|number| branch(&format!("t{number}"))).collect();
        baseline.hold(&gone.iter().map(|name| (name.clone(), BTreeSet::from([at("a/x")]))).collect());
        let finding = |name: &RefName| {
            Finding::new(FindingKind::DeletionHeld, "held", "release it")
                .at(name)
                .side(&at("a/x"), "-")
                .side(&at("b/x"), oid())
        };
        let findings = gone.iter().map(finding).collect();
        (baseline, findings)
    }

    fn branches(baseline: &Baseline, record: &RepoRecord) -> (usize, usize) {
        let contents = contents(baseline, Some(record));
        (contents[&at("a/x")].branches, contents[&at("b/x")].branches)
    }

    #[test]
    fn who_has_less_while_a_deletion_is_held_is_shown_with_less() {
        let (baseline, findings) = held();
        assert_eq!(branches(&baseline, &record(findings, None)), (4, 11));
    }

    #[test]
    fn what_was_not_seen_counts_as_agreed() {
        let (baseline, mut findings) = held();
        let problem = Problem { message: "no disk".into(), remedy: "Look.".into() };
        assert_eq!(branches(&baseline, &record(Vec::new(), Some(problem))), (11, 11));
        findings.truncate(2);
        findings.push(Finding::new(FindingKind::Unreadable, "away", "wait").side(&at("c/x"), "?"));
        assert_eq!(branches(&baseline, &record(findings, None)), (9, 11));
    }

    #[test]
    fn what_only_one_has_and_nobody_agreed_to_is_counted_there() {
        let (mut baseline, _) = held();
        baseline.refs.clear();
        let tag = RefName::from_full("refs/tags/v1").unwrap();
        let other = "c".repeat(40);
        let differs = Finding::new(FindingKind::TagDiffers, "differs", "choose").at(&tag);
        let differs = differs.side(&at("a/x"), oid()).side(&at("b/x"), &other).side(&at("c/x"), "-");
        let contents = contents(&baseline, Some(&record(vec![differs], None)));
        let of = |name: &str| contents.get(&at(name)).copied().unwrap_or_default();
        assert_eq!((of("a/x").tags, of("b/x").tags, of("c/x")), (1, 1, Content::default()));
    }
}
