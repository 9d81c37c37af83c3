//! How long planning a repository with many references takes.

use std::time::{Duration, Instant};

use crate::baseline::Baseline;
use crate::oid::Oid;
use crate::plan::tests::model::plan;
use crate::plan::tests::notation::{History, endpoint, policy, reference};
use crate::plan::{Releases, View, Views, next_baseline};
use crate::snapshot::Snapshot;

const COUNT: u32 = 10_000;
const BUDGET: Duration = Duration::from_millis(50);

fn oid(number: u32, version: u8) -> Oid {
    let mut bytes = [version; 20];
    bytes[1..5].copy_from_slice(&number.to_be_bytes());
    Oid::from_bytes(&bytes).unwrap()
}

/// Three endpoints; what a branch has at each is up to `value`, by endpoint and number.
fn views(value: impl Fn(u32, u32) -> Option<u8>) -> Views {
    let side = |side: u32| {
        let refs = (0..COUNT).filter_map(|number| {
            // Names as long as real ones, half of them tags.
            let name = if number % 2 == 0 { format!("feature/team-{number}") } else { format!("#release-{number}") };
            Some((reference(&name), oid(number, value(side, number)?)))
        });
        let snapshot = Snapshot { refs: refs.collect(), ..Snapshot::default() };
        (endpoint(&format!("forge/e{side}")), View::Present { snapshot, read_only: None })
    };
    (0..3).map(side).collect()
}

fn measure(what: &str, baseline: &Baseline, views: &Views, updates: usize) {
    let mut history = History::default();
    for number in 0..COUNT {
        history.add(oid(number, 2), &[oid(number, 1)]);
        history.add(oid(number, 1), &[]);
    }
    let mut best = [Duration::MAX; 2];
    for _ in 0..5 {
        let start = Instant::now();
        let planned = plan(&history, &policy(), Releases::default(), views, baseline);
        best[0] = best[0].min(start.elapsed());
        assert_eq!(planned.updates.len(), updates, "{what}");
        let start = Instant::now();
        let next = next_baseline(baseline, views, &planned.apart);
        best[1] = best[1].min(start.elapsed());
        assert!(next.refs.len() <= COUNT as usize);
    }
    println!("{what}: questions, answers and plan {:?}, next baseline {:?}", best[0], best[1]);
    assert!(best[0] < BUDGET && best[1] < BUDGET, "{what}: {best:?}");
}

#[test]
#[ignore = "a measurement, for release builds"]
fn ten_thousand_references_are_planned_within_the_budget() {
    let same = views(|_, _| Some(1));
    let agreed = next_baseline(&Baseline::default(), &same, &Default::default());
    let count = COUNT as usize;
    measure("nothing changed", &agreed, &same, 0);
    measure("one side is empty", &Baseline::default(), &views(|side, _| (side < 2).then_some(1)), count);
    measure(
        "a thousand branches moved",
        &agreed,
        &views(|side, n| Some(if side == 1 && n < 2000 && n % 2 == 0 { 2 } else { 1 })),
        2000,
    );
    measure(
        "two thousand branches were deleted",
        &agreed,
        &views(|side, n| (side > 0 || n >= 4000 || n % 2 == 1).then_some(1)),
        4000,
    );
    // All tags come back; no branch is deleted.
    measure("one side was emptied", &agreed, &views(|side, _| (side > 0).then_some(1)), count / 2);
}
