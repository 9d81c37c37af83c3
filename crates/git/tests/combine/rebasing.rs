//! One test for each rule of rebasing.

use std::collections::BTreeSet;

use refray_core::ObjectFormat;
use refray_git::combine::{self, Combined, Obstacle};
use refray_git::fetch::{FetchRequest, fetch};

use crate::lab::{Files, Lab, files, text};

fn with(base: &Files, change: &[(&str, &str)]) -> Files {
    let mut own = base.clone();
    own.extend(files(change));
    own
}

fn without(base: &Files, path: &str) -> Files {
    let mut own = base.clone();
    own.remove(path).unwrap();
    own
}

fn moved(base: &Files, from: &str, to: &str) -> Files {
    let mut own = base.clone();
    let file = own.remove(from).unwrap();
    own.insert(to.to_owned(), file);
    own
}

#[test]
fn everything_but_tree_and_parent_stays_to_the_byte() {
    for format in [ObjectFormat::Sha1, ObjectFormat::Sha256] {
        let lab = Lab::with(format);
        let base = files(&[("a", "1\n"), ("d/b", "1\n")]);
        let fork = lab.commit("fork", &[], &base);
        let up = lab.commit("up", &[fork], &with(&base, &[("a", "2\n")]));
        let rest = b"author \xc4 <a@example.com> 1600000000 +0545\ncommitter B <b@example.com> 1600000001 -0330\n\
            encoding ISO-8859-1\nHG:extra one\n two\n\nGr\xfc\xdfe\n\n  no newline at the end";
        let own = lab.raw(&[fork], &with(&base, &[("d/b", "2\n")]), rest);
        let tip = lab.rebase(&[up, own]).unwrap();
        let real = crate::common::Repo { path: lab.mirror.path().to_owned() };
        let expected = lab.raw(&[up], &files(&[("a", "2\n"), ("d/b", "2\n")]), rest);
        assert_eq!(tip, expected);
        real.git(["fsck", "--strict", "--no-dangling", &tip.to_string()]);
    }
}

#[test]
fn tips_are_replayed_in_order_and_what_is_reached_already_is_not() {
    let lab = Lab::new();
    let base = files(&[("a", "1\n"), ("b", "1\n"), ("c", "1\n")]);
    let fork = lab.commit("fork", &[], &base);
    let one = lab.commit("one", &[fork], &with(&base, &[("a", "2\n")]));
    let two = lab.commit("two", &[fork], &with(&base, &[("b", "2\n")]));
    let three = lab.commit("three", &[fork], &with(&base, &[("c", "2\n")]));
    let tip = lab.rebase(&[one, two, fork, three, one]).unwrap();
    assert_eq!(lab.subjects(tip, fork), ["one", "two", "three"]);
    assert_eq!(lab.rebase(&[fork, one]).unwrap(), one, "a fast-forward rewrites nothing");
    assert_eq!(lab.rebase(&[one, fork]).unwrap(), one);
    assert_eq!(lab.rebase(&[one, one]).unwrap(), one);
    assert_eq!(lab.rebase(&[one, tip]).unwrap(), tip);

    // What an earlier trial has made and somebody has built upon is recognised.
    let half = lab.rebase(&[one, two]).unwrap();
    let on_top = lab.commit("on top", &[half], &with(&base, &[("a", "2\n"), ("b", "2\n"), ("c", "3\n")]));
    assert_eq!(lab.rebase(&[one, two, on_top]).unwrap(), on_top);
}

#[test]
fn what_is_present_is_skipped_and_what_was_empty_is_kept() {
    let lab = Lab::new();
    let base = files(&[("a", &text("a", 12)), ("b", &text("b", 12))]);
    let fork = lab.commit("fork", &[], &base);
    let picked = with(&base, &[("a", &text("a", 12).replacen("line 2", "LINE 2", 1))]);
    let up = lab.commit("picked elsewhere", &[fork], &picked);
    let up = lab.commit("more", &[up], &with(&picked, &[("b", &text("b", 11))]));
    let first = lab.commit("picked", &[fork], &picked);
    let empty = lab.commit("empty", &[first], &picked);
    let both = with(&picked, &[("b", &text("b", 11)), ("a", &text("a", 12))]);
    let back = lab.commit("two things", &[empty], &both);
    let tip = lab.rebase(&[up, back]).unwrap();
    assert_eq!(lab.subjects(tip, up), ["empty", "two things"]);

    // All that it did was done by two commits of the other side.
    let together = with(&picked, &[("b", &text("b", 11))]);
    let whole = lab.commit("both at once", &[fork], &together);
    assert_eq!(lab.rebase(&[up, whole]).unwrap(), up);

    // Git would skip this one as well, and lose its white space.
    let nearly = with(&base, &[("a", &text("a", 12).replacen("line 2 ", "LINE  2 ", 1))]);
    let nearly = lab.commit("nearly", &[fork], &nearly);
    assert_eq!(lab.rebase(&[up, nearly]), Err(Obstacle::AlmostPresent(nearly)));
}

#[test]
fn merges_and_signed_commits_are_not_rewritten() {
    let lab = Lab::new();
    let base = files(&[("a", "1\n"), ("b", "1\n")]);
    let fork = lab.commit("fork", &[], &base);
    let up = lab.commit("up", &[fork], &with(&base, &[("a", "2\n")]));
    let left = lab.commit("left", &[fork], &with(&base, &[("b", "2\n")]));
    let merged = lab.commit("merged", &[left, fork], &with(&base, &[("b", "2\n")]));
    let after = lab.commit("after", &[merged], &with(&base, &[("b", "3\n")]));
    assert_eq!(lab.rebase(&[up, after]), Err(Obstacle::MergeCommit(merged)));
    assert_eq!(lab.rebase(&[fork, after]), Ok(after), "it stays where it is");
    for header in ["gpgsig", "gpgsig-sha256"] {
        let rest = format!(
            "author A <a@example.com> 1 +0000\ncommitter A <a@example.com> 1 +0000\n{header} -----BEGIN\n \n x\n\nsigned\n"
        );
        let signed = lab.raw(&[fork], &with(&base, &[("b", "2\n")]), rest.as_bytes());
        assert_eq!(lab.rebase(&[up, signed]), Err(Obstacle::Signed(signed)));
        assert_eq!(lab.rebase(&[signed, up]).map(|tip| lab.subjects(tip, signed)), Ok(vec!["up".to_owned()]));
        assert_eq!(lab.rebase(&[left, signed]), Ok(left), "what is present need not be rewritten");
    }
    let other = lab.commit("other root", &[], &base);
    assert_eq!(lab.rebase(&[up, other]), Err(Obstacle::NoCommonAncestor));
}

/// Checks what becomes of one change on each side, in a rebase and in a merge.
fn both_ways(lab: &Lab, name: &str, base: &Files, ours: &Files, theirs: &Files, expected: Result<Files, &str>) {
    let fork = lab.commit("fork", &[], base);
    let one = lab.commit("one", &[fork], ours);
    let two = lab.commit("two", &[fork], theirs);
    for (tips, commit) in [([one, two], two), ([two, one], one)] {
        let combined = [lab.rebase(&tips), lab.merge(&tips)];
        match expected {
            Ok(ref files) => {
                let tree = lab.tree(files);
                for tip in combined {
                    let tip = tip.unwrap_or_else(|obstacle| panic!("{name}: {obstacle}"));
                    assert_eq!(
                        lab.git(&["rev-parse", &format!("{tip}^{{tree}}")]),
                        tree,
                        "{name}: {:?}",
                        lab.show(tip)
                    );
                }
            }
            Err(kind) => {
                let said = combined.map(|combined| format!("{:?}", combined.expect_err(name)));
                assert!(said.iter().all(|said| said.starts_with(kind)), "{name}: {said:?}");
                assert!(said[0].contains(&commit.to_string()) && said[1].contains("commit: None"), "{name}: {said:?}");
            }
        }
    }
}

#[test]
fn files_of_all_kinds_are_combined_or_left() {
    let lab = Lab::new();
    let a = text("a", 12);
    let base = files(&[("a", &a), ("b", "b\n"), ("z/x", "x\n")]);
    let mode = |files: &Files, path: &str, mode: u32, content: &[u8]| {
        let mut own = files.clone();
        own.insert(path.to_owned(), (mode, content.to_vec()));
        own
    };
    let head = with(&base, &[("a", &a.replacen("line 0", "LINE 0", 1))]);
    let tail = with(&base, &[("a", &a.replacen("line 9", "LINE 9", 1))]);
    let ends = a.replacen("line 0", "LINE 0", 1).replacen("line 9", "LINE 9", 1);
    let check = |name: &str, ours: &Files, theirs: &Files, expected: Result<Files, &str>| {
        both_ways(&lab, name, &base, ours, theirs, expected);
    };
    check("two regions", &head, &tail, Ok(with(&base, &[("a", &ends)])));
    let executable = mode(&base, "a", 0o100_755, a.as_bytes());
    let changed = a.replacen("line 0", "LINE 0", 1);
    check("mode and content", &executable, &head, Ok(mode(&base, "a", 0o100_755, changed.as_bytes())));
    check("one line", &head, &with(&base, &[("a", &a.replacen("line 0", "Line 0", 1))]), Err("Conflict"));
    check("deleted and changed", &without(&base, "a"), &head, Err("Conflict"));
    check(
        "deleted on both sides",
        &without(&base, "b"),
        &without(&without(&base, "b"), "z/x"),
        Ok(without(&without(&base, "b"), "z/x")),
    );
    check(
        "added alike",
        &with(&base, &[("n", "n\n")]),
        &with(&head, &[("n", "n\n")]),
        Ok(with(&head, &[("n", "n\n")])),
    );
    check("added differently", &with(&base, &[("n", "n\n")]), &with(&base, &[("n", "m\n")]), Err("Conflict"));
    check(
        "added, on one side as an empty file",
        &with(&base, &[("n", "")]),
        &with(&head, &[("n", "m\n")]),
        Ok(with(&head, &[("n", "m\n")])),
    );
    let binary = |last: u8| mode(&base, "b", 0o100_644, &[0, 1, last]);
    check("binary", &binary(1), &binary(2), Err("Conflict"));
    check("binary on one side", &binary(1), &head, Ok(mode(&head, "b", 0o100_644, &[0, 1, 1])));
    let link = |target: &str| mode(&base, "b", 0o120_000, target.as_bytes());
    check("a link and a file", &link("a"), &with(&base, &[("b", "c\n")]), Err("Conflict"));
    check("a link on one side", &link("a"), &head, Ok(mode(&head, "b", 0o120_000, b"a")));
    let module = |digit: &str| mode(&base, "m", 0o160_000, digit.repeat(40).as_bytes());
    check("a submodule on one side", &module("1"), &head, Ok(mode(&head, "m", 0o160_000, "1".repeat(40).as_bytes())));
    check("submodules", &module("1"), &module("2"), Err("Conflict"));
    check("a file and a directory", &with(&base, &[("n", "n\n")]), &with(&base, &[("n/x", "m\n")]), Err("Conflict"));
    let replaced = with(&without(&base, "z/x"), &[("z", "file\n")]);
    check("a directory made a file", &replaced, &head, Ok(with(&replaced, &[("a", &changed)])));
    let crlf = with(&base, &[("a", &a.replace('\n', "\r\n"))]);
    check("ends of lines against a change", &crlf, &head, Err("Conflict"));
    check("ends of lines alone", &crlf, &with(&base, &[("b", "c\n")]), Ok(with(&crlf, &[("b", "c\n")])));
    let attributes = with(&base, &[(".gitattributes", "a -merge\n")]);
    both_ways(
        &lab,
        "attributes",
        &attributes,
        &with(&head, &[(".gitattributes", "a -merge\n")]),
        &with(&tail, &[(".gitattributes", "a -merge\n")]),
        Err("Attributes"),
    );
}

#[test]
fn renames_are_followed_where_they_are_beyond_doubt() {
    let lab = Lab::new();
    let (a, b) = (text("a", 12), text("b", 12));
    let base = files(&[("d/a", &a), ("d/b", &b), ("top", "t\n")]);
    let edited = a.replacen("line 0", "LINE 0", 1);
    let other_end = a.replacen("line 9", "LINE 9", 1);
    let both = edited.replacen("line 9", "LINE 9", 1);
    let edit = with(&base, &[("d/a", &edited)]);
    let gone = moved(&base, "d/a", "e/new");
    let check = |name: &str, ours: &Files, theirs: &Files, expected: Result<Files, &str>| {
        both_ways(&lab, name, &base, ours, theirs, expected);
    };
    check("moved and edited", &gone, &edit, Ok(with(&gone, &[("e/new", &edited)])));
    let changed = with(&gone, &[("e/new", &other_end)]);
    check("moved with a change, and edited", &changed, &edit, Ok(with(&gone, &[("e/new", &both)])));
    check("moved to two places", &gone, &moved(&base, "d/a", "f/new"), Err("Unclear"));
    check("moved and deleted", &gone, &without(&base, "d/a"), Err("Unclear"));
    check("moved alike", &gone, &with(&gone, &[("top", "u\n")]), Ok(with(&gone, &[("top", "u\n")])));
    check(
        "moved alike, and changed on both sides",
        &with(&gone, &[("e/new", &edited)]),
        &with(&gone, &[("e/new", &other_end)]),
        Ok(with(&gone, &[("e/new", &both)])),
    );
    check("moved and copied", &with(&gone, &[("e/copy", &a)]), &edit, Err("Unclear"));
    let far: String = a.lines().take(4).map(|line| format!("{line}\n")).collect::<String>() + &text("else", 8);
    check("hardly the same any more", &with(&without(&base, "d/a"), &[("e/new", &far)]), &edit, Err("Conflict"));
    check("in the way", &gone, &with(&edit, &[("e/new", "own\n")]), Err("Conflict"));
    let all = moved(&gone, "d/b", "e/b");
    check("a directory moved and a file edited in it", &all, &edit, Ok(with(&all, &[("e/new", &edited)])));
    check("a directory moved and a file added to it", &all, &with(&base, &[("d/n", "n\n")]), Err("DirectoryRename"));
    check("a part of a directory moved", &gone, &with(&base, &[("d/n", "n\n")]), Ok(with(&gone, &[("d/n", "n\n")])));
    let dropped = without(&without(&base, "d/a"), "d/b");
    check(
        "a directory dropped and a file added to it",
        &dropped,
        &with(&base, &[("d/n", "n\n")]),
        Ok(with(&dropped, &[("d/n", "n\n")])),
    );
}

#[tokio::test]
async fn a_result_is_held_and_a_failure_leaves_nothing() {
    let lab = Lab::new();
    let base = files(&[("a", "1\n"), ("b", "1\n")]);
    let fork = lab.commit("fork", &[], &base);
    let up = lab.commit("up", &[fork], &with(&base, &[("a", "2\n")]));
    let own = lab.commit("own", &[fork], &with(&base, &[("b", "2\n")]));
    let clash = lab.commit("clash", &[own], &with(&base, &[("b", "2\n"), ("a", "3\n")]));
    for (name, oid) in [("up", up), ("clash", clash)] {
        lab.repo.git(["update-ref", &format!("refs/heads/{name}"), &oid.to_string()]);
    }
    let mirror = lab.world.mirror("fetched", ObjectFormat::Sha1);
    let request = FetchRequest { wants: [up, clash].into(), haves: Vec::new() };
    fetch(&lab.world.git, &lab.world.remote(&lab.repo), &mirror, &request, &()).await.unwrap();
    let loose = || {
        let real = crate::common::Repo { path: mirror.path().to_owned() };
        real.git(["count-objects"])
    };
    let before = loose();
    let failed = combine::rebase(&mirror, &[up, clash]).unwrap();
    assert_eq!(failed, Combined::NotPossible(Obstacle::Conflict { commit: Some(clash), paths: vec!["a".to_owned()] }));
    assert_eq!(loose(), before, "the commit that did fit was not written");
    let Combined::Tip(tip) = combine::rebase(&mirror, &[up, own]).unwrap() else { panic!() };
    assert_ne!(loose(), before);
    assert_eq!(mirror.holds([tip]).unwrap(), BTreeSet::from([tip]));
    mirror.keep(&[("refs/refray/x".to_owned(), tip)].into()).unwrap();
    crate::common::Repo { path: mirror.path().to_owned() }.fsck();
}
