//! Webhooks of a project as GitLab writes them.

use std::collections::BTreeMap;

use refray_core::secret::Secret;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::adapter::GitLab;
use super::list::PER_PAGE;
use crate::api::{Hook, HookSpec};
use crate::error::{ErrorKind, ForgeError};
use crate::http::{Call, Paging};

/// The events that refray is woken by. A project has none for its own renaming or deletion.
const WANTED: [&str; 2] = ["push_events", "tag_push_events"];

/// The events that GitLab can also send, which refray turns off.
const UNWANTED: [&str; 12] = [
    "issues_events",
    "confidential_issues_events",
    "merge_requests_events",
    "note_events",
    "confidential_note_events",
    "job_events",
    "pipeline_events",
    "wiki_page_events",
    "deployment_events",
    "feature_flag_events",
    "releases_events",
    "emoji_events",
];

/// A webhook in an answer.
#[derive(Debug, Deserialize)]
pub(crate) struct Description {
    id: u64,
    url: String,
    enable_ssl_verification: Option<bool>,
    alert_status: Option<String>,
    push_events_branch_filter: Option<String>,
    branch_filter_strategy: Option<String>,
    custom_webhook_template: Option<String>,
    /// Everything else, of which the switches of the events are read.
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

impl Description {
    /// Describes the webhook in the words of all forges.
    pub(crate) fn describe(self) -> Hook {
        let differs = self.differences();
        Hook {
            id: self.id.to_string(),
            // Older versions do not tell; there every hook is delivered.
            active: self.alert_status.as_deref().is_none_or(|status| status == "executable"),
            as_wanted: differs.is_empty(),
            differs: (!differs.is_empty()).then(|| differs.join("; ")),
            url: self.url,
        }
    }

    fn differences(&self) -> Vec<String> {
        let mut differs = Vec::new();
        for event in WANTED {
            if self.rest.get(event) != Some(&Value::Bool(true)) {
                differs.push(format!("`{event}` is off"));
            }
        }
        for (key, value) in &self.rest {
            if key.ends_with("_events") && !WANTED.contains(&key.as_str()) && *value == Value::Bool(true) {
                differs.push(format!("`{key}` is on"));
            }
        }
        let filtered = self.push_events_branch_filter.as_deref().is_some_and(|filter| !filter.is_empty());
        if filtered && self.branch_filter_strategy.as_deref() != Some("all_branches") {
            differs.push("only some branches are told of".to_owned());
        }
        if self.custom_webhook_template.as_deref().is_some_and(|template| !template.is_empty()) {
            differs.push("the body is made by a template".to_owned());
        }
        if self.enable_ssl_verification == Some(false) && self.url.starts_with("https:") {
            differs.push("certificates are not checked".to_owned());
        }
        differs
    }
}

/// A webhook to be made or changed.
#[derive(Serialize)]
pub(crate) struct Wanted<'a> {
    url: &'a str,
    token: &'a str,
    enable_ssl_verification: bool,
    push_events_branch_filter: &'static str,
    branch_filter_strategy: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    custom_webhook_template: Option<&'static str>,
    #[serde(flatten)]
    events: BTreeMap<&'static str, bool>,
}

impl<'a> Wanted<'a> {
    /// Says what a new webhook is to be like.
    pub(crate) fn new(spec: &'a HookSpec) -> Self {
        let mut events: BTreeMap<&'static str, bool> = UNWANTED.into_iter().map(|event| (event, false)).collect();
        events.extend(WANTED.map(|event| (event, true)));
        Self {
            url: &spec.url,
            token: Secret::expose(&spec.secret),
            enable_ssl_verification: true,
            push_events_branch_filter: "",
            branch_filter_strategy: "all_branches",
            custom_webhook_template: None,
            events,
        }
    }

    /// Says what an existing webhook is to become: a template that it may have is taken out.
    pub(crate) fn change(spec: &'a HookSpec) -> Self {
        Self { custom_webhook_template: Some(""), ..Self::new(spec) }
    }
}

impl GitLab {
    /// Lists the webhooks of a project.
    pub(crate) async fn list_hooks(&self, path: &str) -> Result<Vec<Hook>, ForgeError> {
        let doing = format!("list the webhooks of {path}");
        let call = Call::get(self.project_url(path, &doing, &["hooks"])?, &doing).query("per_page", PER_PAGE);
        let hooks: Vec<Description> = self
            .client
            .list(&call, Paging::GitlabOffset { per_page: PER_PAGE }, |hook: &Description| hook.id.to_string())
            .await?;
        Ok(hooks.into_iter().map(Description::describe).collect())
    }

    /// Makes a webhook.
    pub(crate) async fn make_hook(&self, path: &str, spec: &HookSpec) -> Result<Hook, ForgeError> {
        let doing = format!("install a webhook in {path}");
        let call = Call::post(self.project_url(path, &doing, &["hooks"])?, &doing)
            .json(&Wanted::new(spec))
            .holding(&spec.secret);
        Ok(self.client.json::<Description>(&call).await?.describe())
    }

    /// Changes a webhook. One that GitLab has turned off after failures stays off when it is changed: it is made anew.
    pub(crate) async fn change_hook(&self, path: &str, id: &str, spec: &HookSpec) -> Result<Hook, ForgeError> {
        let doing = format!("update webhook {id} of {path}");
        let call = Call::put(self.project_url(path, &doing, &["hooks", id])?, &doing)
            .json(&Wanted::change(spec))
            .holding(&spec.secret);
        let changed = self.client.json::<Description>(&call).await?.describe();
        if changed.active {
            return Ok(changed);
        }
        let made = self.make_hook(path, spec).await?;
        self.remove_hook(path, id).await?;
        Ok(made)
    }

    /// Removes a webhook, if it is there.
    pub(crate) async fn remove_hook(&self, path: &str, id: &str) -> Result<(), ForgeError> {
        let doing = format!("remove webhook {id} of {path}");
        match self.client.send(&Call::delete(self.project_url(path, &doing, &["hooks", id])?, &doing)).await {
            Ok(_) => Ok(()),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn described(changes: &Value) -> Hook {
        let mut hook = json!({
            "id": 5, "url": "https://mirror.example.com/webhook", "project_id": 3, "created_at": "2024-01-02T03:04:05Z",
            "push_events": true, "tag_push_events": true, "merge_requests_events": false, "repository_update_events": false,
            "issues_events": false, "enable_ssl_verification": true, "alert_status": "executable", "disabled_until": null,
            "push_events_branch_filter": "", "branch_filter_strategy": "all_branches", "custom_webhook_template": null,
            "custom_headers": [], "url_variables": []
        });
        for (key, value) in changes.as_object().unwrap() {
            hook[key] = value.clone();
        }
        serde_json::from_value::<Description>(hook).unwrap().describe()
    }

    #[test]
    fn a_hook_as_wanted_is_known() {
        let hook = described(&json!({}));
        assert_eq!((hook.id.as_str(), hook.active, hook.as_wanted, hook.differs), ("5", true, true, None));
        let plain = described(&json!({"url": "http://127.0.0.1:1/", "enable_ssl_verification": false}));
        assert!(plain.as_wanted);
    }

    #[test]
    fn what_differs_is_named() {
        for (changes, word) in [
            (json!({"push_events": false}), "`push_events` is off"),
            (json!({"tag_push_events": null}), "`tag_push_events` is off"),
            (json!({"issues_events": true}), "`issues_events` is on"),
            (json!({"push_events_branch_filter": "main", "branch_filter_strategy": "wildcard"}), "only some branches"),
            (json!({"custom_webhook_template": "{}"}), "template"),
            (json!({"enable_ssl_verification": false}), "certificates"),
        ] {
            let hook = described(&changes);
            assert!(!hook.as_wanted && hook.differs.as_deref().unwrap().contains(word), "{changes}");
        }
        assert!(!described(&json!({"alert_status": "temporarily_disabled"})).active);
    }

    #[test]
    fn what_is_sent_would_be_as_wanted() {
        let spec = HookSpec { url: "https://mirror.example.com/webhook".into(), secret: Secret::new("s3cret".into()) };
        let mut sent = serde_json::to_value(Wanted::new(&spec)).unwrap();
        assert_eq!(sent["token"], "s3cret");
        assert!(sent.get("custom_webhook_template").is_none());
        sent["id"] = 1.into();
        assert!(serde_json::from_value::<Description>(sent).unwrap().describe().as_wanted);
        assert_eq!(serde_json::to_value(Wanted::change(&spec)).unwrap()["custom_webhook_template"], "");
    }
}
