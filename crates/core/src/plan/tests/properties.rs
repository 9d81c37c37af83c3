//! What holds in every world.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use crate::baseline::Baseline;
use crate::config::Rewrites;
use crate::name::{EndpointId, RefName};
use crate::plan::tests::model::{Model, Step, plan, step};
use crate::plan::tests::notation::endpoint;
use crate::plan::{Cause, Releases, RepoPlan, View, Views};

type Checked = Result<(), TestCaseError>;

/// Every write is one that may be made at all, and names what it replaces.
fn writes_are_sound(model: &Model, views: &Views, plan: &RepoPlan) -> Checked {
    let mut written = BTreeSet::new();
    prop_assert!(plan.updates.is_sorted());
    for update in &plan.updates {
        prop_assert!(written.insert((&update.endpoint, &update.name)), "{:?} is written twice", update);
        prop_assert!(!update.name.is_conflict_branch());
        prop_assert!(!plan.apart.contains(&update.endpoint));
        let Some(View::Present { snapshot, read_only: None }) = views.get(&update.endpoint) else {
            return Err(TestCaseError::fail(format!("{update:?} cannot be carried out")));
        };
        prop_assert_eq!(snapshot.get(&update.name), update.old);
        prop_assert!(!update.name.is_tag() || update.cause == Cause::Create, "{:?} touches a tag", update);
        match (update.cause, update.old, update.new) {
            (Cause::Create, None, Some(_)) | (Cause::Delete, Some(_), None) => {}
            (Cause::FastForward, Some(old), Some(new)) => {
                prop_assert!(old != new && model.descends(new, old), "{:?} is no fast-forward", update);
            }
            (Cause::Rewrite, Some(old), Some(new)) => {
                prop_assert!(!model.descends(new, old), "{:?} is a fast-forward", update);
            }
            _ => prop_assert!(false, "{:?} contradicts itself", update),
        }
    }
    for switch in &plan.default_branches {
        let writable = matches!(views.get(&switch.endpoint), Some(View::Present { read_only: None, .. }));
        prop_assert!(writable && switch.old.as_ref() != Some(&switch.new));
    }
    Ok(())
}

/// Nothing is deleted or overwritten because of an endpoint that is away, emptied or restored.
fn brakes_hold(model: &Model, views: &Views, plan: &RepoPlan) -> Checked {
    for update in plan.updates.iter().filter(|update| update.cause.is_destructive()) {
        let agreed = model.baseline.refs.get(&update.name).cloned().unwrap_or_default();
        for (id, base) in agreed {
            let Some(view) = views.get(&id) else { continue };
            prop_assert!(view.snapshot().is_some(), "{:?} does not wait for {}", update, id);
            let there = view.get(&update.name);
            let caused = match update.cause {
                Cause::Delete => there.is_none(),
                _ => there == update.new && Some(base) == update.old,
            };
            if caused {
                let delete = update.cause == Cause::Delete;
                prop_assert!(!is_sick(model, views, &id, delete), "{:?} is caused by {}, which is sick", update, id);
            }
        }
    }
    Ok(())
}

/// Says whether an endpoint looks emptied or restored: the rule once more, in other words.
fn is_sick(model: &Model, views: &Views, id: &EndpointId, delete: bool) -> bool {
    let others = || views.iter().filter(|(at, view)| *at != id && view.snapshot().is_some()).map(|(_, view)| view);
    let elsewhere = |name: &RefName| others().any(|view| view.get(name).is_some());
    let mine: BTreeMap<&RefName, _> =
        model.baseline.refs.iter().filter_map(|(name, values)| Some((name, *values.get(id)?))).collect();
    let now = |name: &RefName| views[id].get(name);
    let lost_tag = mine.keys().any(|name| name.is_tag() && now(name).is_none() && elsewhere(name));
    let branches: Vec<_> = mine.iter().filter(|(name, _)| !name.is_tag()).collect();
    let went_back = branches.iter().any(|(name, base)| {
        now(name).is_some_and(|now| {
            let differs = others().any(|view| view.get(name) != Some(now));
            now != **base && model.descends(**base, now) && differs
        })
    });
    let kept = branches.iter().filter(|(name, _)| now(name).is_some()).count();
    let gone = branches.iter().filter(|(name, _)| now(name).is_none() && elsewhere(name)).count();
    let too_many = gone > 5 && 2 * gone > branches.len();
    lost_tag || went_back || (delete && (kept == 0 || too_many))
}

/// Who wins does not depend on what the endpoints are called.
fn names_do_not_matter(model: &Model, views: &Views, releases: Releases, planned: &RepoPlan) -> Checked {
    let count = views.len();
    let other: BTreeMap<&EndpointId, EndpointId> =
        views.keys().enumerate().map(|(number, id)| (id, endpoint(&format!("z{}", count - number)))).collect();
    let renamed = |id: &EndpointId| other.get(id).cloned().unwrap_or_else(|| id.clone());
    let mirrored: Views = views.iter().map(|(id, view)| (renamed(id), view.clone())).collect();
    let values = |values: &BTreeMap<EndpointId, _>| values.iter().map(|(id, oid)| (renamed(id), *oid)).collect();
    let baseline = Baseline {
        refs: model.baseline.refs.iter().map(|(name, all)| (name.clone(), values(all))).collect(),
        default_branch: model.baseline.default_branch.iter().map(|(id, name)| (renamed(id), name.clone())).collect(),
    };
    let again = plan(&model.history, &model.policy, releases, &mirrored, &baseline);
    let mut expected = planned.updates.clone();
    for update in &mut expected {
        update.endpoint = renamed(&update.endpoint);
    }
    expected.sort();
    prop_assert_eq!(&again.updates, &expected);
    let switches = |plan: &RepoPlan, rename: &dyn Fn(&EndpointId) -> EndpointId| {
        plan.default_branches
            .iter()
            .map(|switch| (rename(&switch.endpoint), switch.new.clone()))
            .collect::<BTreeSet<_>>()
    };
    prop_assert_eq!(switches(&again, &Clone::clone), switches(planned, &renamed));
    let findings = |plan: &RepoPlan| {
        let mut kinds: Vec<_> = plan.findings.iter().map(|finding| (finding.kind, finding.name.clone())).collect();
        kinds.sort();
        kinds
    };
    prop_assert_eq!(findings(&again), findings(planned));
    Ok(())
}

/// Plans, checks the plan, carries it out, and checks that nothing was lost.
pub(super) fn run(model: &mut Model, refused: u32, confirmed: bool, killed: bool) -> Result<RepoPlan, TestCaseError> {
    let releases = Releases { deletions: confirmed, join: false, force: false };
    let views = model.views();
    let plan = model.plan(releases);
    writes_are_sound(model, &views, &plan)?;
    if !confirmed {
        brakes_hold(model, &views, &plan)?;
    }
    names_do_not_matter(model, &views, releases, &plan)?;
    let before = model.reachable();
    let backups = model.apply(&plan, refused, killed);
    let mut after = model.reachable();
    after.extend(backups.into_iter().flat_map(|oid| model.history.reachable(oid)));
    prop_assert!(before.is_subset(&after), "{:?} are lost", before.difference(&after));
    Ok(plan)
}

/// After two undisturbed runs there is nothing left to do, and without a finding all hold the same.
fn settles(model: &mut Model) -> Checked {
    model.show_all();
    for _ in 0..2 {
        run(model, 0, false, false)?;
    }
    let plan = model.plan(Releases::default());
    prop_assert!(plan.is_idle(), "{:#?}", plan);
    if plan.findings.is_empty() {
        let mut sides = model.sides.values();
        let first = sides.next();
        prop_assert!(sides.all(|side| first.is_none_or(|first| side.refs == first.refs)));
    }
    Ok(())
}

fn rewrites() -> impl Strategy<Value = Rewrites> {
    prop_oneof![Just(Rewrites::NonDefault), Just(Rewrites::Always), Just(Rewrites::Never)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn any_world_is_synced_soundly(
        endpoints in 2..=4_usize,
        rewrites in rewrites(),
        steps in prop::collection::vec(step(), 1..60),
    ) {
        let mut model = Model::new(endpoints, rewrites);
        for step in &steps {
            match *step {
                Step::Sync { refused, confirmed, killed } => drop(run(&mut model, refused, confirmed, killed)?),
                _ => model.work(step),
            }
        }
        settles(&mut model)?;
    }

    /// A single person who works on one endpoint at a time, and syncs after each step, sees every step followed.
    #[test]
    fn one_change_at_a_time_never_conflicts(
        endpoints in 2..=4_usize,
        steps in prop::collection::vec(step(), 1..25),
    ) {
        let mut model = Model::new(endpoints, Rewrites::Always);
        for step in &steps {
            let plain = matches!(
                step,
                Step::Commit { .. } | Step::Merge { .. } | Step::Create { .. } | Step::Tag { .. } | Step::Rewrite { .. }
            );
            if plain {
                model.work(step);
                let plan = run(&mut model, 0, false, false)?;
                prop_assert!(plan.findings.is_empty(), "{:?} led to {:#?}", step, plan);
                prop_assert!(model.plan(Releases::default()).is_idle());
            }
        }
    }
}
