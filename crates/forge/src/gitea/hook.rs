//! Webhooks of a repository as Gitea and Forgejo write them.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::adapter::Gitea;
use super::dialect::Dialect;
use crate::api::{Hook, HookSpec};
use crate::error::{ErrorKind, ForgeError};
use crate::http::Call;

/// The events that refray is woken by. The end of a branch is told by `delete` alone.
const EVENTS: [&str; 4] = ["push", "create", "delete", "repository"];

/// A webhook in an answer.
#[derive(Debug, Deserialize)]
struct Description {
    id: u64,
    #[serde(rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    active: bool,
    events: Option<Vec<String>>,
    branch_filter: Option<String>,
    #[serde(default)]
    config: Config,
}

/// Where deliveries go and in which form.
#[derive(Debug, Default, Deserialize)]
struct Config {
    url: Option<String>,
    content_type: Option<String>,
}

impl Description {
    /// Describes the webhook in the words of all forges.
    fn describe(self, dialect: Dialect) -> Hook {
        let differs = self.differences(dialect);
        Hook {
            id: self.id.to_string(),
            active: self.active,
            as_wanted: differs.is_empty(),
            differs: (!differs.is_empty()).then(|| differs.join("; ")),
            url: self.config.url.unwrap_or_default(),
        }
    }

    fn differences(&self, dialect: Dialect) -> Vec<String> {
        let mut differs = Vec::new();
        let kind = self.kind.as_deref().unwrap_or_default();
        if kind != dialect.hook_type() {
            differs.push(format!("its type is `{kind}`, not `{}`", dialect.hook_type()));
        }
        if self.config.content_type.as_deref() != Some("json") {
            differs.push("the body is not JSON".to_owned());
        }
        let has: BTreeSet<&str> = self.events.iter().flatten().map(String::as_str).collect();
        let wants = BTreeSet::from(EVENTS);
        differs.extend(wants.difference(&has).map(|event| format!("`{event}` is off")));
        differs.extend(has.difference(&wants).map(|event| format!("`{event}` is on")));
        if self.branch_filter.as_deref().is_some_and(|filter| !matches!(filter, "" | "*" | "**")) {
            differs.push("only some branches are told of".to_owned());
        }
        differs
    }
}

/// A webhook to be made.
#[derive(Serialize)]
struct Wanted<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    /// Left out, it would be off.
    active: bool,
    events: [&'static str; 4],
    branch_filter: &'static str,
    config: WantedConfig<'a>,
}

/// Where the deliveries of a webhook to be made go.
#[derive(Serialize)]
struct WantedConfig<'a> {
    url: &'a str,
    content_type: &'static str,
    secret: &'a str,
}

impl<'a> Wanted<'a> {
    /// Says what a webhook is to be like.
    fn new(dialect: Dialect, spec: &'a HookSpec) -> Self {
        Self {
            kind: dialect.hook_type(),
            active: true,
            events: EVENTS,
            branch_filter: "*",
            config: WantedConfig { url: &spec.url, content_type: "json", secret: spec.secret.expose() },
        }
    }
}

impl Gitea {
    /// Lists the webhooks of a repository. The total is all that tells where this listing ends.
    pub(crate) async fn list_hooks(&self, path: &str) -> Result<Vec<Hook>, ForgeError> {
        let doing = format!("list the webhooks of {path}");
        let url = self.repository_url(path, &doing, &["hooks"])?;
        let key = |hook: &Description| hook.id.to_string();
        let hooks: Vec<Description> = self.listing(url, &doing, &[], true, key).await?;
        Ok(hooks.into_iter().map(|hook| hook.describe(self.dialect)).collect())
    }

    /// Makes a webhook.
    pub(crate) async fn make_hook(&self, path: &str, spec: &HookSpec) -> Result<Hook, ForgeError> {
        let doing = format!("install a webhook in {path}");
        let url = self.repository_url(path, &doing, &["hooks"])?;
        let call = Call::post(url, &doing).json(&Wanted::new(self.dialect, spec)).holding(&spec.secret);
        Ok(self.client.json::<Description>(&call).await?.describe(self.dialect))
    }

    /// Makes a webhook anew in the place of another, since neither secret nor type can be changed. The new one comes
    /// first, so that no event goes by; if the old one will not go, the new one does.
    pub(crate) async fn replace_hook(&self, path: &str, id: &str, spec: &HookSpec) -> Result<Hook, ForgeError> {
        let made = self.make_hook(path, spec).await?;
        if let Err(error) = self.remove_hook(path, id).await {
            // What counts is why the old one stayed.
            self.remove_hook(path, &made.id).await.map_err(|_| error.clone())?;
            return Err(error);
        }
        Ok(made)
    }

    /// Removes a webhook, if it is there.
    pub(crate) async fn remove_hook(&self, path: &str, id: &str) -> Result<(), ForgeError> {
        let doing = format!("remove webhook {id} of {path}");
        match self.client.send(&Call::delete(self.repository_url(path, &doing, &["hooks", id])?, &doing)).await {
            Ok(_) => Ok(()),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use refray_core::secret::Secret;
    use serde_json::{Value, json};

    use super::*;

    fn described(dialect: Dialect, changes: &Value) -> Hook {
        let mut hook = json!({
            "id": 5, "type": dialect.hook_type(), "active": true, "branch_filter": "*", "authorization_header": "",
            "events": ["push", "create", "delete", "repository"], "created_at": "2024-01-02T03:04:05Z",
            "config": {"url": "https://mirror.example.com/webhook", "content_type": "json"}
        });
        for (key, value) in changes.as_object().unwrap() {
            hook[key] = value.clone();
        }
        serde_json::from_value::<Description>(hook).unwrap().describe(dialect)
    }

    #[test]
    fn a_hook_as_wanted_is_known_whatever_the_order_of_its_events() {
        for dialect in [Dialect::Gitea, Dialect::Forgejo] {
            let hook =
                described(dialect, &json!({"events": ["repository", "delete", "create", "push"], "branch_filter": ""}));
            assert_eq!((hook.id.as_str(), hook.active, hook.as_wanted, hook.differs), ("5", true, true, None));
            assert_eq!(hook.url, "https://mirror.example.com/webhook");
        }
    }

    #[test]
    fn what_differs_is_named() {
        for (dialect, changes, word) in [
            (Dialect::Gitea, json!({"events": ["push", "create", "repository"]}), "`delete` is off"),
            (Dialect::Gitea, json!({"events": ["push", "create", "delete", "repository", "issues"]}), "`issues` is on"),
            (Dialect::Gitea, json!({"events": null}), "`push` is off"),
            (Dialect::Forgejo, json!({"type": "gitea"}), "its type is `gitea`, not `forgejo`"),
            (Dialect::Gitea, json!({"branch_filter": "main"}), "only some branches"),
            (Dialect::Gitea, json!({"config": {"url": "https://x/", "content_type": "form"}}), "not JSON"),
        ] {
            let hook = described(dialect, &changes);
            assert!(!hook.as_wanted && hook.differs.as_deref().unwrap().contains(word), "{changes}");
        }
        assert!(!described(Dialect::Gitea, &json!({"active": false})).active);
    }

    #[test]
    fn what_is_sent_would_be_as_wanted() {
        let spec = HookSpec { url: "https://mirror.example.com/webhook".into(), secret: Secret::new("s3cret".into()) };
        for dialect in [Dialect::Gitea, Dialect::Forgejo] {
            let mut sent = serde_json::to_value(Wanted::new(dialect, &spec)).unwrap();
            assert_eq!((&sent["active"], &sent["config"]["secret"]), (&json!(true), &json!("s3cret")));
            sent["id"] = 1.into();
            assert!(serde_json::from_value::<Description>(sent).unwrap().describe(dialect).as_wanted);
        }
    }
}
