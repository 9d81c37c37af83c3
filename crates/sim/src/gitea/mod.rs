//! The REST dialect of Gitea and Forgejo, which differ in a few fields, scopes and texts.

mod accounts;
mod branches;
mod call;
mod comments;
mod general;
mod hooks;
mod listing;
mod protections;
mod pulls;
mod refs;
mod repositories;
mod router;
mod topics;
mod view;

pub(crate) use router::router;
pub(crate) use view::{account_json, pull_json, repository_json};
