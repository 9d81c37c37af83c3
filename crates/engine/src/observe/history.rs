//! How commits relate: answered from the local mirror, once it has the objects.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::future::join_all;
use refray_core::ancestry::{Ancestry, Question};
use refray_core::baseline::Baseline;
use refray_core::config::MirrorGroup;
use refray_core::event::Direction;
use refray_core::name::{EndpointId, RefName};
use refray_core::oid::{ObjectFormat, Oid};
use refray_core::plan::group::{Copy, RepoTask};
use refray_core::plan::{self, ConflictFacts, Policy, Releases, View, Views, World, questions};
use refray_git::Mirror;
use refray_git::fetch::FetchRequest;

use super::conflict::{self, Found};
use crate::engine::Engine;
use crate::mirror;
use crate::transfer::Transfer;

/// What planning needs to know beside what was listed.
pub(crate) struct Facts {
    pub(crate) ancestry: Ancestry,
    /// The mirror, when it was needed.
    pub(crate) mirror: Option<Arc<Mirror>>,
    /// What could not be fetched, by endpoint: why.
    pub(crate) fetch_errors: BTreeMap<EndpointId, String>,
    /// What was found out about diverged branches.
    pub(crate) conflicts: Found,
}

impl Facts {
    fn without_mirror(ancestry: Ancestry) -> Self {
        Self { ancestry, mirror: None, fetch_errors: BTreeMap::new(), conflicts: Found::default() }
    }
}

/// What the facts are about.
#[derive(Clone, Copy)]
pub(crate) struct Subject<'a> {
    pub(crate) group: &'a MirrorGroup,
    pub(crate) task: &'a RepoTask,
    pub(crate) policy: &'a Policy,
    pub(crate) releases: Releases,
    pub(crate) views: &'a Views,
    pub(crate) baseline: &'a Baseline,
    /// Where a forced update was refused in this run.
    pub(crate) refused: &'a BTreeSet<(EndpointId, RefName)>,
    /// Nothing will be pushed, so that only what planning needs is fetched.
    pub(crate) dry_run: bool,
}

/// Fetches what planning and applying will need, each object once, and answers planning's questions.
///
/// # Errors
/// What is wrong with the local mirror, and the remedy. A fetch that fails is no error: what depends on it stays unknown.
pub(crate) async fn gather(engine: &Engine, subject: Subject<'_>) -> Result<Facts, (String, String)> {
    let mut facts = relate(engine, subject).await?;
    conflict::answer(engine, subject, &mut facts).await?;
    Ok(facts)
}

/// Fetches, and finds out how commits relate.
async fn relate(engine: &Engine, subject: Subject<'_>) -> Result<Facts, (String, String)> {
    let Subject { policy, releases, views, baseline, .. } = subject;
    let mut ancestry = Ancestry::default();
    if mixes_formats(views) {
        // Commits of two hash functions cannot be compared, nor kept in one mirror. The plan says so.
        return Ok(Facts::without_mirror(ancestry));
    }
    let world = World { policy, releases, views, baseline, ancestry: &ancestry, conflicts: ConflictFacts::default() };
    let asked = questions::questions(&world);
    let clusters = plan::clusters_by_equal_tips(&world);
    let mut needed = if subject.dry_run { only_asked(&asked) } else { asked.objects };
    if clusters.len() > 1 {
        add_tips(views, |_| true, &mut needed);
    }
    add_tips(views, |endpoint| matches!(subject.task.copies.get(endpoint), Some(Copy::Delete(_))), &mut needed);
    if needed.is_empty() && asked.ancestry.is_empty() {
        return Ok(Facts::without_mirror(ancestry));
    }
    let filled = views.values().filter_map(View::snapshot).filter(|snapshot| !snapshot.is_empty());
    let formats: BTreeSet<ObjectFormat> = filled.map(|snapshot| snapshot.format).collect();
    if formats.len() > 1 {
        // One mirror cannot hold both, and planning needs no history to see that they cannot be brought together.
        ancestry.clusters = Some(Vec::new());
        return Ok(Facts::without_mirror(ancestry));
    }
    let format = formats.first().copied().unwrap_or_default();
    let mirror = mirror::open(engine, subject.group, &subject.task.name, format).await?;
    needed.retain(|oid, _| oid.format() == format);
    let fetch_errors = obtain(engine, subject, &mirror, needed).await?;
    let wanted: Vec<Question> = asked.ancestry.into_iter().collect();
    let sets: Vec<(BTreeSet<EndpointId>, Vec<Oid>)> = if clusters.len() > 1 {
        clusters
            .into_iter()
            .map(|cluster| (tips(views, &cluster), cluster))
            .map(|(tips, cluster)| (cluster, tips))
            .collect()
    } else {
        Vec::new()
    };
    let (answers, joined) = mirror::blocking(&mirror, move |mirror| {
        let answers = mirror.ancestry(&wanted)?;
        let joined = match sets.as_slice() {
            [] => None,
            sets => Some(join(mirror, sets)?),
        };
        Ok((wanted.into_iter().zip(answers).collect::<Vec<_>>(), joined))
    })
    .await?;
    for (question, answer) in answers {
        if let Some(answer) = answer {
            ancestry.insert(question, answer);
        }
    }
    ancestry.clusters = joined;
    Ok(Facts { ancestry, mirror: Some(mirror), fetch_errors, conflicts: Found::default() })
}

fn mixes_formats(views: &Views) -> bool {
    let filled = views.values().filter_map(View::snapshot).filter(|snapshot| !snapshot.is_empty());
    let mut formats = filled.map(|snapshot| snapshot.format);
    let first = formats.next();
    formats.any(|format| Some(format) != first)
}

/// Joins groups of endpoints whose commits are connected. What cannot be looked at whole stays apart, which is careful.
fn join(
    mirror: &Mirror,
    sets: &[(BTreeSet<EndpointId>, Vec<Oid>)],
) -> Result<Vec<BTreeSet<EndpointId>>, refray_git::mirror::MirrorError> {
    let mut tips = Vec::new();
    for (_, oids) in sets {
        let held = mirror.holds(oids.iter().copied())?;
        tips.push(held.into_iter().collect::<Vec<_>>());
    }
    let groups = mirror.clusters(&tips)?;
    Ok(groups
        .into_iter()
        .map(|group| group.into_iter().flat_map(|index| sets[index].0.iter().cloned()).collect())
        .collect())
}

/// Of the objects that differ, those that planning itself asks about.
fn only_asked(asked: &questions::Questions) -> BTreeMap<Oid, Vec<EndpointId>> {
    let named: BTreeSet<Oid> =
        asked.ancestry.iter().flat_map(|question| [question.ancestor, question.descendant]).collect();
    asked.objects.iter().filter(|(oid, _)| named.contains(oid)).map(|(oid, at)| (*oid, at.clone())).collect()
}

fn add_tips(views: &Views, wanted: impl Fn(&EndpointId) -> bool, into: &mut BTreeMap<Oid, Vec<EndpointId>>) {
    for (endpoint, view) in views {
        let Some(snapshot) = view.snapshot().filter(|_| wanted(endpoint)) else { continue };
        for oid in snapshot.refs.values() {
            let at = into.entry(*oid).or_default();
            if !at.contains(endpoint) {
                at.push(endpoint.clone());
            }
        }
    }
}

fn tips(views: &Views, endpoints: &BTreeSet<EndpointId>) -> Vec<Oid> {
    let snapshots = endpoints.iter().filter_map(|endpoint| views.get(endpoint)?.snapshot());
    snapshots.flat_map(|snapshot| snapshot.refs.values().copied()).collect()
}

/// Fetches what the mirror lacks, each object from one endpoint; from another if that one fails.
pub(crate) async fn obtain(
    engine: &Engine,
    subject: Subject<'_>,
    mirror: &Arc<Mirror>,
    needed: BTreeMap<Oid, Vec<EndpointId>>,
) -> Result<BTreeMap<EndpointId, String>, (String, String)> {
    let mut errors = BTreeMap::new();
    let oids: Vec<Oid> = needed.keys().copied().collect();
    let held = mirror::blocking(mirror, move |mirror| mirror.holds(oids)).await?;
    let mut missing: BTreeMap<Oid, Vec<EndpointId>> =
        needed.into_iter().filter(|(oid, _)| !held.contains(oid)).collect();
    while !missing.is_empty() {
        let shares = share(&missing, &errors);
        if shares.is_empty() {
            break;
        }
        let fetched = shares.iter().map(|(endpoint, wants)| fetch_from(engine, subject, mirror, endpoint, wants));
        for ((endpoint, wants), fetched) in shares.iter().zip(join_all(fetched).await) {
            match fetched {
                Ok(()) => missing.retain(|oid, _| !wants.contains(oid)),
                Err(why) => {
                    tracing::warn!(repository = %subject.task.name, %endpoint, %why, "could not fetch");
                    errors.insert(endpoint.clone(), why);
                }
            }
        }
    }
    Ok(errors)
}

/// Shares objects out among the endpoints that have them: the endpoint that has most of them first, so that what can come
/// from one comes from one.
fn share(
    missing: &BTreeMap<Oid, Vec<EndpointId>>,
    failed: &BTreeMap<EndpointId, String>,
) -> BTreeMap<EndpointId, BTreeSet<Oid>> {
    let mut left: BTreeMap<Oid, &Vec<EndpointId>> = missing.iter().map(|(oid, at)| (*oid, at)).collect();
    let mut shares = BTreeMap::new();
    loop {
        let mut counts: BTreeMap<&EndpointId, usize> = BTreeMap::new();
        for endpoint in left.values().flat_map(|at| at.iter()).filter(|endpoint| !failed.contains_key(*endpoint)) {
            *counts.entry(endpoint).or_default() += 1;
        }
        let Some((endpoint, _)) =
            counts.into_iter().max_by_key(|(endpoint, count)| (*count, std::cmp::Reverse(*endpoint)))
        else {
            return shares;
        };
        let endpoint = endpoint.clone();
        let own: BTreeSet<Oid> = left.iter().filter(|(_, at)| at.contains(&endpoint)).map(|(oid, _)| *oid).collect();
        left.retain(|oid, _| !own.contains(oid));
        shares.insert(endpoint, own);
    }
}

async fn fetch_from(
    engine: &Engine,
    subject: Subject<'_>,
    mirror: &Arc<Mirror>,
    endpoint: &EndpointId,
    wants: &BTreeSet<Oid>,
) -> Result<(), String> {
    let configured = subject.group.endpoint(endpoint).ok_or("the endpoint is not configured any more")?;
    let path = match subject.task.copies.get(endpoint) {
        Some(Copy::Present { repository, .. }) => &repository.path,
        Some(Copy::Delete(delete)) => &delete.path,
        _ => return Err("the repository is not there".into()),
    };
    let remote = engine.forge(configured)?.remote(path).map_err(|error| error.to_string())?;
    let progress = Transfer::new(engine, subject.group, &subject.task.name, endpoint, Direction::Fetch);
    // What all agreed on is what a mirror that was not thrown away has, and the other side knows it too.
    let haves = known_tips(subject.views.get(endpoint), subject.baseline, endpoint);
    let git = engine.git.get().map_err(|(why, _)| why)?;
    let request = FetchRequest { wants: wants.iter().copied().collect(), haves };
    match refray_git::fetch::fetch(git, &*remote, mirror, &request, &progress).await {
        Ok(_) => Ok(()),
        Err(error) => {
            Err(std::error::Error::source(&error)
                .map_or_else(|| error.to_string(), |source| format!("{error}: {source}")))
        }
    }
}

fn known_tips(view: Option<&View>, baseline: &Baseline, endpoint: &EndpointId) -> Vec<Oid> {
    let listed = view.and_then(View::snapshot).into_iter().flat_map(|snapshot| snapshot.refs.values().copied());
    let agreed = baseline.refs.values().filter_map(|values| values.get(endpoint).copied());
    let tips: BTreeSet<Oid> = agreed.chain(listed).collect();
    tips.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_object_comes_from_one_endpoint_and_few_are_asked() {
        let at = |names: &[&str]| names.iter().map(|name| EndpointId::new(name).unwrap()).collect::<Vec<_>>();
        let oid = |n: u8| Oid::from_bytes(&[n; 20]).unwrap();
        let missing = BTreeMap::from([
            (oid(1), at(&["a", "b"])),
            (oid(2), at(&["b"])),
            (oid(3), at(&["b", "c"])),
            (oid(4), at(&["c"])),
        ]);
        let shares = share(&missing, &BTreeMap::new());
        let b = EndpointId::new("b").unwrap();
        assert_eq!(shares[&b], BTreeSet::from([oid(1), oid(2), oid(3)]));
        assert_eq!(shares[&EndpointId::new("c").unwrap()], BTreeSet::from([oid(4)]));
        assert_eq!(shares.len(), 2);
        let without_b = share(&missing, &BTreeMap::from([(b.clone(), "gone".to_owned())]));
        assert!(!without_b.contains_key(&b));
        assert_eq!(without_b.values().map(BTreeSet::len).sum::<usize>(), 3);
    }
}
