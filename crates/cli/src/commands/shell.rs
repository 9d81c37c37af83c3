//! Completions and manual pages, made from the arguments themselves.

use std::path::Path;

use clap::CommandFactory;
use miette::{IntoDiagnostic, Result, WrapErr};

use crate::args::Cli;
use crate::exit::Exit;
use crate::output;

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
        .into_diagnostic()
        .wrap_err_with(|| format!("cannot make the folder {}", dir.display()))?;
    clap_mangen::generate_to(Cli::command(), dir)
        .into_diagnostic()
        .wrap_err_with(|| format!("cannot write the manual pages into {}", dir.display()))?;
    Ok(Exit::Agreed)
}
