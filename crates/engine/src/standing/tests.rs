use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use refray_core::config::MirrorGroup;
use refray_core::name::{EndpointId, GroupName, RefName, RepoName};
use refray_core::oid::Oid;
use refray_core::outcome::RepoStatus;
use refray_core::plan::{Finding, FindingKind};

use super::*;
use crate::store::{Glance, Problem, Pull, PullState, QueueEntry};

fn group(more: &str) -> Arc<MirrorGroup> {
    let text = format!(
        "[[sites]]\nname = \"disk\"\nprovider = \"directory\"\npath = \"/srv\"\n[[mirrors]]\nname = \"all\"\n{more}\n\
         [[mirrors.endpoints]]\nsite = \"disk\"\nnamespace = \"b\"\n[[mirrors.endpoints]]\nsite = \"disk\"\nnamespace = \"a\"\n"
    );
    let parsed = refray_core::config::parse(&text, "c", Path::new("/"), None).unwrap();
    parsed.config.mirrors[0].clone()
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + seconds).unwrap()
}

fn endpoint(name: &str) -> EndpointId {
    EndpointId::new(name).unwrap()
}

fn name(name: &str) -> RepoName {
    RepoName::new(name).unwrap()
}

/// A repository that was found in agreement at 10, and last looked at at 20.
fn glance() -> Glance {
    Glance {
        name: name("One"),
        copies: Arc::new(BTreeSet::from([endpoint("disk/a"), endpoint("disk/b")])),
        status: RepoStatus::Agreed,
        since: at(10),
        recorded: at(20),
        unfinished: false,
        problem: None,
        findings: Vec::new(),
    }
}

fn entry(repository: &str, running: bool) -> QueueEntry {
    QueueEntry {
        group: GroupName::new("all").unwrap(),
        name: name(repository),
        urgent: true,
        queued: at(30),
        due: at(31),
        attempts: 2,
        again: false,
        holder: running.then(|| ("me".to_owned(), at(90))),
    }
}

fn finding(kind: FindingKind) -> Finding {
    Finding::new(kind, "how it is", "What to do.").at(&RefName::from_full("refs/heads/main").unwrap())
}

fn stands(glance: &Glance, queue: Option<&QueueEntry>) -> RepoStanding {
    Seen { glance: Some(glance), queue, pulls: &[] }.stands(&group("")).unwrap()
}

#[test]
fn what_is_recorded_says_how_it_stands() {
    use FindingKind as K;
    let cases: &[(RepoStatus, &[K], bool, bool, Stand)] = &[
        (RepoStatus::Agreed, &[], false, false, Stand::Agreed),
        (RepoStatus::Synced, &[], false, false, Stand::Agreed),
        (RepoStatus::Agreed, &[K::Deleted], false, false, Stand::Agreed),
        (RepoStatus::Agreed, &[], true, false, Stand::Behind),
        (RepoStatus::Held, &[K::DeletionHeld], false, false, Stand::Held),
        (RepoStatus::Held, &[K::AbsenceHeld, K::Deleted], false, false, Stand::Held),
        (RepoStatus::Held, &[K::InConflict], false, false, Stand::Diverged),
        (RepoStatus::Failed, &[K::Diverged], false, false, Stand::Diverged),
        (RepoStatus::Failed, &[K::TagDiffers, K::DeletionHeld], false, false, Stand::Diverged),
        (RepoStatus::Failed, &[K::Diverged, K::Unreadable], false, false, Stand::Failing),
        (RepoStatus::Failed, &[], false, false, Stand::Failing),
        (RepoStatus::Failed, &[], false, true, Stand::Failing),
        (RepoStatus::Failed, &[K::Deleted], false, false, Stand::Failing),
    ];
    for (status, kinds, unfinished, problem, expected) in cases {
        let glance = Glance {
            status: *status,
            unfinished: *unfinished,
            problem: problem.then(|| Problem { message: "no route".into(), remedy: "Wait.".into() }),
            findings: kinds.iter().map(|kind| finding(*kind)).collect(),
            ..glance()
        };
        let standing = stands(&glance, None);
        assert_eq!(standing.status, *expected, "{status:?} {kinds:?} {unfinished} {problem}");
        assert_eq!(
            standing.first_reason().map(|reason| reason.stand.needs_person()),
            match (expected, kinds.len()) {
                (Stand::Agreed, 0) => None,
                _ => Some(expected.needs_person()),
            }
        );
    }
}

#[test]
fn who_waits_is_behind_unless_a_person_is_needed() {
    let waits = entry("one", false);
    let standing = stands(&glance(), Some(&waits));
    assert_eq!((standing.status, standing.since, standing.is_running()), (Stand::Behind, at(30), false));
    let standing = stands(&glance(), Some(&entry("one", true)));
    assert_eq!((standing.status, standing.is_running()), (Stand::Behind, true));
    let held = Glance { status: RepoStatus::Held, findings: vec![finding(FindingKind::DeletionHeld)], ..glance() };
    let standing = stands(&held, Some(&waits));
    assert_eq!((standing.status, standing.since, standing.holds_deletion()), (Stand::Held, at(10), true));
    assert_eq!(standing.queue.unwrap().attempts, 2);
}

#[test]
fn a_copy_that_is_still_to_be_made_is_behind() {
    let one = Glance { copies: Arc::new(BTreeSet::from([endpoint("disk/a")])), ..glance() };
    let seen = Seen { glance: Some(&one), queue: None, pulls: &[] };
    let standing = seen.stands(&group("")).unwrap();
    assert_eq!((standing.status, standing.since), (Stand::Behind, at(20)));
    assert_eq!((standing.copies, standing.missing), (vec![endpoint("disk/a")], vec![endpoint("disk/b")]));
    // Not where none is to be made, nor where somebody has deleted it.
    assert_eq!(seen.stands(&group("create_missing = false")).unwrap().status, Stand::Agreed);
    let deleted = Glance { findings: vec![finding(FindingKind::Deleted)], ..one };
    assert_eq!(stands(&deleted, None).status, Stand::Agreed);
    // Endpoints come in the order of the configuration.
    assert_eq!(stands(&glance(), None).copies, [endpoint("disk/b"), endpoint("disk/a")]);
}

#[test]
fn pull_requests_are_linked_once() {
    let pull = |number, branch: &str, url: &str| Pull {
        group: GroupName::new("all").unwrap(),
        repository: name("one"),
        endpoint: endpoint("disk/b"),
        number,
        branch: refray_core::name::BranchName::new(branch).unwrap(),
        head: refray_core::name::BranchName::new("refray/conflicts/main/x").unwrap(),
        own: Oid::from_bytes(&[1; 20]).unwrap(),
        other: Oid::from_bytes(&[2; 20]).unwrap(),
        url: Some(url.into()),
        state: PullState::Open,
        changed: at(0),
    };
    let pulls = [pull(1, "main", "https://a/1"), pull(2, "main", "https://b/2"), pull(3, "other", "https://b/3")];
    let mut conflict = finding(FindingKind::InConflict);
    conflict.links.insert(endpoint("disk/a"), "https://a/1".into());
    let glance = Glance { status: RepoStatus::Held, findings: vec![conflict], ..glance() };
    let standing = Seen { glance: Some(&glance), queue: None, pulls: &pulls }.stands(&group("")).unwrap();
    let links = &standing.reasons[0].links;
    assert_eq!(
        *links,
        [(endpoint("disk/a"), "https://a/1".to_owned()), (endpoint("disk/b"), "https://b/2".to_owned())]
    );
}

#[test]
fn a_group_is_what_its_filters_let_through_and_what_waits() {
    let queue = [entry("new", false), entry("skipped", false)];
    let other = Glance { name: name("skipped"), ..glance() };
    let made = GroupStanding::of(&group("repo_blacklist = \"^skip\""), &[glance(), other], &queue, &[]);
    let names: Vec<_> = made.repositories.iter().map(|one| (one.repository.as_str(), one.status)).collect();
    assert_eq!(names, [("new", Stand::Behind), ("One", Stand::Agreed)]);
    assert_eq!((made.counts.total(), made.counts.behind, made.counts.needs_person()), (2, 1, 0));
    assert_eq!(made.repositories[0].checked, None);
}

#[test]
fn nothing_known_is_not_agreement() {
    let nothing = Standing { groups: Vec::new(), last_run: None };
    assert!(!nothing.is_good());
}
