//! The connections of one address: so many at once, heads read in time, and all ended when it is time to end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// After a failed accept, as when the process has no file descriptors left.
const PAUSE: Duration = Duration::from_millis(500);

/// What a listener bears with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// The head of a request is read for at most this long, and a connection is kept without one.
    pub(super) head: Duration,
    /// So many connections are open at once; more wait until one of them ends.
    pub(super) connections: usize,
}

impl Default for Patience {
    fn default() -> Self {
        // A proxy keeps some connections open between deliveries; a page that is followed keeps one.
        Self { head: Duration::from_secs(30), connections: 1024 }
    }
}

/// Serves a router until it is to stop, and then until the requests that are in hand have ended.
pub(super) async fn listen(listener: TcpListener, router: Router, patience: Patience, stop: CancellationToken) {
    let graceful = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(patience.connections));
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(patience.head);
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &places) => accepted,
            () = stop.cancelled() => break,
        };
        let Some((stream, peer, place)) = accepted else { continue };
        let router = router.clone();
        let service = service_fn(move |request: Request<Incoming>| {
            let mut request = request.map(Body::new);
            // Who sent it is for the receiver's limits and the dashboard's guard.
            request.extensions_mut().insert(ConnectInfo(peer));
            router.clone().oneshot(request)
        });
        let connection = graceful.watch(server.serve_connection(TokioIo::new(stream), service));
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%peer, %error, "a connection ended");
            }
            drop(place);
        });
    }
    graceful.shutdown().await;
}

/// A connection, who is at its other end, and its place among those that are open.
type Accepted = (tokio::net::TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit);

async fn accept(listener: &TcpListener, places: &Arc<Semaphore>) -> Option<Accepted> {
    // It is never closed.
    let place = places.clone().acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => {
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%peer, %error, "small answers of a connection may wait");
            }
            Some((stream, peer, place))
        }
        Err(error) => {
            tracing::warn!(%error, "a connection could not be accepted");
            tokio::time::sleep(PAUSE).await;
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;
    use tokio::sync::Notify;

    use super::*;

    /// Serves who asks at `/`, and at `/slow` something that takes until it is told to go on.
    async fn started(patience: Patience) -> (SocketAddr, CancellationToken, tokio::task::JoinHandle<()>) {
        started_with(patience, Arc::default()).await
    }

    async fn started_with(
        patience: Patience,
        steps: Arc<(Notify, Notify)>,
    ) -> (SocketAddr, CancellationToken, tokio::task::JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        let who = |ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { peer.to_string() };
        let slow = move || async move {
            steps.0.notify_one();
            steps.1.notified().await;
            "done"
        };
        let router = Router::new().route("/", get(who)).route("/slow", get(slow));
        let served = tokio::spawn(listen(listener, router, patience, stop.clone()));
        (address, stop, served)
    }

    async fn read(stream: &mut TcpStream) -> String {
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        text
    }

    #[tokio::test]
    async fn a_head_that_does_not_come_ends_the_connection() {
        let (address, _stop, _served) = started(Patience { head: Duration::from_millis(50), connections: 9 }).await;
        for begun in ["", "POST /webhook HTTP/1.1\r\nHost: a\r\nX-Slow: "] {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(begun.as_bytes()).await.unwrap();
            let answer = tokio::time::timeout(Duration::from_secs(30), read(&mut stream)).await.unwrap();
            assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{answer}");
        }
    }

    #[tokio::test]
    async fn a_handler_knows_who_asks() {
        let (address, _stop, _served) = started(Patience::default()).await;
        let mut stream = TcpStream::connect(address).await.unwrap();
        let own = stream.local_addr().unwrap().to_string();
        stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await.unwrap();
        assert!(read(&mut stream).await.ends_with(&own));
    }

    #[tokio::test]
    async fn connections_beyond_the_limit_wait_for_their_turn() {
        let (address, _stop, _served) = started(Patience { head: Duration::from_millis(300), connections: 2 }).await;
        let idle = [TcpStream::connect(address).await.unwrap(), TcpStream::connect(address).await.unwrap()];
        let mut third = TcpStream::connect(address).await.unwrap();
        third.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await.unwrap();
        let early = tokio::time::timeout(Duration::from_millis(50), third.readable()).await;
        assert!(early.is_err(), "it was served beside two others");
        assert!(read(&mut third).await.starts_with("HTTP/1.1 200"));
        drop(idle);
    }

    #[tokio::test]
    async fn what_is_in_hand_is_finished_and_nothing_new_is_taken() {
        let steps: Arc<(Notify, Notify)> = Arc::default();
        let (address, stop, served) = started_with(Patience::default(), steps.clone()).await;
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
        steps.0.notified().await;
        stop.cancel();
        steps.1.notify_one();
        assert!(read(&mut stream).await.ends_with("done"));
        served.await.unwrap();
        assert!(TcpStream::connect(address).await.is_err());
    }
}
