//! The one place that reads the environment.

use async_trait::async_trait;
use refray_forge::Environment;

/// The process's own environment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ProcessEnvironment;

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
}
