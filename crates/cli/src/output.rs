//! Standard output, for what a command answers.

use std::io::{ErrorKind, Write};

use miette::{Diagnostic, Result};
use thiserror::Error;

#[derive(Debug, Error, Diagnostic)]
#[error("standard output cannot be written to: {0}")]
#[diagnostic(
    code(refray::output),
    help("What was asked for was done. Send the output elsewhere, and run it again to read it.")
)]
struct Unwritable(std::io::Error);

/// Prints a text. A reader that has read enough, as `head` has, is no fault.
pub(crate) fn print(text: &str) -> Result<()> {
    read(text).map(drop)
}

/// Prints a text, and says whether anybody still reads.
pub(crate) fn read(text: &str) -> Result<bool> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(Unwritable(error).into()),
    }
}
