//! Trials: whether tips can be brought together without anybody's help, tried before planning.

use std::collections::BTreeMap;

use crate::name::RefName;
use crate::oid::Oid;

/// How tips are brought together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CombineStrategy {
    /// The further tips' own commits are replayed on the first.
    Rebase,
    /// A merge commit gets all tips as parents.
    Merge,
}

/// One trial.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Trial {
    /// The branch.
    pub name: RefName,
    /// What is tried.
    pub strategy: CombineStrategy,
    /// The tips, in the order of their endpoints.
    pub tips: Vec<Oid>,
}

/// What a trial gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TrialResult {
    /// A commit that contains what all tips do.
    Tip(Oid),
    /// It needs a person: why, as a clause.
    NotPossible(String),
}

/// What trials gave, and when commits were made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trials {
    /// The results.
    pub results: BTreeMap<Trial, TrialResult>,
    /// Committer times in seconds since 1970; `None` where the commit could not be had.
    pub times: BTreeMap<Oid, Option<i64>>,
}
