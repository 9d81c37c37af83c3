//! How a text looks where it goes.

use std::sync::Arc;

use refray_core::config::Config;
use refray_core::name::{EndpointId, RepoName};

use crate::args::Global;
use crate::environment;
use crate::render::layout::{clean, fit};
use crate::render::pages::Pages;
use crate::render::style::Style;

/// Colour, width and links of one stream.
#[derive(Debug, Clone)]
pub(crate) struct Look {
    pub(crate) style: Style,
    /// Columns of the terminal; `None` where there is none to fit into.
    pub(crate) width: Option<usize>,
    pub(crate) pages: Arc<Pages>,
}

impl Look {
    /// Decides for standard output.
    pub(crate) fn stdout(global: &Global) -> Self {
        let style = Style::for_stdout(global.color, environment::var("NO_COLOR").is_some());
        Self { style, width: environment::columns(&std::io::stdout()), pages: Arc::default() }
    }

    /// Decides for standard error.
    pub(crate) fn stderr(global: &Global) -> Self {
        let style = Style::for_stderr(global.color, environment::var("NO_COLOR").is_some());
        Self { style, width: environment::columns(&std::io::stderr()), pages: Arc::default() }
    }

    /// Lets names lead to the pages that a configuration knows.
    #[must_use]
    pub(crate) fn with_pages(mut self, config: &Config) -> Self {
        self.pages = Arc::new(Pages::of(config));
        self
    }

    /// Returns a look without anything.
    #[cfg(test)]
    pub(crate) fn plain() -> Self {
        Self { style: Style::plain(), width: None, pages: Arc::default() }
    }

    /// Breaks what is too wide.
    pub(crate) fn fit(&self, text: &str) -> String {
        fit(text, self.width)
    }

    /// Names an endpoint, leading to its own page.
    pub(crate) fn endpoint(&self, endpoint: &EndpointId) -> String {
        self.style.link(&clean(endpoint.as_str()), self.pages.endpoint(endpoint))
    }

    /// Names an endpoint, leading to its copy of a repository.
    pub(crate) fn copy(&self, endpoint: &EndpointId, repository: &RepoName) -> String {
        self.style.link(&clean(endpoint.as_str()), self.pages.repository(endpoint, repository).as_deref())
    }

    /// Names a repository, leading to the first of these copies that has a page.
    pub(crate) fn repository<'a>(
        &self,
        repository: &RepoName,
        copies: impl IntoIterator<Item = &'a EndpointId>,
    ) -> String {
        let page = copies.into_iter().find_map(|endpoint| self.pages.repository(endpoint, repository));
        self.style.link(&self.style.strong(&clean(repository.as_str())), page.as_deref())
    }

    /// Shows an address that is there to be clicked on.
    pub(crate) fn address(&self, url: &str) -> String {
        self.style.link(&clean(url), Some(url))
    }
}
