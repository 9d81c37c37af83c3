//! Reading repositories: whole listings, and direct looks.

use refray_core::config::Endpoint;
use refray_core::repository::{ForgeId, Repository};
use url::Url;

use super::account::is_organisation;
use super::adapter::Gitea;
use super::repository::Description;
use crate::api::Lookup;
use crate::error::{ErrorKind, ForgeError};
use crate::http::Call;

impl Gitea {
    /// Lists the repositories of an organisation or a user.
    pub(crate) async fn list_repositories(&self, endpoint: &Endpoint) -> Result<Vec<Repository>, ForgeError> {
        let namespace = endpoint.namespace.as_str();
        let doing = format!("list the repositories of {namespace}");
        let key = |description: &Description| description.id.to_string();
        let mut found: Vec<Description> = if is_organisation(endpoint) {
            let url = self.client.api_url(["orgs", namespace, "repos"]);
            self.listing(url, &doing, &[], false, key).await?
        } else if self.me().await?.owns(namespace) {
            // All that the account can reach; what belongs to others is left out below.
            self.listing(self.client.api_url(["user", "repos"]), &doing, &[], true, key).await?
        } else {
            let url = self.client.api_url(["users", namespace, "repos"]);
            self.listing(url, &doing, &[], false, key).await?
        };
        if !is_organisation(endpoint) {
            found.retain(|description| description.belongs_to(namespace));
        }
        found.into_iter().map(|description| self.describe(&doing, description)).collect()
    }

    /// Describes a repository in the words of all forges.
    pub(crate) fn describe(&self, doing: &str, description: Description) -> Result<Repository, ForgeError> {
        description.describe().map_err(|why| self.client.error(doing, ErrorKind::Protocol, why))
    }

    /// Looks at the repository under a path.
    pub(crate) async fn look(&self, path: &str) -> Result<Lookup, ForgeError> {
        let doing = format!("look at {path}");
        let Some(found) = self.find(self.repository_url(path, &doing, &[])?, &doing).await? else {
            return Ok(Lookup::NotFound);
        };
        // A redirect was followed if the answer has another path.
        let here = found.is_at(path);
        let repository = self.describe(&doing, found)?;
        Ok(if here { Lookup::Found(repository) } else { Lookup::Moved(repository) })
    }

    /// Looks at the repository of an id.
    pub(crate) async fn look_by_id(&self, id: &ForgeId) -> Result<Lookup, ForgeError> {
        let doing = format!("look at the repository with id {}", id.0);
        if id.0.parse::<u64>().is_err() {
            return Ok(Lookup::NotFound);
        }
        match self.find(self.client.api_url(["repositories", &id.0]), &doing).await? {
            Some(found) => Ok(Lookup::Found(self.describe(&doing, found)?)),
            None => Ok(Lookup::NotFound),
        }
    }

    /// Reads the repository at an address; `None` when there is none.
    async fn find(&self, url: Url, doing: &str) -> Result<Option<Description>, ForgeError> {
        match self.client.json(&Call::get(url, doing)).await {
            Ok(found) => Ok(Some(found)),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Makes sure that the repository under a path is the one with that id.
    pub(crate) async fn same(&self, path: &str, id: &ForgeId, doing: &str) -> Result<(), ForgeError> {
        let error = |kind, message: &str| Err(self.client.error(doing, kind, message));
        let found = self.find(self.repository_url(path, doing, &[])?, doing).await?;
        match found {
            Some(found) if found.id.to_string() == id.0 && found.is_at(path) => Ok(()),
            Some(found) if found.id.to_string() == id.0 => error(ErrorKind::Moved { to: found.full_name }, ""),
            other => match self.look_by_id(id).await? {
                Lookup::Found(repository) | Lookup::Moved(repository) => {
                    error(ErrorKind::Moved { to: repository.path }, "")
                }
                Lookup::NotFound if other.is_some() => {
                    error(ErrorKind::NotFound, "another repository has this path now")
                }
                Lookup::NotFound => error(ErrorKind::NotFound, ""),
            },
        }
    }
}
