//! Keeping a mirror quick.

use std::path::Path;

use super::store::Mirror;
use crate::child::{ChildError, Git};

/// More packs than this are rolled into fewer.
const MANY_PACKS: usize = 40;

/// A mirror with less than this in packs needs no commit-graph.
const LARGE: u64 = 8 << 20;

/// What maintenance did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Maintenance {
    /// Small packs were rolled together.
    pub repacked: bool,
    /// A commit-graph was written.
    pub graph: bool,
}

/// Rolls small packs together when there are many, and writes a commit-graph when the mirror is large and has grown. No
/// object is ever dropped. The caller sees to it that nothing else works on the mirror meanwhile.
///
/// # Errors
/// The git process failed; the mirror is as good as before.
pub async fn maintain(git: &Git, mirror: &Mirror) -> Result<Maintenance, ChildError> {
    let mut done = Maintenance::default();
    let packs = mirror.packs().unwrap_or_default();
    if packs.len() > MANY_PACKS {
        mirror.forget_sole_pack();
        git.command("repack").args(["-d", "--geometric=2", "-q"]).repository(mirror.path()).run(None).await?;
        // The old packs' places are still taken otherwise. A mirror that cannot be opened is found damaged soon enough.
        drop(mirror.reopen());
        done.repacked = true;
    }
    let size: u64 = packs.iter().filter_map(|path| path.metadata().ok()).map(|meta| meta.len()).sum();
    if size > LARGE && graph_is_old(mirror.path(), &packs) {
        git.command("commit-graph")
            .args(["write", "--reachable", "--split", "--no-progress"])
            .repository(mirror.path())
            .run(None)
            .await?;
        done.graph = true;
    }
    Ok(done)
}

/// Says whether a pack is newer than the commit-graph.
fn graph_is_old(mirror: &Path, packs: &[std::path::PathBuf]) -> bool {
    let changed = |path: &Path| path.metadata().and_then(|meta| meta.modified()).ok();
    let graph = changed(&mirror.join("objects/info/commit-graphs/commit-graph-chain"));
    let newest = packs.iter().filter_map(|path| changed(path)).max();
    match (graph, newest) {
        (Some(graph), Some(newest)) => newest > graph,
        (graph, _) => graph.is_none(),
    }
}
