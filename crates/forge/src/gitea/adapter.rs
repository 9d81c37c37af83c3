//! The trait's operations, each of which is a noun's matter.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use refray_core::config::{Endpoint, Site};
use refray_core::name::{BranchName, RepoName};
use refray_core::repository::{ForgeId, Repository};
use refray_git::transport::Remote;
use serde::Deserialize;
use tokio::sync::OnceCell;
use url::Url;

use super::dialect::Dialect;
use super::names;
use crate::api::{
    Account, BranchRules, Deletion, Forge, Hook, HookSpec, Lookup, NamespaceInfo, NewPull, NewRepository, Pull,
    RepositoryPatch, Right,
};
use crate::error::{ErrorKind, ForgeError};
use crate::http::{Call, Client, Paging};

/// As many entries as are put on a page unless the server is set otherwise.
const USUAL_LIMIT: usize = 50;

/// As many entries as are asked for of a server that would give more.
const LARGEST_LIMIT: usize = 100;

/// A Gitea or Forgejo site.
pub struct Gitea {
    pub(crate) client: Client,
    pub(crate) dialect: Dialect,
    limit: OnceCell<usize>,
}

/// What a server says of its listings.
#[derive(Debug, Deserialize)]
struct ApiSettings {
    max_response_items: Option<usize>,
}

impl Gitea {
    /// Speaks through `client`, whose site runs what `dialect` says.
    pub fn new(client: Client, dialect: Dialect) -> Self {
        Self { client, dialect, limit: OnceCell::new() }
    }

    /// Returns how many entries a page has. A server cuts what is asked for down to its own setting without saying so,
    /// and where a listing ends can be told only by who knows that setting.
    pub(crate) async fn limit(&self) -> Result<usize, ForgeError> {
        let limit = self.limit.get_or_try_init(|| async {
            let call = Call::get(self.client.api_url(["settings", "api"]), "ask how long listings may be");
            match self.client.json::<ApiSettings>(&call).await {
                Ok(settings) => Ok(settings.max_response_items.unwrap_or(USUAL_LIMIT).clamp(1, LARGEST_LIMIT)),
                Err(error) if error.is_transient() || error.kind == ErrorKind::Unauthorized => Err(error),
                Err(_) => Ok(USUAL_LIMIT),
            }
        });
        limit.await.copied()
    }

    /// Reads a whole listing. `exact` says that the total counts just what is shown.
    pub(crate) async fn listing<T: serde::de::DeserializeOwned>(
        &self,
        url: Url,
        doing: &str,
        query: &[(&str, &str)],
        exact: bool,
        key: impl Fn(&T) -> String + Send + Sync,
    ) -> Result<Vec<T>, ForgeError> {
        let limit = self.limit().await?;
        let mut call = Call::get(url, doing).query("limit", limit);
        for (name, value) in query {
            call = call.query(name, value);
        }
        self.client.list(&call, Paging::Gitea { limit, exact }, key).await
    }

    /// Returns the address of an operation on the repository under a path.
    pub(crate) fn repository_url(&self, path: &str, doing: &str, rest: &[&str]) -> Result<Url, ForgeError> {
        let (owner, name) = self.split(path, doing)?;
        Ok(self.client.api_url(["repos", owner, name].iter().chain(rest)))
    }

    /// Takes a path apart into owner and name.
    pub(crate) fn split<'a>(&self, path: &'a str, doing: &str) -> Result<(&'a str, &'a str), ForgeError> {
        let usable = |part: &str| !part.contains('/') && !matches!(part, "" | "." | "..");
        path.split_once('/').filter(|(owner, name)| usable(owner) && usable(name)).ok_or_else(|| {
            let message = format!("`{path}` is not the path of a repository: that is `OWNER/NAME`");
            self.client.error(doing, ErrorKind::Invalid, message)
        })
    }
}

#[async_trait]
impl Forge for Gitea {
    fn site(&self) -> &Arc<Site> {
        self.client.site()
    }

    async fn account(&self) -> Result<Account, ForgeError> {
        self.account_info().await
    }

    async fn namespace(&self, endpoint: &Endpoint) -> Result<NamespaceInfo, ForgeError> {
        self.namespace_info(endpoint).await
    }

    async fn list(&self, endpoint: &Endpoint) -> Result<Vec<Repository>, ForgeError> {
        self.list_repositories(endpoint).await
    }

    async fn get(&self, path: &str) -> Result<Lookup, ForgeError> {
        self.look(path).await
    }

    async fn get_by_id(&self, id: &ForgeId) -> Result<Lookup, ForgeError> {
        self.look_by_id(id).await
    }

    async fn create(&self, endpoint: &Endpoint, new: &NewRepository) -> Result<Repository, ForgeError> {
        self.create_repository(endpoint, new).await
    }

    async fn update(&self, path: &str, patch: &RepositoryPatch) -> Result<Repository, ForgeError> {
        self.update_repository(path, patch).await
    }

    async fn delete(&self, path: &str, id: &ForgeId) -> Result<Deletion, ForgeError> {
        self.delete_repository(path, id).await
    }

    async fn rename(&self, path: &str, id: &ForgeId, to: &RepoName) -> Result<Repository, ForgeError> {
        self.rename_repository(path, id, to).await
    }

    fn remote(&self, path: &str) -> Result<Arc<dyn Remote>, ForgeError> {
        self.split(path, &format!("reach {path} by git"))?;
        Ok(self.client.remote(path))
    }

    fn local_path(&self, _path: &str) -> Option<PathBuf> {
        None
    }

    async fn pulls(&self, path: &str, head_prefix: &str) -> Result<Vec<Pull>, ForgeError> {
        self.list_pulls(path, head_prefix).await
    }

    async fn open_pull(&self, path: &str, new: &NewPull) -> Result<Pull, ForgeError> {
        self.make_pull(path, new).await
    }

    async fn edit_pull(&self, path: &str, number: u64, title: &str, body: &str) -> Result<Pull, ForgeError> {
        self.change_pull(path, number, title, body).await
    }

    async fn close_pull(&self, path: &str, number: u64, comment: &str) -> Result<(), ForgeError> {
        self.end_pull(path, number, comment).await
    }

    async fn hooks(&self, path: &str) -> Result<Vec<Hook>, ForgeError> {
        self.list_hooks(path).await
    }

    async fn create_hook(&self, path: &str, spec: &HookSpec) -> Result<Hook, ForgeError> {
        self.make_hook(path, spec).await
    }

    async fn update_hook(&self, path: &str, id: &str, spec: &HookSpec) -> Result<Hook, ForgeError> {
        self.replace_hook(path, id, spec).await
    }

    async fn delete_hook(&self, path: &str, id: &str) -> Result<(), ForgeError> {
        self.remove_hook(path, id).await
    }

    async fn rights(&self, endpoint: &Endpoint) -> Result<Vec<Right>, ForgeError> {
        self.list_rights(endpoint).await
    }

    async fn branch_rules(&self, path: &str, branch: &BranchName) -> Result<BranchRules, ForgeError> {
        self.read_branch_rules(path, branch).await
    }

    fn check_name(&self, name: &RepoName) -> Result<(), &'static str> {
        names::check(self.dialect, name.as_str())
    }

    fn server_time(&self) -> Option<Timestamp> {
        self.client.server_time()
    }
}
