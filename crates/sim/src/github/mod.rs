//! GitHub's REST dialect as a GitHub Enterprise Server speaks it, and as much of its GraphQL as reading refs takes.

mod accounts;
mod branches;
mod call;
mod comments;
mod graphql;
mod hooks;
mod listing;
mod meta;
mod protection;
mod pulls;
mod refs;
mod refusal;
mod releases;
mod repositories;
mod router;
mod rulesets;
mod scope;
#[cfg(test)]
mod tests;
mod view;

pub(crate) use router::router;
pub(crate) use view::{account_json, repository_json};
