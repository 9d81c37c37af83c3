//! Looks at repositories that no webhook covers: one small request for each, rarer for those that stay quiet.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use refray_core::config::{Endpoint, MirrorGroup, Provider};
use refray_core::name::{EndpointId, GroupName, RepoName};
use refray_core::snapshot::Fingerprint;
use refray_engine::store::{RepoRecord, StoreError, Wake};
use refray_engine::{Engine, Prints};
use tokio::time::Instant;

use super::pause;
use crate::live::Live;

/// How much rarer than configured a quiet repository is looked at, at most.
const RAREST: u32 = 16;

/// When a repository is looked at next, and what was seen the last time.
struct Watch {
    next: Instant,
    every: Duration,
    seen: Prints,
}

#[derive(Default)]
struct Watches {
    known: HashMap<(GroupName, String), Watch>,
    /// Repositories that a listing showed and the store did not know: when they are told of again.
    new: HashMap<(GroupName, RepoName), Instant>,
}

/// Looks every so many seconds at what is due.
pub(crate) async fn run(live: Arc<Live>) {
    let mut watches = Watches::default();
    loop {
        let interval = |engine: &Engine| {
            engine.config.serve.poll_interval_seconds.map(|seconds| Duration::from_secs(seconds.into()))
        };
        let every = interval(&live.engine());
        if !pause(&live, every).await {
            return;
        }
        // What ended the wait may be another configuration.
        let engine = live.engine();
        let Some(every) = interval(&engine) else { continue };
        for group in &engine.config.mirrors {
            let looked = tokio::select! {
                looked = round(&engine, group, every, &mut watches) => looked,
                () = live.stop.cancelled() => return,
            };
            match looked {
                Ok(wakes) if wakes.is_empty() => {}
                Ok(wakes) => {
                    tracing::debug!(group = %group.name, count = wakes.len(), "changed without a webhook");
                    if let Err(error) = engine.store.enqueue(&wakes).await {
                        tracing::error!(%error, "what has changed could not be put into the queue");
                    }
                    live.stats.add("poll_changes", &[], wakes.len() as u64);
                    live.ring();
                }
                Err(error) => tracing::error!(%error, "what is to be looked at cannot be read"),
            }
        }
    }
}

/// The repositories of an endpoint that have a webhook; `None` when the endpoint knows no webhooks.
type Covered = BTreeMap<EndpointId, Option<BTreeSet<String>>>;

/// Looks at what is due in a group, and returns what has changed.
async fn round(
    engine: &Engine,
    group: &MirrorGroup,
    every: Duration,
    watches: &mut Watches,
) -> Result<Vec<Wake>, StoreError> {
    let mut covered = Covered::new();
    for endpoint in &group.endpoints {
        let keys = match endpoint.site.provider {
            Provider::Directory => None,
            _ => Some(engine.store.hooks(&endpoint.id).await?.into_iter().map(|hook| hook.repository.key()).collect()),
        };
        covered.insert(endpoint.id.clone(), keys);
    }
    let now = Instant::now();
    let mut names: BTreeSet<RepoName> = BTreeSet::new();
    watches.new.retain(|_, again| *again > now);
    // Without a single hook, nobody tells of new repositories either.
    let untold = |endpoint: &&Endpoint| covered[&endpoint.id].as_ref().is_none_or(BTreeSet::is_empty);
    for endpoint in group.endpoints.iter().filter(untold) {
        match engine.news(group, endpoint).await {
            Ok(new) => names.extend(new.into_iter().filter(|name| {
                let again = now + every * RAREST;
                watches.new.insert((group.name.clone(), name.clone()), again).is_none()
            })),
            Err(why) => tracing::debug!(endpoint = %endpoint.id, why, "could not be listed"),
        }
    }
    let records = engine.store.group_state(&group.name).await?;
    watches.known.retain(|(owner, key), _| *owner != group.name || records.contains_key(key));
    // Owned, for they are carried about between threads.
    let mut due: Vec<(String, RepoRecord, BTreeSet<EndpointId>)> = Vec::new();
    for (key, record) in records {
        let watch = watches.known.get(&(group.name.clone(), key.clone()));
        let at = uncovered(&covered, &key, &record);
        if !at.is_empty() && watch.is_none_or(|watch| watch.next <= now) {
            due.push((key, record, at));
        }
    }
    let looks = stream::iter(due.into_iter().map(|(key, record, at)| async move {
        let prints = engine.peek(&group.name, &record, &at).await;
        (key, record, prints)
    }));
    let looks: Vec<_> = looks.buffer_unordered(engine.config.jobs.max(1)).collect().await;
    for (key, record, prints) in looks {
        let watch = watches.known.entry((group.name.clone(), key.clone())).or_insert_with(|| Watch {
            next: now,
            every,
            seen: prints.clone(),
        });
        // What all agreed on is known, and what was told of once is not told again.
        let is_new = |(endpoint, print): (&EndpointId, &Fingerprint)| {
            record.fingerprint != Some(*print)
                && (record.fingerprint.is_some() || watch.seen.get(endpoint) != Some(print))
        };
        let changed = prints.iter().any(is_new);
        watch.every = if changed { every } else { watch.every.saturating_mul(2).clamp(every, every * RAREST) };
        watch.next = now + watch.every.mul_f64(0.9 + 0.2 * fastrand::f64());
        watch.seen.extend(prints);
        if changed {
            names.insert(record.name.clone());
        }
    }
    let at = (engine.clock)();
    let wake = |name| Wake { group: group.name.clone(), name, urgent: true, at, due: at };
    Ok(names.into_iter().map(wake).collect())
}

fn uncovered(covered: &Covered, key: &str, record: &RepoRecord) -> BTreeSet<EndpointId> {
    let is_uncovered = |endpoint: &&EndpointId| match covered.get(*endpoint) {
        Some(Some(keys)) => !keys.contains(key),
        Some(None) => true,
        // Not configured any more.
        None => false,
    };
    record.copies.keys().filter(is_uncovered).cloned().collect()
}
