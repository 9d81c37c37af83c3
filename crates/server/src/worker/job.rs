//! One lease: the visit, while the lease is renewed, and what becomes of the entry.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use refray_engine::store::{Claim, Completion, Store, StoreError};
use refray_engine::{Engine, SyncError, Visit};
use tokio::task::JoinError;
use tracing::Instrument;

use super::dispatch::LEASE;
use crate::live::Live;

/// A repository that a forge told of and that no listing shows yet is looked for again,
const LISTED_LATE: SignedDuration = SignedDuration::from_secs(10);
/// so many times.
const LOOKS: u32 = 3;

/// Works on what was leased.
pub(super) async fn work(live: Arc<Live>, claim: Claim) {
    let engine = live.engine();
    let run = run_id((engine.clock)());
    let span = tracing::info_span!("visit", %run, group = %claim.group, repository = %claim.name);
    async {
        let (visiting, group, name) = (engine.clone(), claim.group.clone(), claim.name.clone());
        let visit = async move { visiting.visit(&group, &name, &run).await };
        // A task of its own: a panic in it ends it alone.
        let mut visit = tokio::spawn(visit.in_current_span());
        let mut renewal = tokio::time::interval(LEASE.unsigned_abs() / 3);
        renewal.tick().await;
        let ended = loop {
            tokio::select! {
                ended = &mut visit => break ended,
                _ = renewal.tick() => renew(&engine, &claim).await,
                () = live.hurry.cancelled() => {
                    visit.abort();
                    // It holds the repository's lock until it has ended.
                    drop((&mut visit).await);
                    tracing::warn!("given back: the time to end was up");
                    return settled(engine.store.release(&claim, (engine.clock)()).await);
                }
            }
        };
        let outcome = word(&ended);
        live.stats.count("visits", &[("outcome", outcome)]);
        settled(settle(&*engine.store, (engine.clock)(), live.stop.is_cancelled(), &claim, ended).await);
    }
    .instrument(span)
    .await;
}

/// Returns an id that sorts by time, as all runs' do, and is given once.
fn run_id(now: Timestamp) -> String {
    static COUNT: AtomicU64 = AtomicU64::new(1);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("{}-{:x}-{count:x}", now.strftime("%Y%m%dT%H%M%S%3f"), std::process::id())
}

async fn renew(engine: &Engine, claim: &Claim) {
    let now = (engine.clock)();
    match engine.store.renew(claim, now.saturating_add(LEASE).unwrap_or(now)).await {
        Ok(true) => {}
        // The repository's own lock keeps whoever has the lease now from getting in the way.
        Ok(false) => tracing::warn!("the lease was lost"),
        Err(error) => tracing::warn!(%error, "the lease could not be renewed"),
    }
}

type Ended = Result<Result<Visit, SyncError>, JoinError>;

fn word(ended: &Ended) -> &'static str {
    match ended {
        Ok(Ok(Visit { status: Some(status), .. })) => status.as_str(),
        Ok(Ok(_)) => "skipped",
        Ok(Err(_)) => "error",
        Err(_) => "panic",
    }
}

async fn settle(
    store: &dyn Store,
    now: Timestamp,
    stopping: bool,
    claim: &Claim,
    ended: Ended,
) -> Result<Completion, StoreError> {
    let visit = match ended {
        Ok(Ok(visit)) => visit,
        Ok(Err(error)) => {
            tracing::error!(%error, "the visit could not be carried out");
            return store.retry(claim, later(now, claim)).await;
        }
        Err(error) => {
            tracing::error!(%error, "the visit ended in a fault of refray: please report it");
            return store.retry(claim, later(now, claim)).await;
        }
    };
    if visit.may_pass && stopping {
        return store.release(claim, now).await;
    }
    if visit.may_pass {
        let due = later(now, claim);
        tracing::info!(attempts = claim.attempts + 1, due = %due, "tried again later");
        return store.retry(claim, due).await;
    }
    if visit.status.is_none() && visit.surveyed && claim.attempts < LOOKS {
        return store.retry(claim, now.saturating_add(LISTED_LATE).unwrap_or(now)).await;
    }
    store.complete(claim, now).await
}

/// Returns when a failed attempt is repeated: a fifth more or less than the back-off, so that what failed together is not
/// tried together.
fn later(now: Timestamp, claim: &Claim) -> Timestamp {
    let wait = claim.back_off().unsigned_abs();
    let jitter = wait.mul_f64(0.8 + 0.4 * fastrand::f64());
    now.saturating_add(jitter.max(Duration::from_secs(1))).unwrap_or(now)
}

fn settled(result: Result<Completion, StoreError>) {
    match result {
        Ok(Completion::Removed | Completion::Waiting) => {}
        Ok(Completion::Lost) => tracing::warn!("the lease had run out before the work was done"),
        Err(error) => tracing::error!(%error, "what became of the visit could not be stored; its lease runs out"),
    }
}

#[cfg(test)]
mod tests {
    use refray_core::outcome::RepoStatus;
    use refray_engine::store::{SqliteStore, Wake};

    use super::*;

    async fn leased(dir: &std::path::Path) -> (SqliteStore, Claim, Timestamp) {
        let store = SqliteStore::open(dir).await.unwrap();
        let now = Timestamp::from_second(1_767_225_600).unwrap();
        let wake = Wake { group: "g".parse().unwrap(), name: "r".parse().unwrap(), urgent: true, at: now, due: now };
        store.enqueue(&[wake]).await.unwrap();
        let claim = store.claim("w", now, now + LEASE).await.unwrap().unwrap();
        (store, claim, now)
    }

    fn visit(status: Option<RepoStatus>, may_pass: bool) -> Visit {
        Visit { status, done: 0, may_pass, surveyed: true }
    }

    #[tokio::test]
    async fn what_may_pass_is_tried_again_and_the_rest_is_done_with() {
        for (ended, stopping, expected) in [
            (visit(Some(RepoStatus::Synced), false), false, Completion::Removed),
            (visit(Some(RepoStatus::Failed), false), false, Completion::Removed),
            (visit(Some(RepoStatus::Failed), true), false, Completion::Waiting),
            (visit(Some(RepoStatus::Failed), true), true, Completion::Waiting),
            (visit(None, false), false, Completion::Waiting),
        ] {
            let dir = tempfile::tempdir().unwrap();
            let (store, claim, now) = leased(dir.path()).await;
            assert_eq!(settle(&store, now, stopping, &claim, Ok(Ok(ended))).await.unwrap(), expected, "{ended:?}");
            if expected == Completion::Waiting {
                let due = store.next_due().await.unwrap().unwrap();
                assert_eq!(due == now, stopping, "{ended:?}: what is given back is due at once");
            }
        }
    }

    #[tokio::test]
    async fn a_panic_is_a_failure_like_any_other() {
        let dir = tempfile::tempdir().unwrap();
        let (store, claim, now) = leased(dir.path()).await;
        #[expect(clippy::panic, reason = "what is tested")]
        let ended = tokio::spawn(async { panic!("on purpose") }).await;
        assert_eq!(settle(&store, now, false, &claim, ended).await.unwrap(), Completion::Waiting);
        assert_eq!(store.queue().await.unwrap()[0].attempts, 1);
    }

    #[test]
    fn ids_of_runs_are_given_once() {
        let now = Timestamp::from_second(1_767_225_600).unwrap();
        assert_ne!(run_id(now), run_id(now));
    }
}
