//! Handing out what is due.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use refray_engine::store::{Claim, StoreError};
use tokio::task::JoinSet;

use super::job;
use crate::live::Live;

/// How long a lease lasts unless it is renewed: so long does the work of a process that was killed on another machine lie
/// idle.
pub(super) const LEASE: SignedDuration = SignedDuration::from_secs(60);
/// The longest time without a look at the queue, which other processes may write to as well.
const IDLE: Duration = Duration::from_secs(5);
/// The wait after the store failed.
const FAULT: Duration = Duration::from_secs(1);

/// When the dispatcher last gave a sign of life.
#[derive(Debug, Default)]
pub(crate) struct Pulse(AtomicI64);

impl Pulse {
    fn beat(&self, now: Timestamp) {
        self.0.store(now.as_millisecond(), Ordering::Relaxed);
    }

    /// Says how long ago it was.
    pub(crate) fn age(&self, now: Timestamp) -> Duration {
        let age = now.as_millisecond().saturating_sub(self.0.load(Ordering::Relaxed));
        Duration::from_millis(age.try_into().unwrap_or_default())
    }
}

/// Hands out what is due until it is to stop; then waits for what is in hand, which `hurry` cuts short.
pub(crate) async fn run(live: Arc<Live>, holder: String, pulse: Arc<Pulse>) {
    let mut jobs = JoinSet::new();
    while !live.stop.is_cancelled() {
        // Listened for before the queue is looked at: what comes in between rings.
        let bell = live.bell.notified();
        tokio::pin!(bell);
        bell.as_mut().enable();
        let engine = live.engine();
        pulse.beat((engine.clock)());
        let mut wait = IDLE;
        while jobs.len() < engine.config.jobs.max(1) && !live.stop.is_cancelled() {
            match next(&live, &holder).await {
                Ok(Next::Claimed(claim)) => drop(jobs.spawn(job::work(live.clone(), claim))),
                Ok(Next::Wait(due)) => {
                    wait = due.min(IDLE);
                    break;
                }
                Err(error) => {
                    tracing::error!(%error, remedy = error.remedy(), "the queue cannot be read");
                    wait = FAULT;
                    break;
                }
            }
        }
        tokio::select! {
            () = bell => {}
            Some(ended) = jobs.join_next(), if !jobs.is_empty() => report(ended),
            () = tokio::time::sleep(wait) => {}
            () = live.stop.cancelled() => {}
        }
    }
    while let Some(ended) = jobs.join_next().await {
        report(ended);
    }
}

enum Next {
    Claimed(Claim),
    /// Nothing is due before so long.
    Wait(Duration),
}

async fn next(live: &Live, holder: &str) -> Result<Next, StoreError> {
    let engine = live.engine();
    let now = (engine.clock)();
    // A look costs nothing; a claim is a write.
    match engine.store.next_due().await? {
        Some(due) if due <= now => {}
        Some(due) => {
            let wait = due.duration_since(now).unsigned_abs();
            return Ok(Next::Wait(wait.max(Duration::from_millis(1))));
        }
        None => return Ok(Next::Wait(IDLE)),
    }
    let until = now.saturating_add(LEASE).unwrap_or(now);
    let claim = engine.store.claim(holder, now, until).await?;
    Ok(claim.map_or(Next::Wait(IDLE), Next::Claimed))
}

fn report(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "a worker ended early; its lease runs out by itself");
    }
}
