//! This machine: git, and room for what is kept.

use std::path::Path;

use super::examination::Examination;
use super::report::Check;

/// Less room than this is worth a word.
const LITTLE: u64 = 1 << 30;

const ABOUT: &str = "machine";

pub(super) fn checks(examined: &Examination) -> Vec<Check> {
    let git = match examined.git.get() {
        Ok(git) => Check::pass(ABOUT, "git", format!("version {}", git.version())),
        Err((why, remedy)) => Check::fail(ABOUT, "git", why, remedy),
    };
    let state = folder(&examined.dirs.state, "state directory");
    let work = folder(&examined.dirs.work, "work directory");
    vec![git, state, work]
}

/// Looks at a folder, or at the nearest one above it that exists: refray makes the rest.
fn folder(path: &Path, check: &str) -> Check {
    let shown = path.display();
    let Some(there) = path.ancestors().find(|path| path.exists()) else {
        return Check::fail(ABOUT, check, format!("{shown} cannot be reached"), "Check the path.");
    };
    use rustix::fs::Access;
    if rustix::fs::access(there, Access::WRITE_OK | Access::EXEC_OK).is_err() {
        return Check::fail(
            ABOUT,
            check,
            if there == path {
                format!("{shown} cannot be written to")
            } else {
                format!("{shown} cannot be made: {} cannot be written to", there.display())
            },
            "Give the user that runs refray the right, or name another place with `--state-dir` or `--work-dir`.",
        );
    }
    match rustix::fs::statvfs(there) {
        Ok(room) => {
            let free = room.f_bavail.saturating_mul(room.f_frsize);
            let found = format!("{shown}, {} free", size(free));
            if free < LITTLE {
                Check::warn(ABOUT, check, found, "Make room: every repository is kept there once, and every backup.")
            } else {
                Check::pass(ABOUT, check, found)
            }
        }
        Err(error) => {
            Check::warn(ABOUT, check, format!("{shown}: its free room is not known: {error}"), "Check the disk.")
        }
    }
}

fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    let mut value = bytes >> 10;
    let mut unit = 0;
    while value >= 10_240 && unit + 1 < UNITS.len() {
        value >>= 10;
        unit += 1;
    }
    format!("{value} {}", UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Level;

    #[test]
    fn sizes_are_short() {
        assert_eq!(
            [0, 4096, 20 << 20, 7 << 30, 900 << 40].map(size),
            ["0 KiB", "4 KiB", "20 MiB", "7168 MiB", "900 TiB"].map(str::to_owned)
        );
    }

    #[test]
    fn a_folder_that_is_yet_to_be_made_is_judged_by_the_one_above() {
        let dir = tempfile::tempdir().unwrap();
        let found = folder(&dir.path().join("a/b/c"), "state directory");
        assert!(found.level <= Level::Warn, "{found:?}");
        assert!(found.found.contains("a/b/c"), "{found:?}");
    }
}
