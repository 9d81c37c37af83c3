//! The mirror's one file of references.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use refray_core::Oid;

/// The names and values of all references that the mirror keeps.
pub(super) type Refs = BTreeMap<String, Oid>;

/// Tells whether a file was replaced since it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    inode: u64,
    size: u64,
    changed: (i64, i64),
}

impl Stamp {
    /// Looks at the file; `None` when there is none.
    pub(crate) fn of(path: &Path) -> io::Result<Option<Self>> {
        match fs::metadata(path) {
            Ok(meta) => {
                Ok(Some(Self { inode: meta.ino(), size: meta.len(), changed: (meta.ctime(), meta.ctime_nsec()) }))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Reads the file's content; `Err` names the first line that does not belong there.
pub(super) fn parse(content: &str) -> Result<Refs, String> {
    let mut refs = Refs::new();
    if !content.is_empty() && !content.ends_with('\n') {
        return Err("its references end in the middle of a line".into());
    }
    for line in content.lines() {
        if line.starts_with('#') || line.starts_with('^') {
            continue;
        }
        let parsed = line.split_once(' ').and_then(|(hex, name)| Some((name, hex.parse().ok()?)));
        let Some((name, oid)) = parsed else {
            return Err(format!("`{}` is not a reference", line.escape_debug()));
        };
        refs.insert(name.to_owned(), oid);
    }
    Ok(refs)
}

/// Writes the file's content. A `BTreeMap` has the order that git means by `sorted`.
pub(super) fn print(refs: &Refs) -> Vec<u8> {
    let mut content = String::with_capacity(64 + refs.len() * 96);
    content.push_str("# pack-refs with: sorted \n");
    for (name, oid) in refs {
        content.push_str(&oid.to_string());
        content.push(' ');
        content.push_str(name);
        content.push('\n');
    }
    content.into_bytes()
}

/// Replaces the file at `path` so that it is whole, and on the disk, at any moment.
pub(crate) fn write_atomically(path: &Path, content: &[u8], mode: u32) -> io::Result<()> {
    let folder = path.parent().unwrap_or_else(|| Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".refray-").tempfile_in(folder)?;
    file.write_all(content)?;
    file.as_file().set_permissions(std::os::unix::fs::PermissionsExt::from_mode(mode))?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    sync_folder(folder)
}

/// Makes renames in a folder lasting.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_is_parsed() {
        let oid: Oid = "0123456789abcdef0123456789abcdef01234567".parse().unwrap();
        let refs: Refs = [("refs/a/b".to_owned(), oid), ("refs/a-b".to_owned(), oid)].into();
        assert_eq!(parse(std::str::from_utf8(&print(&refs)).unwrap()), Ok(refs));
        assert_eq!(parse(""), Ok(Refs::new()));
        for wrong in ["garbage\n", "0123 refs/x\n", "0123456789abcdef0123456789abcdef01234567 refs/x"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
