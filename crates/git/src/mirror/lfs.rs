//! Whether a history keeps files outside of git.

use gix::attrs::StateRef;
use refray_core::Oid;

use super::store::{Mirror, object_id};

/// The file that says so, at the top of a tree.
const FILE: &str = ".gitattributes";

impl Mirror {
    /// Says whether one of these commits has files that are kept by Git LFS, going by the attributes at the top of its tree.
    /// Such a commit holds pointers; the files themselves are not objects of git. What is missing or no commit is passed over.
    pub fn points_to_lfs(&self, commits: impl IntoIterator<Item = Oid>) -> bool {
        let view = self.view();
        commits.into_iter().any(|oid| {
            let content = || {
                let tree = view.find_object(object_id(oid)).ok()?.peel_to_tree().ok()?;
                let entry = tree.lookup_entry_by_path(FILE).ok()??;
                entry.mode().is_blob().then(|| entry.object().ok())?.map(|blob| blob.data.clone())
            };
            content().is_some_and(|content| names_lfs(&content))
        })
    }
}

/// Says whether a line of attributes hands files to the filter `lfs`.
fn names_lfs(content: &[u8]) -> bool {
    gix::attrs::parse(content).flatten().any(|(_, assignments, _)| {
        assignments.flatten().any(|assignment| {
            assignment.name.as_str() == "filter"
                && matches!(assignment.state, StateRef::Value(value) if value.as_bstr() == "lfs")
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_filter_counts() {
        for (content, expected) in [
            ("*.bin filter=lfs diff=lfs merge=lfs -text\n", true),
            ("*.txt text\n\n# *.bin filter=lfs\n*.psd filter=lfs\n", true),
            ("# *.bin filter=lfs\n", false),
            ("*.bin diff=lfs\n", false),
            ("*.bin -filter\n", false),
            ("*.bin filter=lfsx\n", false),
            ("", false),
        ] {
            assert_eq!(names_lfs(content.as_bytes()), expected, "{content}");
        }
    }
}
