//! The whole of a request: find the repositories, see to each, tell.

use std::collections::BTreeSet;

use futures_util::{StreamExt, stream};
use refray_core::config::Provider;
use refray_core::secret::Secret;
use refray_forge::HookSpec;

use super::address::is_local;
use super::carry::{Order, settle};
use super::earlier;
use super::fingerprint::fingerprint;
use super::plan::{Goal, Wanted};
use super::report::{HookSink, HookSummary};
use super::request::{HookJob, HookRequest};
use super::target::{self, Targets};
use crate::engine::Engine;
use crate::run::SyncError;

impl Engine {
    /// Sees to the webhooks of the selected repositories, `jobs` at a time.
    ///
    /// # Errors
    /// Only what stops everything: the store cannot be used. All else is in the reports and the summary.
    pub async fn manage_hooks(&self, request: &HookRequest, sink: &dyn HookSink) -> Result<HookSummary, SyncError> {
        if !request.only_looks() {
            earlier::take_in(self).await?;
        }
        let targets = target::find(self, request).await?;
        sink.expect(targets.all.len());
        let wanted = self.wanted(&request.job).await?;
        let order = order(request, &wanted);
        let mut summary = HookSummary {
            endpoints_failed: targets.failed.len(),
            directories: targets.directories.iter().cloned().collect(),
            unmatched: targets.unmatched.iter().cloned().collect(),
            ..HookSummary::default()
        };
        let settled = targets.all.values().map(|target| async move {
            // What is in hand is finished; nothing new is begun.
            if self.stop.is_cancelled() { None } else { Some(settle(self, target, order).await) }
        });
        let mut settled = stream::iter(settled).buffer_unordered(self.config.jobs.max(1));
        while let Some(report) = settled.next().await {
            if let Some(report) = report {
                summary.count(&report);
                sink.take(report);
            }
        }
        summary.notes = notes(&request.job, &targets);
        Ok(summary)
    }

    async fn wanted(&self, job: &HookJob) -> Result<Wanted, SyncError> {
        let (url, secret): (&str, Option<&Secret>) = match job {
            HookJob::Install(spec) | HookJob::Update { to: spec, .. } => (&spec.url, Some(&spec.secret)),
            HookJob::Status { url, secret } => (url, secret.as_ref()),
            HookJob::Uninstall { .. } => ("", None),
        };
        let key = self.store.hook_key().await?;
        Ok(Wanted { url: url.to_owned(), secret: secret.and_then(|secret| fingerprint(&key, secret)) })
    }
}

fn order<'a>(request: &'a HookRequest, wanted: &'a Wanted) -> Order<'a> {
    let (goal, spec): (_, Option<&HookSpec>) = match &request.job {
        HookJob::Install(spec) => (Goal::Installed(wanted), Some(spec)),
        HookJob::Update { from, to } => (Goal::Moved { from, to: wanted }, Some(to)),
        HookJob::Uninstall { urls, remembered } => (Goal::Removed { urls, remembered: *remembered }, None),
        HookJob::Status { .. } => (Goal::Installed(wanted), None),
    };
    Order { goal, spec, dry_run: request.only_looks() }
}

/// Says what no answer of a forge tells.
fn notes(job: &HookJob, targets: &Targets) -> Vec<String> {
    let url = match job {
        HookJob::Install(spec) | HookJob::Update { to: spec, .. } => &spec.url,
        HookJob::Status { url, .. } => url,
        HookJob::Uninstall { .. } => return Vec::new(),
    };
    if !is_local(url) {
        return Vec::new();
    }
    let sites = targets.all.values().map(|target| &target.endpoint.site);
    // These two take the webhook and refuse every delivery.
    let sites = sites.filter(|site| matches!(site.provider, Provider::Gitea | Provider::Forgejo));
    let named: BTreeSet<_> = sites.map(|site| (site.name.as_str(), site.provider.title())).collect();
    let note = |(site, provider): (&str, &str)| {
        format!(
            "{url} is a local address: {provider} delivers there only if `[webhook] ALLOWED_HOST_LIST` in the `app.ini` of \
             site `{site}` lets it."
        )
    };
    named.into_iter().map(note).collect()
}
