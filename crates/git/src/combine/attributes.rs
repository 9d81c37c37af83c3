//! Attributes that ask for a file to be merged in another way than line by line.
//!
//! What such a way would make of it depends on programs and settings that are not here, so only the question is answered.

use std::collections::HashSet;

use gix::ObjectId;
use gix::attrs::StateRef;
use gix::attrs::parse::Kind;
use gix::glob::pattern::Case;
use gix::glob::wildmatch;

use super::error::Step;
use super::objects::Objects;
use super::path::{Entry, Sort, sort_of};

const FILE: &[u8] = b".gitattributes";

/// Says whether the attributes in the tree `root` ask for a special merge of the file at `path`.
pub(super) fn ask_for_more(objects: &mut Objects<'_>, root: ObjectId, path: &[u8]) -> Step<bool> {
    let mut macros: HashSet<Vec<u8>> = [b"binary".to_vec()].into();
    let mut is_special = false;
    let mut folder = Some(root);
    let mut start = 0;
    while let Some(id) = folder {
        let tree = objects.tree(Some(id))?;
        let find = |name: &[u8], fits: fn(&Entry) -> bool| {
            tree.iter().find(|entry| *entry.name == *name && fits(entry)).cloned()
        };
        if let Some(file) = find(FILE, |entry| sort_of(entry.mode) == Sort::File) {
            let content = objects.content(file.id)?;
            if let Some(own) = last_word(&content, &path[start..], &mut macros) {
                is_special = own;
            }
        }
        folder = path[start..].iter().position(|byte| *byte == b'/').and_then(|length| {
            let name = &path[start..start + length];
            start += length + 1;
            find(name, Entry::is_tree).map(|entry| entry.id)
        });
    }
    Ok(is_special)
}

/// Returns what the last line says that matches `path` and has to do with merging. `macros` are the names that stand for
/// such an attribute.
fn last_word(content: &[u8], path: &[u8], macros: &mut HashSet<Vec<u8>>) -> Option<bool> {
    let name_at = path.iter().rposition(|byte| *byte == b'/').map(|at| at + 1);
    let mut word = None;
    // A line that cannot be read has no effect in git either.
    for (kind, assignments, _) in gix::attrs::parse(content).flatten() {
        let mut own = None;
        for assignment in assignments.flatten() {
            let name = assignment.name.as_str().as_bytes();
            if name == b"merge" {
                own = Some(match assignment.state {
                    StateRef::Set | StateRef::Unspecified => false,
                    StateRef::Unset => true,
                    StateRef::Value(value) => value.as_bstr() != "text",
                });
            } else if macros.contains(name) {
                own = Some(matches!(assignment.state, StateRef::Set));
            }
        }
        match kind {
            Kind::Macro(name) if own == Some(true) => {
                macros.insert(name.as_str().as_bytes().to_vec());
            }
            Kind::Macro(_) => {}
            Kind::Pattern(pattern) => {
                let mode = wildmatch::Mode::NO_MATCH_SLASH_LITERAL;
                if own.is_some()
                    && pattern.matches_repo_relative_path(path.into(), name_at, Some(false), Case::Sensitive, mode)
                {
                    word = own;
                }
            }
        }
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_that_matches_counts() {
        for (content, path, expected) in [
            ("*.lock -merge\n", "a/b.lock", Some(true)),
            ("*.lock -merge\n", "a/b.rs", None),
            ("*.lock merge=union\n", "b.lock", Some(true)),
            ("*.lock merge=text\n", "b.lock", Some(false)),
            ("*.lock -merge\nb.lock merge\n", "b.lock", Some(false)),
            ("* text=auto\n*.png binary\n", "x.png", Some(true)),
            ("* text=auto\n*.png binary\n", "x.rs", None),
            ("[attr]large merge=lfs\n*.psd large\n", "x.psd", Some(true)),
            ("/b.lock -merge\n", "a/b.lock", None),
            ("a/*.lock -merge\n", "a/b.lock", Some(true)),
        ] {
            let mut macros = [b"binary".to_vec()].into();
            assert_eq!(last_word(content.as_bytes(), path.as_bytes(), &mut macros), expected, "{content} {path}");
        }
    }
}
