//! What is true and what should happen.
//!
//! Names, configuration, snapshots, baselines, plans and the rules that make one from the other. Nothing in this crate
//! does I/O, reads a clock, starts a process or prints: every function is a function of its arguments, so that every
//! decision that refray takes can be tested as a table.

pub mod ancestry;
pub mod baseline;
pub mod config;
pub mod event;
pub mod name;
pub mod oid;
pub mod outcome;
pub mod plan;
pub mod ref_part;
pub mod repository;
pub mod secret;
pub mod snapshot;

pub use name::{BranchName, EndpointId, GroupName, InvalidName, RefName, RepoName, SiteName, TagName};
pub use oid::{InvalidOid, ObjectFormat, Oid};
pub use ref_part::RefPart;
pub use secret::Secret;
