//! Facts about history, gathered before planning.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::name::EndpointId;
use crate::oid::Oid;

/// Asks whether `ancestor` is reachable from `descendant`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Question {
    /// The commit that may be contained.
    pub ancestor: Oid,
    /// The commit whose history is searched.
    pub descendant: Oid,
}

/// What is known of how commits relate. A missing answer makes the plan careful, never wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ancestry {
    answers: BTreeMap<Question, bool>,
    /// Groups of endpoints whose repositories share history with one another, when that was looked at.
    /// `None` when there was no reason to look.
    pub clusters: Option<Vec<BTreeSet<EndpointId>>>,
}

impl Ancestry {
    /// Records an answer.
    pub fn insert(&mut self, question: Question, answer: bool) {
        self.answers.insert(question, answer);
    }

    /// Says whether `ancestor` is `descendant` or reachable from it; `None` when nobody looked.
    pub fn descends(&self, descendant: Oid, ancestor: Oid) -> Option<bool> {
        if descendant == ancestor {
            return Some(true);
        }
        self.answers.get(&Question { ancestor, descendant }).copied()
    }
}
