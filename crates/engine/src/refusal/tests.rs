//! The catalogue against what was recorded.

use super::catalogue::CATALOGUE;
use super::judge::find;
use super::samples::{SAMPLES, Sample};
use super::{Meaning, is_about_whole_push, judge, known};

fn all() -> impl Iterator<Item = &'static Sample> {
    SAMPLES.iter().copied().flatten()
}

/// Returns how a sample is called, and what can be done about it.
fn called(sample: &Sample) -> (&'static str, &'static str) {
    if sample.reason.is_empty() {
        return known(sample.remote).map_or(("unknown", ""), |refusal| (refusal.code, refusal.remedy));
    }
    match judge("refs/heads/x", sample.reason, sample.remote) {
        Meaning::Refused(refusal) => (refusal.code, refusal.remedy),
        Meaning::Moved => ("moved", ""),
    }
}

#[test]
fn every_sample_is_known_by_its_name() {
    for sample in all() {
        assert_eq!(called(sample).0, sample.code, "{} / {}", sample.reason, sample.remote);
    }
}

#[test]
fn every_entry_is_recorded_and_leads_to_its_remedy() {
    for entry in CATALOGUE {
        // What git calls a conflict of names in its report has other words of its own, which are read beforehand.
        let finds = |sample: &&Sample| {
            let whole = if entry.refusal.code == "name_conflict" {
                "directory/file conflict".to_owned()
            } else {
                format!("{}\n{}", sample.reason, sample.remote)
            };
            sample.code == entry.refusal.code && find(&whole).is_some_and(|known| known.parts == entry.parts)
        };
        let sample = all().find(finds).unwrap_or_else(|| panic!("nothing was recorded for {:?}", entry.parts));
        assert_eq!(called(sample), (entry.refusal.code, entry.refusal.remedy));
    }
}

#[test]
fn a_lost_race_is_no_refusal() {
    for reason in [
        "incorrect old value provided",
        "reference already exists",
        "failed to update ref",
        "cannot lock ref 'refs/heads/x'",
    ] {
        assert_eq!(judge("refs/heads/x", reason, ""), Meaning::Moved, "{reason}");
    }
}

#[test]
fn a_lock_that_somebody_holds_is_waited_for() {
    let said =
        "error: cannot lock ref 'refs/heads/x': Unable to create '/srv/one.git/./refs/heads/x.lock': File exists.";
    assert_eq!(judge("refs/heads/x", "failed to update ref", said), Meaning::Moved);
    // What cannot be written stops itself alone.
    let said = said.replace("File exists.", "Permission denied");
    assert_eq!(judge("refs/heads/y", "failed to update ref", &said), Meaning::Moved);
    assert!(
        matches!(judge("refs/heads/x", "failed to update ref", &said), Meaning::Refused(it) if it.code == "not_writable")
    );
}

#[test]
fn a_name_that_is_the_folder_of_another_is_no_lost_race() {
    let said = "error: cannot lock ref 'refs/heads/a': 'refs/heads/a/b' exists; cannot create 'refs/heads/a'        ";
    let judged = |name| judge(name, "failed to update ref", said);
    let Meaning::Refused(refusal) = judged("refs/heads/a") else { panic!("taken for a lost race") };
    assert_eq!(refusal.code, "name_conflict");
    // It says nothing of another one that was sent along.
    assert_eq!(judged("refs/heads/x"), Meaning::Moved);
}

#[test]
fn the_names_of_other_branches_in_an_invitation_say_nothing() {
    for invitation in [
        "Create a new pull request for 'archived-disabled':",
        "Create a pull request for 'archived' on GitHub by visiting:",
        "To create a merge request for archived, visit:",
    ] {
        let said = format!("policy: no such names here\n{invitation}");
        assert!(matches!(judge("refs/heads/x", "hook declined", &said), Meaning::Refused(it) if it.code == "unknown"));
    }
}

#[test]
fn a_hook_that_judges_the_whole_push_is_told_apart() {
    assert!(is_about_whole_push("pre-receive hook declined"));
    assert!(!is_about_whole_push("hook declined"));
    assert!(!is_about_whole_push("protected branch hook declined"));
}
