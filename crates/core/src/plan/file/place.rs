//! Where something stands in a plan.

use std::fmt;
use std::ops::Range;

use crate::plan::file::tree::{Kind, Node};

/// A path from the top of the file: `groups[0].repositories[2].plan.updates[1].new`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place(Vec<Step>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Key(String),
    Index(usize),
}

impl Place {
    /// Goes to an object's member.
    #[must_use]
    pub fn key(&self, key: impl Into<String>) -> Self {
        self.then(Step::Key(key.into()))
    }

    /// Goes to a list's item.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        self.then(Step::Index(index))
    }

    fn then(&self, step: Step) -> Self {
        let mut steps = self.0.clone();
        steps.push(step);
        Self(steps)
    }

    /// Returns where it is in the text: as much of the way as there is.
    pub(super) fn find(&self, root: &Node) -> Range<usize> {
        let mut node = root;
        for step in &self.0 {
            let next = match (step, &node.kind) {
                (Step::Key(key), _) => node.get(key),
                (Step::Index(index), Kind::Array(items)) => items.get(*index),
                (Step::Index(_), _) => None,
            };
            let Some(next) = next else { break };
            node = next;
        }
        // A whole object is marked by its first line.
        node.at.clone()
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, step) in self.0.iter().enumerate() {
            match step {
                Step::Key(key) if index == 0 => f.write_str(key)?,
                Step::Key(key) => write!(f, ".{key}")?,
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}
