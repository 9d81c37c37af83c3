//! What `sync` does about webhooks once a repository was reconciled.

use std::sync::Arc;

use futures_util::future::join_all;
use refray_core::config::{MirrorGroup, Provider};
use refray_core::event::Event;
use refray_core::name::{EndpointId, RepoName};
use refray_core::plan::group::Known;
use refray_core::plan::{Finding, FindingKind};
use refray_forge::{CredentialError, Environment, HookSpec};
use tokio::sync::OnceCell;

use super::address::same;
use super::carry::{Order, settle};
use super::earlier;
use super::fingerprint::fingerprint;
use super::plan::{Goal, Wanted};
use super::target::Target;
use crate::engine::Engine;
use crate::options::Settings;

/// What is needed to install webhooks, made ready when it is first needed.
#[derive(Default)]
pub struct Webhooks {
    environment: Option<Arc<dyn Environment>>,
    ready: OnceCell<Option<Ready>>,
}

/// A webhook as the configuration wants it.
struct Ready {
    spec: HookSpec,
    wanted: Wanted,
}

impl Webhooks {
    /// Returns the same for a configuration that was read anew.
    pub fn renewed(&self) -> Self {
        Self { environment: self.environment.clone(), ready: OnceCell::new() }
    }

    /// Prepares for installing. The secret is read through `environment`, and not before the first is to be installed.
    pub fn new(environment: Arc<dyn Environment>) -> Self {
        Self { environment: Some(environment), ready: OnceCell::new() }
    }

    async fn ready(&self, engine: &Engine) -> Option<&Ready> {
        let ready = self.ready.get_or_init(|| async {
            self.prepare(engine).await.unwrap_or_else(|why| {
                tracing::warn!("no webhooks are installed: {why}");
                None
            })
        });
        ready.await.as_ref()
    }

    async fn prepare(&self, engine: &Engine) -> Result<Option<Ready>, String> {
        let settings = engine.config.webhook.as_ref();
        let settings = settings.and_then(|webhook| Some((webhook.url.as_ref()?, webhook.secret.as_ref()?)));
        let (Some((url, source)), Some(environment)) = (settings, &self.environment) else { return Ok(None) };
        let secret = refray_forge::resolve(source, &**environment).await;
        let secret = secret.map_err(|error| {
            let mend = match error {
                CredentialError::NoVariable(_) => "Set it where refray runs",
                _ => "Mend `[webhook].secret`",
            };
            format!(
                "the secret of `[webhook]` could not be had: {error}. {mend}, and the next sync installs them; or set \
                 `install = false`"
            )
        })?;
        earlier::take_in(engine).await.map_err(|error| error.to_string())?;
        let key = engine.store.hook_key().await.map_err(|error| error.to_string())?;
        let url = url.to_string();
        let wanted = Wanted { url: url.clone(), secret: fingerprint(&key, &secret) };
        Ok(Some(Ready { spec: HookSpec { url, secret }, wanted }))
    }
}

/// Installs the webhooks that a repository lacks, when the configuration wants that. What is remembered to be installed is
/// not looked at. What fails is reported, and fails nothing else. Returns how many were put there or mended.
pub(crate) async fn after(
    engine: &Engine,
    group: &MirrorGroup,
    repository: &RepoName,
    settings: &Settings<'_>,
) -> usize {
    if settings.options.dry_run || !engine.config.webhook.as_ref().is_some_and(|webhook| webhook.install) {
        return 0;
    }
    let Some(ready) = engine.webhooks.ready(engine).await else { return 0 };
    let lacking = match lacking(engine, group, repository, settings, &ready.wanted).await {
        Ok(lacking) => lacking,
        Err(error) => {
            tracing::warn!(%repository, %error, "its webhooks are not known");
            return 0;
        }
    };
    let order = Order { goal: Goal::Installed(&ready.wanted), spec: Some(&ready.spec), dry_run: false };
    let settled = join_all(lacking.iter().map(|target| settle(engine, target, order))).await;
    let mut put = 0;
    for report in settled {
        let Some(error) = report.error else {
            put += usize::from(!report.changes.is_empty());
            continue;
        };
        let finding = Finding::new(FindingKind::Webhook, error, report.remedy.unwrap_or_default());
        let finding = finding.side(&report.endpoint, "webhook not as wanted");
        engine.emit(Event::Finding { group: group.name.clone(), repository: repository.clone(), finding });
    }
    put
}

/// Returns the copies of which no webhook of the present form is remembered.
async fn lacking(
    engine: &Engine,
    group: &MirrorGroup,
    repository: &RepoName,
    settings: &Settings<'_>,
    wanted: &Wanted,
) -> Result<Vec<Target>, crate::store::StoreError> {
    let key = repository.key();
    let hooks = engine.store.hooks_of(&key).await?;
    let has = |endpoint: &EndpointId| {
        hooks.iter().any(|hook| {
            hook.endpoint == *endpoint
                && same(&hook.url, &wanted.url)
                && hook.secret.is_some()
                && hook.secret == wanted.secret
        })
    };
    let endpoints = group.endpoints.iter().filter(|endpoint| {
        endpoint.site.provider != Provider::Directory && !settings.hidden.contains(&endpoint.id) && !has(&endpoint.id)
    });
    let endpoints: Vec<_> = endpoints.collect();
    if endpoints.is_empty() {
        return Ok(Vec::new());
    }
    // What was created a moment ago is in what is remembered, and not in the listings.
    let Some(record) = engine.store.repository(&group.name, &key).await? else { return Ok(Vec::new()) };
    let targets = endpoints.into_iter().filter_map(|endpoint| {
        let Known { name, path, id, .. } = record.copies.get(&endpoint.id)?;
        let listing = settings.sights.get(&endpoint.id).and_then(|sight| sight.listing.as_ref());
        let archived = listing.into_iter().flatten().any(|listed| listed.id == *id && listed.archived);
        let target = Target {
            group: group.name.clone(),
            endpoint: endpoint.clone(),
            repository: name.clone(),
            path: path.clone(),
            archived,
        };
        (!archived).then_some(target)
    });
    Ok(targets.collect())
}
