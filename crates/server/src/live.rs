//! What everything that serves shares: the engine of the moment, and the bell for new work.

use std::sync::Arc;

use refray_engine::Engine;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

use crate::serve::Stats;
use crate::webhook::Counters;

/// The engine, which a reload of the configuration replaces, and what outlives it.
pub struct Live {
    engine: watch::Sender<Arc<Engine>>,
    /// Rung when something was put into the queue.
    pub(crate) bell: Notify,
    /// What has been counted since the start.
    pub(crate) stats: Arc<Stats>,
    /// What became of deliveries, those that were not believed among them.
    pub(crate) received: Arc<Counters>,
    /// Nothing new is begun.
    pub(crate) stop: CancellationToken,
    /// What is still in hand is given back.
    pub(crate) hurry: CancellationToken,
}

impl Live {
    /// Starts with an engine. When its `stop` is set, all that serves ends.
    pub fn new(engine: Engine, stats: Arc<Stats>) -> Self {
        let stop = engine.stop.clone();
        let engine = watch::Sender::new(Arc::new(engine));
        Self { engine, bell: Notify::new(), stats, received: Arc::default(), stop, hurry: CancellationToken::new() }
    }

    /// Returns the engine of the moment. Work that has begun keeps the one that it began with.
    pub fn engine(&self) -> Arc<Engine> {
        self.engine.borrow().clone()
    }

    /// Puts another engine in place.
    pub(crate) fn replace(&self, engine: Engine) {
        self.engine.send_replace(Arc::new(engine));
    }

    /// Waits for the next reload.
    pub(crate) fn reloads(&self) -> watch::Receiver<Arc<Engine>> {
        let mut reloads = self.engine.subscribe();
        reloads.mark_unchanged();
        reloads
    }

    /// Lets the workers look at the queue.
    pub(crate) fn ring(&self) {
        self.bell.notify_one();
    }
}
