//! `refray log`.

use std::io::Write;

use miette::{IntoDiagnostic, Result};
use refray_engine::restore::UndoError;
use refray_engine::store::{Run, Store, StoreError};

use crate::args::{Format, Global, LogArgs};
use crate::commands::sync::keys;
use crate::environment;
use crate::exit::Exit;
use crate::load;
use crate::paths::Paths;
use crate::render::{Entry, Style, entry_json, entry_text, run_line};

/// Runs the command.
pub(crate) async fn run(global: &Global, args: &LogArgs) -> Result<Exit> {
    let repo = keys(args.repo.as_slice())?.pop_first();
    let paths = Paths::find(global)?;
    let store = load::store(&paths).await?;
    let entries = entries(&store, args, repo.as_deref(), global.format).await;
    store.close().await;
    let entries = entries.map_err(|error| {
        let remedy = error.remedy();
        load::refusal(&error, &remedy)
    })?;
    let style = Style::for_stdout(global.color, environment::var("NO_COLOR").is_some());
    let mut out = std::io::stdout().lock();
    let mut print = |line: String| writeln!(out, "{line}");
    let written = entries.iter().try_for_each(|entry| match (global.format, &args.run) {
        (Format::Json, _) => print(entry_json(entry)),
        (Format::Text, Some(_)) => print(entry_text(entry, style)),
        (Format::Text, None) => print(run_line(&entry.run, style)),
    });
    match written {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => {}
        written => written.into_diagnostic()?,
    }
    if entries.is_empty() && global.format == Format::Text && !global.quiet {
        writeln!(out, "There is no run in the journal.").into_diagnostic()?;
    }
    Ok(Exit::Agreed)
}

/// Reads the runs that are asked for, newest first, with their actions where those are shown.
async fn entries(
    store: &dyn Store,
    args: &LogArgs,
    repo: Option<&str>,
    format: Format,
) -> Result<Vec<Entry>, UndoError> {
    let runs = match &args.run {
        Some(name) => vec![Run::find(store, name).await?],
        None if repo.is_some() => store.runs(usize::MAX).await?,
        None => store.runs(args.limit).await?,
    };
    let mut entries = Vec::new();
    for run in runs {
        if entries.len() == args.limit {
            break;
        }
        let shown = args.run.is_some() || repo.is_some() || format == Format::Json;
        let actions = if shown { store.actions(&run.id, repo).await? } else { Vec::new() };
        // A run that did nothing to the repository is not part of its story.
        if args.run.is_some() || repo.is_none() || !actions.is_empty() {
            entries.push(Entry { run, actions });
        }
    }
    Ok::<_, StoreError>(entries).map_err(Into::into)
}
