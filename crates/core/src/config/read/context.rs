//! What reading needs to know of the world.

use std::path::{Path, PathBuf};

use crate::config::problem::{ProblemKind, Sink, Span};

/// What goes along while a file is read.
pub(crate) struct Context<'a> {
    /// Where problems go.
    pub(crate) sink: &'a Sink,
    /// The file as it is, secrets and all.
    pub(crate) text: &'a str,
    /// What relative paths start from.
    pub(crate) base_dir: &'a Path,
    /// What `~/` stands for.
    pub(crate) home: Option<&'a Path>,
}

/// A value and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Marked<T> {
    pub(crate) value: T,
    pub(crate) span: Span,
}

impl Context<'_> {
    /// Makes an absolute path of what was written.
    pub(crate) fn path(&self, written: &Marked<String>) -> Option<PathBuf> {
        let text = written.value.as_str();
        if text.contains('\0') {
            self.bad(written, "a path cannot hold a null character");
            return None;
        }
        let in_home = if text == "~" { Some("") } else { text.strip_prefix("~/") };
        let path = match (in_home, self.home) {
            (Some(_), None) => {
                self.bad(written, "no home directory is known that `~` could stand for");
                return None;
            }
            (Some(""), Some(home)) => home.to_owned(),
            (Some(rest), Some(home)) => home.join(rest),
            (None, _) => self.base_dir.join(text),
        };
        // Without `.` and doubled separators, so that two spellings of a folder are seen to be one.
        Some(path.components().collect())
    }

    fn bad(&self, written: &Marked<String>, why: &str) {
        self.sink.error(ProblemKind::BadValue, "this path cannot be used").at(&written.span, why);
    }
}
