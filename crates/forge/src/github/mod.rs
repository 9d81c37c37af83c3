//! GitHub: github.com, Enterprise Cloud and Enterprise Server.

mod adapter;
mod hooks;
pub mod names;
mod namespace;
mod pulls;
mod repositories;
mod rights;
mod rules;
#[cfg(test)]
mod tests;
mod wire;

pub use adapter::GitHub;
