use serde_json::{Value, json};

use super::adapter::{GitHub, PER_PAGE};
use super::wire::{EVENTS, WireHook};
use crate::api::{Hook, HookSpec};
use crate::error::{ErrorKind, ForgeError};
use crate::http::{Call, Paging};

impl GitHub {
    pub(super) async fn list_hooks(&self, path: &str) -> Result<Vec<Hook>, ForgeError> {
        let url = self.repository_url(path, &["hooks"])?;
        let call = Call::get(url, format!("list the webhooks of `{path}`")).query("per_page", PER_PAGE);
        let paging = Paging::Link { per_page: PER_PAGE };
        let all: Vec<WireHook> = self.client.list(&call, paging, |hook: &WireHook| hook.id.to_string()).await?;
        // Other names are services of old, which are no webhooks.
        Ok(all
            .into_iter()
            .filter(|hook| hook.name.as_deref().is_none_or(|name| name == "web"))
            .map(Hook::from)
            .collect())
    }

    pub(super) async fn make_hook(&self, path: &str, spec: &HookSpec) -> Result<Hook, ForgeError> {
        let mut body = wanted(spec);
        body["name"] = "web".into();
        let call = Call::post(self.repository_url(path, &["hooks"])?, format!("make a webhook in `{path}`"))
            .json(&body)
            .holding(&spec.secret);
        match self.client.json::<WireHook>(&call).await {
            Ok(hook) => Ok(hook.into()),
            Err(error) if error.may_have_happened() => {
                let all = self.list_hooks(path).await.unwrap_or_default();
                all.into_iter().find(|hook| hook.url == spec.url && hook.as_wanted).ok_or(error)
            }
            Err(error) => Err(error),
        }
    }

    pub(super) async fn change_hook(&self, path: &str, id: &str, spec: &HookSpec) -> Result<Hook, ForgeError> {
        let url = self.repository_url(path, &["hooks", id])?;
        let call =
            Call::patch(url, format!("change the webhook {id} of `{path}`")).json(&wanted(spec)).holding(&spec.secret);
        self.client.json::<WireHook>(&call).await.map(Hook::from)
    }

    pub(super) async fn remove_hook(&self, path: &str, id: &str) -> Result<(), ForgeError> {
        let url = self.repository_url(path, &["hooks", id])?;
        match self.client.send(&Call::delete(url, format!("remove the webhook {id} of `{path}`"))).await {
            Ok(_) | Err(ForgeError { kind: ErrorKind::NotFound, .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

fn wanted(spec: &HookSpec) -> Value {
    json!({
        "active": true,
        "events": EVENTS,
        "config": {
            "url": spec.url,
            "content_type": "json",
            "insecure_ssl": "0",
            "secret": spec.secret.expose(),
        },
    })
}
