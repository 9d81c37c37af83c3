//! Reading references without a process.

use std::path::Path;

use refray_core::snapshot::Snapshot;

use super::directory::check;
use super::error::{Doing, LocalError};
use crate::ls_refs::Builder;
use crate::mirror::{Stamp, open_isolated, own_format, own_id};

/// How often the reading is begun anew when references are being packed meanwhile.
const TRIES: usize = 20;

/// Longer chains of symbolic references are loops.
const LONGEST_CHAIN: usize = 5;

/// Reads the branches, the tags and the default branch of the repository at `path`.
///
/// # Errors
/// It is no repository, or something in it cannot be read. A short list is never returned.
pub fn snapshot(path: &Path) -> Result<Snapshot, LocalError> {
    check(path)?;
    let packed = path.join("packed-refs");
    let mut last = None;
    for _ in 0..TRIES {
        // A reference that is packed while the loose ones are read is in neither place that was looked at. Its packed file is
        // replaced before its loose one goes, so an unchanged file means that nothing was missed.
        let before = Stamp::of(&packed).doing("look at", &packed)?;
        let result = read(path);
        if Stamp::of(&packed).doing("look at", &packed)? == before {
            match result {
                // A reference that is deleted just now may have been listed and then not be there.
                Err(LocalError::Unreadable { .. }) => last = Some(result),
                result => return result,
            }
        }
    }
    last.unwrap_or_else(|| {
        Err(LocalError::Unreadable { path: path.to_owned(), why: "they are being packed all the time".into() })
    })
}

fn read(path: &Path) -> Result<Snapshot, LocalError> {
    let unreadable = |why: String| LocalError::Unreadable { path: path.to_owned(), why };
    let repository = open_isolated(path).map_err(|error| unreadable(error.to_string()))?.to_thread_local();
    let config = repository.config_snapshot();
    if let Some(storage) = config.string("extensions.refStorage")
        && storage != "files"
    {
        return Err(LocalError::Unsupported { path: path.to_owned(), what: format!("`{storage}` references") });
    }
    let format = own_format(repository.object_hash())
        .ok_or_else(|| LocalError::Unsupported { path: path.to_owned(), what: "an unknown object format".into() })?;
    let mut builder = Builder::new(format);
    if let Some(target) = repository.head_name().map_err(|error| unreadable(error.to_string()))? {
        builder.head(Some(target.as_bstr()));
    }
    let platform = repository.references().map_err(|error| unreadable(error.to_string()))?;
    for prefix in ["refs/heads/", "refs/tags/"] {
        for reference in platform.prefixed(prefix.as_bytes()).map_err(|error| unreadable(error.to_string()))? {
            let reference = reference.map_err(|error| unreadable(error.to_string()))?;
            let name = reference.name().as_bstr().to_owned();
            let Some(id) = value(&repository, reference.detach()).map_err(unreadable)? else { continue };
            let oid = own_id(&id).ok_or_else(|| unreadable(format!("{name} is all zeros")))?;
            builder.put(&name, oid).map_err(|_| unreadable(format!("{name} is listed twice")))?;
        }
    }
    Ok(builder.finish())
}

/// Follows a symbolic reference. One that leads nowhere has no value, and git does not list it either.
fn value(repository: &gix::Repository, mut reference: gix::refs::Reference) -> Result<Option<gix::ObjectId>, String> {
    for _ in 0..LONGEST_CHAIN {
        let target = match reference.target {
            gix::refs::Target::Object(id) => return Ok(Some(id)),
            gix::refs::Target::Symbolic(name) => name,
        };
        let next = repository.try_find_reference(target.as_ref()).map_err(|error| error.to_string())?;
        let Some(next) = next else { return Ok(None) };
        reference = next.detach();
    }
    Ok(None)
}
