use serde_json::{Value, json};

use super::call::{Call, ok};
use super::refusal::Answer;

/// The version that the simulated server says it is.
const VERSION: &str = "18.6.2-ee";

/// `GET /version` and `GET /metadata`
pub(super) fn version(call: &Call) -> Answer {
    call.user()?;
    ok(&json!({
        "version": VERSION,
        "revision": "5f1b0d8c7e2",
        "kas": { "enabled": false, "externalUrl": Value::Null, "externalK8sProxyUrl": Value::Null, "version": Value::Null },
        "enterprise": true,
    }))
}
