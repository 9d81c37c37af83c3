//! Where things are kept.

use std::path::PathBuf;

use etcetera::{BaseStrategy, choose_base_strategy};
use miette::{Diagnostic, Result};
use thiserror::Error;

use crate::args::Global;

/// The folders and files of one invocation.
#[derive(Debug, Clone)]
pub(crate) struct Paths {
    pub(crate) config: PathBuf,
    pub(crate) state_dir: PathBuf,
    pub(crate) work_dir: PathBuf,
    /// The user's home, for `~` in the configuration.
    pub(crate) home: Option<PathBuf>,
}

#[derive(Debug, Error, Diagnostic)]
#[error("there is no home directory to look for the {what} in")]
#[diagnostic(code(refray::no_home), help("Set `HOME`, or name it with `{flag}`."))]
struct NoHome {
    what: &'static str,
    flag: &'static str,
}

impl Paths {
    /// Finds them from flags, environment and the XDG base directories.
    pub(crate) fn find(global: &Global) -> Result<Self> {
        let base = choose_base_strategy().ok();
        let or = |given: &Option<PathBuf>, dir: Option<PathBuf>, what, flag| -> Result<PathBuf> {
            match given.clone().or(dir) {
                Some(path) => Ok(std::path::absolute(&path).unwrap_or(path)),
                None => Err(NoHome { what, flag }.into()),
            }
        };
        let base = base.as_ref();
        let config = base.map(|base| base.config_dir().join("refray").join("config.toml"));
        let state = base.and_then(BaseStrategy::state_dir).map(|dir| dir.join("refray"));
        let work = base.map(|base| base.cache_dir().join("refray"));
        Ok(Self {
            config: or(&global.config, config, "configuration", "--config")?,
            state_dir: or(&global.state_dir, state, "state", "--state-dir")?,
            work_dir: or(&global.work_dir, work, "mirrors", "--work-dir")?,
            home: etcetera::home_dir().ok(),
        })
    }
}
