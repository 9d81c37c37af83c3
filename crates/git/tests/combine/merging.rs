//! One test for each rule of merging.

use refray_core::{ObjectFormat, Oid};
use refray_git::combine::{self, CombineError, Combined, MergeMessage, Obstacle};

use crate::lab::{Files, Lab, files, text};

fn with(base: &Files, change: &[(&str, &str)]) -> Files {
    let mut own = base.clone();
    own.extend(files(change));
    own
}

#[test]
fn a_merge_commit_is_made_of_the_tips_alone() {
    for format in [ObjectFormat::Sha1, ObjectFormat::Sha256] {
        let lab = Lab::with(format);
        let base = files(&[("a", "1\n"), ("b", "1\n")]);
        let fork = lab.commit("fork", &[], &base);
        let one = lab.commit("one", &[fork], &with(&base, &[("a", "2\n")]));
        let two = lab.commit("two", &[fork], &with(&base, &[("b", "2\n")]));
        let date = [one, two]
            .map(|oid| lab.git(&["log", "-1", "--format=%ct", &oid.to_string()]).parse::<i64>().unwrap())
            .into_iter()
            .max()
            .unwrap();
        for (tips, parents) in [(vec![one, two], [one, two]), (vec![two, fork, one, two], [two, one])] {
            let tip = lab.merge(&tips).unwrap();
            let rest = format!(
                "author refray <refray@localhost> {date} +0000\ncommitter refray <refray@localhost> {date} +0000\n\n\
                 Join them\n"
            );
            assert_eq!(tip, lab.raw(&parents, &files(&[("a", "2\n"), ("b", "2\n")]), rest.as_bytes()));
        }
        assert_eq!(lab.merge(&[fork, one]), Ok(one));
        assert_eq!(lab.merge(&[one]), Ok(one));
        let other = lab.commit("other root", &[], &base);
        assert_eq!(lab.merge(&[one, other]), Err(Obstacle::NoCommonAncestor));
        assert!(matches!(combine::merge(&lab.mirror, &[], &MergeMessage::new("x")), Err(CombineError::NoTips)));
        let tree: Oid = lab.tree(&base).parse().unwrap();
        let wrong = combine::merge(&lab.mirror, &[one, tree], &MergeMessage::new("x"));
        assert!(matches!(wrong, Err(CombineError::NotACommit(oid)) if oid == tree));
    }
}

#[test]
fn many_tips_are_folded_into_one_commit() {
    let lab = Lab::new();
    let base = files(&[("a", &text("a", 20)), ("b", "1\n")]);
    let change = |line: usize| with(&base, &[("a", &text("a", 20).replacen(&format!("line {line} "), "changed ", 1))]);
    let fork = lab.commit("fork", &[], &base);
    let tips = [3, 8, 14].map(|line| lab.commit(&format!("line {line}"), &[fork], &change(line)));
    let tip = lab.merge(&tips).unwrap();
    assert_eq!(lab.git(&["log", "-1", "--format=%P", &tip.to_string()]), tips.map(|tip| tip.to_string()).join(" "));
    let content = &lab.show(tip)["a"];
    assert_eq!(content.matches("changed").count(), 3);
    let clash = lab.commit("clash", &[fork], &with(&base, &[("a", &text("a", 20).replacen("line 8 ", "other ", 1))]));
    let said = lab.merge(&[tips[0], tips[1], clash]);
    assert_eq!(said, Err(Obstacle::Conflict { commit: None, paths: vec!["a".to_owned()] }));
}

#[test]
fn histories_that_crossed_are_merged_from_what_their_bases_make_together() {
    let lab = Lab::new();
    let base = files(&[("a", "1\n"), ("b", "1\n"), ("c", "1\n")]);
    let fork = lab.commit("fork", &[], &base);
    let one = lab.commit("one", &[fork], &with(&base, &[("a", "2\n")]));
    let two = lab.commit("two", &[fork], &with(&base, &[("b", "2\n")]));
    let joined = with(&base, &[("a", "2\n"), ("b", "2\n")]);
    let left = lab.commit("left", &[one, two], &joined);
    let right = lab.commit("right", &[two, one], &joined);
    // Both have to be judged by what the two bases make together: seen from one of them, "a" or "b" would seem changed.
    let left = lab.commit("left on", &[left], &with(&joined, &[("a", "3\n")]));
    let right = lab.commit("right on", &[right], &with(&joined, &[("b", "3\n")]));
    let tip = lab.merge(&[left, right]).unwrap();
    let tree = lab.tree(&with(&base, &[("a", "3\n"), ("b", "3\n")]));
    assert_eq!(lab.git(&["rev-parse", &format!("{tip}^{{tree}}")]), tree);
    assert_eq!(lab.repo.git(["merge-tree", "--write-tree", &left.to_string(), &right.to_string()]), tree);

    // What the bases did not agree on, each side resolved in its own way.
    let clash = lab.commit("clash", &[fork], &with(&base, &[("a", "x\n")]));
    let mine = lab.commit("mine", &[one, clash], &with(&base, &[("a", "2\n"), ("c", "2\n")]));
    let yours = lab.commit("yours", &[clash, one], &with(&base, &[("a", "2\n"), ("b", "3\n")]));
    assert_eq!(lab.merge(&[mine, yours]), Err(Obstacle::CrissCross));
}

#[test]
fn a_message_is_one_text_with_one_newline_at_its_end() {
    let lab = Lab::new();
    let base = files(&[("a", "1\n"), ("b", "1\n")]);
    let fork = lab.commit("fork", &[], &base);
    let one = lab.commit("one", &[fork], &with(&base, &[("a", "2\n")]));
    let two = lab.commit("two", &[fork], &with(&base, &[("b", "2\n")]));
    let message = MergeMessage::new("Grüße\n\nbody\n\n");
    let Combined::Tip(tip) = combine::merge(&lab.mirror, &[one, two], &message).unwrap() else { panic!() };
    let raw = lab.git(&["cat-file", "commit", &tip.to_string()]);
    assert!(raw.ends_with("\n\nGrüße\n\nbody"), "{raw}");
}
