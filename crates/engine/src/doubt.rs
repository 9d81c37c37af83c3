//! Signs that a site was put back to an old backup. They hold the deletions of repositories that vanished from it.

use std::collections::{BTreeMap, BTreeSet};

use refray_core::config::{ConflictResolution, MirrorGroup};
use refray_core::name::{EndpointId, SiteName};
use refray_core::plan::group::{self, Copy, Doubted, GroupWorld, Known, RepoTask, Selection};
use refray_core::plan::{ConflictFacts, Policy, Releases, Views, World, signs_of_restoration};
use tokio::sync::Mutex;

use crate::engine::Engine;
use crate::observe::{self, Subject};
use crate::reconcile::unchanged;
use crate::run::Survey;
use crate::store::{RepoRecord, StoreError};

/// How many repositories are looked at for signs when the run is not about them. Those that changed last come first: it
/// is they that an old backup lacks the most of.
const WITNESSES: usize = 20;

/// The signs that were seen in a run, by site and repository.
#[derive(Debug, Default)]
pub(crate) struct Doubts {
    seen: Mutex<BTreeMap<SiteName, BTreeMap<String, String>>>,
}

impl Doubts {
    /// Takes in what a look at a repository shows. It is written down before this returns, for what is carried out after
    /// it takes the signs away.
    pub(crate) async fn note(
        &self,
        engine: &Engine,
        group: &MirrorGroup,
        task: &RepoTask,
        world: &World<'_>,
        dry_run: bool,
    ) -> Result<(), StoreError> {
        for (endpoint, sign) in signs_of_restoration(world) {
            let Some(endpoint) = group.endpoint(&endpoint) else { continue };
            let sign = format!("in `{}`, {sign}", task.name);
            self.add(engine, &endpoint.site.name, &task.name.key(), sign, dry_run).await?;
        }
        Ok(())
    }

    async fn add(
        &self,
        engine: &Engine,
        site: &SiteName,
        key: &str,
        sign: String,
        dry_run: bool,
    ) -> Result<(), StoreError> {
        // Whoever comes next waits until it is written.
        let mut seen = self.seen.lock().await;
        if !dry_run && !seen.contains_key(site) {
            engine.store.doubt_site(site, &sign).await?;
        }
        seen.entry(site.clone()).or_default().insert(key.to_owned(), sign);
        Ok(())
    }

    async fn reason(&self, site: &SiteName) -> Option<String> {
        self.seen.lock().await.get(site)?.values().next().cloned()
    }

    /// Adds to what is remembered of a group's repositories that their absence is doubted where signs were seen.
    async fn apply(&self, group: &MirrorGroup, known: &mut BTreeMap<String, BTreeMap<EndpointId, Known>>) {
        for endpoint in &group.endpoints {
            let Some(reason) = self.reason(&endpoint.site.name).await else { continue };
            for copies in known.values_mut() {
                if let Some(known) = copies.get_mut(&endpoint.id) {
                    known.doubt.get_or_insert_with(|| reason.clone());
                }
            }
        }
    }
}

/// Says whether the task deletes anything.
pub(crate) fn deletes(task: &RepoTask) -> bool {
    task.copies.values().any(|copy| matches!(copy, Copy::Delete(_)))
}

/// Looks for signs among repositories that the run is not about, on the sites from which something vanished.
pub(crate) async fn look_for_witnesses(
    engine: &Engine,
    group: &MirrorGroup,
    survey: &Survey,
    looked_at: &BTreeSet<String>,
    doubts: &Doubts,
    dry_run: bool,
) -> Result<(), StoreError> {
    let Survey { records, sights, before, deferred, .. } = survey;
    let sites: BTreeSet<&SiteName> = deferred.iter().flat_map(|task| vanished_from(group, task, records)).collect();
    let everything = Selection::default();
    let all = group::plan(&GroupWorld { group, sights, known: before, selection: &everything });
    let record = |task: &RepoTask| records.get(&task.name.key());
    let mut others: Vec<&RepoTask> = all
        .tasks
        .iter()
        .filter(|task| !looked_at.contains(&task.name.key()) && !deletes(task) && record(task).is_some())
        .collect();
    others.sort_by_key(|task| std::cmp::Reverse(record(task).map(|record| record.recorded)));
    for site in sites {
        let stands = |(id, copy): (_, &Copy)| on_site(group, id, site) && matches!(copy, Copy::Present { .. });
        let witnesses = others.iter().filter(|task| task.copies.iter().any(stands)).take(WITNESSES);
        let (mut asked, mut answered) = (0, 0);
        for task in witnesses {
            asked += 1;
            let views = observe::views(engine, group, &task.copies).await;
            let seen = match record(task) {
                Some(record) if unchanged(record, &task.copies, &views) => true,
                _ => match look(engine, group, task, &views, doubts, dry_run).await {
                    Ok(()) => views.iter().any(|(id, view)| on_site(group, id, site) && view.snapshot().is_some()),
                    Err((why, _)) => {
                        tracing::warn!(repository = %task.name, "no look at it for signs of a restored backup: {why}");
                        false
                    }
                },
            };
            answered += usize::from(seen);
        }
        if asked > 0 && answered == 0 {
            let sign = format!("none of the other repositories on the site `{site}` can be looked at");
            doubts.add(engine, site, "", sign, dry_run).await?;
        }
    }
    Ok(())
}

async fn look(
    engine: &Engine,
    group: &MirrorGroup,
    task: &RepoTask,
    views: &Views,
    doubts: &Doubts,
    dry_run: bool,
) -> Result<(), (String, String)> {
    let told = |error: StoreError| (error.to_string(), error.remedy());
    let key = task.name.key();
    let waiting = || tracing::info!(repository = %task.name, "waits for another run");
    let lock = engine.locks.acquire(&group.name, &key, &waiting).await;
    let _lock = lock.map_err(|error| (error.to_string(), error.remedy()))?;
    let mut baseline = engine.store.baseline(&group.name, &key).await.map_err(told)?;
    task.forget_what_is_new(&mut baseline);
    // Nothing is to be settled here, so that nothing is tried.
    let policy = Policy { conflict_resolution: ConflictResolution::Fail, allow_force: false, ..Policy::from(group) };
    let (releases, refused) = (Releases::default(), BTreeSet::new());
    let (baseline, refused) = (&baseline, &refused);
    let subject = Subject { group, task, policy: &policy, releases, views, baseline, refused, dry_run: true };
    let facts = observe::gather(engine, subject).await?;
    let (ancestry, conflicts) = (&facts.ancestry, ConflictFacts::default());
    let world = World { policy: &policy, releases, views, baseline, ancestry, conflicts };
    doubts.note(engine, group, task, &world, dry_run).await.map_err(told)
}

/// Plans the deletions of a group anew, with what was seen meanwhile, and returns what is to be remembered as held.
pub(crate) async fn plan_deletions(
    group: &MirrorGroup,
    survey: &Survey,
    selection: &Selection,
    doubts: &Doubts,
) -> (Vec<RepoTask>, Vec<Doubted>) {
    let mut known = survey.before.clone();
    doubts.apply(group, &mut known).await;
    let keys: BTreeSet<String> = survey.deferred.iter().map(|task| task.name.key()).collect();
    let plan = group::plan(&GroupWorld { group, sights: &survey.sights, known: &known, selection });
    let tasks = plan.tasks.into_iter().filter(|task| keys.contains(&task.name.key())).collect();
    (tasks, plan.doubted)
}

fn on_site(group: &MirrorGroup, endpoint: &EndpointId, site: &SiteName) -> bool {
    group.endpoint(endpoint).is_some_and(|endpoint| endpoint.site.name == *site)
}

/// Returns the sites on which a repository that is to be deleted was, and is no more.
fn vanished_from<'a>(
    group: &'a MirrorGroup,
    task: &RepoTask,
    records: &BTreeMap<String, RepoRecord>,
) -> Vec<&'a SiteName> {
    let Some(record) = records.get(&task.name.key()) else { return Vec::new() };
    let gone = record.copies.keys().filter(|id| task.copies.get(*id) == Some(&Copy::Absent));
    gone.filter_map(|id| Some(&group.endpoint(id)?.site.name)).collect()
}
