//! The configuration file: its meaning, and how its text is read.

pub mod edit;
mod keys;
mod mask;
mod meaning;
mod model;
mod names;
mod problem;
mod read;
mod render;
mod schema;
mod spell;

pub use model::{
    Config, ConflictResolution, Dashboard, Endpoint, GitTransport, MirrorGroup, NamespaceKind, Provider, Rewrites,
    SecretSource, Serve, Site, SyncVisibility, Webhook,
};
pub use names::{NameClash, Names};
pub use problem::{ConfigErrors, Problem, ProblemKind};
pub use read::{Parsed, parse};
pub use render::show;
pub use schema::{reference_markdown, schema};
pub use spell::likely;

#[cfg(test)]
mod tests;
