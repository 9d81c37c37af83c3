//! GitLab's JSON objects.

mod commit;
mod hook;
mod merge_request;
mod namespace;
mod project;
mod user;

pub(super) use commit::commit_json;
pub(super) use hook::{FLAGS, hook_json};
pub(super) use merge_request::{Mergeability, merge_request_json, note_json};
pub(super) use namespace::{group_json, namespace_basic, namespace_json};
pub(super) use project::{SWITCHES, WORDS, basic_project_json, project_json, project_with_access_json};
pub(super) use user::{own_profile, public_profile, user_basic, user_of};

use jiff::Timestamp;
use serde_json::Value;

/// Returns a time as GitLab writes it.
pub(super) fn time(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string()
}

/// Adds the fields of one object to another.
fn extend(body: &mut Value, more: Value) {
    if let (Value::Object(body), Value::Object(more)) = (body, more) {
        body.extend(more);
    }
}
