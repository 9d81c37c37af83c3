//! Small programs of edits, and the histories that they make.

use std::collections::BTreeSet;

use proptest::prelude::*;

use crate::lab::{Files, text, write_files};

/// One thing that a person does to a working tree. Numbers pick among what is there.
#[derive(Debug, Clone)]
pub(crate) enum Edit {
    Change { file: usize, line: usize, word: u8 },
    Insert { file: usize, line: usize, word: u8 },
    Cut { file: usize, line: usize },
    Space { file: usize, line: usize },
    Rename { file: usize, to: usize },
    RenameFolder { from: usize, to: usize },
    Delete { file: usize },
    Create { at: usize, word: u8 },
    Copy { file: usize, at: usize },
    Mode { file: usize },
    Link { file: usize, word: u8 },
    Binary { file: usize, word: u8 },
}

/// One commit.
#[derive(Debug, Clone)]
pub(crate) enum Deed {
    Edits(Vec<Edit>),
    Empty,
    /// Goes back to what was before the last commit.
    Revert,
    /// Does what the other side did in one of its commits.
    Pick(usize),
}

/// Two lines of work on one ground.
#[derive(Debug, Clone)]
pub(crate) struct Story {
    pub(crate) ours: Vec<Deed>,
    pub(crate) theirs: Vec<Deed>,
}

fn edit() -> impl Strategy<Value = Edit> {
    let n = || 0_usize..12;
    prop_oneof![
        8 => (n(), n(), 0_u8..4).prop_map(|(file, line, word)| Edit::Change { file, line, word }),
        3 => (n(), n(), 0_u8..4).prop_map(|(file, line, word)| Edit::Insert { file, line, word }),
        2 => (n(), n()).prop_map(|(file, line)| Edit::Cut { file, line }),
        1 => (n(), n()).prop_map(|(file, line)| Edit::Space { file, line }),
        2 => (n(), n()).prop_map(|(file, to)| Edit::Rename { file, to }),
        1 => (0_usize..3, 0_usize..5).prop_map(|(from, to)| Edit::RenameFolder { from, to }),
        2 => n().prop_map(|file| Edit::Delete { file }),
        2 => (n(), 0_u8..4).prop_map(|(at, word)| Edit::Create { at, word }),
        1 => (n(), n()).prop_map(|(file, at)| Edit::Copy { file, at }),
        1 => n().prop_map(|file| Edit::Mode { file }),
        1 => (n(), 0_u8..3).prop_map(|(file, word)| Edit::Link { file, word }),
        1 => (n(), 0_u8..3).prop_map(|(file, word)| Edit::Binary { file, word }),
    ]
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        9 => prop::collection::vec(edit(), 1..3).prop_map(Deed::Edits),
        1 => Just(Deed::Empty),
        1 => Just(Deed::Revert),
        2 => (0_usize..4).prop_map(Deed::Pick),
    ]
}

pub(crate) fn story() -> impl Strategy<Value = Story> {
    let side = || prop::collection::vec(deed(), 1..4);
    (side(), side()).prop_map(|(ours, theirs)| Story { ours, theirs })
}

/// What all stories start from.
fn ground() -> Files {
    let mut files = Files::new();
    for (path, count) in
        [("a", 12), ("dir/b", 14), ("dir/c", 8), ("dir/sub/d", 10), ("lib/e", 12), ("lib/f", 5), ("lib/g", 16)]
    {
        files.insert(path.to_owned(), (0o100_644, text(path, count).into_bytes()));
    }
    files.insert("lib/run".to_owned(), (0o100_755, b"#!/bin/sh\ntrue\n".to_vec()));
    files.insert("link".to_owned(), (0o120_000, b"a".to_vec()));
    files.insert("empty".to_owned(), (0o100_644, Vec::new()));
    // Lines that repeat, as they do in programs.
    files.insert(
        "rep".to_owned(),
        (0o100_644, (0..6).map(|n| format!("fn f{n}() {{\n    go();\n}}\n\n")).collect::<String>().into_bytes()),
    );
    files
}

const FOLDERS: [&str; 5] = ["dir", "lib", "dir/sub", "new", "src"];

const PLACES: [&str; 12] =
    ["n", "dir/n", "lib/n", "dir/sub/n", "new/n", "moved", "dir/moved", "lib/b", "new/d", "lib/n2", "new/a", "a/x"];

impl Edit {
    fn apply(&self, files: &mut Files) {
        let path = |index: usize| files.keys().nth(index % files.len().max(1)).cloned();
        match self {
            Self::Change { file, line, word } => edit_lines(files, path(*file), |lines| {
                let count = lines.len();
                if let Some(line) = lines.get_mut(line % count.max(1)) {
                    *line = format!("changed to {word}\n");
                }
            }),
            Self::Insert { file, line, word } => edit_lines(files, path(*file), |lines| {
                let at = line % (lines.len() + 1);
                lines.insert(at, format!("inserted {word}\n"));
            }),
            Self::Cut { file, line } => edit_lines(files, path(*file), |lines| {
                if !lines.is_empty() {
                    lines.remove(line % lines.len());
                }
            }),
            Self::Space { file, line } => edit_lines(files, path(*file), |lines| {
                let count = lines.len();
                if let Some(line) = lines.get_mut(line % count.max(1)) {
                    line.insert(0, '\t');
                }
            }),
            Self::Rename { file, to } => {
                if let Some(from) = path(*file) {
                    rename(files, &from, PLACES[to % PLACES.len()]);
                }
            }
            Self::RenameFolder { from, to } => {
                let (from, to) = (FOLDERS[from % FOLDERS.len()], FOLDERS[to % FOLDERS.len()]);
                let inside: Vec<_> =
                    files.keys().filter(|path| path.starts_with(&format!("{from}/"))).cloned().collect();
                for path in inside {
                    rename(files, &path, &path.replacen(from, to, 1));
                }
            }
            Self::Delete { file } => drop(path(*file).map(|path| files.remove(&path))),
            Self::Create { at, word } => {
                put(files, PLACES[at % PLACES.len()], (0o100_644, text(&format!("new {word}"), 9).into_bytes()));
            }
            Self::Copy { file, at } => {
                if let Some(content) = path(*file).and_then(|path| files.get(&path).cloned()) {
                    put(files, PLACES[at % PLACES.len()], content);
                }
            }
            Self::Mode { file } => {
                if let Some((mode, _)) = path(*file).and_then(|path| files.get_mut(&path))
                    && *mode != 0o120_000
                {
                    *mode ^= 0o111;
                }
            }
            Self::Link { file, word } => {
                if let Some(file) = path(*file).and_then(|path| files.get_mut(&path)) {
                    *file = (0o120_000, format!("target{word}").into_bytes());
                }
            }
            Self::Binary { file, word } => {
                if let Some((mode, content)) = path(*file).and_then(|path| files.get_mut(&path))
                    && *mode != 0o120_000
                {
                    content.splice(0..0, [0, *word]);
                }
            }
        }
    }
}

fn edit_lines(files: &mut Files, path: Option<String>, change: impl FnOnce(&mut Vec<String>)) {
    let Some((mode, content)) = path.and_then(|path| files.get_mut(&path)) else { return };
    if *mode == 0o120_000 || content.contains(&0) {
        return;
    }
    let text = String::from_utf8_lossy(content).into_owned();
    let mut lines: Vec<_> = text.split_inclusive('\n').map(str::to_owned).collect();
    change(&mut lines);
    *content = lines.concat().into_bytes();
}

/// Puts a file somewhere, unless a directory is in its way or it would need to be in a file.
fn put(files: &mut Files, path: &str, file: (u32, Vec<u8>)) {
    let is_taken =
        files.keys().any(|other| other.starts_with(&format!("{path}/")) || path.starts_with(&format!("{other}/")));
    if !is_taken {
        files.insert(path.to_owned(), file);
    }
}

fn rename(files: &mut Files, from: &str, to: &str) {
    if !files.contains_key(to)
        && let Some(file) = files.remove(from)
    {
        put(files, to, file.clone());
        if !files.contains_key(to) {
            files.insert(from.to_owned(), file);
        }
    }
}

impl Deed {
    fn apply(&self, own: &[Files], other: &[Self]) -> Files {
        let now = own.last().cloned().unwrap_or_default();
        match self {
            Self::Empty => now,
            Self::Revert => own.iter().rev().nth(1).cloned().unwrap_or(now),
            Self::Edits(edits) => {
                let mut files = now;
                edits.iter().for_each(|edit| edit.apply(&mut files));
                files
            }
            Self::Pick(index) => match other.get(index % other.len().max(1)) {
                Some(deed @ Self::Edits(_)) => deed.apply(own, &[]),
                _ => now,
            },
        }
    }
}

impl Story {
    /// Returns a stream for `git fast-import` that makes the branches `ours` and `theirs`.
    pub(crate) fn stream(&self) -> Vec<u8> {
        let mut script = Vec::new();
        let mut made = BTreeSet::new();
        let mut commit = |branch: &str, number: usize, from: &str, files: &Files| {
            let time = 1_700_000_000 + number * 100 + branch.len();
            made.insert((branch.to_owned(), number));
            let message = format!("{branch} {number}\n\nbody\n");
            script.extend_from_slice(
                format!(
                    "commit refs/heads/{branch}\nmark :{}\nauthor A {number} <a@example.com> {time} +0100\ncommitter B \
                     <b@example.com> {} -0200\ndata {}\n{message}\n{from}deleteall\n",
                    made.len(),
                    time + 7,
                    message.len()
                )
                .as_bytes(),
            );
            write_files(&mut script, files);
            made.len()
        };
        let ground = ground();
        commit("ground", 0, "", &ground);
        for (branch, deeds, other) in [("ours", &self.ours, &self.theirs), ("theirs", &self.theirs, &self.ours)] {
            let mut states = vec![ground.clone()];
            let mut last = 1;
            for (number, deed) in deeds.iter().enumerate() {
                let files = deed.apply(&states, other);
                last = commit(branch, number + 1, &format!("from :{last}\n"), &files);
                states.push(files);
            }
        }
        script
    }
}
