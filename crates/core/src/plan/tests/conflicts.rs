//! Diverged branches: what each strategy makes of them.

use crate::config::{ConflictResolution, Rewrites};
use crate::oid::Oid;
use crate::plan::tests::notation::{Case, case, commit, endpoint, letter, reference, show};
use crate::plan::{CombineStrategy, RequestState, Severity, Trial, View};

/// C, X and P have diverged after B; M contains C and X.
const HISTORY: &str = "A-B-C-D, B-X-Y, B-P, C-M, X-M";
const TWO: &str = "e1: main=C | e2: main=X | base: main=B";

fn under(strategy: ConflictResolution, sides: &str) -> Case {
    case(HISTORY, sides).with(|policy| policy.conflict_resolution = strategy)
}

fn tips(trial: &Trial) -> String {
    trial.tips.iter().map(|tip| letter(*tip)).collect::<Vec<_>>().join(" ")
}

/// Every trial succeeds, with a commit that is named for what it was made of.
fn possible(trial: &Trial) -> Option<&'static str> {
    match (trial.strategy, tips(trial).as_str()) {
        (CombineStrategy::Rebase, "C X") => Some("C+x"),
        (CombineStrategy::Rebase, "C X P") => Some("C+x+p"),
        (CombineStrategy::Rebase, "B X P") => Some("B+x+p"),
        (CombineStrategy::Merge, "C X") => Some("CX"),
        (CombineStrategy::Merge, "C X P") => Some("CXP"),
        (strategy, other) => panic!("{strategy:?} {other}"),
    }
}

#[track_caller]
fn check(strategy: ConflictResolution, sides: &str, can: bool, expected: &str) {
    let mut case = under(strategy, sides);
    if can {
        case.trial = possible;
    }
    assert_eq!(show(&case.plan()), expected);
}

#[test]
fn what_cannot_be_brought_together_is_reported() {
    use ConflictResolution::{AutoMerge, AutoRebase, Fail};
    check(Fail, TWO, true, "diverged main");
    check(AutoRebase, TWO, false, "diverged main");
    check(AutoMerge, TWO, false, "diverged main");
    let plan = under(AutoRebase, TWO).plan();
    assert!(plan.findings[0].message.ends_with("(it conflicts)"), "{:?}", plan.findings);
    assert_eq!(plan.severity(), Some(Severity::Failed));
}

#[test]
fn a_rebase_forwards_the_first_and_forces_only_who_has_to_be() {
    use ConflictResolution::{AutoRebase, AutoRebasePullRequest};
    for strategy in [AutoRebase, AutoRebasePullRequest] {
        check(strategy, TWO, true, "e1 main C->C+x fast_forward, e2 main X->C+x rebase");
        check(
            strategy,
            "e1: main=C | e2: main=X | e3: main=P | e4: main=C | e5: topic=A | base: topic=A@e5",
            true,
            "e1 main C->C+x+p fast_forward, e1 topic ->A create, e2 main X->C+x+p rebase, e2 topic ->A create, \
             e3 main P->C+x+p rebase, e3 topic ->A create, e4 main C->C+x+p fast_forward, e4 topic ->A create, \
             e5 main ->C+x+p create",
        );
    }
}

#[test]
fn a_merge_forwards_all() {
    use ConflictResolution::{AutoMerge, AutoMergePullRequest};
    for strategy in [AutoMerge, AutoMergePullRequest] {
        check(strategy, TWO, true, "e1 main C->CX fast_forward, e2 main X->CX fast_forward");
    }
}

#[test]
fn who_refuses_to_be_forced_gets_a_pull_request() {
    let mut case = under(ConflictResolution::AutoRebasePullRequest, TWO);
    case.trial = possible;
    case.refused.insert((endpoint("e2"), reference("main")));
    assert_eq!(
        show(&case.plan()),
        "e1 ~main/e2 ->X conflict, e2 ~main/e1 ->C conflict, e1 open ~main/e2, e2 open ~main/e1, in_conflict main"
    );
    case.policy.conflict_resolution = ConflictResolution::AutoRebase;
    let plan = case.plan();
    assert_eq!(show(&plan), "diverged main");
    assert!(plan.findings[0].message.contains("e2 refuses forced updates"), "{:?}", plan.findings);
}

#[test]
fn the_newest_tip_is_forced() {
    let newest = "e1 main C->X force";
    let mut case = under(ConflictResolution::Fail, TWO);
    case.policy.allow_force = true;
    assert_eq!(show(&case.plan()), newest);
    // What loses nothing goes first, unless a person asked for force.
    case.policy.conflict_resolution = ConflictResolution::AutoMerge;
    case.trial = possible;
    assert_eq!(show(&case.plan()), "e1 main C->CX fast_forward, e2 main X->CX fast_forward");
    case.releases.force = true;
    assert_eq!(show(&case.plan()), newest);
    case.policy.conflict_resolution = ConflictResolution::PullRequest;
    case.refused.insert((endpoint("e1"), reference("main")));
    assert_eq!(
        show(&case.plan()),
        "e1 ~main/e2 ->X conflict, e2 ~main/e1 ->C conflict, e1 open ~main/e2, e2 open ~main/e1, in_conflict main"
    );
    // Whoever only lags behind is forwarded.
    let mut case = under(ConflictResolution::Fail, "e1: main=C | e2: main=B | e3: main=X | e4: ");
    case.releases.force = true;
    assert_eq!(show(&case.plan()), "e1 main C->X force, e2 main B->X fast_forward, e4 main ->X create");
}

#[test]
fn a_rewrite_that_is_not_followed_is_never_combined() {
    for strategy in [ConflictResolution::AutoRebase, ConflictResolution::AutoMerge] {
        let mut case = under(strategy, "e1: main=X | e2: main=C | base: main=C");
        case.policy.rewrites = Rewrites::Never;
        case.trial = |_| panic!("nothing is tried");
        let plan = case.plan();
        assert_eq!(show(&plan), "rewritten main");
        assert!(plan.findings[0].message.contains("would bring back what was dropped"), "{:?}", plan.findings);
    }
    let mut case = under(ConflictResolution::PullRequest, "e1: main=X | e2: main=C | base: main=C");
    case.policy.rewrites = Rewrites::Never;
    assert_eq!(
        show(&case.plan()),
        "e1 ~main/e2 ->C conflict, e2 ~main/e1 ->X conflict, e1 open ~main/e2, e2 open ~main/e1, in_conflict main"
    );
}

#[test]
fn each_side_gets_a_request_for_each_tip_that_it_lacks() {
    let mut case =
        under(ConflictResolution::PullRequest, "e1: main=C | e2: main=X | e3: main=P | e4: main=C | e5: main=B");
    assert_eq!(
        case.sync(),
        "e1 ~main/e2 ->X conflict, e1 ~main/e3 ->P conflict, e2 ~main/e1 ->C conflict, e2 ~main/e3 ->P conflict, \
         e3 ~main/e1 ->C conflict, e3 ~main/e2 ->X conflict, e4 ~main/e2 ->X conflict, e4 ~main/e3 ->P conflict, \
         e5 ~main/e1 ->C conflict, e5 ~main/e2 ->X conflict, e5 ~main/e3 ->P conflict, \
         e1 open ~main/e2, e1 open ~main/e3, e2 open ~main/e1, e2 open ~main/e3, e3 open ~main/e1, e3 open ~main/e2, \
         e4 open ~main/e2, e4 open ~main/e3, e5 open ~main/e1, e5 open ~main/e2, e5 open ~main/e3, in_conflict main"
    );
    assert_eq!(case.sync(), "in_conflict main", "once");
}

#[test]
fn who_is_contained_in_one_tip_alone_is_forwarded() {
    let mut case = under(ConflictResolution::PullRequest, "e1: main=C | e2: main=X | e3: main=D");
    assert_eq!(
        case.sync(),
        "e1 main C->D fast_forward, e1 ~main/e2 ->X conflict, e2 ~main/e3 ->D conflict, e3 ~main/e2 ->X conflict, \
         e1 open ~main/e2, e2 open ~main/e3, e3 open ~main/e2, in_conflict main"
    );
    // It is shown under the name of the first who has it from now on.
    assert_eq!(
        case.sync(),
        "e2 ~main/e1 ->D conflict, e2 ~main/e3 D-> resolved, e2 open ~main/e1, e2 close ~main/e3, in_conflict main"
    );
    assert_eq!(case.sync(), "in_conflict main");
}

/// Two sides in conflict, with requests at both.
fn in_conflict() -> Case {
    let mut case = under(ConflictResolution::PullRequest, TWO);
    case.sync();
    assert_eq!(show(&case.plan()), "in_conflict main");
    case
}

#[test]
fn requests_are_found_again_and_lead_to_their_pages() {
    let plan = in_conflict().plan();
    let links: Vec<_> = plan.findings[0].links.iter().map(|(at, url)| format!("{at} {url}")).collect();
    assert_eq!(links, ["e1 https://e1/1", "e2 https://e2/1"]);
    assert_eq!(plan.severity(), Some(Severity::Held));
}

#[test]
fn what_was_merged_wins_and_the_rest_is_closed() {
    let mut case = in_conflict();
    // The forge may have removed the branch of the request that was merged.
    case.set("e1", "main=M");
    request(&mut case, "e1", 1).state = RequestState::Merged;
    assert_eq!(case.sync(), "e2 main X->M fast_forward, e2 ~main/e1 C-> resolved, e2 close ~main/e1");
    assert_eq!(case.sync(), "");
}

#[test]
fn a_tip_that_moves_on_is_refreshed() {
    let mut case = in_conflict();
    case.set("e2", "main=Y ~main/e1=C");
    assert_eq!(case.sync(), "e1 ~main/e2 X->Y conflict, e1 refresh ~main/e2, e2 refresh ~main/e1, in_conflict main");
    assert_eq!(case.sync(), "in_conflict main");
    // What no side has any more is backed up before the conflict branch lets go of it.
    case.set("e2", "main=P ~main/e1=C");
    assert_eq!(case.sync(), "e1 ~main/e2 Y->P rewrite, e1 refresh ~main/e2, e2 refresh ~main/e1, in_conflict main");
}

#[test]
fn what_a_person_adds_to_a_conflict_branch_stays() {
    // The editor of a forge merges the branch into the one of the request: M contains both sides.
    let mut case = in_conflict();
    case.set("e1", "main=C ~main/e2=M");
    assert_eq!(case.sync(), "in_conflict main");
    let plan = case.plan();
    let said = "what was added to `refray/conflicts/main/e2` on e1 stays until it is merged";
    assert!(plan.findings[0].message.ends_with(said), "{:?}", plan.findings);
    // Also while the other side moves on, and whatever becomes of its request then.
    case.set("e2", "main=P ~main/e1=C");
    assert_eq!(case.sync(), "e2 refresh ~main/e1, in_conflict main");
    assert_eq!(case.sync(), "in_conflict main");
    case.set("e1", "main=M ~main/e2=M");
    request(&mut case, "e1", 1).state = RequestState::Merged;
    assert_eq!(
        case.sync(),
        "e1 ~main/e2 M->P conflict, e2 ~main/e1 C->M conflict, e1 open ~main/e2, e2 refresh ~main/e1, in_conflict main"
    );
    // A side that takes commits back is no person at work on the conflict branch.
    let mut case = in_conflict();
    case.set("e2", "main=Y ~main/e1=C");
    case.sync();
    case.set("e2", "main=X ~main/e1=C");
    assert_eq!(case.sync(), "e1 ~main/e2 Y->X rewrite, e1 refresh ~main/e2, e2 refresh ~main/e1, in_conflict main");
    // Closed without merging, it is backed up and goes.
    let mut case = in_conflict();
    case.set("e1", "main=C ~main/e2=M");
    request(&mut case, "e1", 1).state = RequestState::Closed;
    assert_eq!(case.sync(), "e1 ~main/e2 M-> delete, in_conflict main");
    // Merged by squashing, it has not brought the sides together: what is left goes to a backup, and another is opened.
    let mut case = under(ConflictResolution::PullRequest, "e1: main=C | e2: main=X");
    case.sync();
    case.set("e1", "main=D ~main/e2=M");
    request(&mut case, "e1", 1).state = RequestState::Merged;
    assert_eq!(
        case.sync(),
        "e1 ~main/e2 M->X rewrite, e2 ~main/e1 C->D conflict, e1 open ~main/e2, e2 refresh ~main/e1, in_conflict main"
    );
    // So it is with one that was closed before its own side moved on.
    let mut case = in_conflict();
    case.set("e1", "main=D ~main/e2=M");
    request(&mut case, "e1", 1).state = RequestState::Closed;
    assert_eq!(
        case.sync(),
        "e1 ~main/e2 M->X rewrite, e2 ~main/e1 C->D conflict, e1 open ~main/e2, e2 refresh ~main/e1, in_conflict main"
    );
    // Folders have no request that would say what was shown.
    let mut case = under(ConflictResolution::PullRequest, "disk: main=C ~main/e2=Y | e2: main=X ~main/disk=C");
    assert_eq!(case.sync(), "e2 open ~main/disk, in_conflict main");
}

#[test]
fn a_request_that_a_person_closed_stays_closed_until_a_tip_moves_on() {
    let mut case = in_conflict();
    request(&mut case, "e1", 1).state = RequestState::Closed;
    assert_eq!(case.sync(), "e1 ~main/e2 X-> resolved, in_conflict main");
    request(&mut case, "e2", 1).state = RequestState::Closed;
    assert_eq!(case.sync(), "e2 ~main/e1 C-> resolved, diverged main");
    assert_eq!(case.sync(), "diverged main");
    case.set("e1", "main=D");
    assert_eq!(
        case.sync(),
        "e1 ~main/e2 ->X conflict, e2 ~main/e1 ->D conflict, e1 open ~main/e2, e2 open ~main/e1, in_conflict main"
    );
}

#[test]
fn what_a_settled_conflict_leaves_behind_is_backed_up_if_nobody_has_it() {
    let mut case = in_conflict();
    case.set("e1", "main=P ~main/e2=X");
    case.set("e2", "main=P ~main/e1=C");
    assert_eq!(case.sync(), "e1 ~main/e2 X-> delete, e2 ~main/e1 C-> delete, e1 close ~main/e2, e2 close ~main/e1");
}

#[test]
fn folders_get_the_branch_alone() {
    let mut case = under(ConflictResolution::PullRequest, "disk: main=C | e2: main=X");
    assert_eq!(
        case.sync(),
        "disk ~main/e2 ->X conflict, e2 ~main/disk ->C conflict, e2 open ~main/disk, in_conflict main"
    );
}

#[test]
fn among_folders_alone_nothing_is_said_of_requests() {
    let case = under(ConflictResolution::PullRequest, "disk1: main=C | disk2: main=X");
    let plan = case.plan();
    assert_eq!(show(&plan), "disk1 ~main/disk2 ->X conflict, disk2 ~main/disk1 ->C conflict, in_conflict main");
    assert!(!plan.findings[0].message.contains("pull request"), "{:?}", plan.findings);
    assert!(plan.findings[0].remedy.contains("refray/conflicts/"), "{:?}", plan.findings);
}

#[test]
fn what_cannot_be_listed_is_not_opened_twice() {
    let mut case = in_conflict();
    case.requests.at.insert(endpoint("e1"), Err("the answer was cut short".into()));
    assert_eq!(show(&case.plan()), "in_conflict main, unreadable");
    // Nor is what somebody may have added overwritten, when the other side moves on; what loses nothing is done.
    case.set("e1", "main=C ~main/e2=M");
    case.set("e2", "main=P ~main/e1=C");
    assert_eq!(show(&case.plan()), "e2 refresh ~main/e1, in_conflict main, unreadable");
    case.set("e1", "main=C ~main/e2=X");
    case.set("e2", "main=Y ~main/e1=C");
    assert_eq!(show(&case.plan()), "e1 ~main/e2 X->Y conflict, e2 refresh ~main/e1, in_conflict main, unreadable");
}

#[test]
fn what_is_hidden_or_strange_is_not_taken_for_settled() {
    let mut case = under(
        ConflictResolution::PullRequest,
        "e1: main=C ~main/e2=X ~main/e9=X ~topic/e2=X | e2: ? | e3: main=C | base: main=B",
    );
    assert_eq!(show(&case.plan()), "unreadable");
    // It can be read again and agrees: what is known to be this group's goes, in whatever branch it was.
    case.set("e2", "main=C");
    assert_eq!(show(&case.plan()), "e1 ~main/e2 X-> delete, e1 ~topic/e2 X-> delete");
    // A diverged branch that is left alone keeps what shows it.
    case.set("e2", "main=X");
    case.policy.conflict_resolution = ConflictResolution::Fail;
    assert_eq!(show(&case.plan()), "e1 ~topic/e2 X-> delete, diverged main");
}

#[test]
fn read_only_copies_are_left_as_they_are() {
    let case = under(ConflictResolution::PullRequest, "e1: !main=C | e2: main=X");
    assert_eq!(show(&case.plan()), "e2 ~main/e1 ->C conflict, e2 open ~main/e1, in_conflict main");
}

#[test]
fn tips_are_taken_in_the_order_of_the_endpoints() {
    let oid: Vec<Oid> = ["C", "X", "P"].into_iter().map(commit).collect();
    let mut case = under(ConflictResolution::AutoMerge, "e1: main=C | e2: main=X | e3: main=P");
    case.trial = possible;
    let View::Present { snapshot, .. } = &case.views[&endpoint("e3")] else { panic!() };
    assert_eq!(snapshot.get(&reference("main")), Some(oid[2]));
    assert_eq!(
        show(&case.plan()),
        "e1 main C->CXP fast_forward, e2 main X->CXP fast_forward, e3 main P->CXP fast_forward"
    );
}

fn request<'a>(case: &'a mut Case, at: &str, number: u64) -> &'a mut crate::plan::Request {
    let requests = case.requests.at.get_mut(&endpoint(at)).unwrap().as_mut().unwrap();
    requests.iter_mut().find(|request| request.number == number).unwrap()
}
