//! Which objects are named as already here.

use std::sync::Arc;

use refray_core::Oid;

use crate::mirror::{Mirror, MirrorError};

/// The most tips that are named in the first round.
const FIRST: usize = 256;

/// The tips whose older history is named in the second round.
const CHAINS: usize = 16;

/// What can be said to the server, in the order of its usefulness.
pub(super) struct Haves {
    /// Tips: nearly always enough.
    pub(super) tips: Vec<Oid>,
    mirror: Arc<Mirror>,
}

impl Haves {
    /// Takes those of `known` that the mirror holds.
    pub(super) async fn new(mirror: &Arc<Mirror>, known: Vec<Oid>) -> Result<Self, MirrorError> {
        let own = mirror.clone();
        let tips = blocking(move || {
            let held = own.holds(known.iter().copied())?;
            let known: Vec<Oid> = known.into_iter().filter(|oid| held.contains(oid)).collect();
            Ok(own.peel_to_commits(&known, FIRST))
        })
        .await?;
        Ok(Self { tips, mirror: mirror.clone() })
    }

    /// Finds older commits, for a server that knows none of the tips.
    pub(super) async fn older(&self) -> Result<Vec<Oid>, MirrorError> {
        let (mirror, tips) = (self.mirror.clone(), self.tips.clone());
        blocking(move || mirror.sample(&tips, CHAINS)).await
    }
}

/// Runs what blocks where it does no harm.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, MirrorError> + Send + 'static,
) -> Result<T, MirrorError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => std::panic::resume_unwind(error.try_into_panic().unwrap_or_else(|error| Box::new(error))),
    }
}
