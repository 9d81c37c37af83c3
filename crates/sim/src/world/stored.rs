//! Refs as they lie on the disk, for the questions that are too frequent to start a process for each.

use std::fs;
use std::path::Path;

/// Returns what a ref holds, if it is there, or nothing at all for what only git itself can tell: a name that is not a
/// ref's full one, and a ref that names another.
///
/// The loose file comes first, as git packs a ref before it takes that file away.
pub(super) fn oid(folder: &Path, name: &str) -> Option<Option<String>> {
    let plain = |component: &str| !component.is_empty() && !component.starts_with('.');
    let expression = |it: char| "^~:@{}*?[\\ ".contains(it);
    if !name.starts_with("refs/") || !name.split('/').all(plain) || name.contains(expression) {
        return None;
    }
    if let Ok(text) = fs::read_to_string(folder.join(name)) {
        return is_oid(text.trim_end()).then(|| Some(text.trim_end().to_owned()));
    }
    let packed = fs::read_to_string(folder.join("packed-refs")).unwrap_or_default();
    let found = packed.lines().filter_map(|line| line.split_once(' ')).find(|(_, packed)| *packed == name);
    Some(found.map(|(oid, _)| oid.to_owned()))
}

/// Returns the branch that HEAD names, if it names one.
pub(super) fn head(folder: &Path) -> Option<String> {
    let text = fs::read_to_string(folder.join("HEAD")).ok()?;
    text.trim_end().strip_prefix("ref: refs/heads/").map(str::to_owned)
}

fn is_oid(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
