use axum::extract::Path;
use axum::response::Response;
use serde_json::json;

use super::call::{Answer, Call, ok};
use super::listing::{MOST, USUAL};

pub(super) async fn version(call: Call) -> Answer {
    let version = if call.forgejo() { "17.0.0+gitea-1.22.0" } else { "1.26.0" };
    Ok(ok(&json!({ "version": version })))
}

pub(super) async fn forgejo_version() -> Answer {
    Ok(ok(&json!({ "version": "17.0.0+gitea-1.22.0" })))
}

pub(super) async fn settings_api(call: Call) -> Answer {
    let mut settings = json!({
        "max_response_items": MOST, "default_paging_num": USUAL, "default_git_trees_per_page": 1000,
        "default_max_blob_size": 10_485_760,
    });
    if !call.forgejo() {
        settings["default_max_response_size"] = json!(104_857_600);
    }
    Ok(ok(&settings))
}

pub(super) async fn settings_repository(call: Call) -> Answer {
    let mut settings = json!({
        "mirrors_disabled": false, "http_git_disabled": false, "migrations_disabled": false, "stars_disabled": false,
        "time_tracking_disabled": false, "lfs_disabled": false,
    });
    if call.forgejo() {
        settings["forks_disabled"] = json!(false);
    }
    Ok(ok(&settings))
}

/// Says how many notifications wait: none ever do, but a token needs the right to be told so.
pub(super) async fn notifications(call: Call) -> Answer {
    call.signed(&["notification"])?;
    Ok(ok(&json!({ "new": 0 })))
}

/// Lists the issues of all repositories: there are none here, but a token needs the right to be told so.
pub(super) async fn issues(call: Call) -> Answer {
    call.scopes(&["issue"])?;
    Ok(call.listing(Vec::new(), 0, false))
}

/// Answers for lists that a simulated forge keeps empty.
pub(super) async fn nothing(call: Call, Path((owner, name)): Path<(String, String)>) -> Answer {
    call.repository(&owner, &name)?;
    Ok(call.listing(Vec::new(), 0, false))
}

/// Answers for things that a simulated forge never has.
pub(super) async fn missing(call: Call, Path((owner, name)): Path<(String, String)>) -> Answer {
    call.repository(&owner, &name)?;
    Err(call.not_found())
}

pub(super) async fn unknown(call: Call) -> Response {
    call.not_found()
}
