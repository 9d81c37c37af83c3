//! What a run is about.

use regex::Regex;

use crate::plan::group::tests::notation::{Case, case, check, check_case};

const SEEN: &str = "e1: alpha#1 Beta#2+public | e2: alpha#3 Beta#4+private";

fn named(names: &[&str]) -> Case {
    case("", SEEN).selecting(|selection| selection.names = names.iter().map(|name| (*name).to_owned()).collect())
}

#[test]
fn names_and_patterns_select() {
    check_case(&named(&["beta"]), &["Beta: e1=new e2=new"]);
    check_case(&named(&["alpha", "nothing"]), &["alpha: e1=new e2=new", "nothing unmatched"]);
    let pattern = named(&["beta", "alpha"]).selecting(|selection| selection.pattern = Some(Regex::new("^B").unwrap()));
    check_case(&pattern, &["Beta: e1=new e2=new", "alpha unmatched"]);
}

#[test]
fn filters_on_names_select() {
    check("repo_whitelist = \"^alpha$\"", SEEN, &["alpha: e1=new e2=new"]);
    check("repo_blacklist = [\"^alpha$\"]", SEEN, &["Beta: e1=new e2=new"]);
    let filtered = case("repo_blacklist = \"beta|Beta\"", SEEN).selecting(|selection| {
        selection.names.insert("beta".into());
    });
    check_case(&filtered, &["beta unmatched"]);
}

#[test]
fn visibility_is_judged_over_all_copies() {
    // Private on one side is private.
    check("sync_visibility = \"private\"", SEEN, &["alpha: e1=new e2=new", "Beta: e1=new e2=new"]);
    check("sync_visibility = \"public\"", SEEN, &["alpha: e1=new e2=new"]);
    let all = "e1: p#1+public i#2+internal s#3+private | e2: ";
    let made = |name: &str, visibility: &str| format!("{name}: e1=new e2=create({visibility})");
    check("sync_visibility = \"public\"", all, &[&made("p", "public")]);
    check("sync_visibility = \"private\"", all, &[&made("i", "internal"), &made("s", "private")]);
}

#[test]
fn what_a_run_is_not_about_is_judged_all_the_same() {
    // Four of five vanished, though the run is about one.
    let known: String = (0..5).map(|n| format!(" | known r{n}: e1#1{n} e2#2{n}")).collect();
    let seen = format!("e1: r4#14 | e2: r0#20 r1#21 r2#22 r3#23 r4#24{known}");
    let one = case("delete_missing = true", &seen).selecting(|selection| {
        selection.names.insert("r2".into());
    });
    check_case(&one, &["r2: e1=absent e2=here [absence_held e1]"]);
    let filtered = case("delete_missing = true\nrepo_whitelist = \"^r2$\"", &seen);
    check_case(&filtered, &["r2: e1=absent e2=here [absence_held e1]"]);
}

#[test]
fn an_empty_group_is_nothing() {
    check("", "e1: | e2: ", &[]);
    check("", "e1: ? | e2: ?", &[]);
}
