//! Completions and manual pages, made from the arguments themselves.

use std::path::Path;

use clap::CommandFactory;
use miette::{Diagnostic, Result};
use thiserror::Error;

use crate::args::Cli;
use crate::exit::Exit;
use crate::output;

#[derive(Debug, Error, Diagnostic)]
#[error("the manual pages cannot be written into {dir}: {why}")]
#[diagnostic(code(refray::man), help("Name a folder that you may write into, or one that can be made."))]
struct Unwritable {
    dir: String,
    why: std::io::Error,
}

/// Prints the completion script for a shell.
pub(crate) fn completions(shell: clap_complete::Shell) -> Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "refray", &mut script);
    output::print(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Agreed)
}

/// Writes `refray.1`, `refray-sync.1`, … into a folder.
pub(crate) fn man(dir: &Path) -> Result<Exit> {
    std::fs::create_dir_all(dir)
        .and_then(|()| clap_mangen::generate_to(Cli::command(), dir))
        .map_err(|why| Unwritable { dir: dir.display().to_string(), why })?;
    Ok(Exit::Agreed)
}
