//! Webhooks: how many are taken each second, and what bad ones cost.

mod client;

use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use futures_util::future::try_join_all;
use jiff::Timestamp;
use refray_core::name::{GroupName, RepoName};
use refray_core::secret::Secret;
use refray_engine::store::{SqliteStore, Store, Wake};
use refray_server::hint::{Hint, WakeError, Waker, Woken};
use refray_server::intake::Intake;
use refray_server::webhook::{Counters, ReceiverOptions, router};
use tokio::net::TcpListener;

use self::client::{Client, Delivery};
use crate::Error;
use crate::report::say;

const SECRET: &str = "a secret for a benchmark";

/// Puts what it hears of into the queue of a store.
struct Queue {
    group: GroupName,
    intake: Intake,
}

#[async_trait]
impl Waker for Queue {
    async fn wake(&self, hint: &Hint) -> Result<Woken, WakeError> {
        let Some((_, name)) = hint.paths.first().and_then(|path| path.rsplit_once('/')) else {
            return Ok(Woken::Unknown);
        };
        let Ok(name) = RepoName::new(name) else { return Ok(Woken::Unknown) };
        let now = Timestamp::now();
        let wake = Wake { group: self.group.clone(), name, urgent: true, at: now, due: now };
        let put = self.intake.put(vec![wake]).await.map_err(|error| WakeError(error.to_string()))?;
        Ok(Woken::Queued(put.len()))
    }
}

/// Sends `good` deliveries about `repos` repositories over `connections` connections, and then `bad` ones.
pub(crate) async fn run(good: usize, repos: usize, connections: usize, bad: usize) -> Result<(), Error> {
    let dir = tempfile::tempdir()?;
    let store = Arc::new(SqliteStore::open(dir.path()).await?);
    let intake = Intake::new(Arc::<SqliteStore>::clone(&store));
    let queue = Queue { group: GroupName::new("bench")?, intake: intake.clone() };
    let options = ReceiverOptions::new(Secret::new(SECRET.to_owned()));
    let counters = Arc::clone(&options.counters);
    let router = router(options, Arc::new(queue));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let server = tokio::spawn(async move { axum::serve(listener, router).await });

    say(&format!("\nWebhooks: {good} good ones about {repos} repositories over {connections} connections"));
    let started = Instant::now();
    try_join_all((0..connections).map(|connection| async move {
        let mut client = Client::new(address);
        for number in (connection..good).step_by(connections) {
            let status = client.send(&Delivery::good(SECRET, number, number % repos)).await?;
            if status != 202 {
                return Err(Error::from(format!("a good delivery was answered with {status}")));
            }
        }
        Ok(())
    }))
    .await?;
    let seconds = started.elapsed().as_secs_f64();
    let queued = store.queue().await?.len();
    say(&format!("  accepted durably     {:9.0} a second ({seconds:.2} s)", good as f64 / seconds));
    say(&format!("  transactions         {:9}", intake.commits()));
    say(&format!("  in the queue         {queued:9}"));

    say(&format!("\nWebhooks: {bad} bad ones, three times\n  resident before      {:9} KiB", resident()?));
    for _ in 0..3 {
        refused(address, connections, bad).await?;
        say(&format!("  resident after       {:9} KiB", resident()?));
    }
    summarise(&counters);
    server.abort();
    Ok(())
}

/// Sends bad deliveries, all of which have to be refused.
async fn refused(address: std::net::SocketAddr, connections: usize, bad: usize) -> Result<(), Error> {
    try_join_all((0..connections).map(|connection| async move {
        let mut client = Client::new(address);
        for number in (connection..bad).step_by(connections) {
            let status = client.send(&Delivery::bad(SECRET, number)).await?;
            if !(400..500).contains(&status) {
                return Err(Error::from(format!("bad delivery {number} was answered with {status}")));
            }
        }
        Ok(())
    }))
    .await?;
    Ok(())
}

fn summarise(counters: &Counters) {
    for (name, count) in counters.all().filter(|(_, count)| *count > 0) {
        say(&format!("  {name:20} {count:9}"));
    }
}

/// Returns the memory that this process takes, client and all, in KiB.
fn resident() -> Result<u64, Error> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("the system does not say")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}
