//! `refray webhook install | uninstall | update | status`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use miette::{Diagnostic, Result};
use refray_core::config::edit::{EditError, Editor};
use refray_core::config::{Config, Provider, SecretSource};
use refray_core::plan::group::Selection;
use refray_core::secret::Secret;
use refray_engine::Engine;
use refray_engine::webhooks::{HookJob, HookRequest, HookSummary, is_local, same};
use refray_forge::{CredentialError, HookSpec};
use thiserror::Error;
use url::Url;

use crate::args::{Global, InstallArgs, StatusArgs, UninstallArgs, UpdateArgs, WebhookCommand};
use crate::commands::sync::{UsageError, group, key, pattern, site, stop_signal};
use crate::environment::ProcessEnvironment;
use crate::exit::Exit;
use crate::load::{self, connect};
use crate::paths::Paths;
use crate::render::{HookCommand, HookOutput};
use crate::rewrite;

#[derive(Debug, Error, Diagnostic)]
enum WebhookError {
    #[error("no address is given that webhooks are to send to")]
    #[diagnostic(
        code(refray::webhook_url),
        help("Give it with `--url https://mirror.example.com/webhook`, or set `[webhook].url` in the configuration.")
    )]
    NoUrl,
    #[error("no secret is given that webhooks are to sign with")]
    #[diagnostic(
        code(refray::webhook_secret),
        help(
            "Name a variable that holds it with `--secret-env NAME`, or set `[webhook].secret` in the configuration."
        )
    )]
    NoSecret,
    #[error("the secret for webhooks could not be had")]
    #[diagnostic(
        code(refray::webhook_secret),
        help("Check `--secret-env`, or `[webhook].secret` in the configuration.")
    )]
    Secret(#[source] CredentialError),
    #[error("`{text}` is not an address that webhooks can send to: {why}")]
    #[diagnostic(code(refray::webhook_url), help("Write it as in `https://mirror.example.com/webhook`."))]
    Url { text: String, why: String },
    #[error("there are webhooks that send to several addresses: {urls}")]
    #[diagnostic(code(refray::webhook_several), help("Name the one to change: `refray webhook update OLD --url NEW`."))]
    Several { urls: String },
    #[error("the configuration {path} could not be changed: {why}")]
    #[diagnostic(
        code(refray::config_not_changed),
        help("The webhooks send to {url} already: set `[webhook].url` to it by hand, or run the command again.")
    )]
    Config { path: String, why: String, url: String },
}

/// Runs the command.
pub(crate) async fn run(global: &Global, command: &WebhookCommand) -> Result<Exit> {
    let paths = Paths::find(global)?;
    let config = load::config(&paths)?;
    let kind = match command {
        WebhookCommand::Install(_) => HookCommand::Install,
        WebhookCommand::Uninstall(_) => HookCommand::Uninstall,
        WebhookCommand::Update(_) => HookCommand::Update,
        WebhookCommand::Status(_) => HookCommand::Status,
    };
    let events = HookOutput::events(global, &config);
    // What is wrong with the command line is said before anything is opened.
    let prepared = match command {
        WebhookCommand::Install(args) => Some(install(args, &config).await?),
        WebhookCommand::Uninstall(args) => Some(uninstall(args, &config)?),
        WebhookCommand::Update(_) | WebhookCommand::Status(_) => None,
    };
    let engine = connect(config.clone(), &paths, events).await?;
    let exit = async {
        let request = match (prepared, command) {
            (Some(request), _) => request,
            (None, WebhookCommand::Update(args)) => update(args, &engine).await?,
            (None, WebhookCommand::Status(args)) => status(args, &engine).await?,
            (None, _) => return Ok(Exit::Usage),
        };
        let output = Arc::new(HookOutput::new(global, &config, kind, request.dry_run));
        let (mut summary, interrupted) = carry(&engine, &request, &output).await?;
        output.table();
        if let HookJob::Update { from, to } = &request.job
            && !interrupted
            && configured(&config).is_none_or(|url| same(&url, from))
        {
            let variable = match command {
                WebhookCommand::Update(args) => args.secret_env.as_deref().filter(|_| !has_secret(&config)),
                _ => None,
            };
            write_down(&paths, &config, (&to.url, variable), &request, &summary, &output)?;
        }
        if installs_again(&config, &request.job, &summary) {
            summary.notes.push(format!(
                "`install = true` in `[webhook]` has the next `refray sync` put them there again. Set `install = false` in {} \
                 before that.",
                paths.config.display()
            ));
        }
        output.summary(&summary);
        let is_good = summary.is_good() && (kind != HookCommand::Status || summary.is_whole());
        Ok(match (interrupted, is_good) {
            (true, _) => Exit::Interrupted,
            (false, true) => Exit::Agreed,
            (false, false) => Exit::Failed,
        })
    };
    let exit = exit.await;
    engine.store.close().await;
    exit
}

/// Says whether what was removed, or would be, is what a sync installs.
fn installs_again(config: &Config, job: &HookJob, summary: &HookSummary) -> bool {
    let HookJob::Uninstall { urls, remembered } = job else { return false };
    let is_installed = |url: String| *remembered || urls.iter().any(|removed| same(removed, &url));
    let installs = config.webhook.as_ref().is_some_and(|webhook| webhook.install);
    installs && summary.removed > 0 && configured(config).is_some_and(is_installed)
}

/// Carries a request out. Ctrl-C lets what is in hand finish; a second one ends at once.
async fn carry(engine: &Engine, request: &HookRequest, output: &Arc<HookOutput>) -> Result<(HookSummary, bool)> {
    let work = engine.manage_hooks(request, &**output);
    tokio::pin!(work);
    let mut interrupted = false;
    loop {
        tokio::select! {
            summary = &mut work => return Ok((summary.map_err(load::report)?, interrupted)),
            () = stop_signal() => {
                if interrupted {
                    return Ok((HookSummary::default(), true));
                }
                interrupted = true;
                engine.stop.cancel();
                tracing::warn!("stopping when what is in hand is done; once more stops at once");
            }
        }
    }
}

async fn install(args: &InstallArgs, config: &Config) -> Result<HookRequest> {
    let url = wanted_url(args.url.as_deref(), config)?;
    let secret = secret(args.secret_env.as_deref(), config).await?;
    if !has_secret(config) {
        tracing::warn!("`refray serve` believes what they send only when `[webhook].secret` says where the secret is");
    }
    Ok(HookRequest {
        groups: args.group.iter().map(|name| group(name, config)).collect::<Result<_, _>>()?,
        sites: args.site.iter().map(|name| site(name, config)).collect::<Result<_, _>>()?,
        selection: Selection {
            names: args.repo.iter().map(|name| key(name)).collect::<Result<_, UsageError>>()?,
            pattern: args.repo_pattern.as_deref().map(pattern).transpose()?,
            no_create: true,
            confirm_deletions: false,
        },
        job: HookJob::Install(HookSpec { url, secret }),
        dry_run: args.dry_run,
    })
}

fn uninstall(args: &UninstallArgs, config: &Config) -> Result<HookRequest> {
    let mut selection = Selection { no_create: true, ..Selection::default() };
    let job = match args.what.as_deref() {
        Some(url) if url.contains("://") => HookJob::Uninstall { urls: vec![address(url)?], remembered: false },
        what => {
            selection.names = what.map(key).transpose()?.into_iter().collect();
            HookJob::Uninstall { urls: configured(config).into_iter().collect(), remembered: true }
        }
    };
    let groups = args.group.iter().map(|name| group(name, config)).collect::<Result<_, _>>()?;
    let sites = args.site.iter().map(|name| site(name, config)).collect::<Result<_, _>>()?;
    Ok(HookRequest { groups, sites, selection, job, dry_run: args.dry_run })
}

async fn update(args: &UpdateArgs, engine: &Engine) -> Result<HookRequest> {
    let config = &engine.config;
    let url = wanted_url(args.url.as_deref(), config)?;
    let from = match &args.old {
        Some(old) => address(old)?,
        None => {
            let mut known = remembered_urls(engine).await?;
            known.extend(configured(config));
            let others: BTreeMap<String, String> =
                known.into_iter().filter(|known| !same(known, &url)).map(|known| (meaning(&known), known)).collect();
            match others.len() {
                // Nothing to move; what sends to the new address is still looked at.
                0 => url.clone(),
                1 => others.into_values().next().unwrap_or_default(),
                _ => {
                    let urls: Vec<String> = others.into_values().collect();
                    return Err(WebhookError::Several { urls: urls.join(", ") }.into());
                }
            }
        }
    };
    let secret = secret(args.secret_env.as_deref(), config).await?;
    Ok(HookRequest {
        groups: Vec::new(),
        sites: Vec::new(),
        selection: Selection { no_create: true, ..Selection::default() },
        job: HookJob::Update { from, to: HookSpec { url, secret } },
        dry_run: args.dry_run,
    })
}

async fn status(args: &StatusArgs, engine: &Engine) -> Result<HookRequest> {
    let config = &engine.config;
    let groups = args.group.iter().map(|name| group(name, config)).collect::<Result<_, _>>()?;
    let sites = args.site.iter().map(|name| site(name, config)).collect::<Result<_, _>>()?;
    let url = match configured(config) {
        Some(url) => url,
        // They may have been installed with `--url` alone.
        None => {
            let known = remembered_urls(engine).await?;
            match known.len() {
                0 => return Err(WebhookError::NoUrl.into()),
                1 => known.into_iter().next().unwrap_or_default(),
                _ => {
                    let urls: Vec<String> = known.into_iter().collect();
                    return Err(WebhookError::Several { urls: urls.join(", ") }.into());
                }
            }
        }
    };
    let secret = match config.webhook.as_ref().and_then(|webhook| webhook.secret.as_ref()) {
        Some(source) => match resolve(source).await {
            Ok(secret) => Some(secret),
            Err(error) => {
                tracing::warn!("whether webhooks have the present secret is not judged: {error}");
                None
            }
        },
        None => None,
    };
    Ok(HookRequest {
        groups,
        sites,
        selection: Selection { no_create: true, ..Selection::default() },
        job: HookJob::Status { url, secret },
        dry_run: false,
    })
}

/// Returns the addresses that webhooks are remembered to send to.
async fn remembered_urls(engine: &Engine) -> Result<BTreeSet<String>> {
    let mut urls = BTreeSet::new();
    for endpoint in engine.config.mirrors.iter().flat_map(|group| &group.endpoints) {
        if endpoint.site.provider != Provider::Directory {
            let hooks = engine.store.hooks(&endpoint.id).await.map_err(|error| load::report(error.into()))?;
            urls.extend(hooks.into_iter().map(|hook| hook.url).filter(|url| !url.is_empty()));
        }
    }
    Ok(urls)
}

/// Writes the new address into the configuration, and where the secret is if that does not say: `serve` believes nothing
/// without it. The webhooks come first: should this be interrupted in between, the old address is still known, and the same
/// command goes on where it was.
fn write_down(
    paths: &Paths,
    config: &Config,
    (url, variable): (&str, Option<&str>),
    request: &HookRequest,
    summary: &HookSummary,
    output: &HookOutput,
) -> Result<()> {
    let nothing_worked = summary.changes() == 0 && !summary.is_good();
    let is_known = configured(config).is_some_and(|configured| same(&configured, url));
    if is_known && variable.is_none() || nothing_worked {
        return Ok(());
    }
    if !request.dry_run {
        let failed =
            |why: String| WebhookError::Config { path: paths.config.display().to_string(), why, url: url.to_owned() };
        let text = std::fs::read_to_string(&paths.config).map_err(|error| failed(error.to_string()))?;
        let edited = Url::parse(url).map_err(|error| failed(error.to_string())).and_then(|url| {
            let edit = || -> Result<String, EditError> {
                let mut editor = Editor::new(&text, &paths.config.display().to_string())?;
                if !is_known {
                    editor.set_webhook_url(&url)?;
                }
                if let Some(variable) = variable {
                    editor.set_webhook_secret(SecretSource::Env(variable.to_owned()))?;
                }
                Ok(editor.to_string())
            };
            edit().map_err(|error| failed(error.to_string()))
        })?;
        rewrite::replace(&paths.config, &edited).map_err(|error| failed(error.to_string()))?;
    }
    output.config(&paths.config, url);
    Ok(())
}

fn has_secret(config: &Config) -> bool {
    config.webhook.as_ref().is_some_and(|webhook| webhook.secret.is_some())
}

fn configured(config: &Config) -> Option<String> {
    config.webhook.as_ref()?.url.as_ref().map(ToString::to_string)
}

fn wanted_url(given: Option<&str>, config: &Config) -> Result<String, WebhookError> {
    let url = match given {
        Some(given) => address(given)?,
        None => configured(config).ok_or(WebhookError::NoUrl)?,
    };
    if given.is_some() && url.starts_with("http:") && !is_local(&url) {
        tracing::warn!(
            "webhooks would be delivered over plain `http`: everybody in between can read what was pushed where"
        );
    }
    Ok(url)
}

/// Checks an address from the command line.
fn address(text: &str) -> Result<String, WebhookError> {
    let bad = |why: &str| {
        // What stands before an `@` may be a password.
        let shown = text.rsplit('@').next().unwrap_or_default().to_owned();
        WebhookError::Url { text: shown, why: why.to_owned() }
    };
    let url = Url::parse(text).map_err(|error| bad(&error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(bad("only `https` and `http` are delivered to"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(bad("it holds a user name or password"));
    }
    if url.fragment().is_some() {
        return Err(bad("it has a part after `#`"));
    }
    Ok(url.to_string())
}

fn meaning(url: &str) -> String {
    Url::parse(url).map_or_else(|_| url.to_owned(), |url| url.to_string())
}

async fn secret(variable: Option<&str>, config: &Config) -> Result<Secret, WebhookError> {
    let given = variable.map(|name| SecretSource::Env(name.to_owned()));
    let configured = || config.webhook.as_ref().and_then(|webhook| webhook.secret.clone());
    let source = given.or_else(configured).ok_or(WebhookError::NoSecret)?;
    resolve(&source).await.map_err(WebhookError::Secret)
}

async fn resolve(source: &SecretSource) -> Result<Secret, CredentialError> {
    refray_forge::resolve(source, &ProcessEnvironment::default()).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_checked() {
        assert_eq!(address("https://Mirror.example.com").unwrap(), "https://mirror.example.com/");
        for (text, word) in [
            ("mirror.example.com", "relative"),
            ("ftp://mirror.example.com/", "`https`"),
            ("https://me:hunter2@mirror.example.com/", "password"),
            ("https://mirror.example.com/#x", "`#`"),
        ] {
            let error = address(text).unwrap_err().to_string();
            assert!(error.contains(word) && !error.contains("hunter2"), "{error}");
        }
    }
}
