//! Gitea and Forgejo, which share an API but for some dialect.

mod account;
mod adapter;
mod change;
mod dialect;
mod hook;
mod list;
mod names;
mod pull;
mod repository;
mod rights;
mod rules;
#[cfg(test)]
mod tests;

pub use adapter::Gitea;
pub use dialect::Dialect;
