//! Files of a test's own.

use std::path::{Path, PathBuf};

#[expect(clippy::disallowed_methods, reason = "a file in the test's own folder")]
pub(crate) fn put(path: &Path, content: &(impl AsRef<[u8]> + ?Sized)) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, content).unwrap();
}

/// Every file below a folder; none when there is no such folder.
pub(crate) fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let Ok(entries) = std::fs::read_dir(folder) else { return files };
    for entry in entries {
        let path = entry.unwrap().path();
        // A link could lead anywhere.
        match std::fs::symlink_metadata(&path) {
            Ok(metadata) if metadata.is_dir() => files.extend(files_below(&path)),
            Ok(metadata) if metadata.is_file() => files.push(path),
            _ => {}
        }
    }
    files
}
