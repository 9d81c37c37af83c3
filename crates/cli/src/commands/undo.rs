//! `refray undo`.

use miette::Result;
use refray_engine::restore::{UndoError, UndoOptions};

use crate::args::{Global, UndoArgs};
use crate::commands::sync::{keys, sink_for, until_stopped};
use crate::exit::Exit;
use crate::load;
use crate::paths::Paths;

/// Runs the command.
pub(crate) async fn run(global: &Global, args: &UndoArgs) -> Result<Exit> {
    let options = UndoOptions { run: args.run.clone(), repositories: keys(&args.repo)?, dry_run: args.dry_run };
    let paths = Paths::find(global)?;
    let config = load::config(&paths)?;
    let events = sink_for(global, &config);
    let engine = load::connect(config, &paths, events).await?;
    let exit = until_stopped(&engine, async { engine.undo(&options).await.map_err(report) }).await;
    engine.store.close().await;
    exit
}

/// Turns what kept something from being put back into a report.
pub(crate) fn report(error: UndoError) -> miette::Report {
    let remedy = error.remedy();
    load::refusal(&error, &remedy)
}
