use serde_json::{Value, json};

use super::repo_url;
use crate::Site;
use crate::world::{ContentType, Hook, HookTarget, World};

/// Returns where and how a hook delivers. The secret is never shown, only that there is one.
pub(in crate::github) fn hook_config(hook: &Hook) -> Value {
    let content_type = match hook.content_type {
        ContentType::Json => "json",
        ContentType::Form => "form",
    };
    let mut config = json!({
        "content_type": content_type,
        "insecure_ssl": if hook.insecure_tls { "1" } else { "0" },
        "url": hook.url,
    });
    if hook.secret.is_some() {
        config["secret"] = "********".into();
    }
    config
}

/// Returns a hook.
pub(in crate::github) fn hook_json(site: &Site, world: &World, hook: &Hook) -> Value {
    let (owner_url, kind) = match hook.target {
        HookTarget::Repository(id) => {
            let url = world.repositories.get(&id).map(|it| repo_url(site, world, it));
            (url.unwrap_or_else(|| site.api_url()), "Repository")
        }
        HookTarget::Account(id) => {
            let url = world.accounts.get(&id).map(|it| format!("{}/orgs/{}", site.api_url(), it.path));
            (url.unwrap_or_else(|| site.api_url()), "Organization")
        }
        HookTarget::System => (format!("{}/admin", site.api_url()), "Global"),
    };
    let url = format!("{owner_url}/hooks/{}", hook.id);
    let mut body = json!({
        "type": kind,
        "id": hook.id,
        "name": "web",
        "active": hook.active,
        "events": hook.events,
        "config": hook_config(hook),
        "updated_at": hook.updated.to_string(),
        "created_at": hook.created.to_string(),
        "url": url,
        "ping_url": format!("{url}/pings"),
        "deliveries_url": format!("{url}/deliveries"),
    });
    if matches!(hook.target, HookTarget::Repository(_)) {
        body["test_url"] = format!("{url}/test").into();
        body["last_response"] = json!({ "code": null, "status": "unused", "message": null });
    }
    body
}
