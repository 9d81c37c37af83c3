//! Whether a public address leads to this machine.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use refray_forge::{Environment, Reached, probe};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

/// Where `refray serve` receives webhooks unless it is told otherwise.
const LISTEN: &str = "127.0.0.1:8787";
/// How long a client may take to say what it wants.
const PATIENCE: Duration = Duration::from_secs(5);

/// What became of the try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reach {
    /// The request came in here.
    Here,
    /// Something answered, and who it was cannot be told: the port is taken.
    Busy(u16),
    /// Something answered, and it was not here.
    Elsewhere(u16),
    /// Nothing answered: why.
    Silent(String),
}

/// Listens where `refray serve` would, asks for the address from here, and sees whether that request arrives.
pub(super) async fn try_reach(url: &Url, environment: Arc<dyn Environment>) -> Reach {
    match TcpListener::bind(LISTEN).await {
        Ok(listener) => try_with(listener, url, environment).await,
        Err(_) => match probe(url, environment).await {
            Reached::Answered(status) => Reach::Busy(status),
            Reached::Silent(why) => Reach::Silent(why),
        },
    }
}

async fn try_with(listener: TcpListener, url: &Url, environment: Arc<dyn Environment>) -> Reach {
    let mut bytes = [0; 16];
    if getrandom::fill(&mut bytes).is_err() {
        return Reach::Silent("this machine gives no random numbers".to_owned());
    }
    let mark: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut marked = url.clone();
    marked.query_pairs_mut().append_pair("refray-reach", &mark);
    let came = Arc::new(AtomicBool::new(false));
    let serving = tokio::spawn(accept(listener, mark, came.clone()));
    let reached = probe(&marked, environment).await;
    serving.abort();
    match reached {
        _ if came.load(Ordering::SeqCst) => Reach::Here,
        Reached::Answered(status) => Reach::Elsewhere(status),
        Reached::Silent(why) => Reach::Silent(why),
    }
}

async fn accept(listener: TcpListener, mark: String, came: Arc<AtomicBool>) {
    while let Ok((stream, _)) = listener.accept().await {
        let (mark, came) = (mark.clone(), came.clone());
        // Others may be calling as well, and slowly.
        tokio::spawn(async move {
            drop(tokio::time::timeout(PATIENCE, answer(stream, &mark, &came)).await);
        });
    }
}

async fn answer(mut stream: TcpStream, mark: &str, came: &AtomicBool) -> std::io::Result<()> {
    let mut head = Vec::new();
    let mut buffer = [0; 2048];
    while head.len() < 16 << 10 && !head.windows(4).any(|four| four == b"\r\n\r\n") {
        match stream.read(&mut buffer).await? {
            0 => break,
            read => head.extend_from_slice(&buffer[..read]),
        }
    }
    if String::from_utf8_lossy(&head).contains(mark) {
        came.store(true, Ordering::SeqCst);
    }
    stream.write_all(b"HTTP/1.1 204 No Content\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").await?;
    stream.shutdown().await
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;

    use super::*;

    struct Nothing;

    #[async_trait]
    impl Environment for Nothing {
        fn var(&self, _name: &str) -> Option<String> {
            None
        }
    }

    async fn listener() -> (TcpListener, Url) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}/webhook", listener.local_addr().unwrap())).unwrap();
        (listener, url)
    }

    #[tokio::test]
    async fn a_request_that_arrives_is_seen_and_another_servers_answer_is_not_taken_for_it() {
        let (here, url) = listener().await;
        assert_eq!(try_with(here, &url, Arc::new(Nothing)).await, Reach::Here);
        let (here, _) = listener().await;
        let (other, elsewhere) = listener().await;
        let came = Arc::new(AtomicBool::new(false));
        let serving = tokio::spawn(accept(other, "another mark".to_owned(), came));
        assert_eq!(try_with(here, &elsewhere, Arc::new(Nothing)).await, Reach::Elsewhere(204));
        serving.abort();
        let (here, _) = listener().await;
        let (gone, silent) = listener().await;
        drop(gone);
        assert!(matches!(try_with(here, &silent, Arc::new(Nothing)).await, Reach::Silent(_)));
    }
}
