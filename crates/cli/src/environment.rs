//! The one place that reads the environment.

use std::collections::BTreeSet;
use std::error::Error;
use std::sync::Mutex;

use async_trait::async_trait;
use refray_forge::Environment;
use refray_git::child::{SHELL_TIME_LIMIT, shell};

use crate::keyring;

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
