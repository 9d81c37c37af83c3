//! The one place that reads the environment.

use std::collections::BTreeSet;
use std::error::Error;
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::sync::Mutex;

use async_trait::async_trait;
use refray_forge::Environment;
use refray_git::child::{SHELL_TIME_LIMIT, shell};

use crate::keyring;

/// No terminal is narrower; whoever says so does not know.
const LEAST: usize = 20;

/// The process's own environment. Shared by all sites, so that what concerns several of them is said once.
#[derive(Debug, Default)]
pub(crate) struct ProcessEnvironment {
    warned: Mutex<BTreeSet<String>>,
}

/// Returns an environment variable that is set and not empty.
#[expect(clippy::disallowed_methods, reason = "this is the place that reads the environment for all others")]
pub(crate) fn var(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Returns a variable that names a folder. What is not absolute is not followed, as the XDG base directories want it.
#[expect(clippy::disallowed_methods, reason = "this is the place that reads the environment for all others")]
pub(crate) fn folder(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute())
}

/// Returns the user's home: `HOME`, or what the system's list of users says where there is no such variable.
pub(crate) fn home() -> Option<PathBuf> {
    // An empty one would make every path a relative one, and this folder the place for all that is kept.
    std::env::home_dir().filter(|path| path.is_absolute())
}

/// Says whether the terminal shows letters and obeys nothing.
pub(crate) fn is_dumb() -> bool {
    var("TERM").as_deref() == Some("dumb")
}

/// Returns the width to fit into: what `COLUMNS` says, or that of the terminal; `None` in a pipe.
pub(crate) fn columns(stream: &impl AsFd) -> Option<usize> {
    let told = || var("COLUMNS").and_then(|columns| columns.parse().ok());
    let seen = || rustix::termios::tcgetwinsize(stream).ok().map(|size| usize::from(size.ws_col));
    let terminal = rustix::termios::isatty(stream);
    told().or_else(seen).filter(|width| terminal && *width >= LEAST)
}

#[async_trait]
impl Environment for ProcessEnvironment {
    fn var(&self, name: &str) -> Option<String> {
        var(name)
    }

    async fn run(&self, command: &str) -> Result<String, String> {
        shell(command, SHELL_TIME_LIMIT).await.map_err(|error| match error.source() {
            Some(cause) => format!("{error}: {cause}"),
            None => error.to_string(),
        })
    }

    async fn keyring(&self, entry: &str) -> Result<String, String> {
        keyring::read(entry).await
    }

    fn warn(&self, text: &str) {
        // A token is read again when a forge refuses it, and several sites may read the same file.
        let new = self.warned.lock().is_ok_and(|mut warned| warned.insert(text.to_owned()));
        if new {
            tracing::warn!("{text}");
        }
    }
}
