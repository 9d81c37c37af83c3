//! The trait's operations, each of which is a noun's matter.

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

/// A GitLab site.
pub struct GitLab {
    pub(crate) client: Client,
}

impl GitLab {
    /// Speaks through `client`, whose site's provider is GitLab.
    pub fn new(client: Client) -> Self {
        Self { client }
    }

    /// Returns the address of a project's operation. The path goes into one segment, its slashes encoded.
    pub(crate) fn project_url(&self, path: &str, doing: &str, rest: &[&str]) -> Result<Url, ForgeError> {
        self.check_path(path, doing)?;
        Ok(self.client.api_url(["projects", path].iter().chain(rest)))
    }

    /// Refuses what is no project's path: an empty one would address the listing of all projects.
    fn check_path(&self, path: &str, doing: &str) -> Result<(), ForgeError> {
        if path.contains('/') && path.split('/').all(|part| !matches!(part, "" | "." | "..")) {
            Ok(())
        } else {
            let message = format!("`{path}` is not the path of a project: that is `NAMESPACE/NAME`");
            Err(self.client.error(doing, ErrorKind::Invalid, message))
        }
    }
}

#[async_trait]
impl Forge for GitLab {
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
        self.list_projects(endpoint).await
    }

    async fn get(&self, path: &str) -> Result<Lookup, ForgeError> {
        self.look(path).await
    }

    async fn get_by_id(&self, id: &ForgeId) -> Result<Lookup, ForgeError> {
        self.look_by_id(id).await
    }

    async fn create(&self, endpoint: &Endpoint, new: &NewRepository) -> Result<Repository, ForgeError> {
        self.create_project(endpoint, new).await
    }

    async fn update(&self, path: &str, patch: &RepositoryPatch) -> Result<Repository, ForgeError> {
        self.update_project(path, patch).await
    }

    async fn delete(&self, path: &str, id: &ForgeId) -> Result<Deletion, ForgeError> {
        self.delete_project(path, id).await
    }

    async fn revive(&self, path: &str, id: &ForgeId) -> Result<Option<Repository>, ForgeError> {
        self.restore_project(path, id).await
    }

    async fn rename(&self, path: &str, id: &ForgeId, to: &RepoName) -> Result<Repository, ForgeError> {
        self.rename_project(path, id, to).await
    }

    fn remote(&self, path: &str) -> Result<Arc<dyn Remote>, ForgeError> {
        self.check_path(path, &format!("reach {path} by git"))?;
        Ok(self.client.remote(path))
    }

    fn local_path(&self, _path: &str) -> Option<PathBuf> {
        None
    }

    async fn pulls(&self, path: &str, head_prefix: &str) -> Result<Vec<Pull>, ForgeError> {
        self.list_requests(path, head_prefix).await
    }

    async fn open_pull(&self, path: &str, new: &NewPull) -> Result<Pull, ForgeError> {
        self.open_request(path, new).await
    }

    async fn edit_pull(&self, path: &str, number: u64, title: &str, body: &str) -> Result<Pull, ForgeError> {
        self.edit_request(path, number, title, body).await
    }

    async fn close_pull(&self, path: &str, number: u64, comment: &str) -> Result<(), ForgeError> {
        self.close_request(path, number, comment).await
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
        self.list_rights(endpoint).await
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
