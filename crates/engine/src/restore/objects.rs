//! The commits that putting something back takes, and those that it replaces.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use refray_core::ancestry::Ancestry;
use refray_core::name::EndpointId;
use refray_core::oid::Oid;
use refray_core::plan::{Finding, FindingKind, RepoPlan};
use refray_git::Mirror;

use super::shelf::Shelf;
use crate::engine::Engine;
use crate::mirror;
use crate::observe::{self, Facts, Subject};

/// Brings into the mirror what a plan writes and what it replaces: from the endpoints, else from backups. What is
/// nowhere any more is taken out of the plan and reported.
///
/// # Errors
/// What is wrong with the local mirror, and the remedy.
pub(super) async fn gather(
    engine: &Engine,
    subject: Subject<'_>,
    plan: &mut RepoPlan,
    bundle: Option<&Path>,
) -> Result<Facts, (String, String)> {
    let mut facts = Facts {
        ancestry: Ancestry::default(),
        mirror: None,
        fetch_errors: BTreeMap::new(),
        conflicts: Default::default(),
    };
    let wanted: BTreeSet<Oid> = plan.updates.iter().filter_map(|update| update.new).collect();
    let mut replaced: BTreeSet<Oid> =
        plan.updates.iter().filter(|update| update.is_destructive()).filter_map(|update| update.old).collect();
    for delete in &plan.deletes {
        let snapshot = subject.views.get(&delete.endpoint).and_then(|view| view.snapshot());
        replaced.extend(snapshot.into_iter().flat_map(|snapshot| snapshot.refs.values()));
    }
    let Some(format) = wanted.iter().chain(&replaced).next().map(|oid| oid.format()) else { return Ok(facts) };
    let mirror = mirror::open(engine, subject.group, &subject.task.name, format).await?;
    let same = |oid: &Oid| oid.format() == format;
    let needed: BTreeSet<Oid> = wanted.union(&replaced).copied().filter(same).collect();
    facts.fetch_errors = observe::obtain(engine, subject, &mirror, there(subject, &needed)).await?;
    let missing = missing(&mirror, &needed).await?;
    from_backups(engine, subject, &mirror, missing, bundle).await?;
    let missing = self::missing(&mirror, &wanted.into_iter().filter(same).collect()).await?;
    leave_out(plan, &missing);
    facts.mirror = Some(mirror);
    Ok(facts)
}

/// Says at which endpoints each object is the tip of something.
fn there(subject: Subject<'_>, needed: &BTreeSet<Oid>) -> BTreeMap<Oid, Vec<EndpointId>> {
    let mut at: BTreeMap<Oid, Vec<EndpointId>> = BTreeMap::new();
    for (endpoint, view) in subject.views {
        let Some(snapshot) = view.snapshot() else { continue };
        let all = snapshot.refs.values().chain(snapshot.conflict_branches.values());
        let tips: BTreeSet<&Oid> = all.filter(|oid| needed.contains(*oid)).collect();
        for oid in tips {
            at.entry(*oid).or_default().push(endpoint.clone());
        }
    }
    at
}

async fn missing(mirror: &Arc<Mirror>, oids: &BTreeSet<Oid>) -> Result<BTreeSet<Oid>, (String, String)> {
    let asked = oids.clone();
    let held = mirror::blocking(mirror, move |mirror| mirror.holds(asked)).await?;
    Ok(oids.difference(&held).copied().collect())
}

/// Takes bundles in, newest first, until nothing is missing.
async fn from_backups(
    engine: &Engine,
    subject: Subject<'_>,
    mirror: &Arc<Mirror>,
    mut missing: BTreeSet<Oid>,
    bundle: Option<&Path>,
) -> Result<(), (String, String)> {
    if missing.is_empty() {
        return Ok(());
    }
    let shelf = Shelf::new(&engine.dirs.state);
    let shelved = shelf.of(&subject.group.name, &subject.task.name.key());
    let shelved = shelved.map_err(|error| (error.to_string(), error.remedy().to_owned()))?;
    let listed = shelved.iter().filter_map(|shelved| Some((shelved.path.as_path(), shelved.bundle.as_ref().ok()?)));
    let (named, others): (Vec<_>, Vec<_>) = listed.partition(|(path, _)| Some(*path) == bundle);
    for (path, head) in named.into_iter().chain(others) {
        if missing.is_empty() {
            break;
        }
        if !head.refs.values().any(|oid| missing.contains(oid)) && Some(path) != bundle {
            continue;
        }
        // A damaged one is no reason not to look into the next.
        if let Err(error) = refray_git::backup::restore(engine.git.get()?, mirror, path).await {
            tracing::warn!(bundle = %path.display(), %error, "a backup cannot be used");
        }
        missing = self::missing(mirror, &missing).await?;
    }
    Ok(())
}

fn leave_out(plan: &mut RepoPlan, missing: &BTreeSet<Oid>) {
    let (lost, kept): (Vec<_>, Vec<_>) =
        plan.updates.drain(..).partition(|update| update.new.is_some_and(|new| missing.contains(&new)));
    plan.updates = kept;
    let names: BTreeSet<_> = lost.iter().filter_map(|update| Some((&update.name, update.new?))).collect();
    for (name, oid) in names {
        let message = format!("`{}` cannot be put back: its commit {} is nowhere any more", name.short(), oid.short());
        let remedy = "Neither the endpoints nor the backups have it. Push it from a clone that does.";
        plan.findings.push(Finding::new(FindingKind::NotRestored, message, remedy).at(name));
    }
}
