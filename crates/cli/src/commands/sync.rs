//! `refray sync`.

use std::collections::BTreeSet;
use std::io::{IsTerminal, Write};
use std::sync::Arc;

use miette::{Diagnostic, Result};
use refray_core::config::Config;
use refray_core::event::EventSink;
use refray_core::name::{GroupName, RepoName, SiteName};
use refray_core::outcome::Summary;
use refray_core::plan::group::Selection;
use refray_engine::{Engine, SyncOptions};
use regex::Regex;
use thiserror::Error;

use crate::args::{Format, Global, SyncArgs};
use crate::environment;
use crate::exit::Exit;
use crate::load::{self, connect};
use crate::paths::Paths;
use crate::render::{JsonSink, Look, TextSink};

#[derive(Debug, Error, Diagnostic)]
pub(crate) enum UsageError {
    #[error("there is no group `{name}` in the configuration")]
    #[diagnostic(code(refray::unknown_group), help("{help}"))]
    UnknownGroup { name: String, help: String },
    #[error("there is no site `{name}` in the configuration")]
    #[diagnostic(code(refray::unknown_site), help("{help}"))]
    UnknownSite { name: String, help: String },
    #[error("`{name}` cannot be the name of a repository: {why}")]
    #[diagnostic(code(refray::repository_name), help("Give the name alone, as in `--repo alpha`, without its owner."))]
    RepositoryName { name: String, why: &'static str },
    #[error("`--confirm-deletions` releases the deletions of the repositories named by `--repo`, and none is named")]
    #[diagnostic(
        code(refray::nothing_to_release),
        help("`refray status` shows what is held and why; release it for one: `--confirm-deletions --repo NAME`.")
    )]
    NothingToRelease,
    #[error("`{pattern}` is not a regular expression: {why}")]
    #[diagnostic(code(refray::pattern), help("Names are matched anywhere; `^` and `$` tie a pattern to their ends."))]
    Pattern { pattern: String, why: String },
}

/// Runs the command.
pub(crate) async fn run(global: &Global, args: &SyncArgs) -> Result<Exit> {
    let paths = Paths::find(global)?;
    let config = load::config(&paths)?;
    let options = options(args, &config)?;
    let events = sink_for(global, &config);
    let engine = connect(config, &paths, events).await?;
    let result = until_stopped(&engine, async {
        let summary = engine.sync(&options).await.map_err(load::report)?;
        warn_of_nothing(args, &summary);
        Ok(summary)
    });
    let exit = result.await;
    engine.store.close().await;
    exit
}

/// Says why a run had nothing to do, where that is not what was meant.
fn warn_of_nothing(args: &SyncArgs, summary: &Summary) {
    // What could not be listed, or was not waited for, may have had such a name.
    let all_seen = summary.endpoints_failed == 0 && !summary.interrupted;
    if let Some(pattern) = &args.repo_pattern
        && summary.repositories == 0
        && all_seen
        && !args.retry_failed
    {
        tracing::warn!("the name of no repository matches `{pattern}`: nothing was looked at");
    }
}

/// Carries out a run that Ctrl-C ends: once lets what is in hand finish, twice at once.
pub(crate) async fn sync(engine: &Engine, options: &SyncOptions) -> Result<Exit> {
    until_stopped(engine, async { engine.sync(options).await.map_err(load::report) }).await
}

/// Waits for a run's end. Ctrl-C lets what is in hand finish, a second one ends it at once.
pub(crate) async fn until_stopped(engine: &Engine, run: impl Future<Output = Result<Summary>>) -> Result<Exit> {
    let stop = engine.stop.clone();
    tokio::pin!(run);
    let mut interrupted = false;
    let summary: Summary = loop {
        tokio::select! {
            summary = &mut run => break summary?,
            () = stop_signal() => {
                if interrupted {
                    return Ok(Exit::Interrupted);
                }
                interrupted = true;
                stop.cancel();
                tracing::warn!("stopping when what is in hand is done; once more stops at once");
            }
        }
    };
    Ok(match (interrupted, summary.is_good()) {
        (true, _) => Exit::Interrupted,
        (false, true) => Exit::Agreed,
        (false, false) => Exit::Failed,
    })
}

/// Waits for Ctrl-C or a request to end.
pub(crate) async fn stop_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let interrupt = tokio::signal::ctrl_c();
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            }
        }
        Err(_) => drop(interrupt.await),
    }
}

/// Chooses who listens to a run.
pub(crate) fn sink(global: &Global) -> Arc<dyn EventSink> {
    sink_to(global, std::io::stdout(), Look::stdout(global))
}

/// The same, for a run on the forges of a configuration, whose pages what is said can lead to.
pub(crate) fn sink_for(global: &Global, config: &Config) -> Arc<dyn EventSink> {
    sink_to(global, std::io::stdout(), Look::stdout(global).with_pages(config))
}

/// The same, with what is said going elsewhere.
pub(crate) fn sink_to(global: &Global, out: impl Write + Send + 'static, look: Look) -> Arc<dyn EventSink> {
    match global.format {
        Format::Json => Arc::new(JsonSink::new(out)),
        Format::Text => Arc::new(TextSink::new(out, look, global, bar(global))),
    }
}

/// Says whether there is a bar at the foot of the terminal.
pub(crate) fn bar(global: &Global) -> bool {
    global.format == Format::Text && !global.quiet && std::io::stderr().is_terminal() && !environment::is_dumb()
}

pub(crate) fn options(args: &SyncArgs, config: &Config) -> Result<SyncOptions> {
    let groups = args.group.iter().map(|name| group(name, config)).collect::<Result<_, _>>()?;
    let pattern = args.repo_pattern.as_deref().map(pattern).transpose()?;
    if args.confirm_deletions && args.repo.is_empty() {
        return Err(UsageError::NothingToRelease.into());
    }
    Ok(SyncOptions {
        groups,
        selection: Selection {
            names: keys(&args.repo)?,
            pattern,
            no_create: args.no_create,
            confirm_deletions: args.confirm_deletions,
        },
        join: keys(&args.join)?,
        jobs: args.jobs.map(usize::from),
        force: args.force,
        dry_run: args.dry_run,
        retry_failed: args.retry_failed,
        full: args.full,
    })
}

/// Finds a group by its name.
pub(crate) fn group(name: &str, config: &Config) -> Result<GroupName, UsageError> {
    let found = config.mirrors.iter().find(|group| group.name.as_str() == name);
    found.map(|group| group.name.clone()).ok_or_else(|| {
        let names: Vec<_> = config.mirrors.iter().map(|group| format!("`{}`", group.name)).collect();
        let help = match names.as_slice() {
            [] => "The configuration has no groups.".to_owned(),
            names => format!("It has {}.", names.join(", ")),
        };
        UsageError::UnknownGroup { name: name.to_owned(), help }
    })
}

/// Returns the site of that name.
pub(crate) fn site(name: &str, config: &Config) -> Result<SiteName, UsageError> {
    let found = config.sites.iter().find(|site| site.name.as_str() == name);
    found.map(|site| site.name.clone()).ok_or_else(|| {
        let names: Vec<_> = config.sites.iter().map(|site| format!("`{}`", site.name)).collect();
        let help = match names.as_slice() {
            [] => "The configuration has no sites.".to_owned(),
            names => format!("It has {}.", names.join(", ")),
        };
        UsageError::UnknownSite { name: name.to_owned(), help }
    })
}

/// Returns the keys of repositories that were named.
pub(crate) fn keys(names: &[String]) -> Result<BTreeSet<String>> {
    Ok(names.iter().map(|name| key(name)).collect::<Result<_, _>>()?)
}

/// Checks the name of a repository, and returns its key.
pub(crate) fn key(name: &str) -> Result<String, UsageError> {
    // As it stands at the end of an address that is cloned.
    match RepoName::new(name.strip_suffix(".git").unwrap_or(name)) {
        Ok(name) => Ok(name.key()),
        Err(error) => Err(UsageError::RepositoryName { name: name.to_owned(), why: error.why }),
    }
}

/// Checks a regular expression.
pub(crate) fn pattern(pattern: &str) -> Result<Regex, UsageError> {
    Regex::new(pattern).map_err(|error| {
        let why = error.to_string().lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
        UsageError::Pattern { pattern: pattern.to_owned(), why }
    })
}
