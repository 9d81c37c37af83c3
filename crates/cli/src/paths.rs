//! Where things are kept.

use std::path::{Path, PathBuf};

use miette::{Diagnostic, Result};
use thiserror::Error;

use crate::args::Global;
use crate::environment;

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
#[diagnostic(code(refray::no_home), help("Set `HOME` or `{variable}` to a folder, or name one with `{flag}`."))]
struct NoHome {
    what: &'static str,
    variable: &'static str,
    flag: &'static str,
}

impl Paths {
    /// Finds them from flags, environment and the XDG base directories.
    pub(crate) fn find(global: &Global) -> Result<Self> {
        Ok(Self::choose(global, environment::folder, environment::home())?)
    }

    /// Returns how a path is shown: with `~` for the home, as the configuration may have it too.
    pub(crate) fn short(&self, path: &Path) -> String {
        let below = self.home.as_ref().and_then(|home| path.strip_prefix(home).ok());
        match below {
            Some(rest) if !rest.as_os_str().is_empty() => format!("~/{}", rest.display()),
            _ => path.display().to_string(),
        }
    }

    fn choose(
        global: &Global,
        folder: impl Fn(&str) -> Option<PathBuf>,
        home: Option<PathBuf>,
    ) -> Result<Self, NoHome> {
        let find = |given: &Option<PathBuf>, what, flag, variable, usual: &str, rest: &str| match given {
            Some(given) => Ok(std::path::absolute(given).unwrap_or_else(|_| given.clone())),
            None => {
                let base = folder(variable).or_else(|| home.as_ref().map(|home| home.join(usual)));
                base.map(|base| base.join(rest)).ok_or(NoHome { what, variable, flag })
            }
        };
        let config = "refray/config.toml";
        Ok(Self {
            config: find(&global.config, "configuration", "--config", "XDG_CONFIG_HOME", ".config", config)?,
            state_dir: find(&global.state_dir, "state", "--state-dir", "XDG_STATE_HOME", ".local/state", "refray")?,
            work_dir: find(&global.work_dir, "mirrors", "--work-dir", "XDG_CACHE_HOME", ".cache", "refray")?,
            home,
        })
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::args::Cli;

    fn paths(args: &[&str], variables: &[(&str, &str)], home: Option<&str>) -> Result<[String; 3], String> {
        let cli = Cli::try_parse_from([&["refray", "status"], args].concat()).unwrap();
        let folder = |name: &str| Some(PathBuf::from(variables.iter().find(|(key, _)| *key == name)?.1));
        let paths = Paths::choose(&cli.global, folder, home.map(PathBuf::from))
            .map_err(|error| format!("{error}: {}", error.help().map(|help| help.to_string()).unwrap_or_default()))?;
        Ok([paths.config, paths.state_dir, paths.work_dir].map(|path| path.display().to_string()))
    }

    #[test]
    fn flags_go_before_variables_and_these_before_the_home() {
        let usual = ["/h/.config/refray/config.toml", "/h/.local/state/refray", "/h/.cache/refray"];
        assert_eq!(paths(&[], &[], Some("/h")).unwrap(), usual);
        let xdg = [("XDG_CONFIG_HOME", "/c"), ("XDG_STATE_HOME", "/s"), ("XDG_CACHE_HOME", "/k")];
        assert_eq!(paths(&[], &xdg, Some("/h")).unwrap(), ["/c/refray/config.toml", "/s/refray", "/k/refray"]);
        assert_eq!(paths(&["--state-dir", "/x"], &xdg, Some("/h")).unwrap()[1], "/x");
    }

    #[test]
    fn no_home_is_needed_where_all_is_named() {
        let xdg = [("XDG_CONFIG_HOME", "/c"), ("XDG_STATE_HOME", "/s"), ("XDG_CACHE_HOME", "/k")];
        assert_eq!(paths(&[], &xdg, None).unwrap()[0], "/c/refray/config.toml");
        assert_eq!(paths(&["--config", "/a", "--state-dir", "/b", "--work-dir", "/d"], &[], None).unwrap()[2], "/d");
        let error = paths(&["--config", "/a"], &[], None).unwrap_err();
        for word in ["no home directory", "the state", "`HOME`", "`XDG_STATE_HOME`", "`--state-dir`"] {
            assert!(error.contains(word), "{error}");
        }
    }

    #[test]
    fn what_is_below_the_home_is_shown_below_it() {
        let paths = |home: Option<&str>| Paths {
            config: PathBuf::new(),
            state_dir: PathBuf::new(),
            work_dir: PathBuf::new(),
            home: home.map(PathBuf::from),
        };
        for (home, path, expected) in [
            (Some("/h"), "/h/.config/x", "~/.config/x"),
            (Some("/h"), "/h", "/h"),
            (Some("/h"), "/home/x", "/home/x"),
            (None, "/h/x", "/h/x"),
        ] {
            assert_eq!(paths(home).short(Path::new(path)), expected);
        }
    }
}
