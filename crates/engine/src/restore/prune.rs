//! Backups whose time is over.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use refray_core::name::{GroupName, RepoName};
use refray_git::Mirror;
use refray_git::backup;
use refray_git::mirror::BACKUP_PREFIX;

use super::shelf::{BackupId, Shelf, ShelfError, parse_stamp};
use crate::engine::Engine;
use crate::mirror;

/// What was removed, or would be.
#[derive(Debug, Clone, Default)]
pub struct Pruned {
    /// The backups.
    pub backups: Vec<BackupId>,
    /// Their bytes.
    pub bytes: u64,
}

impl Engine {
    /// Removes backups that are older than `days`: what the mirror keeps first, then the bundle, so that neither outlives
    /// the other for good.
    ///
    /// # Errors
    /// The shelf cannot be read or a backup cannot be removed.
    pub async fn prune_backups(&self, days: u32, dry_run: bool) -> Result<Pruned, ShelfError> {
        let before = cutoff((self.clock)(), days);
        let shelf = Shelf::new(&self.dirs.state);
        let mut old: BTreeMap<(GroupName, String), Vec<(BackupId, std::path::PathBuf)>> = BTreeMap::new();
        for (id, path) in shelf.ids()? {
            if id.made().is_some_and(|made| made < before) {
                old.entry((id.group.clone(), id.key.clone())).or_default().push((id, path));
            }
        }
        let mut pruned = Pruned::default();
        for ((group, key), backups) in old {
            if dry_run {
                for (id, path) in backups {
                    pruned.bytes += std::fs::metadata(&path).map_or(0, |metadata| metadata.len());
                    pruned.backups.push(id);
                }
                continue;
            }
            // Nobody may be reading them, or be about to make one.
            let Ok(_lock) = self.locks.acquire(&group, &key, &|| {}).await else { continue };
            self.prune_mirror(&group, &key, before).await;
            for (id, path) in backups {
                let size = std::fs::metadata(&path).map_or(0, |metadata| metadata.len());
                backup::remove(&path)?;
                pruned.bytes += size;
                pruned.backups.push(id);
            }
        }
        Ok(pruned)
    }

    /// Takes what is older out of a mirror. A mirror that cannot be used is made anew some day, and keeps nothing then.
    async fn prune_mirror(&self, group: &GroupName, key: &str, before: Timestamp) {
        let Ok(name) = RepoName::new(key) else { return };
        let path = mirror::path(self, group, &name);
        let pruned = tokio::task::spawn_blocking(move || {
            if !path.exists() {
                return Ok(());
            }
            let mirror = Mirror::open(&path)?;
            let refs = mirror.refs(BACKUP_PREFIX)?;
            let old: BTreeSet<String> = refs.into_keys().filter(|kept| is_older(kept, before)).collect();
            if old.is_empty() { Ok(()) } else { mirror.drop_refs(&old) }
        });
        match pruned.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "old backups stay in the mirror"),
            Err(error) => tracing::warn!(%error, "old backups stay in the mirror"),
        }
    }
}

/// Backups of exactly this age stay.
fn cutoff(now: Timestamp, days: u32) -> Timestamp {
    now.checked_sub(SignedDuration::from_hours(i64::from(days) * 24)).unwrap_or(Timestamp::MIN)
}

fn is_older(kept: &str, before: Timestamp) -> bool {
    backup::origin(kept).and_then(|origin| parse_stamp(&origin.stamp)).is_some_and(|made| made < before)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backup_is_older_by_its_name() {
        let now: Timestamp = "2024-04-01T00:00:00Z".parse().unwrap();
        let before = cutoff(now, 90);
        let cases = [
            ("refs/refray-backups/branches/topic/20240101T000000Z-0123456789", true),
            ("refs/refray-backups/repos/20240101T000000Z/a/heads/main", true),
            ("refs/refray-backups/branches/topic/20240102T000000Z-0123456789", false),
            ("refs/refray-backups/branches/topic/some-day", false),
            ("refs/refray/keep/20240101T000000Z", false),
        ];
        for (kept, old) in cases {
            assert_eq!(is_older(kept, before), old, "{kept}");
        }
        assert_eq!(cutoff(now, u32::MAX), Timestamp::MIN);
    }
}
