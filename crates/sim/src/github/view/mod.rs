//! GitHub's JSON objects.

mod account;
mod commit;
mod hook;
mod pull;
mod repository;

pub(crate) use account::account_json;
pub(super) use account::{organization, organization_simple, user_profile};
pub(super) use commit::commit_json;
pub(super) use hook::{hook_config, hook_json};
pub(super) use pull::{PullFacts, comment_json, pull_json, pull_simple};
pub(crate) use repository::repository_json;
pub(super) use repository::{full_json, minimal_json, repo_url};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Returns a node id in the old, readable form.
pub(super) fn node_id(kind: &str, id: impl std::fmt::Display) -> String {
    STANDARD.encode(format!("{:03}:{kind}{id}", kind.len()))
}
