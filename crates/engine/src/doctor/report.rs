//! What was found.

use serde::Serialize;

/// How a check went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// It is as it should be.
    Pass,
    /// It may become a problem, or could not be found out.
    Warn,
    /// Something will not work.
    Fail,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What it is about: `machine`, a site, an endpoint, or a repository at an endpoint.
    pub about: String,
    /// What was looked at, as a short phrase.
    pub check: String,
    /// How it went.
    pub level: Level,
    /// What was found.
    pub found: String,
    /// What the user can do, unless all is well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

impl Check {
    pub(super) fn pass(about: impl ToString, check: &str, found: impl Into<String>) -> Self {
        Self {
            about: about.to_string(),
            check: check.to_owned(),
            level: Level::Pass,
            found: found.into(),
            remedy: None,
        }
    }

    pub(super) fn warn(about: impl ToString, check: &str, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { level: Level::Warn, remedy: Some(remedy.into()), ..Self::pass(about, check, found) }
    }

    pub(super) fn fail(about: impl ToString, check: &str, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { level: Level::Fail, remedy: Some(remedy.into()), ..Self::pass(about, check, found) }
    }
}

/// Everything that was looked at, in the order of the configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// The checks.
    pub checks: Vec<Check>,
}

impl Report {
    /// Returns how many checks went like this.
    pub fn count(&self, level: Level) -> usize {
        self.checks.iter().filter(|check| check.level == level).count()
    }

    /// Says whether nothing will fail.
    pub fn is_good(&self) -> bool {
        self.count(Level::Fail) == 0
    }
}
