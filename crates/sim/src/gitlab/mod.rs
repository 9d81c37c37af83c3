//! GitLab's REST dialect.

mod branches;
mod call;
mod groups;
mod hooks;
mod listing;
mod merge_requests;
mod meta;
mod namespaces;
mod notes;
mod projects;
mod protected;
mod refusal;
mod releases;
mod router;
mod tags;
#[cfg(test)]
mod tests;
mod users;
mod view;

pub(crate) use router::router;
