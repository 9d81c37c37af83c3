use serde_json::json;

use super::call::{Call, ok};
use super::refusal::Answer;

/// The version that the simulated server says it is.
pub(super) const INSTALLED: &str = "3.18.1";

/// The addresses by which a client finds its way.
pub(super) fn root(call: &Call) -> Answer {
    let api = call.site.api_url();
    ok(&json!({
        "current_user_url": format!("{api}/user"),
        "organization_url": format!("{api}/orgs/{{org}}"),
        "organization_repositories_url": format!("{api}/orgs/{{org}}/repos{{?type,page,per_page,sort}}"),
        "rate_limit_url": format!("{api}/rate_limit"),
        "repository_url": format!("{api}/repos/{{owner}}/{{repo}}"),
        "current_user_repositories_url": format!("{api}/user/repos{{?type,page,per_page,sort}}"),
        "user_url": format!("{api}/users/{{user}}"),
        "user_repositories_url": format!("{api}/users/{{user}}/repos{{?type,page,per_page,sort}}"),
    }))
}

/// What the server tells about itself; an Enterprise Server names its version.
pub(super) fn meta(call: &Call) -> Answer {
    let host = call.site.authority().split(':').next().unwrap_or_default().to_owned();
    ok(&json!({
        "verifiable_password_authentication": false,
        "installed_version": INSTALLED,
        "web": [host],
        "api": [host],
        "git": [host],
        "hooks": [host],
    }))
}

/// The versions of the API.
pub(super) fn versions() -> Answer {
    ok(&json!(["2022-11-28"]))
}

/// How much may still be asked. The limits themselves are kept by what stands in front of the dialects.
pub(super) fn rate_limit(call: &Call) -> Answer {
    let reset = call.site.clock().now().as_second() + 3600;
    let standing = call.site.faults().standing();
    let (limit, used, reset) = standing.map_or((5000, 0, reset), |it| (it.limit, it.used.min(it.limit), it.reset));
    let core = json!({ "limit": limit, "used": used, "remaining": limit - used, "reset": reset });
    let search = json!({ "limit": 30, "used": 0, "remaining": 30, "reset": reset });
    ok(&json!({ "resources": { "core": core, "search": search, "graphql": core }, "rate": core }))
}
