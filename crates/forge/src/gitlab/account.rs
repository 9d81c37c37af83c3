//! Who is behind a token, and what a namespace is.

use refray_core::config::{Endpoint, NamespaceKind};
use refray_core::repository::AccountId;
use serde::Deserialize;

use super::adapter::GitLab;
use crate::api::{Account, NamespaceInfo};
use crate::error::{ErrorKind, ForgeError};
use crate::http::Call;

/// What of a user is used here.
#[derive(Debug, Deserialize)]
pub(crate) struct User {
    pub(crate) id: u64,
    pub(crate) username: String,
    /// Told to administrators alone.
    pub(crate) is_admin: Option<bool>,
}

/// What of a group is used here.
#[derive(Debug, Deserialize)]
pub(crate) struct Group {
    pub(crate) id: u64,
    pub(crate) full_path: String,
    pub(crate) project_creation_level: Option<String>,
}

/// What of a namespace is used here.
#[derive(Debug, Deserialize)]
struct Namespace {
    id: u64,
    kind: String,
    full_path: String,
}

/// What a token says of itself.
#[derive(Debug, Deserialize)]
struct TokenInfo {
    scopes: Option<Vec<String>>,
}

impl User {
    /// Says whether a namespace is this user's own. GitLab's names are one without regard to case.
    pub(crate) fn owns(&self, namespace: &str) -> bool {
        self.username.to_lowercase() == namespace.to_lowercase()
    }
}

/// Says whether an endpoint is a group rather than a user.
pub(crate) fn is_group(endpoint: &Endpoint) -> bool {
    endpoint.kind != NamespaceKind::User
}

impl GitLab {
    /// Returns the user behind the token. It is asked for anew each time: another token may have been put in its place.
    pub(crate) async fn me(&self) -> Result<User, ForgeError> {
        self.client.json(&Call::get(self.client.api_url(["user"]), "ask who is behind the token")).await
    }

    /// Returns the same for making projects, many of which are made in a row.
    pub(crate) async fn me_as_known(&self) -> Result<User, ForgeError> {
        self.client.json_once(&Call::get(self.client.api_url(["user"]), "ask who is behind the token")).await
    }

    /// Returns the token's scopes; `None` for a token that cannot be asked, such as an OAuth token.
    pub(crate) async fn scopes(&self) -> Result<Option<Vec<String>>, ForgeError> {
        let url = self.client.api_url(["personal_access_tokens", "self"]);
        match self.client.json::<TokenInfo>(&Call::get(url, "ask for the token's scopes")).await {
            Ok(info) => Ok(info.scopes),
            Err(error) if error.is_transient() => Err(error),
            Err(_) => Ok(None),
        }
    }

    pub(crate) async fn account_info(&self) -> Result<Account, ForgeError> {
        let me = self.me().await?;
        Ok(Account { id: AccountId(me.id.to_string()), login: me.username, scopes: self.scopes().await? })
    }

    /// Finds a user by name.
    pub(crate) async fn user(&self, name: &str) -> Result<User, ForgeError> {
        let doing = format!("look up the user {name}");
        let call = Call::get(self.client.api_url(["users"]), &doing).query("username", name);
        let found: Vec<User> = self.client.json(&call).await?;
        let user = found.into_iter().find(|user| user.owns(name));
        user.ok_or_else(|| self.client.error(doing, ErrorKind::NotFound, "there is no such user"))
    }

    /// Finds a group by its path.
    pub(crate) async fn group(&self, path: &str) -> Result<Group, ForgeError> {
        self.client.json(&self.ask_for_group(path)).await
    }

    /// Returns the same for making projects in it, many of which are made in a row.
    pub(crate) async fn group_as_known(&self, path: &str) -> Result<Group, ForgeError> {
        self.client.json_once(&self.ask_for_group(path)).await
    }

    fn ask_for_group(&self, path: &str) -> Call {
        let url = self.client.api_url(["groups", path]);
        Call::get(url, format!("look up the group {path}")).query("with_projects", false)
    }

    /// Finds out what a namespace is. The id is the group's or the user's own one, which is not the namespace's.
    ///
    /// `/namespaces` shows groups to members only, so for what it does not show the groups and users are asked.
    pub(crate) async fn namespace_info(&self, endpoint: &Endpoint) -> Result<NamespaceInfo, ForgeError> {
        let path = endpoint.namespace.as_str();
        let url = self.client.api_url(["namespaces", path]);
        let shown = self.client.json::<Namespace>(&Call::get(url, format!("look up the namespace {path}"))).await;
        match shown {
            Ok(namespace) if namespace.kind == "group" => {
                return Ok(NamespaceInfo {
                    kind: NamespaceKind::Group,
                    id: namespace.id.to_string(),
                    path: namespace.full_path,
                });
            }
            // A project's own namespace is none that could hold repositories; a user's has another id than the user.
            Ok(_) => {}
            Err(error) if matches!(error.kind, ErrorKind::NotFound | ErrorKind::Forbidden { .. }) => {
                match self.group(path).await {
                    Ok(group) => {
                        return Ok(NamespaceInfo {
                            kind: NamespaceKind::Group,
                            id: group.id.to_string(),
                            path: group.full_path,
                        });
                    }
                    Err(error) if error.kind == ErrorKind::NotFound => {}
                    Err(error) => return Err(error),
                }
            }
            Err(error) => return Err(error),
        }
        let user = self.user(path).await?;
        Ok(NamespaceInfo { kind: NamespaceKind::User, id: user.id.to_string(), path: user.username })
    }
}
