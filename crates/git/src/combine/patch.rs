//! What a commit changes, in a form that can be compared with what another one changes.

use std::collections::HashMap;

use gix::ObjectId;
use gix::diff::blob::{Algorithm, Diff};

use super::changes::{Change, changes};
use super::error::{Step, Stop};
use super::objects::Objects;
use super::obstacle::Obstacle;
use super::path::{Entry, Sort, sort_of};
use super::text;

/// How many unchanged lines around a change belong to a patch.
const CONTEXT: usize = 3;

/// How much of the other side's patches is looked into.
const MOST: usize = 256 << 20;

/// What a patch is compared by.
#[derive(Debug, PartialEq, Eq)]
struct Patch {
    /// Every byte of it.
    exact: ObjectId,
    /// What git takes for the patch's identity: white space and the modes of files that stay do not count.
    loose: ObjectId,
}

/// The two trees that a commit lies between.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    pub(super) old: ObjectId,
    pub(super) new: ObjectId,
}

/// How a patch relates to a set of others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Presence {
    Absent,
    Present,
    /// Git would take it for present, and yet it differs.
    Almost,
}

/// The patches of the other side. A patch is only read once another one touches the very same files.
#[derive(Default)]
pub(super) struct Patches {
    by_files: HashMap<Vec<u8>, Vec<Known>>,
}

struct Known {
    span: Span,
    patch: Option<Patch>,
}

impl Patches {
    pub(super) fn add(&mut self, objects: &mut Objects<'_>, span: Span) -> Step<()> {
        let files = files(&changes(objects, span.old, span.new)?);
        if !files.is_empty() {
            self.by_files.entry(files).or_default().push(Known { span, patch: None });
        }
        Ok(())
    }

    pub(super) fn presence(&mut self, objects: &mut Objects<'_>, span: Span) -> Step<Presence> {
        let own = changes(objects, span.old, span.new)?;
        let Some(known) = self.by_files.get_mut(&files(&own)) else { return Ok(Presence::Absent) };
        let own = patch(objects, &own)?;
        let mut presence = Presence::Absent;
        for other in known {
            let other = match &mut other.patch {
                Some(patch) => patch,
                none => {
                    let changes = changes(objects, other.span.old, other.span.new)?;
                    none.insert(patch(objects, &changes)?)
                }
            };
            if other.exact == own.exact {
                return Ok(Presence::Present);
            }
            if other.loose == own.loose {
                presence = Presence::Almost;
            }
        }
        Ok(presence)
    }
}

/// Names the files that are touched, and which of them are made and removed.
fn files(changes: &[Change]) -> Vec<u8> {
    let mut files = Vec::new();
    for change in changes {
        files.extend_from_slice(&change.path);
        files.extend_from_slice(match (&change.old, &change.new) {
            (None, _) => b"\0+\0",
            (_, None) => b"\0-\0",
            _ => b"\0=\0",
        });
    }
    files
}

fn patch(objects: &mut Objects<'_>, changes: &[Change]) -> Step<Patch> {
    let mut exact = Vec::new();
    let mut loose = Vec::new();
    for change in changes {
        let Change { path, old, new } = change;
        let mode = |entry: &Option<Entry>| entry.as_ref().map_or(0, |entry| entry.mode);
        for out in [&mut exact, &mut loose] {
            out.extend_from_slice(path);
            out.push(0);
        }
        let modes = format!("{:o} {:o}\0", mode(old), mode(new));
        if mode(old) != mode(new) {
            exact.extend_from_slice(modes.as_bytes());
        }
        if old.is_none() || new.is_none() {
            loose.extend_from_slice(modes.as_bytes());
        }
        let ids = [old, new].map(|entry| entry.as_ref().map(|entry| entry.id));
        if ids[0] == ids[1] {
            continue;
        }
        match contents(objects, old.as_ref(), new.as_ref())? {
            Some((before, after)) => write_hunks(&before, &after, &mut exact, &mut loose),
            None => {
                let ids = format!("{ids:?}\0");
                exact.extend_from_slice(ids.as_bytes());
                loose.extend_from_slice(ids.as_bytes());
            }
        }
        if exact.len() > MOST {
            return Err(Obstacle::TooLarge { commit: None }.into());
        }
    }
    let hash = |data: &[u8]| {
        gix::objs::compute_hash(objects.view.object_hash(), gix::objs::Kind::Blob, data)
            .map_err(|error| Stop::from(objects.damaged(error)))
    };
    Ok(Patch { exact: hash(&exact)?, loose: hash(&loose)? })
}

/// Returns both contents where they are compared line by line.
fn contents(objects: &Objects<'_>, old: Option<&Entry>, new: Option<&Entry>) -> Step<Option<(Vec<u8>, Vec<u8>)>> {
    let mut both = [Vec::new(), Vec::new()];
    for (entry, content) in [old, new].into_iter().zip(&mut both) {
        let Some(entry) = entry else { continue };
        if sort_of(entry.mode) == Sort::Submodule || objects.size(entry.id)? > super::objects::LARGEST {
            return Ok(None);
        }
        *content = objects.content(entry.id)?;
        if text::is_binary(content) {
            return Ok(None);
        }
    }
    let [before, after] = both;
    Ok(Some((before, after)))
}

/// Writes the changed lines and those around them.
fn write_hunks(before: &[u8], after: &[u8], exact: &mut Vec<u8>, loose: &mut Vec<u8>) {
    let input = text::intern(before, after);
    let mut diff = Diff::compute(Algorithm::Myers, &input);
    diff.postprocess_no_heuristic(&input);
    let (old, new): (Vec<_>, Vec<_>) = (text::lines(before).collect(), text::lines(after).collect());
    let mut line = |sign: u8, line: &[u8]| {
        exact.push(sign);
        exact.extend_from_slice(line);
        exact.push(0);
        let is_space = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c);
        loose.extend([sign].iter().chain(line).copied().filter(|byte| !is_space(byte)));
    };
    let mut done = 0;
    let mut hunks = diff.hunks().peekable();
    while let Some(hunk) = hunks.next() {
        let (from, to) = (hunk.before.start as usize, hunk.before.end as usize);
        let start = done.max(from.saturating_sub(CONTEXT));
        old[start..from].iter().for_each(|text| line(b' ', text));
        old[from..to].iter().for_each(|text| line(b'-', text));
        new[hunk.after.start as usize..hunk.after.end as usize].iter().for_each(|text| line(b'+', text));
        let next = hunks.peek().map_or(old.len(), |next| next.before.start as usize);
        done = next.min(to + CONTEXT);
        old[to..done].iter().for_each(|text| line(b' ', text));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(before: &str, after: &str) -> (Vec<u8>, Vec<u8>) {
        let (mut exact, mut loose) = (Vec::new(), Vec::new());
        write_hunks(before.as_bytes(), after.as_bytes(), &mut exact, &mut loose);
        (exact, loose)
    }

    #[test]
    fn what_stands_far_from_a_change_does_not_count() {
        let one = written("x\n1\n2\n3\n4\n5\n6\n7\ny\n", "x\n1\n2\n3\nc\n5\n6\n7\ny\n");
        let moved = written("p\nq\n1\n2\n3\n4\n5\n6\n7\n", "p\nq\n1\n2\n3\nc\n5\n6\n7\n");
        let near = written("x\n1\n2\nZ\n4\n5\n6\n7\ny\n", "x\n1\n2\nZ\nc\n5\n6\n7\ny\n");
        assert_eq!(one, moved);
        assert_ne!(one.0, near.0);
    }

    #[test]
    fn white_space_counts_exactly_but_not_loosely() {
        let (spaces, tabs) = (written("a\n", "a\n    b\n"), written("a\n", "a\n\tb\n"));
        assert_ne!(spaces.0, tabs.0);
        assert_eq!(spaces.1, tabs.1);
        assert_ne!(spaces.1, written("a\n", "a\n    c\n").1);
    }
}
