use serde_json::{Map, Value, json};

use super::time;
use crate::world::{Hook, HookTarget};

/// The events that a hook can ask for: the name, whether the hooks of projects, groups and the system know it.
pub(in crate::gitlab) const FLAGS: &[(&str, bool, bool, bool)] = &[
    ("push_events", true, true, true),
    ("tag_push_events", true, true, true),
    ("merge_requests_events", true, true, true),
    ("repository_update_events", true, true, true),
    ("issues_events", true, true, false),
    ("confidential_issues_events", true, true, false),
    ("note_events", true, true, false),
    ("confidential_note_events", true, true, false),
    ("pipeline_events", true, true, false),
    ("wiki_page_events", true, true, false),
    ("deployment_events", true, true, false),
    ("feature_flag_events", true, true, false),
    ("job_events", true, true, false),
    ("releases_events", true, true, false),
    ("milestone_events", true, true, false),
    ("emoji_events", true, true, false),
    ("resource_access_token_events", true, true, false),
    ("vulnerability_events", true, true, false),
    ("subgroup_events", false, true, false),
    ("member_events", false, true, false),
    ("project_events", false, true, false),
];

/// Returns a hook. Its token is never shown.
pub(in crate::gitlab) fn hook_json(hook: &Hook) -> Value {
    let mut body = Map::new();
    for (name, project, group, system) in FLAGS {
        let known = match hook.target {
            HookTarget::Repository(_) => project,
            HookTarget::Account(_) => group,
            HookTarget::System => system,
        };
        if *known {
            let wanted = hook.events.contains(*name) || hook.events.contains("*");
            body.insert((*name).to_owned(), wanted.into());
        }
    }
    // Only the keys are shown, as the values may be secrets.
    let headers: Vec<Value> = hook.custom_headers.iter().map(|(key, _)| json!({ "key": key })).collect();
    let filter = if hook.branch_filter.is_empty() { Value::Null } else { hook.branch_filter.as_str().into() };
    let mut more = json!({
        "id": hook.id,
        "url": hook.url,
        "name": null,
        "description": null,
        "created_at": time(hook.created),
        "enable_ssl_verification": !hook.insecure_tls,
        "alert_status": "executable",
        "disabled_until": null,
        "url_variables": [],
        "branch_filter_strategy": if filter.is_null() { "all_branches" } else { "wildcard" },
        "push_events_branch_filter": filter,
        "custom_webhook_template": null,
        "custom_headers": headers,
        "token_present": hook.secret.is_some(),
        "signing_token_present": hook.signing_token.is_some(),
    });
    match hook.target {
        HookTarget::Repository(id) => more["project_id"] = id.into(),
        HookTarget::Account(id) => more["group_id"] = id.into(),
        HookTarget::System => {}
    }
    let mut body = Value::Object(body);
    super::extend(&mut body, more);
    body
}
