//! What a trial comes to.

use std::fmt;

use refray_core::Oid;

/// The outcome of a trial.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Combined {
    /// The tips are combined in this commit, which the mirror now holds.
    Tip(Oid),
    /// They are not, and nothing was changed.
    NotPossible(Obstacle),
}

/// Why tips cannot be combined without a person. Displayed, it is a clause that fits after "because".
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Obstacle {
    /// Both sides changed the same thing in different ways.
    Conflict {
        /// The commit that could not be replayed; `None` in a merge.
        commit: Option<Oid>,
        /// Where, at most a few of them.
        paths: Vec<String>,
    },
    /// The changes may fit together, but more than one reading of them is possible.
    Unclear {
        /// The commit that could not be replayed; `None` in a merge.
        commit: Option<Oid>,
        /// Where, at most a few of them.
        paths: Vec<String>,
    },
    /// One side moved a directory to which the other side added something.
    DirectoryRename {
        /// The commit that could not be replayed; `None` in a merge.
        commit: Option<Oid>,
        /// The directory under its old name.
        path: String,
    },
    /// The repository's attributes ask for another way of merging a file that both sides changed.
    Attributes {
        /// The commit that could not be replayed; `None` in a merge.
        commit: Option<Oid>,
        /// The file.
        path: String,
    },
    /// A merge commit would have to be flattened.
    MergeCommit(Oid),
    /// A signed commit would lose its signature.
    Signed(Oid),
    /// A commit is like one of the other side save for white space, a file's mode or the like.
    AlmostPresent(Oid),
    /// The histories have nothing in common.
    NoCommonAncestor,
    /// The histories have crossed in such a way that they have no single ground to merge from.
    CrissCross,
    /// It would take more memory or time than is spent on a trial.
    TooLarge {
        /// The commit that could not be replayed; `None` in a merge.
        commit: Option<Oid>,
    },
}

impl Obstacle {
    /// Says at which commit it came up, where it does not say so yet.
    pub(super) fn at(mut self, oid: Oid) -> Self {
        match &mut self {
            Self::Conflict { commit, .. }
            | Self::Unclear { commit, .. }
            | Self::DirectoryRename { commit, .. }
            | Self::Attributes { commit, .. }
            | Self::TooLarge { commit } => *commit = Some(oid),
            _ => {}
        }
        self
    }
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Conflict { commit, paths } => {
                write!(f, "{}both sides changed {}", Lead(*commit), Paths(paths))
            }
            Self::Unclear { commit, paths } => {
                write!(f, "{}it is not clear how the changes to {} fit together", Lead(*commit), Paths(paths))
            }
            Self::DirectoryRename { commit, path } => {
                write!(f, "{}one side moved the directory `{path}` and the other added to it", Lead(*commit))
            }
            Self::Attributes { commit, path } => {
                write!(f, "{}the repository's attributes ask for a special merge of `{path}`", Lead(*commit))
            }
            Self::MergeCommit(oid) => write!(f, "the merge commit {} would have to be flattened", oid.short()),
            Self::Signed(oid) => write!(f, "the signed commit {} would lose its signature", oid.short()),
            Self::AlmostPresent(oid) => {
                write!(f, "the commit {} is nearly, but not quite, the same as one of the other side", oid.short())
            }
            Self::NoCommonAncestor => f.write_str("the histories have no commit in common"),
            Self::CrissCross => f.write_str("the histories have crossed and share no single ground to merge from"),
            Self::TooLarge { commit } => write!(f, "{}there is too much to compare", Lead(*commit)),
        }
    }
}

/// Names the commit at which something came up.
struct Lead(Option<Oid>);

impl fmt::Display for Lead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |oid| write!(f, "at commit {} ", oid.short()))
    }
}

/// Names the first few paths.
struct Paths<'a>(&'a [String]);

impl fmt::Display for Paths<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 3;
        for (index, path) in self.0.iter().take(SHOWN).enumerate() {
            write!(f, "{}`{path}`", if index > 0 { ", " } else { "" })?;
        }
        match self.0.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_obstacle_reads_as_a_clause() {
        let oid = Oid::from_hex(&[b'a'; 40]).expect("an id");
        let paths = ["a", "b", "c", "d"].map(str::to_owned).to_vec();
        let conflict = Obstacle::Conflict { commit: None, paths };
        assert_eq!(conflict.to_string(), "both sides changed `a`, `b`, `c` and 1 more");
        let at = Obstacle::DirectoryRename { commit: None, path: "lib".to_owned() }.at(oid);
        assert_eq!(at.to_string(), "at commit aaaaaaaaaa one side moved the directory `lib` and the other added to it");
        assert_eq!(Obstacle::Signed(oid).at(oid).to_string(), "the signed commit aaaaaaaaaa would lose its signature");
    }
}
