use std::fs;
use std::io;
use std::path::Path;

use tempfile::TempDir;

use super::Site;
use crate::world::World;

/// A whole site at one moment: its state and a copy of its repositories.
#[derive(Debug)]
pub struct Snapshot {
    world: World,
    repositories: TempDir,
}

impl Site {
    /// Keeps the site as it is now.
    ///
    /// # Errors
    ///
    /// Fails when the repositories cannot be copied.
    pub fn snapshot(&self) -> io::Result<Snapshot> {
        let repositories = tempfile::tempdir()?;
        let world = self.world();
        copy(&self.dir().join("repositories"), repositories.path())?;
        Ok(Snapshot { world: world.clone(), repositories })
    }

    /// Puts the site back to where it was, as a forge restored from an old backup: what came since is gone.
    ///
    /// # Errors
    ///
    /// Fails when the repositories cannot be replaced.
    pub fn restore(&self, snapshot: &Snapshot) -> io::Result<()> {
        let mut world = self.world();
        let repositories = self.dir().join("repositories");
        fs::remove_dir_all(&repositories)?;
        copy(snapshot.repositories.path(), &repositories)?;
        let last_id = world.last_id;
        *world = snapshot.world.clone();
        // An id that was given out since must not come to mean something else.
        world.last_id = last_id;
        Ok(())
    }
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
