//! Combining diverged tips without a working tree: rebase and merge, in memory.
//!
//! What comes out is what git's own default strategy would make of the same commits, or an [`Obstacle`]: wherever the
//! outcome depends on a heuristic that could be read in two ways, nothing is combined. Neither the clock nor any
//! configuration has a say, so that the same tips always give the same ids. Objects are kept in memory until a whole
//! trial has succeeded, and only then written to the mirror.

mod attributes;
mod changes;
mod commit;
mod error;
mod history;
mod join;
mod objects;
mod obstacle;
mod patch;
mod path;
mod renames;
mod replay;
mod similarity;
mod text;
mod tree;

pub use error::CombineError;
pub use join::{MergeMessage, merge};
pub use obstacle::{Combined, Obstacle};
pub use replay::rebase;
