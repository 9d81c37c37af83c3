//! Reading bundles.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Seek};
use std::path::{Path, PathBuf};

use refray_core::{ObjectFormat, Oid};

use super::error::{BackupError, Doing};

/// The head of a bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    /// The file.
    pub path: PathBuf,
    /// What it restores: full names and values.
    pub refs: BTreeMap<String, Oid>,
    /// The hash function of its objects.
    pub format: ObjectFormat,
    /// Objects that it needs and does not have. Bundles that refray writes need none.
    pub prerequisites: Vec<Oid>,
    /// Where its pack begins.
    pub(super) pack_at: u64,
}

/// No line of a bundle's head has a reason to be longer.
const LONGEST_LINE: u64 = 64 << 10;

/// Reads the head of the bundle at `path`.
///
/// # Errors
/// It is no bundle, or it cannot be read.
pub fn read(path: &Path) -> Result<Bundle, BackupError> {
    let file = File::open(path).doing("open", path)?;
    let unusable = |why: &str| BackupError::Unusable { path: path.to_owned(), why: why.to_owned() };
    let mut reader = BufReader::new(file);
    let mut bundle = Bundle {
        path: path.to_owned(),
        refs: BTreeMap::new(),
        format: ObjectFormat::Sha1,
        prerequisites: Vec::new(),
        pack_at: 0,
    };
    let first = line(&mut reader).doing("read", path)?;
    if first != b"# v2 git bundle" && first != b"# v3 git bundle" {
        return Err(unusable("it does not begin like one"));
    }
    loop {
        let line = line(&mut reader).doing("read", path)?;
        if line.is_empty() {
            bundle.pack_at = reader.stream_position().doing("read", path)?;
            return Ok(bundle);
        }
        let line = String::from_utf8(line).map_err(|_| unusable("its head is not text"))?;
        if let Some(capability) = line.strip_prefix('@') {
            match capability {
                "object-format=sha1" => {}
                "object-format=sha256" => bundle.format = ObjectFormat::Sha256,
                _ => return Err(unusable(&format!("it needs `{capability}`"))),
            }
        } else if let Some(needed) = line.strip_prefix('-') {
            let hex = needed.split(' ').next().unwrap_or_default();
            bundle.prerequisites.push(hex.parse().map_err(|_| unusable("a line of its head makes no sense"))?);
        } else {
            let parsed = line.split_once(' ').and_then(|(hex, name)| Some((name.to_owned(), hex.parse().ok()?)));
            let (name, oid) = parsed.ok_or_else(|| unusable("a line of its head makes no sense"))?;
            bundle.refs.insert(name, oid);
        }
    }
}

/// Lists the bundles in `folder`, the oldest first. A folder that does not exist holds none.
///
/// # Errors
/// The folder cannot be read.
pub fn list(folder: &Path) -> Result<Vec<PathBuf>, BackupError> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.doing("list", folder)?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.doing("list", folder)?.path();
        if path.extension().is_some_and(|extension| extension == "bundle") {
            found.push(path);
        }
    }
    found.sort_by_cached_key(|path| age(path));
    Ok(found)
}

/// Returns what tells how old a bundle is: its stamp, and its number among those of the same second.
fn age(path: &Path) -> (String, u32) {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    match stem.rsplit_once('-').and_then(|(stamp, number)| Some((stamp, number.parse().ok()?))) {
        Some((stamp, number)) => (stamp.to_owned(), number),
        None => (stem.into_owned(), 0),
    }
}

/// Reads a line without its end; a file that ends before one is an error.
fn line(reader: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    reader.take(LONGEST_LINE).read_until(b'\n', &mut line)?;
    if line.pop() != Some(b'\n') {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bundles_of_one_second_are_listed_as_they_were_made() {
        let folder = tempfile::tempdir().unwrap();
        let names = ["20240401T000000Z", "20240401T000000Z-2", "20240401T000000Z-10", "20240401T000001Z"];
        for name in names.iter().rev() {
            File::create(folder.path().join(format!("{name}.bundle"))).unwrap();
        }
        let listed = list(folder.path()).unwrap();
        let stems: Vec<_> = listed.iter().filter_map(|path| path.file_stem()?.to_str()).collect();
        assert_eq!(stems, names);
    }
}
