//! Who is behind a token, and what a namespace is.

use refray_core::config::{Endpoint, NamespaceKind};
use refray_core::repository::AccountId;
use serde::Deserialize;

use super::adapter::Gitea;
use crate::api::{Account, NamespaceInfo};
use crate::error::{ErrorKind, ForgeError};
use crate::http::Call;

/// What of a user is used here.
#[derive(Debug, Deserialize)]
pub(crate) struct User {
    pub(crate) id: u64,
    pub(crate) login: String,
    #[serde(default)]
    pub(crate) is_admin: bool,
}

/// What of an organisation is used here.
#[derive(Debug, Deserialize)]
struct Organisation {
    id: u64,
    name: Option<String>,
    /// The older name of the same field.
    username: Option<String>,
}

impl User {
    /// Says whether a namespace is this user's own. Names are one without regard to case.
    pub(crate) fn owns(&self, namespace: &str) -> bool {
        self.login.eq_ignore_ascii_case(namespace)
    }
}

/// Says whether an endpoint is an organisation rather than a user.
pub(crate) fn is_organisation(endpoint: &Endpoint) -> bool {
    endpoint.kind != NamespaceKind::User
}

impl Gitea {
    /// Returns the user behind the token. It is asked for anew each time: another token may have been put in its place.
    pub(crate) async fn me(&self) -> Result<User, ForgeError> {
        self.client.json(&Call::get(self.client.api_url(["user"]), "ask who is behind the token")).await
    }

    /// Returns the same for making repositories, many of which are made in a row.
    pub(crate) async fn me_as_known(&self) -> Result<User, ForgeError> {
        self.client.json_once(&Call::get(self.client.api_url(["user"]), "ask who is behind the token")).await
    }

    pub(crate) async fn account_info(&self) -> Result<Account, ForgeError> {
        let me = self.me().await?;
        Ok(Account { id: AccountId(me.id.to_string()), login: me.login, scopes: None })
    }

    /// Finds out what a namespace is. `/users` answers for organisations as well and does not tell them apart, so
    /// `/orgs` is asked first.
    pub(crate) async fn namespace_info(&self, endpoint: &Endpoint) -> Result<NamespaceInfo, ForgeError> {
        let name = endpoint.namespace.as_str();
        let doing = format!("look up the namespace {name}");
        let organisation = Call::get(self.client.api_url(["orgs", name]), &doing);
        match self.client.json::<Organisation>(&organisation).await {
            Ok(organisation) => {
                let path = organisation.name.filter(|name| !name.is_empty()).or(organisation.username);
                return Ok(NamespaceInfo {
                    kind: NamespaceKind::Org,
                    id: organisation.id.to_string(),
                    path: path.unwrap_or_else(|| name.to_owned()),
                });
            }
            Err(error) if error.kind == ErrorKind::NotFound => {}
            // A token without a right to organisations may be all that one's own repositories take. What it cannot
            // show is then as the configuration says, unless the name is the account's own.
            Err(error) if matches!(error.kind, ErrorKind::Forbidden { .. }) => {
                if is_organisation(endpoint) && !self.me().await?.owns(name) {
                    return Err(error);
                }
            }
            Err(error) => return Err(error),
        }
        let user: User = self.client.json(&Call::get(self.client.api_url(["users", name]), &doing)).await?;
        Ok(NamespaceInfo { kind: NamespaceKind::User, id: user.id.to_string(), path: user.login })
    }
}
