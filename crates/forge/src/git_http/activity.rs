use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::Stream;
use refray_git::transport::{ByteStream, TransportError};
use tokio::time::Instant;

/// When something last moved in an exchange. A large pack takes as long as it takes; what is not borne is standing still.
#[derive(Debug)]
pub(super) struct Activity(Mutex<State>);

#[derive(Debug)]
struct State {
    last: Instant,
    /// The other side waits for us: git is still making the pack.
    ours: bool,
    /// Why the body could not be produced.
    failed: Option<TransportError>,
}

impl Activity {
    pub(super) fn start() -> Arc<Self> {
        Arc::new(Self(Mutex::new(State { last: Instant::now(), ours: false, failed: None })))
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn moved(&self, ours: bool) {
        self.with(|state| {
            state.last = Instant::now();
            state.ours = ours;
        });
    }

    /// Returns why the body failed, if it did.
    pub(super) fn body_failure(&self) -> Option<TransportError> {
        self.with(|state| state.failed.clone())
    }

    /// Waits for `future` as long as something moves, and gives up after `idle` without.
    pub(super) async fn watch<F: Future>(&self, idle: Duration, future: F) -> Option<F::Output> {
        self.with(|state| state.last = Instant::now());
        let mut future = std::pin::pin!(future);
        loop {
            let now = Instant::now();
            let deadline = self.with(|state| if state.ours { now + idle } else { state.last + idle });
            if deadline <= now {
                return None;
            }
            tokio::select! {
                biased;
                output = &mut future => return Some(output),
                () = tokio::time::sleep_until(deadline) => {}
            }
        }
    }
}

/// A request's body that tells when it moves.
pub(super) struct WatchedBody {
    inner: ByteStream,
    activity: Arc<Activity>,
}

impl WatchedBody {
    pub(super) fn new(inner: ByteStream, activity: Arc<Activity>) -> Self {
        Self { inner, activity }
    }
}

impl Stream for WatchedBody {
    type Item = Result<Bytes, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let polled = self.inner.as_mut().poll_next(context);
        match &polled {
            Poll::Pending => self.activity.moved(true),
            Poll::Ready(Some(Err(error))) => self.activity.with(|state| state.failed = Some(error.clone())),
            Poll::Ready(_) => self.activity.moved(false),
        }
        polled
    }
}
