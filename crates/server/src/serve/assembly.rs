//! Putting it together, and taking it apart again.

use std::net::SocketAddr;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use refray_core::config::{Config, SecretSource};
use refray_core::secret::Secret;
use refray_engine::Engine;
use refray_forge::{Environment, resolve};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

use super::connections::{Patience, listen};
use super::health::Health;
use super::signals::{Asked, Signals};
use super::{Ended, Listeners, OnlyOne, Reload, ServeError, Stats, Supervisor, reload};
use crate::dashboard::{self, Access, Broadcast, Dashboard, EngineActions};
use crate::intake::Intake;
use crate::live::Live;
use crate::schedule;
use crate::waker::QueueWaker;
use crate::webhook::{self, ReceiverOptions};
use crate::worker::{self, Pulse};

/// How long what is in hand may take to finish, of the half minute in which all must have ended.
const FINISH: Duration = Duration::from_secs(22);
/// How long giving back what is left may take.
const GIVE_BACK: Duration = Duration::from_secs(5);

/// What is served, and how.
pub struct Setup {
    /// The addresses.
    pub listeners: Listeners,
    /// The right to do it.
    pub only: OnlyOne,
    /// What works. Its events go to a [`ServeSink`](super::ServeSink) with the same `stats`.
    pub engine: Engine,
    /// What is counted.
    pub stats: Arc<Stats>,
    /// Minutes between full syncs, before what the configuration says.
    pub full_sync_interval_minutes: Option<u32>,
    /// Where secrets come from.
    pub environment: Arc<dyn Environment>,
    /// Reads the configuration again.
    pub reload: Arc<dyn Reload>,
    /// The service manager.
    pub supervisor: Supervisor,
    /// The system's signals, listened to since before anybody was told where it serves.
    pub signals: Signals,
}

/// The secrets that the listeners go by.
struct Secrets {
    webhook: Option<Secret>,
    signing_token: Option<Secret>,
    dashboard: Option<Secret>,
}

impl Secrets {
    async fn read(config: &Config, environment: &dyn Environment) -> Result<Self, ServeError> {
        let webhook = config.webhook.as_ref();
        let (key, token) = (
            webhook.and_then(|webhook| webhook.secret.as_ref()),
            webhook.and_then(|webhook| webhook.signing_token.as_ref()),
        );
        Ok(Self {
            webhook: secret("secret of `[webhook]`", key, environment).await?,
            signing_token: secret("signing_token of `[webhook]`", token, environment).await?,
            dashboard: secret("token of `[dashboard]`", config.dashboard.token.as_ref(), environment).await?,
        })
    }
}

/// What a reload can replace, and what it needs for that.
struct Replaceable {
    live: Arc<Live>,
    environment: Arc<dyn Environment>,
    reload: Arc<dyn Reload>,
    /// What is received on the public address.
    receiver: Arc<RwLock<Router>>,
    dashboard_token: Arc<RwLock<Option<Secret>>>,
    dashboard_address: SocketAddr,
}

async fn secret(
    what: &'static str,
    source: Option<&SecretSource>,
    environment: &dyn Environment,
) -> Result<Option<Secret>, ServeError> {
    match source {
        Some(source) => {
            let secret = resolve(source, environment).await;
            secret.map(Some).map_err(|source| ServeError::Secret { what, source })
        }
        None => Ok(None),
    }
}

/// Serves until a signal ends it.
///
/// # Errors
/// It cannot begin, or the store cannot be used.
pub async fn serve(setup: Setup) -> Result<Ended, ServeError> {
    let Setup {
        listeners,
        only,
        engine,
        stats,
        full_sync_interval_minutes,
        environment,
        reload,
        supervisor,
        mut signals,
    } = setup;
    let secrets = Secrets::read(&engine.config, &*environment).await?;
    let started = (engine.clock)();
    let taken = engine.store.take_back(started).await?;
    if taken > 0 {
        tracing::info!(count = taken, "work that an earlier process left behind is taken up again");
    }
    let broadcast = Broadcast::new();
    let engine = broadcast.beside(engine);
    let live = Arc::new(Live::new(engine, stats));
    let pulse = Arc::new(Pulse::default());

    let mut tasks = JoinSet::new();
    let holder = format!("serve/{}", std::process::id());
    tasks.spawn(worker::run(live.clone(), holder, pulse.clone()));
    tasks.spawn(schedule::full_syncs(live.clone(), full_sync_interval_minutes));
    tasks.spawn(schedule::polling(live.clone()));
    tasks.spawn(schedule::reachability(live.clone(), environment.clone()));

    // Health is asked for until the very end; deliveries are taken until the end begins.
    let ending = CancellationToken::new();
    let dashboard_token = Arc::new(RwLock::new(secrets.dashboard));
    let access = Access::new(listeners.dashboard_address, dashboard_token.clone());
    let health = Health { live: live.clone(), pulse, started, access };
    let releases = TaskTracker::new();
    let shown = pages(&health, broadcast, &releases)?;
    let replaceable = Replaceable {
        receiver: Arc::new(RwLock::new(deliveries(&live, secrets.webhook, secrets.signing_token))),
        dashboard_token,
        dashboard_address: listeners.dashboard_address,
        live: live.clone(),
        environment,
        reload,
    };
    let dashboard = tokio::spawn(listen(listeners.dashboard, shown, Patience::default(), ending.clone()));
    let receiver =
        tokio::spawn(listen(listeners.receiver, replaceable.front(), Patience::default(), live.stop.clone()));
    tracing::info!(listen = %listeners.receiver_address, dashboard = %listeners.dashboard_address, "serving");
    supervisor.ready("serving");

    run(&replaceable, &mut signals, &supervisor, &health).await;
    supervisor.stopping();
    tracing::info!("stopping when what is in hand is done; once more stops at once");
    live.stop.cancel();
    let ended = tokio::select! {
        () = drain(&live, tasks, releases) => Ended::Drained,
        () = signals.stop() => Ended::AtOnce,
    };
    ending.cancel();
    if ended == Ended::Drained {
        // Whoever still has a connection open is not waited for long.
        let closed = async { drop((receiver.await, dashboard.await)) };
        drop(tokio::time::timeout(Duration::from_secs(1), closed).await);
    }
    live.engine().store.close().await;
    drop(only);
    tracing::info!("stopped");
    Ok(ended)
}

/// Takes deliveries in. The receiver is mounted here.
fn deliveries(live: &Arc<Live>, secret: Option<Secret>, signing_token: Option<Secret>) -> Router {
    let waker = QueueWaker::new(live.clone(), Intake::new(live.engine().store.clone()));
    let secret = secret.unwrap_or_else(|| {
        tracing::warn!("deliveries are refused: there is no `secret` in `[webhook]` to tell genuine ones by");
        Secret::new(String::new())
    });
    let options = ReceiverOptions { signing_token, counters: live.received.clone(), ..ReceiverOptions::new(secret) };
    webhook::router(options, Arc::new(waker))
}

/// What is shown on the dashboard's address, to tools and to people.
fn pages(health: &Health, broadcast: Broadcast, releases: &TaskTracker) -> Result<Router, ServeError> {
    let live = health.live.clone();
    let engine = live.engine();
    let dashboard = Dashboard {
        store: engine.store.clone(),
        clock: engine.clock,
        stop: live.stop.clone(),
        actions: Arc::new(EngineActions::new(live.clone(), releases.clone(), broadcast.clone())),
        config: Box::new(move || live.engine().config.clone()),
        broadcast,
        access: health.access.clone(),
    };
    let people = dashboard::router(dashboard).map_err(|error| ServeError::Random(error.to_string()))?;
    Ok(health.clone().router().merge(people))
}

/// Waits for the signal to stop; reloads and gives signs of life meanwhile.
async fn run(replaceable: &Replaceable, signals: &mut Signals, supervisor: &Supervisor, health: &Health) {
    let mut signs = supervisor.watchdog().map(tokio::time::interval);
    loop {
        let sign = async {
            match &mut signs {
                Some(signs) => drop(signs.tick().await),
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            asked = signals.next() => match asked {
                Asked::Stop => return,
                Asked::Reload => {
                    supervisor.reloading();
                    let (outcome, status) = match replaceable.replace().await {
                        Ok(()) => {
                            tracing::info!("the configuration was read anew");
                            ("good", "serving")
                        }
                        Err(why) => {
                            tracing::error!("the configuration was not read anew, the old one stays: {why}");
                            ("bad", "serving with the old configuration")
                        }
                    };
                    replaceable.live.stats.count("reloads", &[("outcome", outcome)]);
                    supervisor.ready(status);
                }
            },
            // No sign of life is given for workers that are stuck: then the service manager starts anew.
            () = sign => if health.is_alive() {
                supervisor.alive();
            },
        }
    }
}

impl Replaceable {
    /// Returns what stands in front of the receiver of the moment.
    fn front(&self) -> Router {
        let receiver = self.receiver.clone();
        Router::new().fallback(move |request: Request| {
            let router = receiver.read().unwrap_or_else(PoisonError::into_inner).clone();
            router.oneshot(request)
        })
    }

    /// Reads the configuration anew and puts everything that goes by it in place, or nothing.
    async fn replace(&self) -> Result<(), String> {
        let fresh = self.reload.load()?;
        let told = |error: ServeError| {
            let cause = std::error::Error::source(&error).map_or_else(String::new, |cause| format!(": {cause}"));
            format!("{error}{cause}\n{}", error.remedy())
        };
        let secrets = Secrets::read(&fresh.config, &*self.environment).await.map_err(told)?;
        if secrets.dashboard.is_none() && !self.dashboard_address.ip().is_loopback() {
            return Err(told(ServeError::Open { address: self.dashboard_address }));
        }
        reload::replace(&self.live, fresh);
        *self.dashboard_token.write().unwrap_or_else(PoisonError::into_inner) = secrets.dashboard;
        *self.receiver.write().unwrap_or_else(PoisonError::into_inner) =
            deliveries(&self.live, secrets.webhook, secrets.signing_token);
        Ok(())
    }
}

/// Lets everything finish, gives back what has not in time, and ends.
async fn drain(live: &Live, mut tasks: JoinSet<()>, releases: TaskTracker) {
    releases.close();
    let mut all = std::pin::pin!(async {
        while let Some(ended) = tasks.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "a part ended early");
            }
        }
        releases.wait().await;
    });
    if tokio::time::timeout(FINISH, &mut all).await.is_err() {
        live.hurry.cancel();
        if tokio::time::timeout(GIVE_BACK, all).await.is_err() {
            tracing::warn!("not everything could be given back; its leases run out, or the next start takes them");
        }
    }
}
