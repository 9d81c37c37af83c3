use jiff::Timestamp;
use refray_core::name::{EndpointId, RepoName};

use super::*;

const URL: &str = "https://mirror.example.com/webhook";
const OLD: &str = "https://old.example.com/webhook";
const ALIEN: &str = "https://ci.example.com/build";

const SECRET: SecretFingerprint = SecretFingerprint([1; 32]);

fn wanted() -> Wanted {
    Wanted { url: URL.into(), secret: Some(SECRET) }
}

fn seen(id: &str, url: &str) -> Seen {
    Seen { id: id.into(), url: url.into(), active: true, as_wanted: true, differs: None }
}

fn known(id: &str, url: &str) -> Remembered {
    Remembered {
        endpoint: EndpointId::new("github/me").unwrap(),
        repository: RepoName::new("alpha").unwrap(),
        url: url.into(),
        id: id.into(),
        secret: Some(SECRET),
        changed: Timestamp::UNIX_EPOCH,
    }
}

/// Writes a plan in a line: `state: steps; forget; foreign`.
fn told(plan: &HookPlan) -> String {
    let steps = plan.steps.iter().map(|step| match step {
        Step::Create => "create".to_owned(),
        Step::Repair { id, .. } => format!("repair {id}"),
        Step::Remove { id, .. } => format!("remove {id}"),
    });
    let steps: Vec<_> = steps.chain(plan.forget.iter().map(|url| format!("forget {url}"))).collect();
    let foreign = if plan.foreign > 0 { format!(", {} foreign", plan.foreign) } else { String::new() };
    format!("{:?}: {}{foreign}", plan.state, if steps.is_empty() { "-".to_owned() } else { steps.join(", ") })
}

#[test]
fn one_as_wanted_is_installed() {
    let off = Seen { active: false, ..seen("1", URL) };
    let events = Seen { as_wanted: false, differs: Some("`push` is off".into()), ..seen("1", URL) };
    let unsigned = Remembered { secret: None, ..known("1", URL) };
    let rotated = Remembered { secret: Some(SecretFingerprint([2; 32])), ..known("1", URL) };
    let forgot = format!("Stale: repair 1, forget {OLD}");
    for (what, hooks, memory, expected) in [
        ("nothing there", vec![], vec![], "Missing: create"),
        ("nothing there any more", vec![], vec![known("1", URL)], "Missing: create"),
        ("right", vec![seen("1", URL)], vec![known("1", URL)], "Installed: -"),
        (
            "written otherwise",
            vec![seen("1", "https://MIRROR.example.com:443/webhook")],
            vec![known("1", URL)],
            "Installed: -",
        ),
        ("never seen before", vec![seen("1", URL)], vec![], "Differs: repair 1"),
        ("made anew by somebody", vec![seen("2", URL)], vec![known("1", URL)], "Differs: repair 2"),
        ("secret not known", vec![seen("1", URL)], vec![unsigned], "Differs: repair 1"),
        ("secret changed", vec![seen("1", URL)], vec![rotated], "Differs: repair 1"),
        ("switched off", vec![off], vec![known("1", URL)], "Differs: repair 1"),
        ("other events", vec![events], vec![known("1", URL)], "Differs: repair 1"),
        ("old address, by id", vec![seen("1", "https://x.example")], vec![known("1", OLD)], &*forgot),
        ("old address, by address", vec![seen("1", OLD)], vec![known("", OLD)], &*forgot),
        ("foreign alone", vec![seen("1", ALIEN)], vec![], "Missing: create, 1 foreign"),
        ("foreign beside", vec![seen("1", ALIEN), seen("2", URL)], vec![known("2", URL)], "Installed: -, 1 foreign"),
        ("old and unknown", vec![seen("1", OLD)], vec![], "Missing: create, 1 foreign"),
        ("twice", vec![seen("1", URL), seen("2", URL)], vec![known("2", URL)], "Differs: remove 1"),
        (
            "old and new",
            vec![seen("1", OLD), seen("2", URL)],
            vec![known("1", OLD)],
            &*format!("Differs: repair 2, remove 1, forget {OLD}"),
        ),
    ] {
        let plan = plan(Goal::Installed(&wanted()), &hooks, &memory, false);
        assert_eq!(told(&plan), expected, "{what}");
        assert_eq!(plan.faults.is_empty(), matches!(plan.state, State::Installed | State::Missing), "{what}");
    }
}

#[test]
fn what_is_wrong_is_said() {
    let hook = Seen { active: false, as_wanted: false, differs: Some("`push` is off".into()), ..seen("1", OLD) };
    let memory = [Remembered { secret: Some(SecretFingerprint([2; 32])), ..known("1", OLD) }];
    let hooks = [hook, seen("2", OLD), seen("3", OLD)];
    let plan = plan(Goal::Installed(&wanted()), &hooks, &memory, false);
    assert_eq!(
        plan.faults,
        [
            format!("it sends to {OLD}"),
            "it is switched off".into(),
            "`push` is off".into(),
            "its secret is not the present one".into(),
            "there are 2 more of it".into()
        ]
    );
}

#[test]
fn a_secret_that_is_not_given_is_not_judged() {
    let wanted = Wanted { url: URL.into(), secret: None };
    assert_eq!(told(&plan(Goal::Installed(&wanted), &[seen("1", URL)], &[], false)), "Installed: -");
}

#[test]
fn an_archived_repository_is_left_alone() {
    for hooks in [vec![], vec![seen("1", OLD)], vec![seen("1", URL)]] {
        let plan = plan(Goal::Installed(&wanted()), &hooks, &[known("1", OLD)], true);
        assert_eq!(told(&plan), "Archived: -");
    }
}

#[test]
fn moving_makes_nothing_and_leaves_other_addresses() {
    let other = "https://other.example.com/webhook";
    let forgot = format!("Stale: repair 1, forget {OLD}");
    for (what, hooks, memory, expected) in [
        ("none", vec![], vec![], "Missing: -".to_owned()),
        ("by address", vec![seen("1", OLD)], vec![], "Stale: repair 1".into()),
        ("by id", vec![seen("1", OLD)], vec![known("1", OLD)], forgot),
        ("done already", vec![seen("1", URL)], vec![known("1", URL)], "Installed: -".into()),
        ("another", vec![seen("1", other)], vec![known("1", other)], "Missing: -, 1 foreign".into()),
        (
            "interrupted between making and removing",
            vec![seen("1", OLD), seen("2", URL)],
            vec![known("1", OLD)],
            format!("Differs: repair 2, remove 1, forget {OLD}"),
        ),
    ] {
        let plan = plan(Goal::Moved { from: OLD, to: &wanted() }, &hooks, &memory, false);
        assert_eq!(told(&plan), expected, "{what}");
    }
}

#[test]
fn removing_takes_what_is_ours() {
    let url = [URL.to_owned()];
    let both = [URL.to_owned(), OLD.to_owned()];
    for (what, urls, remembered, hooks, memory, expected) in [
        ("gone already", &url[..], true, vec![], vec![known("1", URL)], format!("Missing: forget {URL}")),
        (
            "by address",
            &url,
            true,
            vec![seen("1", URL), seen("2", ALIEN)],
            vec![],
            "Installed: remove 1, 1 foreign".into(),
        ),
        (
            "by memory",
            &[],
            true,
            vec![seen("1", OLD)],
            vec![known("1", OLD)],
            format!("Installed: remove 1, forget {OLD}"),
        ),
        ("one address alone", &url, false, vec![seen("1", OLD)], vec![known("1", OLD)], "Missing: -, 1 foreign".into()),
        (
            "all of several",
            &both,
            true,
            vec![seen("1", OLD), seen("2", URL)],
            vec![],
            "Installed: remove 1, remove 2".into(),
        ),
        ("archived too", &url, true, vec![seen("1", URL)], vec![], "Installed: remove 1".into()),
    ] {
        let plan = plan(Goal::Removed { urls, remembered }, &hooks, &memory, what == "archived too");
        assert_eq!(told(&plan), expected, "{what}");
    }
}

/// Carries a plan out on a model, in the way that forges do: where a secret cannot be changed, a webhook is made anew.
fn apply(plan: &HookPlan, wanted: &Wanted, anew: bool, hooks: &mut Vec<Seen>, memory: &mut Vec<Remembered>) {
    for step in &plan.steps {
        let made = format!("new-{}", hooks.len());
        match step {
            Step::Create => {
                hooks.push(seen(&made, &wanted.url));
                remember(memory, &made, wanted);
            }
            Step::Repair { id, .. } => {
                let id = if anew { &made } else { id };
                hooks.retain(|hook| !matches!(step, Step::Repair { id: old, .. } if hook.id == *old));
                hooks.push(seen(id, &wanted.url));
                remember(memory, id, wanted);
            }
            Step::Remove { id, .. } => hooks.retain(|hook| hook.id != *id),
        }
    }
    memory.retain(|memory| !plan.forget.contains(&memory.url));
}

fn remember(memory: &mut Vec<Remembered>, id: &str, wanted: &Wanted) {
    memory.retain(|memory| memory.url != wanted.url);
    memory.push(Remembered { secret: wanted.secret, ..known(id, &wanted.url) });
}

proptest::proptest! {
    #[test]
    fn what_was_planned_leaves_nothing_to_plan_and_others_alone(
        there in proptest::collection::vec((0..4_usize, proptest::bool::ANY, proptest::bool::ANY), 0..6),
        remembered in proptest::collection::vec((0..8_usize, 0..4_usize, 0..3_u8), 0..3),
        anew in proptest::bool::ANY,
        goal in 0..3_u8,
    ) {
        let addresses = [URL, OLD, ALIEN, "https://MIRROR.example.com:443/webhook"];
        let mut hooks: Vec<Seen> = there.iter().enumerate().map(|(id, (url, active, as_wanted))| {
            Seen { active: *active, as_wanted: *as_wanted, ..seen(&id.to_string(), addresses[*url]) }
        }).collect();
        // Each address is remembered once.
        let mut memory: Vec<Remembered> = Vec::new();
        for (id, url, secret) in remembered {
            if memory.iter().all(|memory| memory.url != addresses[url]) {
                let secret = (secret > 0).then_some(SecretFingerprint([secret; 32]));
                memory.push(Remembered { secret, ..known(&id.to_string(), addresses[url]) });
            }
        }
        let (wanted, urls) = (wanted(), [URL.to_owned()]);
        let goal = match goal {
            0 => Goal::Installed(&wanted),
            1 => Goal::Moved { from: OLD, to: &wanted },
            _ => Goal::Removed { urls: &urls, remembered: true },
        };
        let alien: Vec<Seen> = hooks.iter().filter(|hook| !goal.owns(hook, &memory)).cloned().collect();
        let first = plan(goal, &hooks, &memory, false);
        apply(&first, &wanted, anew, &mut hooks, &mut memory);
        let second = plan(goal, &hooks, &memory, false);
        proptest::prop_assert!(second.steps.is_empty(), "{:?} after {:?}", second, first);
        for hook in &alien {
            proptest::prop_assert!(hooks.contains(hook), "{:?} is somebody else's", hook);
        }
        if matches!(goal, Goal::Installed(_)) {
            proptest::prop_assert_eq!(second.state, State::Installed);
            proptest::prop_assert_eq!(hooks.len() - second.foreign, 1);
        }
    }
}
