//! GitLab: gitlab.com, or one of one's own.

mod account;
mod adapter;
mod create;
mod delete;
mod hook;
mod list;
mod merge_request;
mod names;
mod project;
mod rights;
mod rules;
#[cfg(test)]
mod tests;

pub use adapter::GitLab;
