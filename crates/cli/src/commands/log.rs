//! `refray log`.

use miette::Result;
use refray_engine::restore::UndoError;
use refray_engine::store::{Run, Store, StoreError};

use crate::args::{Format, Global, LogArgs};
use crate::commands::sync::keys;
use crate::exit::Exit;
use crate::load;
use crate::output;
use crate::paths::Paths;
use crate::render::{Entry, Look, clean, entry_json, entry_text, run_line};

/// Runs the command.
pub(crate) async fn run(global: &Global, args: &LogArgs) -> Result<Exit> {
    let repo = keys(args.repo.as_slice())?.pop_first();
    let paths = Paths::find(global)?;
    // Nothing is made only to look, and where nothing can be written it can be read all the same.
    let entries = match load::look(&paths).await? {
        Some(store) => {
            let entries = entries(&store, args, repo.as_deref(), global.format).await;
            store.close().await;
            entries
        }
        None => args.run.clone().map_or_else(|| Ok(Vec::new()), |name| Err(UndoError::UnknownRun(name))),
    };
    let entries = entries.map_err(|error| {
        let remedy = error.remedy();
        load::refusal(&error, &remedy)
    })?;
    let mut look = Look::stdout(global);
    // The journal can be read without a configuration; with one, names lead to their pages.
    if let Ok(Ok(parsed)) = load::parse(&paths) {
        look = look.with_pages(&parsed.config);
    }
    for entry in &entries {
        let text = match (global.format, &args.run) {
            (Format::Json, _) => entry_json(entry),
            (Format::Text, Some(_)) => entry_text(entry, &look),
            (Format::Text, None) => run_line(&entry.run, &look),
        };
        if !output::read(&(text + "\n"))? {
            return Ok(Exit::Agreed);
        }
    }
    if entries.is_empty() && global.format == Format::Text && !global.quiet {
        output::print(&match &args.repo {
            Some(repo) => format!("There is no run in the journal that did anything to `{}`.\n", clean(repo)),
            None => "There is no run in the journal.\n".to_owned(),
        })?;
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
