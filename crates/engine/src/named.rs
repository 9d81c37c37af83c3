//! A forge at an endpoint where some repositories have other names than in the group.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use refray_core::config::{Endpoint, Names, Site};
use refray_core::name::{BranchName, RepoName};
use refray_core::repository::{ForgeId, Repository};
use refray_forge::{
    Account, BranchRules, Deletion, ErrorKind, Forge, ForgeError, Hook, HookSpec, Lookup, NamespaceInfo, NewPull,
    NewRepository, Pull, RepositoryPatch, Right,
};
use refray_git::transport::Remote;

/// Why a name is not given to a repository at an endpoint.
const GIVEN_AWAY: &str = "another repository of the group is called so there, by `names`";

/// Returns the forge as an endpoint is worked with: its repositories have the group's names. Paths stay the forge's own.
pub(crate) fn at(forge: &Arc<dyn Forge>, endpoint: &Endpoint) -> Arc<dyn Forge> {
    if endpoint.names.is_empty() {
        return Arc::clone(forge);
    }
    Arc::new(Named { forge: Arc::clone(forge), names: endpoint.names.clone() })
}

struct Named {
    forge: Arc<dyn Forge>,
    names: Names,
}

impl Named {
    fn here(&self, mut repository: Repository) -> Repository {
        repository.name = self.names.here(&repository.name);
        repository
    }

    fn seen(&self, lookup: Lookup) -> Lookup {
        match lookup {
            Lookup::Found(repository) => Lookup::Found(self.here(repository)),
            Lookup::Moved(repository) => Lookup::Moved(self.here(repository)),
            Lookup::NotFound => Lookup::NotFound,
        }
    }

    fn there(&self, name: &RepoName, doing: &str) -> Result<RepoName, ForgeError> {
        self.names.there(name).ok_or_else(|| ForgeError {
            site: self.forge.site().name.to_string(),
            doing: format!("{doing} {name}"),
            kind: ErrorKind::BadName,
            message: GIVEN_AWAY.to_owned(),
        })
    }
}

#[async_trait]
impl Forge for Named {
    fn site(&self) -> &Arc<Site> {
        self.forge.site()
    }

    async fn account(&self) -> Result<Account, ForgeError> {
        self.forge.account().await
    }

    async fn namespace(&self, endpoint: &Endpoint) -> Result<NamespaceInfo, ForgeError> {
        self.forge.namespace(endpoint).await
    }

    async fn list(&self, endpoint: &Endpoint) -> Result<Vec<Repository>, ForgeError> {
        let listed = self.forge.list(endpoint).await?;
        Ok(listed.into_iter().map(|repository| self.here(repository)).collect())
    }

    async fn get(&self, path: &str) -> Result<Lookup, ForgeError> {
        self.forge.get(path).await.map(|lookup| self.seen(lookup))
    }

    async fn get_by_id(&self, id: &ForgeId) -> Result<Lookup, ForgeError> {
        self.forge.get_by_id(id).await.map(|lookup| self.seen(lookup))
    }

    async fn create(&self, endpoint: &Endpoint, new: &NewRepository) -> Result<Repository, ForgeError> {
        let new = NewRepository { name: self.there(&new.name, "create")?, ..new.clone() };
        self.forge.create(endpoint, &new).await.map(|repository| self.here(repository))
    }

    async fn update(&self, path: &str, patch: &RepositoryPatch) -> Result<Repository, ForgeError> {
        self.forge.update(path, patch).await.map(|repository| self.here(repository))
    }

    async fn delete(&self, path: &str, id: &ForgeId) -> Result<Deletion, ForgeError> {
        self.forge.delete(path, id).await
    }

    async fn revive(&self, path: &str, id: &ForgeId) -> Result<Option<Repository>, ForgeError> {
        Ok(self.forge.revive(path, id).await?.map(|repository| self.here(repository)))
    }

    async fn rename(&self, path: &str, id: &ForgeId, to: &RepoName) -> Result<Repository, ForgeError> {
        let to = self.there(to, "give the name")?;
        self.forge.rename(path, id, &to).await.map(|repository| self.here(repository))
    }

    fn remote(&self, path: &str) -> Result<Arc<dyn Remote>, ForgeError> {
        self.forge.remote(path)
    }

    fn local_path(&self, path: &str) -> Option<PathBuf> {
        self.forge.local_path(path)
    }

    async fn pulls(&self, path: &str, head_prefix: &str) -> Result<Vec<Pull>, ForgeError> {
        self.forge.pulls(path, head_prefix).await
    }

    async fn open_pull(&self, path: &str, new: &NewPull) -> Result<Pull, ForgeError> {
        self.forge.open_pull(path, new).await
    }

    async fn edit_pull(&self, path: &str, number: u64, title: &str, body: &str) -> Result<Pull, ForgeError> {
        self.forge.edit_pull(path, number, title, body).await
    }

    async fn close_pull(&self, path: &str, number: u64, comment: &str) -> Result<(), ForgeError> {
        self.forge.close_pull(path, number, comment).await
    }

    async fn hooks(&self, path: &str) -> Result<Vec<Hook>, ForgeError> {
        self.forge.hooks(path).await
    }

    async fn create_hook(&self, path: &str, spec: &HookSpec) -> Result<Hook, ForgeError> {
        self.forge.create_hook(path, spec).await
    }

    async fn update_hook(&self, path: &str, id: &str, spec: &HookSpec) -> Result<Hook, ForgeError> {
        self.forge.update_hook(path, id, spec).await
    }

    async fn delete_hook(&self, path: &str, id: &str) -> Result<(), ForgeError> {
        self.forge.delete_hook(path, id).await
    }

    async fn rights(&self, endpoint: &Endpoint) -> Result<Vec<Right>, ForgeError> {
        self.forge.rights(endpoint).await
    }

    async fn branch_rules(&self, path: &str, branch: &BranchName) -> Result<BranchRules, ForgeError> {
        self.forge.branch_rules(path, branch).await
    }

    fn check_name(&self, name: &RepoName) -> Result<(), &'static str> {
        self.forge.check_name(&self.names.there(name).ok_or(GIVEN_AWAY)?)
    }

    fn head_is_default(&self) -> bool {
        self.forge.head_is_default()
    }

    fn server_time(&self) -> Option<Timestamp> {
        self.forge.server_time()
    }
}
