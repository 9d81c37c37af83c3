//! How long planning a large group takes.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::name::RepoName;
use crate::plan::group::tests::notation::{endpoint, group, repository};
use crate::plan::group::{GroupWorld, Known, Look, Selection, Sight, looks_needed, plan};
use crate::repository::ForgeId;

const COUNT: usize = 10_000;

/// Three endpoints, of which the third has none of the repositories that are remembered of it, and every tenth has a new
/// name on the second.
#[test]
#[ignore = "a measurement, for release builds"]
fn ten_thousand_repositories_are_planned_in_a_fraction_of_a_second() {
    let group = group(3, "");
    let (mut sights, mut known) = (BTreeMap::new(), BTreeMap::<String, BTreeMap<_, _>>::new());
    for side in 1..=3 {
        let id = endpoint(&format!("e{side}"));
        let mut listing = Vec::new();
        for number in 0..COUNT {
            let key = format!("repository-{number}");
            let remembered = Known {
                name: RepoName::new(&key).unwrap(),
                id: ForgeId(format!("{number}")),
                path: format!("me/{key}"),
                account: None,
                agreed: true,
                doubt: None,
            };
            known.entry(key.clone()).or_default().insert(id.clone(), remembered);
            match side {
                1 => listing.push(repository(&format!("{key}#{number}"))),
                2 if number % 10 == 0 => listing.push(repository(&format!("renamed-{number}#{number}"))),
                2 => listing.push(repository(&format!("{key}#{number}"))),
                _ => {}
            }
        }
        sights.insert(id, Sight { listing: Some(listing), ..Sight::default() });
    }
    let selection = Selection::default();
    let world = GroupWorld { group: &group, sights: &sights, known: &known, selection: &selection };
    let start = Instant::now();
    let needed = looks_needed(&world);
    let looked = start.elapsed();
    assert_eq!(needed.len(), COUNT + COUNT / 10);
    for (id, key, _) in needed {
        sights.get_mut(&id).unwrap().looks.insert(key, Look::NotFound);
    }
    let world = GroupWorld { group: &group, sights: &sights, known: &known, selection: &selection };
    let start = Instant::now();
    let planned = plan(&world);
    let took = start.elapsed();
    println!("looks needed {looked:?}, plan {took:?}");
    assert_eq!(planned.tasks.len(), COUNT + COUNT / 10);
    assert!(looked + took < Duration::from_secs(1), "{looked:?} and {took:?}");
}
