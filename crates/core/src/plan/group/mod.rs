//! Planning a group: which repositories there are, and what their absence somewhere means.

mod absence;
mod index;
mod outcome;
mod planning;
mod rename;
mod report;
mod task;
#[cfg(test)]
mod tests;
mod world;

pub use outcome::{Copy, Doubted, GroupPlan, Renamed, RepoTask};
pub use planning::{looks_needed, plan};
pub use world::{GroupWorld, Known, Look, Selection, Sight};
