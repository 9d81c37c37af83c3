use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use refray_core::config::{Endpoint, Site};
use refray_core::name::{BranchName, RepoName};
use refray_core::repository::{ForgeId, Repository};
use refray_git::transport::Remote;
use url::Url;

use super::names;
use crate::api::{
    Account, BranchRules, Deletion, Forge, Hook, HookSpec, Lookup, NamespaceInfo, NewPull, NewRepository, Pull,
    RepositoryPatch, Right,
};
use crate::error::{ErrorKind, ForgeError};
use crate::http::Client;

/// How many entries a page is asked to have: GitHub's most.
pub(super) const PER_PAGE: usize = 100;

/// A GitHub site.
pub struct GitHub {
    pub(super) client: Client,
}

impl GitHub {
    /// Speaks to GitHub through `client`.
    pub const fn new(client: Client) -> Self {
        Self { client }
    }

    /// Returns the address of something of a repository.
    pub(super) fn repository_url(&self, path: &str, rest: &[&str]) -> Result<Url, ForgeError> {
        let Some((owner, name)) = path.split_once('/').filter(|(owner, name)| !owner.is_empty() && !name.contains('/'))
        else {
            return Err(self.client.error(
                format!("look for `{path}`"),
                ErrorKind::Invalid,
                "a repository's path on GitHub is `OWNER/NAME`",
            ));
        };
        Ok(self.client.api_url(["repos", owner, name].into_iter().chain(rest.iter().copied())))
    }
}

#[async_trait]
impl Forge for GitHub {
    fn site(&self) -> &Arc<Site> {
        self.client.site()
    }

    async fn account(&self) -> Result<Account, ForgeError> {
        self.read_account().await
    }

    async fn namespace(&self, endpoint: &Endpoint) -> Result<NamespaceInfo, ForgeError> {
        self.read_namespace(endpoint).await
    }

    async fn list(&self, endpoint: &Endpoint) -> Result<Vec<Repository>, ForgeError> {
        self.list_repositories(endpoint).await
    }

    async fn get(&self, path: &str) -> Result<Lookup, ForgeError> {
        self.look_up(path).await
    }

    async fn get_by_id(&self, id: &ForgeId) -> Result<Lookup, ForgeError> {
        self.look_up_id(id).await
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
        Ok(self.client.remote(path))
    }

    fn local_path(&self, _path: &str) -> Option<PathBuf> {
        None
    }

    async fn pulls(&self, path: &str, head_prefix: &str) -> Result<Vec<Pull>, ForgeError> {
        self.list_pulls(path, head_prefix).await
    }

    async fn open_pull(&self, path: &str, new: &NewPull) -> Result<Pull, ForgeError> {
        self.create_pull(path, new).await
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
        self.change_hook(path, id, spec).await
    }

    async fn delete_hook(&self, path: &str, id: &str) -> Result<(), ForgeError> {
        self.remove_hook(path, id).await
    }

    async fn rights(&self, endpoint: &Endpoint) -> Result<Vec<Right>, ForgeError> {
        self.read_rights(endpoint).await
    }

    async fn branch_rules(&self, path: &str, branch: &BranchName) -> Result<BranchRules, ForgeError> {
        self.read_branch_rules(path, branch).await
    }

    fn check_name(&self, name: &RepoName) -> Result<(), &'static str> {
        names::check(name.as_str())
    }

    fn head_is_default(&self) -> bool {
        true
    }

    fn server_time(&self) -> Option<Timestamp> {
        self.client.server_time()
    }
}
