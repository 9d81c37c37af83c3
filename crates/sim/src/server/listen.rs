use std::io;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::answer::answer;
use crate::Site;
use crate::dialect;

/// Where a site listens.
pub(crate) struct Listener {
    pub(crate) tcp: TcpListener,
    pub(crate) tls: Option<TlsAcceptor>,
}

/// Serves a site until the task is aborted, which ends all its connections.
pub(crate) async fn accept(site: Arc<Site>, listener: Listener) {
    let router = dialect::router(site.kind()).with_state(Arc::clone(&site));
    let mut connections = JoinSet::new();
    loop {
        let stream = tokio::select! {
            accepted = listener.tcp.accept() => match accepted {
                Ok((stream, _)) => stream,
                // Too many open files, or a client that has gone again: the next one may fare better.
                Err(_) => {
                    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
                    continue;
                }
            },
            Some(_) = connections.join_next() => continue,
        };
        // Without this every request but the first on a connection waits 40 ms for an acknowledgement.
        if stream.set_nodelay(true).is_err() {
            continue;
        }
        let (site, router, tls) = (Arc::clone(&site), router.clone(), listener.tls.clone());
        connections.spawn(async move {
            match tls {
                None => serve(site, router, stream).await,
                Some(tls) => {
                    if let Ok(stream) = tls.accept(stream).await {
                        serve(site, router, stream).await;
                    }
                }
            }
        });
    }
}

async fn serve(site: Arc<Site>, router: Router, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
    let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        let (site, router) = (Arc::clone(&site), router.clone());
        async move {
            let answer = answer(site, router, request.map(Body::new)).await;
            answer.ok_or_else(|| io::Error::other("the connection is to break"))
        }
    });
    let served = Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await;
    // A client that has gone, or a break that was asked for.
    drop(served);
}
