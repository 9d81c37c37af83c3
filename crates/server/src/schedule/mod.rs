//! What happens because its time has come: full syncs, looks at what no webhook covers, and a look at whether webhooks can
//! arrive at all.

mod full;
mod poll;
mod reach;

pub(crate) use full::run as full_syncs;
pub(crate) use poll::run as polling;
pub(crate) use reach::run as reachability;

use std::time::Duration;

use crate::live::Live;

/// Waits for so long, for ever when there is no time; returns early when the configuration is read anew. `false` when all
/// is to end.
async fn pause(live: &Live, time: Option<Duration>) -> bool {
    let mut reloads = live.reloads();
    let alarm = async {
        match time {
            Some(time) => tokio::time::sleep(time).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = alarm => true,
        changed = reloads.changed() => changed.is_ok(),
        () = live.stop.cancelled() => false,
    }
}
