//! An endpoint that is emptied, or set back to what it held before, costs nobody anything.

use proptest::prelude::*;

use crate::config::Rewrites;
use crate::name::EndpointId;
use crate::plan::Releases;
use crate::plan::tests::model::{Model, Step, step, sync};
use crate::plan::tests::properties::run;
use crate::snapshot::Snapshot;

/// Says whether an endpoint shows that it was emptied or set back: a tag that the others have is not there, a branch
/// went back, or none of the branches is left. A branch that is merely not there was deleted as well as anyone can tell.
fn shows(model: &Model, victim: &EndpointId, before: &Snapshot) -> bool {
    let now = &model.sides[victim];
    let went = |(name, old): (&_, &_)| match now.get(name) {
        Some(new) => !name.is_tag() && new != *old && model.descends(*old, new),
        None => name.is_tag(),
    };
    before.refs.iter().any(went) || before.branches().all(|(name, _)| !now.branches().any(|(other, _)| other == name))
}

/// What happens meanwhile: nothing that drops a commit.
fn building() -> impl Strategy<Value = Step> {
    step().prop_filter("it drops commits", |step| {
        matches!(
            step,
            Step::Commit { .. }
                | Step::Merge { .. }
                | Step::Create { .. }
                | Step::Tag { .. }
                | Step::Hide { .. }
                | Step::Show { .. }
                | Step::Archive { .. }
                | Step::Unarchive { .. }
        )
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, max_local_rejects: 1_000_000, ..ProptestConfig::default() })]

    #[test]
    fn a_sick_endpoint_costs_nobody_anything(
        endpoints in 2..=4_usize,
        past in prop::collection::vec(step(), 5..40),
        victim in 0..4_usize,
        age in 0..6_usize,
        emptied in prop::bool::weighted(0.2),
        first in sync(),
        future in prop::collection::vec(prop_oneof![2 => building(), 1 => sync()], 0..20),
    ) {
        let mut model = Model::new(endpoints, Rewrites::Always);
        for step in &past {
            match step {
                Step::Sync { .. } => drop(run(&mut model, 0, true, false)?),
                Step::Hide { .. } | Step::Archive { .. } | Step::Leave { .. } => {}
                step => model.work(step),
            }
        }
        for _ in 0..2 {
            run(&mut model, 0, true, false)?;
        }
        if !model.plan(Releases::default()).findings.is_empty() {
            // People do not agree even without a sick endpoint.
            return Ok(());
        }
        let id = model.sides.keys().nth(victim % model.sides.len()).cloned().unwrap();
        let before = model.sides[&id].clone();
        let at = model.sides.keys().position(|other| *other == id).unwrap();
        model.work(&if emptied { Step::Empty { at } } else { Step::Restore { at, age } });
        if !shows(&model, &id, &before) {
            return Ok(());
        }
        for step in std::iter::once(&first).chain(&future) {
            match *step {
                Step::Sync { refused, killed, .. } => {
                    let plan = run(&mut model, refused, false, killed)?;
                    let destructive: Vec<_> =
                        plan.updates.iter().filter(|update| update.cause.is_destructive()).collect();
                    prop_assert!(destructive.is_empty(), "{:#?}", destructive);
                }
                // Who builds on the old state there makes it a rewrite like any other.
                _ if model.works_at(step, &id) => {}
                _ => model.work(step),
            }
        }
    }
}
