//! What holds in every group.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use crate::config::MirrorGroup;
use crate::plan::group::tests::notation::{endpoint, group, repository};
use crate::plan::group::{Copy, GroupPlan, GroupWorld, Known, Look, Selection, Sight, plan};
use crate::repository::{AccountId, ForgeId};

/// What is so of one copy: what is remembered of it, where it is listed, and what a direct look says.
#[derive(Debug, Clone)]
struct Kind {
    remembered: Option<bool>,
    listed: Option<usize>,
    other_id: bool,
    look: u8,
    visibility: u8,
}

const NAMES: usize = 6;

fn kind() -> impl Strategy<Value = Kind> {
    let remembered = prop_oneof![1 => Just(None), 5 => prop::bool::weighted(0.9).prop_map(Some)];
    let listed = prop_oneof![2 => Just(None), 5 => Just(Some(0)), 1 => (1..NAMES).prop_map(Some)];
    (remembered, listed, prop::bool::weighted(0.1), 0..8_u8, 0..4_u8).prop_map(
        |(remembered, listed, other_id, look, visibility)| Kind { remembered, listed, other_id, look, visibility },
    )
}

#[derive(Debug, Clone)]
struct Scene {
    copies: Vec<Vec<Kind>>,
    failed: Vec<bool>,
    accounts: Vec<bool>,
    settings: (bool, bool),
    confirmed: bool,
}

fn scene() -> impl Strategy<Value = Scene> {
    (2..=4_usize).prop_flat_map(|endpoints| {
        let sides = |chance| prop::collection::vec(prop::bool::weighted(chance), endpoints);
        (
            prop::collection::vec(prop::collection::vec(kind(), endpoints), 0..NAMES),
            sides(0.1),
            sides(0.1),
            any::<(bool, bool)>(),
            prop::bool::weighted(0.2),
        )
            .prop_map(|(copies, failed, accounts, settings, confirmed)| Scene {
                copies,
                failed,
                accounts,
                settings,
                confirmed,
            })
    })
}

type Memory = BTreeMap<String, BTreeMap<crate::name::EndpointId, Known>>;

fn build(scene: &Scene) -> (MirrorGroup, BTreeMap<crate::name::EndpointId, Sight>, Memory) {
    let endpoints = scene.failed.len();
    let (create, delete) = scene.settings;
    let group = group(endpoints, &format!("create_missing = {create}\ndelete_missing = {delete}"));
    let mut sights = BTreeMap::new();
    let mut known = Memory::new();
    for side in 0..endpoints {
        let id = endpoint(&format!("e{}", side + 1));
        let mut listing = Vec::new();
        let mut looks = BTreeMap::new();
        for (number, copies) in scene.copies.iter().enumerate() {
            let (key, kind) = (format!("r{number}"), &copies[side]);
            let own = format!("{side}{number}");
            if let Some(agreed) = kind.remembered {
                let account = Some(AccountId("1".into()));
                let (name, path) = (repository(&format!("{key}#0")).name, format!("me/{key}"));
                let entry = Known { name, id: ForgeId(own.clone()), path, account, agreed, doubt: None };
                known.entry(key.clone()).or_default().insert(id.clone(), entry);
            }
            let visibility = ["", "+private", "+internal", "+public"][usize::from(kind.visibility)];
            if let Some(shift) = kind.listed {
                let listed = if kind.other_id { format!("9{own}") } else { own.clone() };
                listing.push(repository(&format!("r{}#{listed}{visibility}", (number + shift) % NAMES)));
            }
            let look = match kind.look {
                0..=3 => Look::NotFound,
                4 => Look::Found(repository(&format!("{key}#{own}{visibility}"))),
                5 => Look::Moved(repository(&format!("{key}#{own}=other/{key}"))),
                _ => Look::Unreadable("403".into()),
            };
            looks.insert(key, look);
        }
        let failed = scene.failed[side];
        let account = Some(AccountId(if scene.accounts[side] { "2" } else { "1" }.into()));
        let listing = (!failed).then_some(listing);
        sights.insert(id, Sight { listing, error: String::new(), account, may_be_limited: false, looks });
    }
    (group, sights, known)
}

/// A deletion has a doubtless cause: some endpoint, asked by the same account, says of a copy that was in sync that it
/// is not there, and is neither silent about all else nor one of too many.
fn deletions_are_caused(scene: &Scene, world: &GroupWorld<'_>, planned: &GroupPlan) -> Result<(), TestCaseError> {
    let deletes = |copy: &Copy| matches!(copy, Copy::Delete(_));
    let deleted: Vec<_> = planned.tasks.iter().filter(|task| task.copies.values().any(deletes)).collect();
    prop_assert!(deleted.is_empty() || scene.settings.1);
    if !scene.confirmed {
        prop_assert!(deleted.len() <= 3.max(world.known.len() / 5));
    }
    for task in deleted {
        prop_assert!(task.findings.is_empty());
        let known = &world.known[&task.name.key()];
        let caused = known.iter().any(|(id, known)| {
            let sight = &world.sights[id];
            let Some(listing) = &sight.listing else { return false };
            let not_found = sight.looks.get(&task.name.key()) == Some(&Look::NotFound);
            let listed = listing.iter().any(|copy| copy.id == known.id || copy.name.key() == task.name.key());
            not_found && !listed && (scene.confirmed || (known.agreed && known.account == sight.account))
        });
        prop_assert!(caused, "{:#?}", task);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn any_group_is_planned_soundly(scene in scene()) {
        let (group, sights, known) = build(&scene);
        let selection = Selection { confirm_deletions: scene.confirmed, ..Selection::default() };
        let world = GroupWorld { group: &group, sights: &sights, known: &known, selection: &selection };
        let planned = plan(&world);
        deletions_are_caused(&scene, &world, &planned)?;
        let names: BTreeSet<String> = planned.tasks.iter().map(|task| task.name.key()).collect();
        prop_assert_eq!(names.len(), planned.tasks.len());
        for task in &planned.tasks {
            let key = task.name.key();
            prop_assert_eq!(task.copies.len(), group.endpoints.len());
            let seen = task.copies.values().filter_map(|copy| match copy {
                Copy::Present { repository, .. } => Some(repository),
                _ => None,
            });
            let narrowest = seen.clone().filter_map(|repository| repository.visibility).min();
            let paths: BTreeSet<_> = seen.map(|repository| &repository.id).collect();
            for (id, copy) in &task.copies {
                match copy {
                    Copy::Create(create) => {
                        prop_assert!(scene.settings.0 && !paths.is_empty());
                        prop_assert!(narrowest.is_none_or(|narrowest| create.visibility <= narrowest));
                        let listing = sights[id].listing.as_ref();
                        prop_assert!(listing.is_some_and(|all| all.iter().all(|copy| copy.name.key() != key)));
                    }
                    Copy::Delete(delete) => {
                        let listing = sights[id].listing.iter().flatten();
                        let found = sights[id].looks.get(&key).and_then(|look| match look {
                            Look::Found(repository) => Some(repository),
                            _ => None,
                        });
                        let mut all = listing.chain(found);
                        prop_assert!(all.any(|copy| copy.id == delete.id && copy.path == delete.path));
                    }
                    Copy::Unreadable(_) | Copy::Absent | Copy::Present { .. } => {}
                }
                prop_assert!(!scene.failed[usize::from(id.as_str().as_bytes()[1] - b'1')] || matches!(copy, Copy::Unreadable(_)));
            }
        }
        // What is listed anywhere is never forgotten, nor followed to a name that nobody has.
        let listed: BTreeSet<String> =
            sights.values().flat_map(|sight| sight.listing.iter().flatten()).map(|copy| copy.name.key()).collect();
        prop_assert!(planned.gone.iter().all(|key| !listed.contains(key) && known.contains_key(key)));
        prop_assert!(planned.renamed.iter().all(|renamed| listed.contains(&renamed.to.key())));
    }
}
