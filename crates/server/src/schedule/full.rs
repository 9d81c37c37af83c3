//! Full syncs, beside the workers: they share the repositories' locks, and have jobs of their own, so that nobody's push
//! waits for them.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use refray_engine::store::{StoreError, Wake};
use refray_engine::{Engine, SyncOptions};
use tokio::time::Instant;
use tracing::Instrument;

use super::pause;
use crate::live::Live;

/// When the queue takes up what a full sync could not do.
const RETRY: SignedDuration = SignedDuration::from_secs(30);

/// Syncs everything at once and then every so many minutes: `minutes`, or what the configuration says.
pub(crate) async fn run(live: Arc<Live>, minutes: Option<u32>) {
    loop {
        let began = Instant::now();
        sync(&live).await;
        // A reload may change the time, but is no reason for a full sync by itself.
        loop {
            let engine = live.engine();
            let configured = engine.config.webhook.as_ref().and_then(|webhook| webhook.full_sync_interval_minutes);
            let every = minutes.or(configured).map(|minutes| Duration::from_secs(u64::from(minutes) * 60));
            let left = every.map(|every| every.saturating_sub(began.elapsed()));
            if left.is_some_and(|left| left.is_zero()) {
                break;
            }
            if !pause(&live, left).await {
                return;
            }
        }
    }
}

async fn sync(live: &Arc<Live>) {
    let engine = live.engine();
    let options = SyncOptions { jobs: Some((engine.config.jobs / 2).max(1)), ..SyncOptions::default() };
    let span = tracing::info_span!("full_sync", run = tracing::field::Empty);
    let syncing = engine.clone();
    // A task of its own: a panic in it does not end the scheduler.
    let task = tokio::spawn(async move { syncing.sync(&options).await }.instrument(span));
    let abort = task.abort_handle();
    let ended = tokio::select! {
        ended = task => ended,
        () = live.hurry.cancelled() => return abort.abort(),
    };
    let outcome = match ended {
        Ok(Ok(summary)) => {
            if summary.is_good() {
                "good"
            } else {
                "incomplete"
            }
        }
        Ok(Err(error)) => {
            tracing::error!(%error, "the full sync could not be carried out");
            "error"
        }
        Err(error) => {
            tracing::error!(%error, "the full sync ended in a fault of refray: please report it");
            "panic"
        }
    };
    live.stats.count("full_syncs", &[("outcome", outcome)]);
    if live.stop.is_cancelled() {
        return;
    }
    match hand_over(&engine).await {
        Ok(0) => {}
        Ok(count) => {
            tracing::info!(count, "repositories that were not brought into agreement are looked at again");
            live.ring();
        }
        Err(error) => tracing::error!(%error, "what failed could not be put into the queue"),
    }
}

/// Puts what failed or is held into the queue, which looks at it once more, and then goes by how that ends.
async fn hand_over(engine: &Engine) -> Result<usize, StoreError> {
    let at = (engine.clock)();
    let due = at.saturating_add(RETRY).unwrap_or(at);
    let mut wakes = Vec::new();
    for group in &engine.config.mirrors {
        for key in engine.store.failed(&group.name).await? {
            // Its own name, and not the key, which has no capitals: filters tell them apart.
            let Some(record) = engine.store.repository(&group.name, &key).await? else { continue };
            wakes.push(Wake { group: group.name.clone(), name: record.name, urgent: false, at, due });
        }
    }
    engine.store.enqueue(&wakes).await?;
    Ok(wakes.len())
}
