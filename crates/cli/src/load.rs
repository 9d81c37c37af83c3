//! From a file and the environment to an engine that is ready to run.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use miette::{Diagnostic, Report, Result};
use refray_core::config::{self, Config, ConfigErrors, Parsed, ProblemKind, SecretSource, Site};
use refray_core::event::EventSink;
use refray_core::name::SiteName;
use refray_engine::doctor::{Examination, Problem};
use refray_engine::lock::Locks;
use refray_engine::store::SqliteStore;
use refray_engine::webhooks::Webhooks;
use refray_engine::{ApplyError, Dirs, Engine, LazyGit, SyncError};
use refray_forge::{Forge, ForgeError};
use thiserror::Error;
use tokio_util::sync::CancellationToken;

use crate::environment::ProcessEnvironment;
use crate::paths::Paths;

#[derive(Debug, Error, Diagnostic)]
enum LoadError {
    #[error("there is no configuration at {path}")]
    #[diagnostic(
        code(refray::no_config),
        help("Make one with `refray config`, or name another file with `--config`. `refray demo` needs none.")
    )]
    Missing { path: String },
    #[error("the configuration {path} cannot be read: {why}")]
    #[diagnostic(code(refray::config_unreadable), help("Check that it is a file in UTF-8, and its rights."))]
    Unreadable { path: String, why: std::io::Error },
    #[error("{message}")]
    #[diagnostic(code(refray::setup), help("{remedy}"))]
    Setup { message: String, remedy: String },
}

/// Reads and checks the configuration. Warnings go to the log.
pub(crate) fn config(paths: &Paths) -> Result<Arc<Config>> {
    let parsed = parse(paths)??;
    for warning in &parsed.warnings {
        // A secret in the file is worth a word only where others can read the file; `config check` always says it.
        if warning.kind() != ProblemKind::LiteralSecret {
            tracing::warn!("{}: {warning}", paths.config.display());
        }
    }
    warn_of_open_secrets(&paths.config, &parsed.config);
    Ok(Arc::new(parsed.config))
}

/// Reads the configuration; what is wrong with it is the inner result.
pub(crate) fn parse(paths: &Paths) -> Result<Result<Parsed, ConfigErrors>> {
    let path = &paths.config;
    let text = std::fs::read_to_string(path).map_err(|why| {
        let path = path.display().to_string();
        match why.kind() {
            std::io::ErrorKind::NotFound => LoadError::Missing { path },
            _ => LoadError::Unreadable { path, why },
        }
    })?;
    let folder = path.parent().unwrap_or_else(|| Path::new("/"));
    Ok(config::parse(&text, &path.display().to_string(), folder, paths.home.as_deref()))
}

/// Warns of a configuration that holds a secret and can be read by others.
fn warn_of_open_secrets(path: &Path, config: &Config) {
    let literal = |source: &Option<SecretSource>| matches!(source, Some(SecretSource::Value(_)));
    let holds_one = config.sites.iter().any(|site| literal(&site.token))
        || config.webhook.as_ref().is_some_and(|webhook| literal(&webhook.secret) || literal(&webhook.signing_token))
        || literal(&config.dashboard.token);
    let mode = std::fs::metadata(path).map(|metadata| metadata.permissions().mode());
    if holds_one && mode.is_ok_and(|mode| mode & 0o077 != 0) {
        let path = path.display();
        tracing::warn!(
            "{path} holds a secret and can be read by others: run `chmod 600 {path}`, or keep the secret elsewhere"
        );
    }
}

/// Opens the store and makes a client for every site that a group uses.
pub(crate) async fn connect(config: Arc<Config>, paths: &Paths, events: Arc<dyn EventSink>) -> Result<Engine> {
    let store = SqliteStore::open(&paths.state_dir).await.map_err(|error| {
        let remedy = error.remedy();
        setup(&error, &remedy)
    })?;
    let locks = Locks::new(&paths.state_dir).map_err(|error| setup(&error, &error.remedy()))?;
    let forges = forges(&config)?;
    Ok(Engine {
        config,
        forges,
        store: Arc::new(store),
        git: LazyGit::default(),
        dirs: Dirs { work: paths.work_dir.clone(), state: paths.state_dir.clone() },
        locks,
        events,
        clock: jiff::Timestamp::now,
        stop: CancellationToken::new(),
        writing: Arc::default(),
        surveys: refray_engine::Surveys::default(),
        webhooks: Webhooks::new(Arc::new(ProcessEnvironment::default())),
    })
}

/// Makes a client for every site that a group uses.
pub(crate) fn forges(config: &Config) -> Result<BTreeMap<SiteName, Arc<dyn Forge>>> {
    let connected = connected(config, &Arc::new(ProcessEnvironment::default()));
    let named = |(name, forge): (SiteName, Result<_, ForgeError>)| {
        forge.map(|forge| (name, forge)).map_err(|error| refusal(&error, &error.remedy()))
    };
    connected.into_iter().map(named).collect()
}

/// Makes a client for every site that a group uses, as far as that is possible.
fn connected(
    config: &Config,
    environment: &Arc<ProcessEnvironment>,
) -> BTreeMap<SiteName, Result<Arc<dyn Forge>, ForgeError>> {
    let used = config.mirrors.iter().flat_map(|group| &group.endpoints).map(|endpoint| &endpoint.site);
    let used: BTreeMap<&SiteName, _> = used.map(|site| (&site.name, site)).collect();
    let connect =
        |site: &Arc<Site>| refray_forge::connect(site.clone(), environment.clone(), refray_forge::Options::default());
    used.into_iter().map(|(name, site)| (name.clone(), connect(site))).collect()
}

/// Gathers what `refray doctor` looks at. Nothing is opened or made.
pub(crate) fn examination(config: Arc<Config>, paths: &Paths) -> Examination {
    let environment = Arc::new(ProcessEnvironment::default());
    let problem = |error: ForgeError| Problem { remedy: error.remedy(), message: cause(&error) };
    let forges = connected(&config, &environment);
    Examination {
        config,
        forges: forges.into_iter().map(|(name, forge)| (name, forge.map_err(problem))).collect(),
        git: LazyGit::default(),
        dirs: Dirs { work: paths.work_dir.clone(), state: paths.state_dir.clone() },
        environment,
        clock: jiff::Timestamp::now,
    }
}

/// Makes a report of what keeps a command from being done.
pub(crate) fn refusal(error: &dyn std::error::Error, remedy: &str) -> Report {
    setup(error, remedy).into()
}

/// Opens the store only to look; nothing if there is none yet.
pub(crate) async fn look(paths: &Paths) -> Result<Option<SqliteStore>> {
    let store = SqliteStore::look(&paths.state_dir).await;
    Ok(store.map_err(|error| {
        let remedy = error.remedy();
        setup(&error, &remedy)
    })?)
}

fn setup(error: &dyn std::error::Error, remedy: &str) -> LoadError {
    LoadError::Setup { message: cause(error), remedy: remedy.to_owned() }
}

/// Returns an error's words with those of what caused it.
fn cause(error: &dyn std::error::Error) -> String {
    let mut message = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        // Some say what their cause says.
        let cause_words = cause.to_string();
        if !message.ends_with(&cause_words) {
            message = format!("{message}: {cause_words}");
        }
        source = cause.source();
    }
    message
}

/// Turns what kept a plan from being carried out into a report.
pub(crate) fn report_apply(error: ApplyError) -> Report {
    match error {
        ApplyError::Run(error) => report(error),
        ApplyError::Misfit(misfit) => {
            setup(&misfit, "Make the plan anew with `refray plan --out FILE`, with this configuration.").into()
        }
    }
}

/// Turns what ended a run into a report.
pub(crate) fn report(error: SyncError) -> Report {
    let SyncError::Store(store) = error;
    let remedy = store.remedy();
    setup(&store, &remedy).into()
}
