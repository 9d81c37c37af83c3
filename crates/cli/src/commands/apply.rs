//! `refray apply`.

use std::io::Read;
use std::path::Path;

use miette::{Diagnostic, Result};
use refray_core::plan::file;
use thiserror::Error;

use crate::args::{ApplyArgs, Global};
use crate::commands::sync::{sink_for, until_stopped};
use crate::exit::Exit;
use crate::load::{self, connect};
use crate::paths::Paths;

#[derive(Debug, Error, Diagnostic)]
#[error("the plan {path} cannot be read: {why}")]
#[diagnostic(code(refray::plan_unreadable), help("Give a file that `refray plan --out FILE` wrote."))]
struct Unreadable {
    path: String,
    why: std::io::Error,
}

/// Runs the command.
pub(crate) async fn run(global: &Global, args: &ApplyArgs) -> Result<Exit> {
    let paths = Paths::find(global)?;
    let config = load::config(&paths)?;
    let name = if args.file == Path::new("-") { "standard input".to_owned() } else { args.file.display().to_string() };
    let text = read(&args.file).map_err(|why| Unreadable { path: name.clone(), why })?;
    let plan = file::read(&name, &text, &config)?;
    let events = sink_for(global, &config);
    let engine = connect(config, &paths, events).await?;
    let jobs = args.jobs.map(usize::from);
    let exit = until_stopped(&engine, async { engine.apply_file(&plan, jobs).await.map_err(load::report_apply) }).await;
    engine.store.close().await;
    exit
}

fn read(path: &Path) -> std::io::Result<String> {
    if path == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().lock().read_to_string(&mut text)?;
        return Ok(text);
    }
    std::fs::read_to_string(path)
}
