//! Reads the text of a configuration file.

mod address;
mod context;
mod file;
mod mirror;
mod names;
mod namespace;
mod pattern;
mod secret;
mod site;
mod table;
mod webhook;

pub(crate) use file::document;
pub use file::{Parsed, parse};
