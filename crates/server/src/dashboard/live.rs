//! Server-sent events: which parts of a page are out of date.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::{Stream, stream};
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};

use super::broadcast::Change;
use super::state::Shared;

/// Changes within this time are told as one: a sync of thousands does not make pages flicker.
const TOGETHER: Duration = Duration::from_millis(400);
/// More changed repositories at once are told as "everything".
const NAMED: usize = 50;

/// Answers with the stream of what changes.
pub(super) async fn events(State(shared): State<Shared>) -> Response {
    let Ok(permit) = shared.streams.clone().try_acquire_owned() else {
        return (StatusCode::SERVICE_UNAVAILABLE, [("retry-after", "30")]).into_response();
    };
    let listener = Listener { changes: shared.broadcast.listen(), greeted: false, shared, _permit: permit };
    Sse::new(stream_of(listener)).keep_alive(KeepAlive::new().interval(Duration::from_secs(20))).into_response()
}

struct Listener {
    changes: Receiver<Change>,
    greeted: bool,
    shared: Shared,
    _permit: OwnedSemaphorePermit,
}

fn stream_of(listener: Listener) -> impl Stream<Item = Result<Event, Infallible>> {
    stream::unfold(listener, |mut listener| async move {
        if !listener.greeted {
            // Whoever was here before and comes back has missed something: it reloads its parts at this word.
            listener.greeted = true;
            return Some((Ok(Event::default().event("hello").data("{}")), listener));
        }
        let stop = listener.shared.stop.clone();
        let changed = tokio::select! {
            () = stop.cancelled() => return None,
            changed = listener.next() => changed?,
        };
        Some((Ok(Event::default().event("changed").data(changed)), listener))
    })
}

impl Listener {
    /// Waits for a change, gathers those that come with it, and says what they are about.
    async fn next(&mut self) -> Option<String> {
        let mut all = false;
        let mut runs = false;
        let mut repositories = BTreeSet::new();
        let mut take = |change: Option<Change>| match change {
            Some(Change::Repository(group, repository)) => {
                repositories.insert((group.as_str().to_owned(), repository.key()));
            }
            Some(Change::Run) => runs = true,
            Some(Change::Everything) | None => all = true,
        };
        match self.changes.recv().await {
            Ok(change) => take(Some(change)),
            Err(RecvError::Lagged(_)) => take(None),
            Err(RecvError::Closed) => return None,
        }
        tokio::time::sleep(TOGETHER).await;
        loop {
            match self.changes.try_recv() {
                Ok(change) => take(Some(change)),
                Err(TryRecvError::Lagged(_)) => take(None),
                Err(TryRecvError::Empty | TryRecvError::Closed) => break,
            }
        }
        all |= repositories.len() > NAMED;
        let repositories = if all { BTreeSet::new() } else { repositories };
        Some(serde_json::json!({ "all": all, "runs": runs, "repositories": repositories }).to_string())
    }
}

#[cfg(test)]
mod tests {
    use refray_core::event::{Event as Happened, EventSink};
    use refray_core::name::{GroupName, RepoName};
    use refray_core::outcome::Summary;

    use super::*;
    use crate::dashboard::Broadcast;

    #[tokio::test]
    async fn what_pages_show_is_passed_on() {
        let broadcast = Broadcast::new();
        let mut changes = broadcast.listen();
        let (group, one) = (GroupName::new("g").unwrap(), RepoName::new("One").unwrap());
        broadcast.emit(Happened::RepositoryStarted { group: group.clone(), repository: one.clone() });
        broadcast.woken(&group, &one);
        broadcast.emit(Happened::RunFinished { run: "1".into(), summary: Summary::default() });
        assert_eq!(changes.recv().await.unwrap(), Change::Repository(group.clone(), one.clone()));
        assert_eq!(changes.recv().await.unwrap(), Change::Repository(group, one));
        assert_eq!(changes.recv().await.unwrap(), Change::Run);
    }
}
