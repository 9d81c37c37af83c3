//! Making, changing and deleting repositories.

use refray_core::config::Endpoint;
use refray_core::name::RepoName;
use refray_core::oid::ObjectFormat;
use refray_core::repository::{ForgeId, Repository, Visibility};
use serde::Serialize;

use super::account::is_organisation;
use super::adapter::Gitea;
use super::dialect::Dialect;
use super::names;
use super::repository::Description;
use crate::api::{Deletion, Lookup, NewRepository, RepositoryPatch};
use crate::error::{ErrorKind, ForgeError};
use crate::http::{Call, Patience};

/// The longest description that is taken, in characters.
const LONGEST_DESCRIPTION: usize = 2048;

/// A repository to be made.
#[derive(Serialize)]
struct New<'a> {
    name: &'a str,
    description: String,
    private: bool,
    auto_init: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    default_branch: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    object_format_name: Option<&'static str>,
}

/// Changes to a repository. What is left out stays as it is.
#[derive(Serialize, Default)]
struct Change<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    default_branch: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    private: Option<bool>,
}

fn shortened(description: &str) -> String {
    description.chars().take(LONGEST_DESCRIPTION).collect()
}

impl Gitea {
    /// Makes an empty repository. What is `internal` elsewhere is private here. The default branch is the first one
    /// that is pushed, whatever is asked for here.
    pub(crate) async fn create_repository(
        &self,
        endpoint: &Endpoint,
        new: &NewRepository,
    ) -> Result<Repository, ForgeError> {
        let namespace = endpoint.namespace.as_str();
        let doing = format!("create {namespace}/{}", new.name);
        self.check_name(&new.name, &doing)?;
        let url = if is_organisation(endpoint) {
            self.client.api_url(["orgs", namespace, "repos"])
        } else if self.me_as_known().await?.owns(namespace) {
            self.client.api_url(["user", "repos"])
        } else {
            // Only an administrator can make repositories for somebody else.
            self.client.api_url(["admin", "users", namespace, "repos"])
        };
        let call = Call::post(url, &doing).json(&New {
            name: new.name.as_str(),
            description: shortened(&new.description),
            private: new.visibility != Visibility::Public,
            auto_init: false,
            default_branch: new.default_branch.as_ref().map(|branch| branch.as_str()),
            object_format_name: (new.format == ObjectFormat::Sha256).then_some("sha256"),
        });
        let made: Description = match self.client.json(&call).await {
            Ok(made) => made,
            // The request may have been carried out though its answer was lost.
            Err(error) if error.is_transient() => {
                return match self.look(&format!("{namespace}/{}", new.name)).await {
                    Ok(Lookup::Found(repository)) => Ok(repository),
                    Ok(Lookup::NotFound) => Err(self.explained(error)),
                    _ => Err(error),
                };
            }
            Err(error) => {
                // The user may have another name by now.
                self.client.forget().await;
                return Err(error);
            }
        };
        if new.format == ObjectFormat::Sha256 && !made.is_sha256() {
            let (id, path) = (ForgeId(made.id.to_string()), made.full_name);
            // It was made just now and is empty, so nothing is lost with it.
            self.delete_repository(&path, &id).await?;
            return Err(self.client.error(doing, ErrorKind::Unsupported, "this version has no SHA-256 repositories"));
        }
        self.describe(&doing, made)
    }

    /// Adds what a failure without a word may mean: Forgejo answers like that when the account has as many repositories
    /// as it may.
    fn explained(&self, mut error: ForgeError) -> ForgeError {
        let is_mute = error.kind == ErrorKind::Server { status: 500 } && error.message.is_empty();
        if is_mute && self.dialect == Dialect::Forgejo {
            error.message = "Forgejo says no more than that when the account has as many repositories as it may".into();
        }
        error
    }

    /// Changes a repository. A default branch that does not exist is passed over by the forge without a word, so the
    /// answer is compared.
    pub(crate) async fn update_repository(
        &self,
        path: &str,
        patch: &RepositoryPatch,
    ) -> Result<Repository, ForgeError> {
        let doing = format!("change {path}");
        let url = self.repository_url(path, &doing, &[])?;
        let look = Call::get(url.clone(), &doing);
        let change = Call::patch(url, &doing).json(&Change {
            default_branch: patch.default_branch.as_ref().map(|branch| branch.as_str()),
            description: patch.description.as_deref().map(shortened),
            private: patch.visibility.map(|visibility| visibility != Visibility::Public),
            ..Change::default()
        });
        let Some(wanted) = &patch.default_branch else {
            let call = if *patch == RepositoryPatch::default() { look } else { change };
            return self.describe(&doing, self.client.json(&call).await?);
        };
        let mut patience = self.client.settling();
        self.taken_in(&look, &mut patience).await?;
        let changed: Description = loop {
            match self.client.json(&change).await {
                Ok(changed) => break changed,
                // Gitea has done it and then fails while it still works on an earlier change of the same kind, and half
                // of what it knows is as before. Saying the same again sets that right.
                Err(error) if matches!(error.kind, ErrorKind::Server { .. }) => {
                    let Some(wait) = patience.next(None, fastrand::f64()) else { return Err(error) };
                    tokio::time::sleep(wait).await;
                }
                Err(error) => return Err(error),
            }
        };
        let repository = self.describe(&doing, changed)?;
        if repository.default_branch.as_ref() != Some(wanted) {
            let message = format!("the default branch is still not `{wanted}`; does the branch exist?");
            return Err(self.client.error(doing, ErrorKind::Invalid, message));
        }
        Ok(repository)
    }

    /// Waits until the forge has taken in what was pushed into an empty repository. It does so some time after the push,
    /// and chooses a default branch then, over whatever was asked for until that moment.
    async fn taken_in(&self, look: &Call, patience: &mut Patience) -> Result<(), ForgeError> {
        while self.client.json::<Description>(look).await?.is_empty() {
            let Some(wait) = patience.next(None, fastrand::f64()) else {
                let message = "the forge has not taken in yet what was pushed";
                return Err(self.client.error(look.doing.as_str(), ErrorKind::Timeout, message));
            };
            tokio::time::sleep(wait).await;
        }
        Ok(())
    }

    /// Renames a repository, if it still has that id.
    pub(crate) async fn rename_repository(
        &self,
        path: &str,
        id: &ForgeId,
        to: &RepoName,
    ) -> Result<Repository, ForgeError> {
        let doing = format!("rename {path} to {to}");
        self.check_name(to, &doing)?;
        self.same(path, id, &doing).await?;
        let change = Change { name: Some(to.as_str()), ..Change::default() };
        let call = Call::patch(self.repository_url(path, &doing, &[])?, &doing).json(&change);
        self.describe(&doing, self.client.json(&call).await?)
    }

    /// Deletes a repository, if it still has that id. It is gone at once.
    pub(crate) async fn delete_repository(&self, path: &str, id: &ForgeId) -> Result<Deletion, ForgeError> {
        let doing = format!("delete {path}");
        self.same(path, id, &doing).await?;
        match self.client.send(&Call::delete(self.repository_url(path, &doing, &[])?, &doing)).await {
            Ok(_) => Ok(Deletion::Done),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(Deletion::Done),
            // The request may have been carried out though its answer was lost.
            Err(error) if error.is_transient() => match self.look_by_id(id).await {
                Ok(Lookup::NotFound) => Ok(Deletion::Done),
                _ => Err(error),
            },
            Err(error) => Err(error),
        }
    }

    fn check_name(&self, name: &RepoName, doing: &str) -> Result<(), ForgeError> {
        names::check(self.dialect, name.as_str()).map_err(|rule| self.client.error(doing, ErrorKind::BadName, rule))
    }
}
