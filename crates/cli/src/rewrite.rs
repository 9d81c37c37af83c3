//! Replacing a file that the user wrote, all at once or not at all.

use std::fs::Permissions;
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
use std::path::Path;

use tempfile::NamedTempFile;

/// Puts `text` in the place of what the file holds. Its owner and its rights stay, and a link to it stays a link.
pub(crate) fn replace(path: &Path, text: &str) -> io::Result<()> {
    replace_as(path, text, None)
}

/// The same; with a mode, the file has that one from the moment on at which it has the text.
pub(crate) fn replace_as(path: &Path, text: &str, mode: Option<u32>) -> io::Result<()> {
    let path = std::fs::canonicalize(path)?;
    let folder = path.parent().unwrap_or_else(|| Path::new("/"));
    let mut file = NamedTempFile::new_in(folder)?;
    file.write_all(text.as_bytes())?;
    let before = std::fs::metadata(&path)?;
    let mut mode = mode.unwrap_or_else(|| before.permissions().mode());
    // Root may change a file for whoever runs refray.
    if fchown(file.as_file(), Some(before.uid()), Some(before.gid())).is_err()
        && fchown(file.as_file(), None, Some(before.gid())).is_err()
    {
        // It belongs to another group now, which had no right to it.
        mode &= !0o070;
    }
    file.as_file().set_permissions(Permissions::from_mode(mode))?;
    file.as_file().sync_all()?;
    file.persist(&path).map_err(|error| error.error)?;
    std::fs::File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn rights_and_links_stay() {
        let dir = tempfile::tempdir().unwrap();
        let (real, link) = (dir.path().join("real.toml"), dir.path().join("link.toml"));
        std::fs::File::create(&real).unwrap().write_all(b"old").unwrap();
        std::fs::set_permissions(&real, PermissionsExt::from_mode(0o640)).unwrap();
        symlink(&real, &link).unwrap();
        replace(&link, "new").unwrap();
        assert_eq!(std::fs::read_to_string(&real).unwrap(), "new");
        assert_eq!(std::fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
        assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 2, "nothing is left lying about");
    }

    #[test]
    fn owner_and_group_stay() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config.toml");
        std::fs::File::create(&path).unwrap().write_all(b"old").unwrap();
        // As root there is somebody else to give it to; whoever is not has the groups that they are in.
        let own = std::fs::metadata(&path).unwrap();
        let groups = rustix::process::getgroups().unwrap();
        let other = groups.iter().map(|group| group.as_raw()).find(|group| *group != own.gid());
        let (owner, group) = if own.uid() == 0 { (1234, 5678) } else { (own.uid(), other.unwrap_or(own.gid())) };
        std::os::unix::fs::chown(&path, Some(owner), Some(group)).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).unwrap();
        replace(&path, "new").unwrap();
        let now = std::fs::metadata(&path).unwrap();
        assert_eq!((now.uid(), now.gid(), now.permissions().mode() & 0o777), (owner, group, 0o640));
    }
}
