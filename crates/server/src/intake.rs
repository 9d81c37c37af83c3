//! The way into the queue: wake-ups that come at the same time share one transaction.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use refray_core::name::GroupName;
use refray_engine::store::{Enqueued, Store, StoreError, Wake};
use tokio::sync::{mpsc, oneshot};

/// The most callers that share a transaction.
const BATCH: usize = 1024;

/// The most callers that wait before others have to wait with them.
const WAITING: usize = 4096;

/// Puts wake-ups into the queue of a store.
///
/// Every commit is synchronised to the disk, which takes about as long for one wake-up as for a thousand. So while one
/// transaction is written, the callers that come meanwhile are gathered, and the next one takes all of them. What they
/// want of the same repository is put together before it reaches the store.
///
/// Clones share the same way in. What was handed over is written even if the caller no longer waits for it.
#[derive(Debug, Clone)]
pub struct Intake {
    requests: mpsc::Sender<Request>,
    commits: Arc<AtomicU64>,
}

/// Wake-ups that could not be put into the queue. None of them is there.
#[derive(Debug, Clone, thiserror::Error)]
pub enum IntakeError {
    /// The store cannot be written.
    #[error("the queue cannot be written")]
    Store(#[source] Arc<StoreError>),
    /// What writes to the store has ended, as it does with the process.
    #[error("the queue is closed")]
    Closed,
}

#[derive(Debug)]
struct Request {
    wakes: Vec<Wake>,
    answer: oneshot::Sender<Result<Vec<Enqueued>, IntakeError>>,
}

impl Intake {
    /// Starts what writes to `store`. It ends when the last clone is dropped and everything is written.
    ///
    /// # Panics
    /// When it is called outside of a tokio runtime.
    pub fn new(store: Arc<dyn Store>) -> Self {
        let (requests, incoming) = mpsc::channel(WAITING);
        let commits = Arc::new(AtomicU64::new(0));
        tokio::spawn(write(store, incoming, Arc::clone(&commits)));
        Self { requests, commits }
    }

    /// Puts wake-ups into the queue. When this returns, they are on the disk.
    ///
    /// # Errors
    /// None of them is in the queue.
    pub async fn put(&self, wakes: Vec<Wake>) -> Result<Vec<Enqueued>, IntakeError> {
        if wakes.is_empty() {
            return Ok(Vec::new());
        }
        let (answer, result) = oneshot::channel();
        self.requests.send(Request { wakes, answer }).await.map_err(|_| IntakeError::Closed)?;
        result.await.map_err(|_| IntakeError::Closed)?
    }

    /// Returns how many transactions were written so far.
    pub fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }
}

async fn write(store: Arc<dyn Store>, mut incoming: mpsc::Receiver<Request>, commits: Arc<AtomicU64>) {
    let mut requests = Vec::with_capacity(BATCH);
    while incoming.recv_many(&mut requests, BATCH).await > 0 {
        let (wakes, places) = combine(requests.iter().flat_map(|request| &request.wakes));
        let written = match store.enqueue(&wakes).await {
            Ok(enqueued) => {
                commits.fetch_add(1, Ordering::Relaxed);
                Ok(spread(&places, enqueued))
            }
            Err(error) => Err(IntakeError::Store(Arc::new(error))),
        };
        let mut results = written.as_deref().unwrap_or_default();
        for Request { wakes, answer } in requests.drain(..) {
            let own = match &written {
                Ok(_) => {
                    let (own, rest) = results.split_at(wakes.len().min(results.len()));
                    results = rest;
                    Ok(own.to_vec())
                }
                Err(error) => Err(error.clone()),
            };
            // Whoever asked may be gone; what they asked for is written all the same.
            drop(answer.send(own));
        }
    }
}

/// Puts together what is wanted of the same repository. Returns what is to be written, and for each wake-up which of
/// these it became.
fn combine<'a>(all: impl Iterator<Item = &'a Wake>) -> (Vec<Wake>, Vec<usize>) {
    let mut combined: Vec<Wake> = Vec::new();
    let mut places = Vec::new();
    let mut known: HashMap<(&GroupName, String), usize> = HashMap::new();
    for wake in all {
        let place = match known.entry((&wake.group, wake.name.key())) {
            Entry::Occupied(entry) => {
                let place = *entry.get();
                let first = &mut combined[place];
                first.name.clone_from(&wake.name);
                first.urgent |= wake.urgent;
                first.due = first.due.min(wake.due);
                place
            }
            Entry::Vacant(entry) => {
                combined.push(wake.clone());
                *entry.insert(combined.len() - 1)
            }
        };
        places.push(place);
    }
    (combined, places)
}

/// Says of each wake-up what became of it, as if they had been written one after the other.
fn spread(places: &[usize], mut enqueued: Vec<Enqueued>) -> Vec<Enqueued> {
    let told = places.iter().map(|place| {
        let Some(result) = enqueued.get_mut(*place) else { return Enqueued::Merged };
        let told = *result;
        if told == Enqueued::New {
            *result = Enqueued::Merged;
        }
        told
    });
    told.collect()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use refray_core::name::RepoName;
    use refray_engine::store::SqliteStore;
    use tempfile::TempDir;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_767_225_600 + seconds).unwrap()
    }

    fn wake(name: &str, urgent: bool, due: i64) -> Wake {
        let (group, name) = (GroupName::new("personal").unwrap(), RepoName::new(name).unwrap());
        Wake { group, name, urgent, at: at(0), due: at(due) }
    }

    async fn open() -> (TempDir, Arc<SqliteStore>, Intake) {
        let dir = tempfile::tempdir().unwrap();
        let store = Arc::new(SqliteStore::open(dir.path()).await.unwrap());
        let intake = Intake::new(Arc::<SqliteStore>::clone(&store));
        (dir, store, intake)
    }

    #[tokio::test]
    async fn what_was_put_is_in_the_queue() {
        let (_dir, store, intake) = open().await;
        assert_eq!(intake.put(Vec::new()).await.unwrap(), []);
        let wakes = vec![wake("a", false, 9), wake("b", false, 1), wake("A", true, 3)];
        assert_eq!(intake.put(wakes).await.unwrap(), [Enqueued::New, Enqueued::New, Enqueued::Merged]);
        assert_eq!(intake.put(vec![wake("b", false, 7)]).await.unwrap(), [Enqueued::Merged]);
        let queue = store.queue().await.unwrap();
        let seen: Vec<_> = queue.iter().map(|it| (it.name.as_str(), it.urgent, it.due)).collect();
        assert_eq!(seen, [("A", true, at(3)), ("b", false, at(1))]);
        assert_eq!(intake.commits(), 2);
    }

    #[tokio::test]
    async fn a_repository_in_hand_is_looked_at_again_whoever_woke_it() {
        let (_dir, store, intake) = open().await;
        intake.put(vec![wake("a", true, 0)]).await.unwrap();
        let claim = store.claim("me", at(1), at(60)).await.unwrap().unwrap();
        let put = futures_util::future::join_all((0..3).map(|_| intake.put(vec![wake("a", true, 2)]))).await;
        assert!(put.iter().all(|it| it.as_ref().unwrap() == &[Enqueued::Again]), "{put:?}");
        store.complete(&claim, at(3)).await.unwrap();
        assert!(store.claim("me", at(4), at(60)).await.unwrap().is_some());
    }

    #[tokio::test]
    async fn callers_share_transactions() {
        let (_dir, store, intake) = open().await;
        let names: Vec<String> = (0..2000).map(|number| format!("r{number}")).collect();
        let put = names.iter().map(|name| intake.put(vec![wake(name, true, 0)]));
        for result in futures_util::future::join_all(put).await {
            assert_eq!(result.unwrap(), [Enqueued::New]);
        }
        assert_eq!(store.queue().await.unwrap().len(), 2000);
        assert!(intake.commits() < 500, "{} transactions", intake.commits());
    }

    #[tokio::test]
    async fn a_caller_that_gives_up_loses_nothing_that_was_handed_over() {
        let (_dir, store, intake) = open().await;
        let mut put = Box::pin(intake.put(vec![wake("a", true, 0)]));
        assert!(futures_util::poll!(&mut put).is_pending());
        drop(put);
        // What comes later is written later.
        intake.put(vec![wake("b", true, 0)]).await.unwrap();
        assert_eq!(store.queue().await.unwrap().len(), 2);
    }

    #[tokio::test]
    async fn a_store_that_cannot_be_written_is_told_to_every_caller() {
        let (_dir, store, intake) = open().await;
        store.close().await;
        let put = futures_util::future::join_all((0..3).map(|_| intake.put(vec![wake("a", true, 0)]))).await;
        assert!(put.iter().all(|it| matches!(it, Err(IntakeError::Store(_)))), "{put:?}");
        assert_eq!(intake.commits(), 0);
    }
}
