//! The way back: what was done is undone, and what was kept is put back, on the same path as everything else.

mod backup;
pub(crate) mod note;
mod objects;
mod past;
mod prune;
mod shelf;
mod undo;
mod work;

pub use backup::{RestoreOptions, Target};
pub use note::{Note, NotedRef, NotedRepository};
pub use prune::Pruned;
pub use shelf::{BackupId, Shelf, ShelfError, Shelved};
pub use undo::{UndoError, UndoOptions};
